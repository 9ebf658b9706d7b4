import { Message, Text } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from 'react-router';
import { storefrontQueries } from '../../../api/queries/storefront';
import { useApp } from '../../../components/app';
import { Loaded } from '../../../components/Feedback';
import { TabSet } from '../../../components/TabSet';
import { text } from '../../../text';
import { shoppersText } from '../../../texts/shoppers';
import { CardTab } from './CardTab';
import { ChannelsTab } from './ChannelsTab';
import { ExamplesTab } from './ExamplesTab';
import { SignInsTab } from './SignInsTab';
import { SignOnTab } from './SignOnTab';

const tabs = ['channels', 'card', 'signOn', 'signIns', 'examples'] as const;
type Tab = (typeof tabs)[number];

export function ShoppersTab() {
  const { client } = useApp();
  const navigate = useNavigate();
  const params = useParams();
  const query = useQuery({ ...storefrontQueries.storefront(client), staleTime: 0 });
  const t = shoppersText;
  const { permission } = text.shell;
  const active: Tab = tabs.find((id) => id === params.part) ?? 'channels';
  const missing = query.data?.missing_scopes ?? [];
  return (
    <>
      <Text>{t.description}</Text>
      {missing.length > 0 ? (
        <Message
          header={t.missing.header}
          marginBottom="medium"
          messages={[...missing.map((name) => ({ text: permission.names[name] ?? permission.other(name) })), { text: t.missing.how }]}
          type="warning"
        />
      ) : null}
      <TabSet
        active={active}
        items={tabs.map((id) => ({ id, title: t.tabs[id] }))}
        label={t.tabs.label}
        onChange={(id) => void navigate(`/settings/shoppers/${id}`, { replace: true })}
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
    </>
  );
}
