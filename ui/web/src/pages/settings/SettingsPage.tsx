import { useNavigate, useParams } from 'react-router';
import { Page } from '../../components/Page';
import { useApp } from '../../components/app';
import { TabSet } from '../../components/TabSet';
import { settingsText } from '../../texts/settings';
import { APIKeys } from './APIKeys';
import { Activity } from './Activity';
import { ShoppersTab } from './shoppers/ShoppersTab';
import { Users } from './Users';

const tabs = ['users', 'keys', 'shoppers', 'audit'] as const;
type Tab = (typeof tabs)[number];

export function SettingsPage() {
  const navigate = useNavigate();
  const params = useParams();
  const { client } = useApp();
  const t = settingsText;
  const active: Tab = tabs.find((id) => id === params.tab) ?? 'users';
  return (
    <Page actions={[{ text: t.signOut, variant: 'subtle', onClick: () => void client.signOut() }]} description={t.description} title={t.title}>
      <TabSet
        active={active}
        items={tabs.map((id) => ({ id, title: t.tabs[id] }))}
        label={t.tabs.label}
        onChange={(id) => void navigate(`/settings/${id}`, { replace: true })}
      >
        {active === 'users' ? <Users /> : null}
        {active === 'keys' ? <APIKeys /> : null}
        {active === 'shoppers' ? <ShoppersTab /> : null}
        {active === 'audit' ? <Activity /> : null}
      </TabSet>
    </Page>
  );
}
