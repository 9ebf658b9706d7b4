// What a run came to: one sentence, what follows from it, and what is offered next. Pure, so that every case has a test.

import type { Run } from '../api/types';
import { type Amount, outcomeText as t } from '../texts/outcome';
import type { Formatter } from './format';
import type { Words } from './words';

export type Tone = 'success' | 'info' | 'warning' | 'error';

/** What is offered first. fix: what the largest problem's remedy says. */
export type Primary = '' | 'answer' | 'start' | 'retry' | 'again' | 'fix' | 'source';

export interface Outcome {
  tone: Tone;
  /** What happened, or would. */
  sentence: string;
  /** What a person has to know besides. */
  more: string[];
  badge: string;
  /** The tab that matters. */
  opens: 'problems' | 'changes' | 'details';
  primary: Primary;
  /** Why Start of a preview waits for a tick; none when it does not. */
  tick: string[];
}

/** What the sentence is made of. */
export type RunFacts = Pick<
  Run,
  | 'outcome' | 'state' | 'phase' | 'dry_run' | 'incomplete' | 'error' | 'to_create' | 'to_update' | 'created' | 'updated' | 'vanished' | 'unchanged' | 'skipped' | 'failed' | 'warnings'
  | 'planned_seconds' | 'question' | 'retry' | 'retry_of'
>;

/** What was written or, of a preview, would be: the planner's counts, or what it counted itself. */
export function writes(run: Pick<Run, 'dry_run' | 'to_create' | 'to_update' | 'created' | 'updated'>): { create: number; update: number } {
  if (!run.dry_run) return { create: run.created, update: run.updated };
  return { create: Math.max(run.to_create, run.created), update: Math.max(run.to_update, run.updated) };
}

export function outcomeOf(run: RunFacts, words: Words, format: Formatter): Outcome {
  const amount = (n: number): Amount => ({ n, shown: format.number(n) });
  const { create, update } = writes(run);
  const said = { dry: run.dry_run, words };
  const made = amount(create);
  const changed = amount(update);
  const failed = amount(run.failed);
  const unchanged = amount(run.unchanged);
  const troubled = run.failed > 0 || run.warnings > 0;
  const out: Outcome = { tone: 'info', sentence: '', more: [], badge: badgeOf(run), opens: 'changes', primary: '', tick: [] };
  const set = (part: Partial<Outcome>) => Object.assign(out, part);

  switch (run.outcome) {
    case 'under_way':
      set({ sentence: underWay(run, words, amount), opens: run.failed > 0 ? 'problems' : 'changes' });
      break;
    case 'asking':
      set({ tone: 'warning', sentence: t.asking, primary: 'answer' });
      break;
    case 'paused':
      set({ tone: 'warning', sentence: t.paused });
      if (run.error) out.more.push(run.error);
      if (create + update > 0) out.more.push(t.soFar(said, made, changed));
      break;
    case 'empty':
      set({ tone: 'warning', sentence: t.empty(said), more: [t.emptyNext], opens: 'problems', primary: 'source' });
      break;
    case 'unchanged':
      set({ tone: run.dry_run ? 'info' : 'success', sentence: run.skipped > 0 && run.unchanged === 0 ? t.nothingToDo(said) : t.unchanged(said, unchanged), opens: 'details' });
      break;
    case 'all':
      set({ tone: run.dry_run ? 'info' : 'success', sentence: t.all(said, made, changed), primary: run.dry_run ? 'start' : '' });
      break;
    case 'some':
      set({
        tone: 'warning',
        sentence: create + update > 0 ? t.some(said, made, changed, failed) : t.someUnchanged(said, unchanged, failed),
        opens: 'problems',
        primary: run.dry_run ? 'start' : remedy(run),
      });
      break;
    case 'none':
      set({ tone: 'error', sentence: t.none(said, failed), more: run.error ? [run.error] : [], opens: 'problems', primary: remedy(run) });
      break;
    case 'failed':
      set({ tone: 'error', sentence: t.failed(said, made, changed), more: [run.error === undefined || run.error === '' ? t.failedNext : run.error], opens: troubled ? 'problems' : 'details', primary: 'again' });
      break;
    case 'cancelled':
      set({ sentence: t.cancelled(said, made, changed), opens: troubled ? 'problems' : 'changes', primary: 'again' });
      if (run.error) out.more.push(run.error);
      if (!run.dry_run) out.more.push(t.cancelledNext);
      break;
  }

  const counted = run.outcome === 'all' || run.outcome === 'some';
  if ((counted || run.outcome === 'cancelled') && run.vanished > 0) out.more.push(t.vanished(said, amount(run.vanished)));
  if (counted && create + update > 0 && run.unchanged > 0) out.more.push(t.stayed(said, unchanged));
  if ((counted || run.outcome === 'unchanged') && run.skipped > 0) out.more.push(t.skipped(said, amount(run.skipped)));
  if (counted && run.dry_run && run.planned_seconds > 0) out.more.push(t.time(format.duration(run.planned_seconds)));
  if (run.incomplete && run.outcome !== 'empty') {
    out.more.unshift(t.incomplete);
    if (out.tone !== 'error') out.tone = 'warning';
  }
  if (run.retry_of && run.outcome !== 'under_way') out.more.push(t.retried);
  if (run.dry_run && run.state === 'done') out.tick = ticks(run, words, failed);
  return out;
}

function badgeOf({ outcome, state, dry_run: dry }: RunFacts): string {
  if (outcome === 'under_way') return state === 'queued' || state === 'cancelling' ? t.badge[state] : t.badge.under_way;
  if (dry && (outcome === 'all' || outcome === 'some' || outcome === 'none')) return t.badgeDry[outcome];
  return t.badge[outcome];
}

/** Retrying what failed, when something has changed since; else what has to change first. */
function remedy(run: RunFacts): Primary {
  return !run.dry_run && run.retry.allowed ? 'retry' : 'fix';
}

function underWay(run: RunFacts, words: Words, amount: (n: number) => Amount): string {
  if (run.state === 'queued') return t.queued;
  if (run.state === 'cancelling') return t.cancelling;
  switch (run.phase) {
    case 'match':
      return t.comparing;
    case 'write':
      return t.writing(amount(run.created + run.updated).shown, amount(run.to_create + run.to_update), words);
    case 'finish':
      return t.finishing;
    default:
      return t.reading;
  }
}

/** What has to be seen before a start: what would be left out, and what looks like a mistake. */
function ticks(run: RunFacts, words: Words, failed: Amount): string[] {
  const out: string[] = [];
  if (run.outcome === 'empty') out.push(t.tick.empty);
  if (run.failed > 0) out.push(t.tick.failed(failed, words));
  if (run.question) out.push(t.tick.question);
  if (run.incomplete) out.push(t.tick.incomplete);
  return out;
}
