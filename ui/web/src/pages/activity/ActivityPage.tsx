import { Box, Panel, Select } from '@bigcommerce/big-design';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { flowQueries } from '../../api/queries/flows';
import { runQueries } from '../../api/queries/runs';
import { useApp } from '../../components/app';
import { Loaded, More, Quiet } from '../../components/Feedback';
import { EmptyState } from '../../components/states/EmptyState';
import { Page } from '../../components/Page';
import { RunTable } from '../../components/RunTable';
import { activityText } from '../../texts/activity';

export function ActivityPage() {
  const { client, live } = useApp();
  const navigate = useNavigate();
  const [flowId, setFlowId] = useState('');
  const flows = useQuery(flowQueries.flows(client));
  const runs = useInfiniteQuery({ ...runQueries.runs(client, flowId), refetchInterval: live ? false : 10_000 });
  const t = activityText;
  // The same list until the feeds change: Select loses a choice that is made while its options change.
  const feeds = useMemo(() => [{ value: '', content: t.allFeeds }, ...(flows.data ?? []).map((f) => ({ value: f.id, content: f.name }))], [flows.data, t]);
  const many = (flows.data?.length ?? 0) > 1;
  return (
    <Page description={t.description} title={t.title}>
      <Loaded query={runs}>
        {(data) => {
          const items = data.pages.flatMap((p) => p.items);
          if (items.length === 0 && flowId === '') {
            return <EmptyState action={{ text: t.empty.action, onClick: () => void navigate('/syncs') }} heading={t.empty.heading} message={t.empty.message} />;
          }
          return (
            <Panel>
              {many ? (
                <Box marginBottom="medium">
                  <Select
                    label={t.filter}
                    onOptionChange={(id) => setFlowId(id ?? '')}
                    options={feeds}
                    value={flowId}
                  />
                </Box>
              ) : null}
              {items.length > 0 ? <RunTable caption={t.title} flush={!many} runs={items} /> : <Quiet>{t.empty.heading}</Quiet>}
              <More query={runs} />
            </Panel>
          );
        }}
      </Loaded>
    </Page>
  );
}
