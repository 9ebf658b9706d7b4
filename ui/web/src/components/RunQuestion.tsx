import { InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { applyRun } from '../api/queries/events';
import type { Run } from '../api/types';
import { runText } from '../texts/run';
import { ActionButtons } from './ActionButtons';
import { useAccess, useApp, useFeedback } from './app';

/** What a run asks before it writes, with the two answers for those who may; what a preview says that it would ask. */
export function RunQuestion({ run }: { run: Run }) {
  const { client, format } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const start = useAccess('run');
  const write = useAccess('write');
  const t = runText.question;
  const answer = useMutation({
    mutationFn: (said: { guard: string; answer: 'proceed' | 'stop' }) => client.answerRun(run.id, said),
    onSuccess: (r, said) => {
      applyRun(qc, r);
      feedback.success(said.answer === 'proceed' ? t.proceeded : t.stopped);
    },
    onError: feedback.failure,
  });
  const q = run.question;
  const asking = run.state === 'asking';
  if (!q || !(asking || (run.state === 'done' && run.dry_run))) return null;
  const share = q.limit > 0 ? t.share(format.number(q.count), format.number(q.of), format.number(q.limit)) : t.count(format.number(q.count), format.number(q.of));
  const messages = [{ text: q.message }, { text: share }, ...(q.examples.length > 0 ? [{ text: t.examples(q.examples.join('; ')) }] : [])];
  const say = (said: 'proceed' | 'stop') => answer.mutate({ guard: q.guard, answer: said });
  return (
    <Panel header={asking ? t.header : t.dryHeader}>
      <InlineMessage marginBottom={asking ? 'medium' : 'none'} messages={messages} type="warning" />
      {asking ? <Text>{write.granted ? t.help : t.ask}</Text> : null}
      {asking && write.granted ? (
        <ActionButtons
          actions={[
            { text: t.proceed, disabled: !start.allowed || answer.isPending, reason: start.reason, isLoading: answer.isPending && answer.variables.answer === 'proceed', onClick: () => say('proceed') },
            { text: t.stop, variant: 'secondary', disabled: !write.allowed || answer.isPending, reason: write.reason, isLoading: answer.isPending && answer.variables.answer === 'stop', onClick: () => say('stop') },
          ]}
        />
      ) : null}
    </Panel>
  );
}
