import type { BadgeProps } from '@bigcommerce/big-design';
import type { Run } from '../api/types';
import { type Outcome, outcomeOf, type RunFacts, type Tone } from '../lib/outcome';
import { useApp } from './app';
import { useWords } from './kinds';

const variants: Record<Tone, BadgeProps['variant']> = { success: 'success', info: 'secondary', warning: 'warning', error: 'danger' };

export function outcomeBadge(outcome: Outcome, run: Pick<Run, 'state'>): BadgeProps {
  return { label: outcome.badge, variant: run.state === 'running' ? 'primary' : variants[outcome.tone] };
}

/** What a run came to, in the words of its kind. */
export function useOutcome(run: RunFacts & Pick<Run, 'kind'>): Outcome {
  const { format } = useApp();
  const words = useWords(run.kind);
  return outcomeOf(run, words, format);
}

/** Seconds between start and end, or until now. */
export function runSeconds(run: Run, now = Date.now()): number | undefined {
  const from = Date.parse(run.started_at ?? '');
  if (Number.isNaN(from)) return undefined;
  const to = Date.parse(run.finished_at ?? '');
  return Math.max(0, ((Number.isNaN(to) ? now : to) - from) / 1000);
}

/** What of a run can be told of its share that is done: of the file while that is read, of the writes while it writes. */
export interface Step {
  /** 0 to 1; undefined while nobody can tell. */
  done: number | undefined;
  part: 'read' | 'compare' | 'write';
}

export function stepOf(run: Run): Step {
  if (run.phase === 'write' || run.phase === 'finish') {
    const all = run.to_create + run.to_update;
    return { part: 'write', done: run.phase === 'finish' ? 1 : all > 0 ? Math.min(1, (run.created + run.updated) / all) : undefined };
  }
  if (run.phase === 'match') return { part: 'compare', done: undefined };
  return { part: 'read', done: run.bytes_total > 0 ? Math.min(1, run.bytes_read / run.bytes_total) : undefined };
}

