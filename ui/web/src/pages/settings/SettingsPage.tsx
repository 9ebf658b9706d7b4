import { Suspense } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useApp } from '../../components/app';
import { Page } from '../../components/Page';
import { Skeleton } from '../../components/states/Skeleton';
import { TabSet } from '../../components/TabSet';
import { chunk } from '../../lib/chunk';
import { settingsText } from '../../texts/settings';
import { APIKeys } from './APIKeys';
import { Users } from './Users';

// What few people open, and what draws a chart, is loaded with its tab.
const AlertsTab = chunk(async () => (await import('./AlertsTab')).AlertsTab);
const ShoppersTab = chunk(async () => (await import('./shoppers/ShoppersTab')).ShoppersTab);
const StoreTab = chunk(async () => (await import('./StoreTab')).StoreTab);

const tabs = ['users', 'alerts', 'keys', 'shoppers', 'store'] as const;
type Tab = (typeof tabs)[number];
const bodies: Record<Tab, React.ComponentType> = { users: Users, alerts: AlertsTab, keys: APIKeys, shoppers: ShoppersTab, store: StoreTab };

export function SettingsPage() {
  const navigate = useNavigate();
  const params = useParams();
  const { client } = useApp();
  const t = settingsText;
  const active: Tab = tabs.find((id) => id === params.tab) ?? 'users';
  const Body = bodies[active];
  return (
    <Page actions={[{ text: t.signOut, variant: 'subtle', onClick: () => void client.signOut() }]} description={t.description} title={t.title}>
      <TabSet
        active={active}
        items={tabs.map((id) => ({ id, title: t.tabs[id] }))}
        label={t.tabs.label}
        onChange={(id) => void navigate(`/settings/${id}`, { replace: true })}
      >
        <Suspense fallback={<Skeleton lines={6} />}>
          <Body />
        </Suspense>
      </TabSet>
    </Page>
  );
}
