import { MoreHorizIcon } from '@bigcommerce/big-design-icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { applyRun } from '../../api/queries/events';
import { flowKeys } from '../../api/queries/flows';
import { isFinal } from '../../api/queries/runs';
import type { Flow } from '../../api/types';
import { ActionMenu } from '../../components/ActionMenu';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Confirm } from '../../components/Confirm';
import { useWords } from '../../components/kinds';
import { syncsText as t } from '../../texts/syncs';
import { useEnabled } from './useEnabled';

/** Why a sync cannot be run now; undefined: it can. */
function whyNot(f: Flow): string | undefined {
  if (!f.enabled) return t.offFirst;
  if (!f.ready) return t.notReady;
  return f.last_run && !isFinal(f.last_run) ? t.underWay : undefined;
}

/** What can be done with a sync from the list. */
export function SyncMenu({ flow: f }: { flow: Flow }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const feedback = useFeedback();
  const words = useWords(f.kind);
  const run = useAccess('run');
  const enabled = useEnabled(f);
  const [deleting, setDeleting] = useState(false);
  const listed = () => void qc.invalidateQueries({ queryKey: flowKeys.flows });
  const start = useMutation({
    mutationFn: (dry: boolean) => client.startRun(f.id, { dry_run: dry, compare: false }),
    onSuccess: (r) => {
      applyRun(qc, r);
      void navigate(`/activity/${r.id}`);
    },
    onError: feedback.failure,
  });
  const duplicate = useMutation({
    mutationFn: () => client.duplicateFlow(f.id),
    onSuccess: (copy) => {
      feedback.success(t.duplicated(copy.name));
      listed();
      void navigate(`/syncs/${copy.id}`);
    },
    onError: feedback.failure,
  });
  const remove = useMutation({
    mutationFn: () => client.deleteFlow(f.id),
    onSuccess: () => {
      feedback.success(t.deleted);
      listed();
    },
    onError: feedback.failure,
    onSettled: () => setDeleting(false),
  });
  const busy = start.isPending || duplicate.isPending || enabled.isPending;
  const reason = run.allowed ? whyNot(f) : run.reason;
  const blocked = { disabled: reason !== undefined, reason };
  return (
    <>
      <ActionMenu
        busy={busy}
        groups={[
          [
            { text: t.run, ...blocked, onClick: () => start.mutate(false) },
            { text: t.preview, ...blocked, onClick: () => start.mutate(true) },
          ],
          [
            { text: t.duplicate, onClick: () => duplicate.mutate() },
            { text: f.enabled ? t.switchOff : t.switchOn, onClick: () => enabled.mutate(!f.enabled) },
            { text: t.delete, destructive: true, onClick: () => setDeleting(true) },
          ],
        ]}
        icon={<MoreHorizIcon aria-hidden />}
        label={t.menuOf(f.name)}
      />
      <Confirm
        busy={remove.isPending}
        confirm={t.deleteModal.confirm}
        destructive
        header={t.deleteModal.header}
        message={t.deleteModal.message(words, f.name)}
        onClose={() => setDeleting(false)}
        onConfirm={() => remove.mutate()}
        open={deleting}
      />
    </>
  );
}
