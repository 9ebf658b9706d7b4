import { Message } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { storefrontQueries } from '../api/queries/storefront';
import { useApp } from '../components/app';
import { Loaded } from '../components/Feedback';
import { Page } from '../components/Page';
import { TabSet } from '../components/TabSet';
import { text } from '../text';
import { CardTab } from './storefront/CardTab';
import { ChannelsTab } from './storefront/ChannelsTab';
import { ExamplesTab } from './storefront/ExamplesTab';
import { SignInsTab } from './storefront/SignInsTab';
import { SignOnTab } from './storefront/SignOnTab';

const tabs = ['channels', 'card', 'signOn', 'signIns', 'examples'] as const;
type Tab = (typeof tabs)[number];

export function StorefrontPage() {
  const { client } = useApp();
  const navigate = useNavigate();
  const params = useParams();
  const query = useQuery({ ...storefrontQueries.storefront(client), staleTime: 0 });
  const t = text.storefront;
  const active: Tab = tabs.find((id) => id === params.tab) ?? 'channels';
  const missing = query.data?.missing_scopes ?? [];
  return (
    <Page description={t.description} title={t.title}>
      {missing.length > 0 ? <Message header={t.missing.header} marginBottom="medium" messages={[{ text: t.missing.message(missing.join(', ')) }]} type="warning" /> : null}
      <TabSet
        active={active}
        items={tabs.map((id) => ({ id, title: t.tabs[id] }))}
        label={t.tabs.label}
        onChange={(id) => void navigate(`/storefront/${id}`, { replace: true })}
      >
        <Loaded query={query}>
          {(storefront) => (
            <>
              {active === 'channels' ? <ChannelsTab storefront={storefront} /> : null}
              {active === 'card' ? <CardTab storefront={storefront} /> : null}
              {active === 'signOn' ? <SignOnTab storefront={storefront} /> : null}
              {active === 'signIns' ? <SignInsTab /> : null}
              {active === 'examples' ? <ExamplesTab storefront={storefront} /> : null}
            </>
          )}
        </Loaded>
      </TabSet>
    </Page>
  );
}
