import { describe, expect, it } from 'vitest';
import { run as base } from '../test/render';
import { outcomeText } from '../texts/outcome';
import { Formatter } from './format';
import { type Outcome, type RunFacts, outcomeOf } from './outcome';

const f = new Formatter('en-US');
const products = { singular: 'product', plural: 'products' };
const levels = { singular: 'stock level', plural: 'stock levels' };
const zero = { to_create: 0, to_update: 0, created: 0, updated: 0, vanished: 0, unchanged: 0, skipped: 0, failed: 0, warnings: 0, planned_seconds: 0, retry: { allowed: false, reason: '' } };
const question = { guard: 'lost', message: 'Many are gone.', count: 5, of: 9, limit: 20, examples: [], asked_at: '2026-11-22T10:01:00Z' };

function of(part: Partial<RunFacts>, words = products): Outcome {
  return outcomeOf({ ...base, ...zero, state: 'done', ...part }, words, f);
}

const dry = { dry_run: true } as const;

describe('outcomeOf', () => {
  it.each<[string, Partial<RunFacts>, string, Outcome['tone'], Outcome['opens'], Outcome['primary']]>([
    ['all, both', { outcome: 'all', created: 2360, updated: 100 }, 'Created 2,360 and updated 100 products.', 'success', 'changes', ''],
    ['all, one created', { outcome: 'all', created: 1 }, 'Created 1 product.', 'success', 'changes', ''],
    ['all, one updated of both', { outcome: 'all', created: 2, updated: 1 }, 'Created 2 and updated 1 product.', 'success', 'changes', ''],
    ['all, in part of the file', { outcome: 'all', updated: 3, incomplete: true }, 'Updated 3 products.', 'warning', 'changes', ''],
    ['all, preview', { outcome: 'all', ...dry, to_create: 2360, to_update: 100 }, 'Would create 2,360 and update 100 products.', 'info', 'changes', 'start'],
    ['some', { outcome: 'some', created: 1847, failed: 147 }, 'Created 1,847 products and left out 147.', 'warning', 'problems', 'fix'],
    ['some, both', { outcome: 'some', created: 10, updated: 2, failed: 1 }, 'Created 10 and updated 2 products, and left out 1.', 'warning', 'problems', 'fix'],
    ['some, can be retried', { outcome: 'some', created: 1, failed: 1, retry: { allowed: true, reason: '' } }, 'Created 1 product and left out 1.', 'warning', 'problems', 'retry'],
    ['some, nothing to write', { outcome: 'some', unchanged: 5, failed: 2 }, 'Nothing was written: 5 products were up to date already, and 2 were left out.', 'warning', 'problems', 'fix'],
    ['passed by', { outcome: 'unchanged', skipped: 3 }, 'Nothing was written.', 'success', 'details', ''],
    ['some, one of each', { outcome: 'some', unchanged: 1, failed: 1 }, 'Nothing was written: 1 product was up to date already, and 1 was left out.', 'warning', 'problems', 'fix'],
    ['some, preview', { outcome: 'some', ...dry, to_create: 1847, failed: 147 }, 'Would create 1,847 products and leave out 147.', 'warning', 'problems', 'start'],
    ['some, preview with nothing to write', { outcome: 'some', ...dry, unchanged: 5, failed: 1 }, 'Nothing would be written: 5 products are up to date already, and 1 would be left out.', 'warning', 'problems', 'start'],
    ['none', { outcome: 'none', failed: 147 }, 'Nothing was written: all 147 products were left out.', 'error', 'problems', 'fix'],
    ['none of one', { outcome: 'none', failed: 1 }, 'Nothing was written: the only product was left out.', 'error', 'problems', 'fix'],
    ['none, can be retried', { outcome: 'none', failed: 2, retry: { allowed: true, reason: '' } }, 'Nothing was written: all 2 products were left out.', 'error', 'problems', 'retry'],
    ['none, preview', { outcome: 'none', ...dry, failed: 147, retry: { allowed: true, reason: '' } }, 'Nothing would be written: all 147 products would be left out.', 'error', 'problems', 'fix'],
    ['empty', { outcome: 'empty' }, 'The file had no rows, so nothing was changed.', 'warning', 'problems', 'source'],
    ['empty, preview', { outcome: 'empty', ...dry }, 'The file has no rows: a run would change nothing.', 'warning', 'problems', 'source'],
    ['unchanged', { outcome: 'unchanged', unchanged: 2465 }, 'Nothing to do: all 2,465 products were up to date already.', 'success', 'details', ''],
    ['unchanged, one', { outcome: 'unchanged', unchanged: 1 }, 'Nothing to do: the one product was up to date already.', 'success', 'details', ''],
    ['unchanged, preview', { outcome: 'unchanged', ...dry, unchanged: 2465 }, 'Nothing to do: all 2,465 products are up to date already.', 'info', 'details', ''],
    ['failed before it wrote', { outcome: 'failed', state: 'failed', error: 'The address answered 404.' }, 'The run could not be finished. Nothing was written.', 'error', 'details', 'again'],
    ['failed in the middle', { outcome: 'failed', state: 'failed', created: 1180, updated: 1, failed: 2 }, 'The run could not be finished. Created 1,180 and updated 1 product before it stopped.', 'error', 'problems', 'again'],
    ['failed, preview', { outcome: 'failed', state: 'failed', ...dry, to_create: 5 }, 'The preview could not be finished. Nothing was changed in your store.', 'error', 'details', 'again'],
    ['cancelled before it wrote', { outcome: 'cancelled', state: 'cancelled' }, 'Cancelled before anything was written.', 'info', 'changes', 'again'],
    ['cancelled in the middle', { outcome: 'cancelled', state: 'cancelled', created: 1180, updated: 50 }, 'Cancelled. Created 1,180 and updated 50 products before that.', 'info', 'changes', 'again'],
    ['cancelled, preview', { outcome: 'cancelled', state: 'cancelled', ...dry, to_create: 5 }, 'The preview was cancelled.', 'info', 'changes', 'again'],
    ['asking', { outcome: 'asking', state: 'asking', question }, 'Waiting for your answer. Nothing has been written yet.', 'warning', 'changes', 'answer'],
    ['paused', { outcome: 'paused', state: 'paused' }, 'Paused. It goes on by itself as soon as Sluice is installed again.', 'warning', 'changes', ''],
    ['queued', { outcome: 'under_way', state: 'queued', phase: '' }, 'Waiting for its turn. It starts by itself.', 'info', 'changes', ''],
    ['reading', { outcome: 'under_way', state: 'running', phase: 'plan', failed: 3 }, 'Reading the file.', 'info', 'problems', ''],
    ['comparing', { outcome: 'under_way', state: 'running', phase: 'match' }, 'Comparing the file with your store.', 'info', 'changes', ''],
    ['writing', { outcome: 'under_way', state: 'running', phase: 'write', created: 1180, updated: 50, to_create: 2360, to_update: 100 }, 'Writing to your store: 1,230 of 2,460 products so far.', 'info', 'changes', ''],
    ['writing one', { outcome: 'under_way', state: 'running', phase: 'write', to_update: 1 }, 'Writing to your store: 0 of 1 product so far.', 'info', 'changes', ''],
    ['finishing', { outcome: 'under_way', state: 'running', phase: 'finish' }, 'Almost done.', 'info', 'changes', ''],
    ['cancelling', { outcome: 'under_way', state: 'cancelling', phase: 'write' }, 'Stopping. What was written stays written.', 'info', 'changes', ''],
  ])('%s', (_, part, sentence, tone, opens, primary) => {
    expect(of(part)).toMatchObject({ sentence, tone, opens, primary });
  });

  it('says it in the words of each kind', () => {
    expect(of({ outcome: 'all', updated: 2, unchanged: 1 }, levels)).toMatchObject({ sentence: 'Updated 2 stock levels.', more: ['1 stock level was up to date already.'] });
    expect(of({ outcome: 'none', failed: 1 }, levels).sentence).toBe('Nothing was written: the only stock level was left out.');
    expect(of({ outcome: 'all', ...dry, to_update: 1 }, { singular: 'price', plural: 'prices' }).sentence).toBe('Would update 1 price.');
  });

  it.each<[string, Partial<RunFacts>, string[]]>([
    ['what left', { outcome: 'all', updated: 12, vanished: 11 }, ['11 products of those that were updated are not in the file any more.']],
    ['what would leave', { outcome: 'all', ...dry, to_update: 1, vanished: 1 }, ['1 product of those that would be updated is not in the file any more.']],
    ['what stayed', { outcome: 'all', created: 1, unchanged: 4 }, ['4 products were up to date already.']],
    ['what a preview says of it, and the time', { outcome: 'all', ...dry, to_create: 9, unchanged: 1, planned_seconds: 360 }, ['1 product is up to date already.', 'It takes about 6 min.']],
    ['why it failed', { outcome: 'failed', state: 'failed', error: 'The address answered 404.' }, ['The address answered 404.']],
    ['what to do when nobody knows why', { outcome: 'failed', state: 'failed', error: '' }, [outcomeText.failedNext]],
    ['what a cancelled run leaves', { outcome: 'cancelled', state: 'cancelled', created: 1 }, [outcomeText.cancelledNext]],
    ['what a paused one has done', { outcome: 'paused', state: 'paused', error: 'The token was refused.', created: 3 }, ['The token was refused.', 'Created 3 products so far.']],
    ['that the file was cut', { outcome: 'all', created: 1, incomplete: true }, [outcomeText.incomplete]],
    ['that it was a retry', { outcome: 'all', created: 1, retry_of: 'run-0' }, [outcomeText.retried]],
    ['what an empty file needs', { outcome: 'empty', incomplete: true }, [outcomeText.emptyNext]],
  ])('tells %s', (_, part, more) => {
    expect(of(part).more).toEqual(more);
  });

  it.each<[string, Partial<RunFacts>, string[]]>([
    ['a clean preview', { outcome: 'all', ...dry, to_create: 3 }, []],
    ['nothing to do', { outcome: 'unchanged', ...dry, unchanged: 3 }, []],
    ['some failed', { outcome: 'some', ...dry, to_create: 3, failed: 1 }, ['1 product would be left out.']],
    ['all failed', { outcome: 'none', ...dry, failed: 2 }, ['2 products would be left out.']],
    ['a guard is crossed', { outcome: 'all', ...dry, to_create: 3, question }, [outcomeText.tick.question]],
    ['all of it', { outcome: 'some', ...dry, to_create: 3, failed: 1, question, incomplete: true }, ['1 product would be left out.', outcomeText.tick.question, outcomeText.tick.incomplete]],
    ['an empty file', { outcome: 'empty', ...dry }, [outcomeText.tick.empty]],
    ['a real run', { outcome: 'some', created: 3, failed: 1 }, []],
    ['a preview under way', { outcome: 'under_way', state: 'running', ...dry, failed: 1 }, []],
  ])('start waits for a tick: %s', (_, part, tick) => {
    expect(of(part).tick).toEqual(tick);
  });

  it('has a badge for every outcome', () => {
    expect(of({ outcome: 'none', failed: 1 }).badge).toBe('Nothing written');
    expect(of({ outcome: 'none', ...dry, failed: 1 }).badge).toBe('Nothing would be written');
    expect(of({ outcome: 'under_way', state: 'queued' }).badge).toBe('Queued');
    expect(of({ outcome: 'under_way', state: 'cancelling' }).badge).toBe('Cancelling');
    expect(of({ outcome: 'under_way', state: 'running' }).badge).toBe('Running');
  });
});
