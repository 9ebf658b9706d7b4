import { Box, Checkbox, InlineMessage, Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Flow, Run } from '../../api/types';
import { ActionButtons } from '../../components/ActionButtons';
import { useAccess, useApp } from '../../components/app';
import { Confirm } from '../../components/Confirm';
import { RunOutcome } from '../../components/RunOutcome';
import { RunProgress } from '../../components/RunProgress';
import { RunQuestion } from '../../components/RunQuestion';
import { useOutcome } from '../../components/runs';
import { runText } from '../../texts/run';
import { RunTabs } from './RunTabs';
import { StartPreviewed } from './StartPreviewed';
import { useCancelRun, useStartRun } from './useRunActions';

const t = runText.check;

interface Props {
  flow: Flow;
  /** Whether it can run: its file and its matching are complete. */
  ready: boolean;
  /** Saves unsaved changes, if any, then goes on. */
  saveFirst: (after: () => void) => void;
}

/** A preview, what it found, and the start of the run that it stands for. */
export function CheckAndStart({ flow, ready, saveFirst }: Props) {
  const { client, live } = useApp();
  const navigate = useNavigate();
  const access = useAccess('run');
  const [asking, setAsking] = useState(false);

  const last = flow.last_run;
  // The run's own cache is what live events and polling write to.
  const current = useQuery({
    ...runQueries.run(client, last?.id ?? ''),
    initialData: last ?? undefined,
    refetchInterval: (q) => (live || (q.state.data && isFinal(q.state.data)) ? false : 3_000),
  });
  const run: Run | null = current.data ?? last;
  const active = run !== null && !isFinal(run);
  const preview = run?.dry_run ? run : null;
  const previewed = preview?.state === 'done';

  const [wanted, setCompare] = useState<boolean | undefined>(undefined);
  const compare = wanted ?? preview?.compare ?? false; // what a preview showed is what its run does
  const start = useStartRun(flow.id, () => undefined);
  const blocked = !access.allowed || !ready || active;
  const reason = access.reason ?? (ready ? (active ? t.active : undefined) : t.notReady);
  const begin = (dry_run: boolean) => saveFirst(() => start.mutate({ dry_run, compare }, { onSettled: () => setAsking(false) }));
  const starting = (dry: boolean) => start.isPending && start.variables.dry_run === dry;
  return (
    <>
      {access.granted ? (
        <Panel description={t.description} header={t.header}>
          {active && !preview ? (
            <InlineMessage actions={[{ text: t.show, onClick: () => void navigate(`/activity/${run.id}`) }]} marginBottom="medium" messages={[{ text: t.active }]} type="info" />
          ) : null}
          <Box marginBottom="medium">
            <Checkbox checked={compare} description={t.compareHelp} label={t.compare} onChange={(e) => setCompare(e.target.checked)} />
          </Box>
          <ActionButtons
            actions={[
              { text: preview && !active ? t.again : t.start, variant: previewed ? 'secondary' : 'primary', disabled: blocked, reason, isLoading: starting(true), onClick: () => begin(true) },
              ...(previewed ? [] : [{ text: t.skip, variant: 'subtle' as const, disabled: blocked, reason, onClick: () => setAsking(true) }]),
            ]}
          />
        </Panel>
      ) : null}
      {preview ? (
        <Preview
          changed={preview.flow_version > 0 && flow.version > preview.flow_version}
          key={preview.id}
          onStart={() => saveFirst(() => start.mutate({ dry_run: false, compare: preview.compare, preview_id: preview.id }))}
          run={preview}
          starting={starting(false)}
        />
      ) : null}
      <Confirm
        busy={start.isPending}
        confirm={t.confirm.confirm}
        header={t.confirm.header}
        message={t.confirm.message}
        onClose={() => setAsking(false)}
        onConfirm={() => begin(false)}
        open={asking}
      />
    </>
  );
}

/** What a preview found, or how far it has come. */
function Preview({ run, changed, starting, onStart }: { run: Run; changed: boolean; starting: boolean; onStart: () => void }) {
  const outcome = useOutcome(run);
  const write = useAccess('write');
  const cancel = useCancelRun(run, () => undefined);
  const under = run.state === 'running' || run.state === 'cancelling';
  return (
    <>
      <RunOutcome outcome={outcome} over={isFinal(run)}>
        {run.state === 'done' ? <StartPreviewed changed={changed} onStart={onStart} outcome={outcome} starting={starting} /> : null}
        {!isFinal(run) && write.granted && !run.cancel_requested ? (
          <ActionButtons actions={[{ text: runText.actions.cancelPreview, variant: 'secondary', disabled: !write.allowed, reason: write.reason, isLoading: cancel.isPending, onClick: () => cancel.mutate() }]} />
        ) : null}
      </RunOutcome>
      <RunQuestion run={run} />
      {under ? (
        <Panel header={runText.progress.header}>
          <RunProgress run={run} />
        </Panel>
      ) : null}
      {run.read > 0 || isFinal(run) ? <RunTabs outcome={outcome} run={run} /> : null}
    </>
  );
}
