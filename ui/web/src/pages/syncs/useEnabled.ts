import { useMutation, useQueryClient } from '@tanstack/react-query';
import { flowKeys } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useApp, useFeedback } from '../../components/app';
import { syncsText as t } from '../../texts/syncs';

/** Switches a sync on or off. */
export function useEnabled(flow: Pick<Flow, 'id'>) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  return useMutation({
    mutationFn: (enabled: boolean) => client.setFlowEnabled(flow.id, enabled),
    onSuccess: (now) => {
      feedback.success(now.enabled ? t.switchedOn(now.name) : t.switchedOff(now.name));
      qc.setQueryData<Flow>(flowKeys.flow(now.id), now);
      qc.setQueryData<Flow[]>(flowKeys.flows, (old) => old?.map((other) => (other.id === now.id ? now : other)));
    },
    onError: feedback.failure,
  });
}
