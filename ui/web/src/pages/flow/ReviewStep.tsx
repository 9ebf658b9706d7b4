import { Box, Button, Checkbox, Flex, InlineMessage, Panel } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { applyRun } from '../../api/queries/events';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Flow, Run } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Fact, Facts } from '../../components/Cells';
import { Confirm } from '../../components/Confirm';
import { NextRun } from '../../components/NextRun';
import { RunDetails } from '../../components/RunDetails';
import { RunMessages } from '../../components/RunMessages';
import { RunProgress } from '../../components/RunProgress';
import { wouldWrite } from '../../components/runs';
import type { Words } from '../../lib/words';
import { flowText } from '../../texts/flow';
import { runText } from '../../texts/run';
import { scheduleText } from '../../texts/schedule';

interface Props {
  flow: Flow;
  ready: boolean;
  words: Words;
  /** Saves unsaved changes, if any, then goes on. */
  saveFirst: (after: () => void) => void;
}

/** Dry run, its result, and the button that starts the real run. */
export function ReviewStep({ flow, ready, saveFirst, words }: Props) {
  const { client, live } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  const access = useAccess('run');
  const [asking, setAsking] = useState(false);
  const t = flowText.review;

  const last = flow.last_run;
  // The run's own cache is what live events and polling write to.
  const current = useQuery({
    ...runQueries.run(client, last?.id ?? ''),
    initialData: last ?? undefined,
    refetchInterval: (q) => (live || (q.state.data && isFinal(q.state.data)) ? false : 3_000),
  });
  const run: Run | null = current.data ?? last;
  const active = run !== null && !isFinal(run);
  const dry = run?.dry_run ? run : null;
  const dryDone = dry?.state === 'done';

  const [wanted, setCompare] = useState<boolean | undefined>(undefined);
  const compare = wanted ?? dry?.compare ?? false; // what a dry run showed is what its run does

  const start = useMutation({
    mutationFn: (dryRun: boolean) => client.startRun(flow.id, { dry_run: dryRun, compare }),
    onSuccess: (r) => {
      applyRun(qc, r);
      if (!r.dry_run) {
        feedback.success(runText.started_);
        void navigate(`/activity/${r.id}`);
      }
    },
    onError: feedback.failure,
    onSettled: () => setAsking(false),
  });
  const blocked = !access.allowed || !ready || active;
  const reason = access.reason ?? (!ready ? t.notReady : active ? t.active : undefined);
  const startDry = () => saveFirst(() => start.mutate(true));
  const startReal = () => saveFirst(() => start.mutate(false));
  return (
    <>
      <Panel description={t.description} header={t.header}>
        {!ready ? <InlineMessage marginBottom="medium" messages={[{ text: t.notReady }]} type="info" /> : null}
        {active && !dry ? (
          <InlineMessage actions={[{ text: t.open, onClick: () => void navigate(`/activity/${run.id}`) }]} marginBottom="medium" messages={[{ text: t.active }]} type="info" />
        ) : null}
        <Box marginBottom="medium">
          <Checkbox checked={compare} description={t.compareHelp} disabled={!access.allowed} label={t.compare} onChange={(e) => setCompare(e.target.checked)} />
        </Box>
        <Flex flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
          <Button
            disabled={blocked}
            isLoading={start.isPending && start.variables}
            mobileWidth="auto"
            onClick={startDry}
            title={blocked ? reason : undefined}
            variant={dryDone ? 'secondary' : 'primary'}
          >
            {dry && isFinal(dry) ? t.again : t.start}
          </Button>
          {dryDone ? (
            <Button disabled={blocked} isLoading={start.isPending && !start.variables} mobileWidth="auto" onClick={startReal} title={blocked ? reason : undefined}>
              {t.run}
            </Button>
          ) : (
            <Button disabled={blocked} mobileWidth="auto" onClick={() => setAsking(true)} title={blocked ? reason : undefined} variant="subtle">
              {t.skip}
            </Button>
          )}
        </Flex>
      </Panel>
      <Panel action={{ text: scheduleText.change, variant: 'secondary', onClick: () => void navigate(`/syncs/${flow.id}/options`, { replace: true }) }} header={scheduleText.header}>
        <Facts $min={18}>
          <Fact name={scheduleText.nextRun}>
            <NextRun schedule={flow.schedule} />
          </Fact>
          {flow.compare_schedule.enabled ? (
            <Fact name={scheduleText.compare.nextRun}>
              <NextRun schedule={flow.compare_schedule} />
            </Fact>
          ) : null}
        </Facts>
      </Panel>
      {dry ? (
        <>
          {dryDone ? <Cost run={dry} words={words} /> : null}
          {dryDone ? null : <RunMessages run={dry} />}
          {dryDone ? null : (
            <Panel header={runText.progress}>
              <RunProgress run={dry} />
            </Panel>
          )}
          <RunDetails key={dry.id} run={dry} />
        </>
      ) : null}
      <Confirm
        busy={start.isPending}
        confirm={t.confirm.confirm}
        header={t.confirm.header}
        message={t.confirm.message}
        onClose={() => setAsking(false)}
        onConfirm={startReal}
        open={asking}
      />
    </>
  );
}

/** What the run would do and cost, as the dry run found it. */
function Cost({ run, words }: { run: Run; words: Words }) {
  const { format } = useApp();
  const t = runText.cost;
  const would = wouldWrite(run);
  return (
    <Panel header={flowText.review.costHeader}>
      {run.failed > 0 ? (
        <InlineMessage marginBottom="medium" messages={[{ text: runText.messages.dryErrors(format.number(run.failed), run.failed) }]} type="warning" />
      ) : null}
      <Facts>
        <Fact name={t.create(words)}>{format.number(would.create)}</Fact>
        <Fact name={t.update(words)}>{format.number(would.update)}</Fact>
        <Fact name={runText.counts.unchanged}>{format.number(run.unchanged)}</Fact>
        <Fact name={t.requests}>{format.number(run.planned_requests)}</Fact>
        <Fact name={t.time}>{format.duration(run.planned_seconds)}</Fact>
      </Facts>
    </Panel>
  );
}
