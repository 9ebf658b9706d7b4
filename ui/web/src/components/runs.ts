import type { BadgeProps } from '@bigcommerce/big-design';
import { isFinal } from '../api/queries/runs';
import type { Run } from '../api/types';
import type { Formatter } from '../lib/format';
import { text } from '../text';
import { activityText } from '../texts/activity';

/** A run's state as a badge: done is only green when no row failed. */
export function runBadge(run: Pick<Run, 'state' | 'failed'>): BadgeProps {
  const label = text.states[run.state];
  switch (run.state) {
    case 'done':
      return run.failed > 0 ? { label: text.doneWithErrors, variant: 'warning' } : { label, variant: 'success' };
    case 'failed':
      return { label, variant: 'danger' };
    case 'paused':
    case 'asking':
    case 'cancelling':
      return { label, variant: 'warning' };
    case 'running':
      return { label, variant: 'primary' };
    default:
      return { label, variant: 'secondary' };
  }
}

/** One line that says what a run did or would do. Zero counts are left out. */
export function runResult(run: Run, f: Formatter): string {
  const t = activityText.result_;
  const parts: string[] = [];
  const add = (n: number, say: (n: string) => string) => {
    if (n > 0) parts.push(say(f.number(n)));
  };
  if (run.dry_run) {
    add(Math.max(run.to_create, run.created), t.toCreate);
    add(Math.max(run.to_update, run.updated), t.toUpdate);
  } else {
    add(run.created, t.created);
    add(run.updated, t.updated);
  }
  add(run.unchanged, t.unchanged);
  add(run.failed, t.failed);
  return parts.length > 0 ? parts.join(', ') : isFinal(run) ? text.none : t.nothing;
}

/** What a dry run says would be written: the planner's counts, or what was counted as created in it. */
export function wouldWrite(run: Run): { create: number; update: number } {
  return { create: Math.max(run.to_create, run.created), update: Math.max(run.to_update, run.updated) };
}

export function phaseText(run: Run): string {
  if (run.state !== 'running' && run.state !== 'cancelling') return text.states[run.state];
  return run.phase ? text.phases[run.phase] : text.states[run.state];
}

/** Seconds between start and end, or until now. */
export function runSeconds(run: Run, now = Date.now()): number | undefined {
  const from = Date.parse(run.started_at ?? '');
  if (Number.isNaN(from)) return undefined;
  const to = Date.parse(run.finished_at ?? '');
  return Math.max(0, ((Number.isNaN(to) ? now : to) - from) / 1000);
}
