import { Button, Flex, Panel, Text } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { flowKeys } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { TextLink } from '../../components/TextLink';
import { flowText } from '../../texts/flow';
import { draftOf, inputOf } from '../source/draft';
import { useLastRun } from './useLastRun';

const nightly = { cron: '0 2 * * *', enabled: true };

/** After the first good run of a sync without a schedule: the offer to keep it in step, and where its rules are. */
export function OfferSchedule({ flow, saveThen }: { flow: Flow; saveThen: (after: () => void) => void }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  const write = useAccess('write');
  const t = flowText.offer;
  const run = useLastRun(flow);
  const set = useMutation({
    mutationFn: async () => client.updateFlow(flow.id, { ...inputOf(draftOf(await client.flow(flow.id))), schedule: nightly }),
    onSuccess: (answer) => {
      qc.setQueryData(flowKeys.flow(flow.id), answer);
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      feedback.success(answer.notice || t.saved);
    },
    onError: feedback.failure,
  });
  const good = run !== null && !run.dry_run && (run.outcome === 'all' || run.outcome === 'unchanged');
  if (!good || !write.granted || !flow.ready || flow.schedule.cron !== '') return null;
  const upload = flow.source.kind === 'upload'; // there is nothing new to read, however often
  return (
    <Panel header={t.header}>
      <Text>{upload ? t.upload : t.message}</Text>
      <Flex flexDirection="row" flexGap="0.5rem" flexWrap="wrap" marginBottom="small">
        {upload ? (
          <Button mobileWidth="auto" onClick={() => void navigate(`/syncs/${flow.id}/source`)}>
            {t.address}
          </Button>
        ) : (
          <>
            <Button isLoading={set.isPending} mobileWidth="auto" onClick={() => saveThen(() => set.mutate())}>
              {t.nightly}
            </Button>
            <Button mobileWidth="auto" onClick={() => void navigate(`/syncs/${flow.id}/schedule`)} variant="subtle">
              {t.other}
            </Button>
          </>
        )}
      </Flex>
      <Text color="secondary60" marginBottom="none">
        {t.rules} <TextLink to={`/syncs/${flow.id}/rules`}>{t.openRules}</TextLink>
      </Text>
    </Panel>
  );
}
