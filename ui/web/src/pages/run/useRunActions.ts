import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { applyRun } from '../../api/queries/events';
import type { NewRun, Run } from '../../api/types';
import { useApp, useFeedback } from '../../components/app';
import { runText } from '../../texts/run';

/** Starts a run of a sync. A real one is shown on its own page; a preview is left to the page that asked for it. */
export function useStartRun(flowId: string, onPreview?: (run: Run) => void) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (how: NewRun) => client.startRun(flowId, how),
    onSuccess: (run) => {
      applyRun(qc, run);
      feedback.success(run.dry_run ? runText.previewStarted : runText.started);
      if (run.dry_run && onPreview) onPreview(run);
      else void navigate(`/activity/${run.id}`);
    },
    onError: feedback.failure,
  });
}

/** Tries what failed again, in a run of its own. */
export function useRetryRun(run: Run) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => client.retryRun(run.id),
    onSuccess: (r) => {
      applyRun(qc, r);
      feedback.success(runText.retried);
      void navigate(`/activity/${r.id}`);
    },
    onError: feedback.failure,
  });
}

/** Stops a run after what it is doing. */
export function useCancelRun(run: Pick<Run, 'id'>, onSettled: () => void) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  return useMutation({
    mutationFn: () => client.cancelRun(run.id),
    onSuccess: (r) => {
      applyRun(qc, r);
      feedback.success(runText.cancelled);
    },
    onError: feedback.failure,
    onSettled,
  });
}
