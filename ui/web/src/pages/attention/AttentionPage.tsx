import { Box, Flex, FormGroup, Panel, Select } from '@bigcommerce/big-design';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { attentionQueries } from '../../api/queries/attention';
import { flowQueries } from '../../api/queries/flows';
import type { Attention, AttentionCause } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Loaded, More, Quiet } from '../../components/Feedback';
import { Page } from '../../components/Page';
import { Segments } from '../../components/Segments';
import { EmptyState } from '../../components/states/EmptyState';
import { attentionText as t } from '../../texts/attention';
import { ProblemList } from './ProblemList';

/** What stops everything first, what can wait last. */
const causes: AttentionCause[] = ['reinstall', 'permission', 'asking', 'run_failed', 'late', 'no_data', 'webhook_off', 'shrank', 'problems', 'secret_age'];

/** What is wrong over all syncs, by cause. Which of it is shown stands in the address. */
export function AttentionPage() {
  const { client, live } = useApp();
  const navigate = useNavigate();
  const admin = useAccess('admin');
  const [params, setParams] = useSearchParams();
  const flowId = params.get('sync') ?? '';
  const muted = params.get('show') === 'muted';
  const flows = useQuery(flowQueries.flows(client));
  const query = useInfiniteQuery({ ...attentionQueries.problems(client, flowId, muted), refetchInterval: live ? false : 10_000 });
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  };
  // The same list until the syncs change: Select loses a choice that is made while its options change.
  const syncs = useMemo(() => [{ value: '', content: t.allSyncs }, ...(flows.data ?? []).map((f) => ({ value: f.id, content: f.name }))], [flows.data]);
  return (
    <Page description={t.description} title={t.title}>
      <Flex alignItems="flex-end" flexDirection="row" flexGap="1rem" flexWrap="wrap" marginBottom="medium">
        <Segments
          active={muted ? 'muted' : 'open'}
          items={[
            { id: 'open', text: t.shown.open },
            { id: 'muted', text: t.shown.muted },
          ]}
          label={t.show}
          onChange={(show) => change('show', show === 'muted' ? 'muted' : '')}
        />
        {syncs.length > 2 || flowId !== '' ? (
          <Box style={{ flexBasis: '16rem' }}>
            <FormGroup>
              <Select aria-label={t.sync} onOptionChange={(id) => change('sync', id ?? '')} options={syncs} value={flowId} />
            </FormGroup>
          </Box>
        ) : null}
      </Flex>
      <Loaded query={query}>
        {(data) => {
          const problems = data.pages.flatMap((p) => p.items);
          if (problems.length > 0) {
            return (
              <>
                {causes.map((cause) => (
                  <Cause cause={cause} key={cause} problems={problems.filter((p) => p.cause === cause)} />
                ))}
                <More query={query} />
              </>
            );
          }
          if (muted || flowId !== '') {
            return (
              <Panel>
                <Quiet>{muted ? t.emptyMuted : t.emptySync}</Quiet>
              </Panel>
            );
          }
          const action = admin.granted ? { text: t.empty.action, onClick: () => void navigate('/settings/alerts') } : undefined;
          return <EmptyState action={action} heading={t.empty.heading} message={t.empty.message} />;
        }}
      </Loaded>
    </Page>
  );
}

function Cause({ cause, problems }: { cause: AttentionCause; problems: Attention[] }) {
  const { format } = useApp();
  if (problems.length === 0) return null;
  return (
    <Panel badge={problems.length > 1 ? { label: format.number(problems.length), variant: 'secondary' } : undefined} header={t.causes[cause]}>
      <ProblemList problems={problems} />
    </Panel>
  );
}
