import { Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { ApiError } from '../api/errors';
import { flowQueries } from '../api/queries/flows';
import { isFinal, runQueries } from '../api/queries/runs';
import type { Run } from '../api/types';
import { type Action, ActionButtons } from '../components/ActionButtons';
import { ActorName } from '../components/ActorName';
import { useAccess, useApp } from '../components/app';
import { Confirm } from '../components/Confirm';
import { Page } from '../components/Page';
import { RunOutcome } from '../components/RunOutcome';
import { RunProgress } from '../components/RunProgress';
import { RunQuestion } from '../components/RunQuestion';
import { outcomeBadge, useOutcome } from '../components/runs';
import { FailedState } from '../components/states/FailedState';
import { Skeleton } from '../components/states/Skeleton';
import type { Outcome } from '../lib/outcome';
import { text } from '../text';
import { runText } from '../texts/run';
import { NotFoundPage } from './NotFoundPage';
import { remedyLink } from './run/remedy';
import { RunTabs } from './run/RunTabs';
import { StartPreviewed } from './run/StartPreviewed';
import { useCancelRun, useRetryRun, useStartRun } from './run/useRunActions';

export function RunPage() {
  const { id = '' } = useParams();
  const { client, live } = useApp();
  const query = useQuery({
    ...runQueries.run(client, id),
    refetchInterval: (q) => (live || (q.state.data && isFinal(q.state.data)) ? false : 3_000),
  });
  if (query.data) return <RunView key={id} run={query.data} />;
  if (query.error instanceof ApiError && query.error.status === 404) return <NotFoundPage />;
  return (
    <Page backLink={{ text: runText.back, to: '/activity' }} title={runText.run}>
      <Panel>{query.error ? <FailedState error={query.error} header={text.errors.loading} retry={() => void query.refetch()} /> : <Skeleton lines={6} />}</Panel>
    </Page>
  );
}

/** One run: what it came to, what can be done about it, and why. */
export function RunView({ run }: { run: Run }) {
  const { client, format } = useApp();
  const navigate = useNavigate();
  const access = useAccess('run');
  const write = useAccess('write');
  const [confirming, setConfirming] = useState(false);
  const outcome = useOutcome(run);
  const t = runText.actions;
  const over = isFinal(run);
  const gone = run.flow_name === '';
  const flow = useQuery({ ...flowQueries.flow(client, run.flow_id), enabled: !gone && over });
  const start = useStartRun(run.flow_id);
  const retry = useRetryRun(run);
  const cancel = useCancelRun(run, () => setConfirming(false));

  const actions: Action[] = [];
  if (!gone && over) actions.push({ text: t.sync, variant: 'subtle', onClick: () => void navigate(`/syncs/${run.flow_id}`) });
  if (write.granted && !over) {
    actions.push({
      text: run.dry_run ? t.cancelPreview : t.cancel,
      variant: 'secondary',
      disabled: !write.allowed || run.state === 'cancelling' || run.cancel_requested,
      reason: write.reason ?? runText.cancelled,
      onClick: () => setConfirming(true),
    });
  }
  if (write.granted && over && !gone) {
    const again = (label: string, how: { dry_run: boolean; compare: boolean }, variant: Action['variant']): Action => ({
      text: label,
      variant,
      disabled: !access.allowed,
      reason: access.reason,
      isLoading: start.isPending && start.variables.dry_run === how.dry_run && start.variables.compare === how.compare,
      onClick: () => start.mutate(how),
    });
    if (run.dry_run) actions.push(again(t.previewAgain, { dry_run: true, compare: run.compare }, 'secondary'));
    else actions.push(again(t.compare, { dry_run: false, compare: true }, 'subtle'), again(t.again, { dry_run: false, compare: false }, outcome.primary === 'again' ? 'primary' : 'secondary'));
  }

  const badges = [outcomeBadge(outcome, run)];
  if (run.dry_run) badges.push({ label: runText.preview, variant: 'secondary' });
  if (run.compare) badges.push({ label: runText.details.compared, variant: 'secondary' });
  const canRetry = !run.dry_run && over && !gone && access.granted && run.retry.allowed && run.failed > 0;
  return (
    <Page
      actions={actions}
      backLink={{ text: runText.back, to: '/activity' }}
      badges={badges}
      description={
        <>
          {runText.began(run.dry_run ? runText.preview : runText.run, format.ago(run.started_at ?? run.created_at))} {run.trigger === 'schedule' ? runText.onSchedule : null}
          {run.trigger !== 'schedule' && run.started_by ? <>{runText.by} <ActorName actor={run.started_by} /></> : null}
          {run.dry_run ? `. ${runText.previewNote}` : ''}
        </>
      }
      title={run.flow_name || runText.table.gone}
    >
      <RunOutcome outcome={outcome} over={over}>
        {run.dry_run && run.state === 'done' && !gone ? (
          <StartPreviewed
            changed={flow.data !== undefined && run.flow_version > 0 && flow.data.version > run.flow_version}
            onStart={() => start.mutate({ dry_run: false, compare: run.compare, preview_id: run.id })}
            outcome={outcome}
            starting={start.isPending && !start.variables.dry_run}
          />
        ) : (
          <NextAction outcome={outcome} retry={canRetry ? () => retry.mutate() : undefined} retrying={retry.isPending} run={run} />
        )}
      </RunOutcome>
      <RunQuestion run={run} />
      {run.state === 'running' || run.state === 'cancelling' ? (
        <Panel header={runText.progress.header}>
          <RunProgress run={run} />
        </Panel>
      ) : null}
      <RunTabs outcome={outcome} retry={canRetry ? () => retry.mutate() : undefined} run={run} />
      <Confirm
        busy={cancel.isPending}
        confirm={runText.cancelConfirm.confirm}
        destructive
        header={runText.cancelConfirm.header}
        keep={runText.cancelConfirm.keep}
        message={runText.cancelConfirm.message}
        onClose={() => setConfirming(false)}
        onConfirm={() => cancel.mutate()}
        open={confirming}
      />
    </Page>
  );
}

/** The one thing to do first about a real run, if there is one here; what is behind a problem's cause stands with it. */
function NextAction({ run, outcome, retry, retrying }: { run: Run; outcome: Outcome; retry: (() => void) | undefined; retrying: boolean }) {
  const { client, format } = useApp();
  const navigate = useNavigate();
  const access = useAccess('run');
  const fix = outcome.primary === 'fix';
  const problems = useQuery({ ...runQueries.problems(client, run.id), enabled: fix });
  if (!access.granted) return null;
  if (outcome.primary === 'retry' && retry) {
    return <ActionButtons actions={[{ text: runText.actions.retry(format.number(run.failed)), disabled: !access.allowed, reason: access.reason, isLoading: retrying, onClick: retry }]} />;
  }
  const first = problems.data?.find((p) => p.severity === 'error' && remedyLink(run, p.remedy));
  const link = outcome.primary === 'source' ? remedyLink(run, { action: 'source', field: '' }) : fix && first ? remedyLink(run, first.remedy) : undefined;
  if (!link) return null;
  return <ActionButtons actions={[{ text: link.text, onClick: () => void navigate(link.to) }]} />;
}
