import { Message } from '@bigcommerce/big-design';
import type { Run } from '../api/types';
import { runText } from '../texts/run';
import { useApp } from './app';
import { useWords } from './kinds';
import { wouldWrite } from './runs';

/** What a run's state means for the user, and what to do next. */
export function RunMessages({ run }: { run: Run }) {
  const { format } = useApp();
  const words = useWords(run.kind);
  const t = runText.messages;
  const n = (x: number) => format.number(x);
  const would = wouldWrite(run);
  const errors = run.failed > 0 ? [{ text: run.dry_run ? t.dryErrors(n(run.failed), run.failed) : t.errors(n(run.failed), run.failed) }] : [];
  return (
    <>
      {run.incomplete ? <Message header={t.incompleteHeader} marginBottom="medium" messages={[{ text: t.incomplete }]} type="warning" /> : null}
      {run.state === 'queued' ? <Message marginBottom="medium" messages={[{ text: t.queued }]} type="info" /> : null}
      {run.state === 'cancelling' ? <Message marginBottom="medium" messages={[{ text: t.cancelling }]} type="info" /> : null}
      {run.state === 'cancelled' ? <Message marginBottom="medium" messages={[{ text: run.error ?? t.cancelled }]} type="info" /> : null}
      {run.state === 'paused' ? (
        <Message header={t.pausedHeader} marginBottom="medium" messages={[...(run.error ? [{ text: run.error }] : []), { text: t.paused }]} type="warning" />
      ) : null}
      {run.state === 'failed' ? (
        <Message header={t.failedHeader} marginBottom="medium" messages={[{ text: run.error ?? t.failed }]} type="error" />
      ) : null}
      {run.state === 'done' && run.dry_run ? (
        <Message
          header={t.dryHeader}
          marginBottom="medium"
          messages={[
            { text: t.dry(words, n(would.create), n(would.update), n(run.unchanged)) },
            ...(run.planned_requests > 0 ? [{ text: t.dryCost(n(run.planned_requests), format.duration(run.planned_seconds)) }] : []),
            ...errors,
          ]}
          type={run.failed > 0 ? 'warning' : 'info'}
        />
      ) : null}
      {run.state === 'done' && !run.dry_run && run.failed > 0 ? (
        <Message header={t.errorsHeader} marginBottom="medium" messages={errors} type="warning" />
      ) : null}
      {run.state === 'done' && !run.dry_run && run.failed === 0 && !run.incomplete ? (
        <Message
          header={t.doneHeader}
          marginBottom="medium"
          messages={[
            { text: run.created + run.updated === 0 ? t.doneUnchanged(words) : t.done(n(run.created), n(run.updated), n(run.unchanged)) },
          ]}
          type="success"
        />
      ) : null}
    </>
  );
}
