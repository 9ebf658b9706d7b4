import { Panel } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { ApiError } from '../api/errors';
import { applyRun } from '../api/queries/events';
import { isFinal, runQueries } from '../api/queries/runs';
import type { Run } from '../api/types';
import { useAccess, useApp, useFeedback } from '../components/app';
import { Confirm } from '../components/Confirm';
import { FailedState } from '../components/states/FailedState';
import { Skeleton } from '../components/states/Skeleton';
import type { Action } from '../components/ActionButtons';
import { Page } from '../components/Page';
import { RunDetails } from '../components/RunDetails';
import { RunMessages } from '../components/RunMessages';
import { RunProgress } from '../components/RunProgress';
import { RunQuestion } from '../components/RunQuestion';
import { runBadge } from '../components/runs';
import { text } from '../text';
import { runText } from '../texts/run';
import { NotFoundPage } from './NotFoundPage';

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
    <Page backLink={{ text: runText.backToRuns, to: '/activity' }} title={text.nav.activity}>
      <Panel>{query.error ? <FailedState error={query.error} header={text.errors.loading} retry={() => void query.refetch()} /> : <Skeleton />}</Panel>
    </Page>
  );
}

export function RunView({ run }: { run: Run }) {
  const { client, format } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  const access = useAccess('run');
  const write = useAccess('write');
  const [confirming, setConfirming] = useState(false);
  const t = runText;

  const cancel = useMutation({
    mutationFn: () => client.cancelRun(run.id),
    onSuccess: (r) => {
      applyRun(qc, r);
      feedback.success(t.cancelled);
    },
    onError: feedback.failure,
    onSettled: () => setConfirming(false),
  });
  const opened = (message: string) => (r: Run) => {
    applyRun(qc, r);
    feedback.success(message);
    void navigate(`/activity/${r.id}`);
  };
  const retry = useMutation({ mutationFn: () => client.retryRun(run.id), onSuccess: opened(t.retried), onError: feedback.failure });
  const start = useMutation({ mutationFn: (compare: boolean) => client.startRun(run.flow_id, { dry_run: false, compare }), onSuccess: opened(t.started_), onError: feedback.failure });

  const over = isFinal(run);
  const actions: Action[] = [];
  if (!over) {
    actions.push({
      text: t.actions.cancel,
      variant: 'secondary',
      actionType: 'destructive',
      disabled: !write.allowed || run.state === 'cancelling' || run.cancel_requested,
      reason: write.reason,
      onClick: () => setConfirming(true),
    });
  } else {
    actions.push({ text: t.actions.flow, variant: 'subtle', onClick: () => void navigate(`/syncs/${run.flow_id}`) });
    if (run.dry_run && run.state === 'done') {
      actions.push({ text: t.actions.start, disabled: !access.allowed, reason: access.reason, isLoading: start.isPending, onClick: () => start.mutate(run.compare) });
    } else if (!run.dry_run) {
      const busy = (compare: boolean) => start.isPending && start.variables === compare;
      actions.push({ text: t.actions.compare, variant: 'subtle', disabled: !access.allowed, reason: access.reason, isLoading: busy(true), onClick: () => start.mutate(true) });
      actions.push({ text: t.actions.again, variant: 'secondary', disabled: !access.allowed, reason: access.reason, isLoading: busy(false), onClick: () => start.mutate(false) });
      if (run.failed > 0) {
        actions.push({ text: t.actions.retry, disabled: !access.allowed, reason: access.reason, isLoading: retry.isPending, onClick: () => retry.mutate() });
      }
    }
  }
  const badges = [runBadge(run)];
  if (run.dry_run) badges.push({ label: text.dryRun, variant: 'secondary' });
  if (run.compare) badges.push({ label: text.compared, variant: 'secondary' });
  return (
    <Page
      actions={actions}
      backLink={{ text: t.backToRuns, to: '/activity' }}
      badges={badges}
      description={run.retry_of ? t.messages.retryOf : t.started(format.ago(run.started_at ?? run.created_at))}
      title={run.flow_name || text.none}
    >
      <RunMessages run={run} />
      <RunQuestion run={run} />
      <Panel header={t.progress}>
        <RunProgress run={run} />
      </Panel>
      <RunDetails run={run} />
      <Confirm
        busy={cancel.isPending}
        confirm={t.cancelConfirm.confirm}
        destructive
        header={t.cancelConfirm.header}
        keep={t.cancelConfirm.keep}
        message={t.cancelConfirm.message}
        onClose={() => setConfirming(false)}
        onConfirm={() => cancel.mutate()}
        open={confirming}
      />
    </Page>
  );
}
