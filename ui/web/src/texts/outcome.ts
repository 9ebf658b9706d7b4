// What a run came to, in one sentence and a few more. Pure: numbers come as they are shown, with the count that they are.

import type { Words } from '../lib/words';
import { plural } from './plural';

/** A number as it is shown, and as it is counted. */
export interface Amount {
  n: number;
  shown: string;
}

/** Whether a preview speaks of what would be. */
interface Said {
  dry: boolean;
  words: Words;
}

const records = (a: Amount, w: Words) => plural(a.shown, a.n, w.singular, w.plural);

/** "Created 2,360 and updated 100 products", "Would update 1 product"; empty when nothing was written. */
function written({ dry, words }: Said, create: Amount, update: Amount): string {
  const [made, changed] = dry ? ['create', 'update'] : ['created', 'updated'];
  const said =
    create.n > 0 && update.n > 0
      ? `${made} ${create.shown} and ${changed} ${records(update, words)}`
      : create.n > 0
        ? `${made} ${records(create, words)}`
        : update.n > 0
          ? `${changed} ${records(update, words)}`
          : '';
  return said === '' ? '' : dry ? `Would ${said}` : said.charAt(0).toUpperCase() + said.slice(1);
}

const be = (dry: boolean, a: Amount) => (dry ? (a.n === 1 ? 'is' : 'are') : a.n === 1 ? 'was' : 'were');
const leftOut = (dry: boolean, a: Amount) => (dry ? 'would be left out' : `${a.n === 1 ? 'was' : 'were'} left out`);

export const outcomeText = {
  queued: 'Waiting for its turn. It starts by itself.',
  cancelling: 'Stopping. What was written stays written.',
  reading: 'Reading the file.',
  comparing: 'Comparing the file with your store.',
  writing: (done: string, all: Amount, w: Words) => `Writing to your store: ${done} of ${records(all, w)} so far.`,
  finishing: 'Almost done.',
  asking: 'Waiting for your answer. Nothing has been written yet.',
  paused: 'Paused. It goes on by itself as soon as Sluice is installed again.',
  soFar: (said: Said, create: Amount, update: Amount) => `${written(said, create, update)} so far.`,

  empty: ({ dry }: Said) => (dry ? 'The file has no rows: a run would change nothing.' : 'The file had no rows, so nothing was changed.'),
  emptyNext: 'Check the system that writes the file, then try again.',
  unchanged: ({ dry, words }: Said, a: Amount) =>
    a.n === 1 ? `Nothing to do: the one ${words.singular} ${be(dry, a)} up to date already.` : `Nothing to do: all ${records(a, words)} ${be(dry, a)} up to date already.`,
  all: (said: Said, create: Amount, update: Amount) => `${written(said, create, update)}.`,
  some: (said: Said, create: Amount, update: Amount, failed: Amount) => {
    const done = written(said, create, update);
    const both = create.n > 0 && update.n > 0;
    return `${done}${both ? ',' : ''} and ${said.dry ? 'leave' : 'left'} out ${failed.shown}.`;
  },
  someUnchanged: ({ dry, words }: Said, unchanged: Amount, failed: Amount) =>
    `${dry ? 'Nothing would be' : 'Nothing was'} written: ${records(unchanged, words)} ${be(dry, unchanged)} up to date already, and ${failed.shown} ${leftOut(dry, failed)}.`,
  none: ({ dry, words }: Said, failed: Amount) => {
    const which = failed.n === 1 ? `the only ${words.singular}` : `all ${records(failed, words)}`;
    return `${dry ? 'Nothing would be' : 'Nothing was'} written: ${which} ${leftOut(dry, failed)}.`;
  },
  nothingToDo: ({ dry }: Said) => (dry ? 'Nothing would be written.' : 'Nothing was written.'),
  skipped: ({ dry, words }: Said, a: Amount) => `${records(a, words)} ${be(dry, a)} passed by, as the options of the sync say.`,
  vanished: ({ dry, words }: Said, a: Amount) =>
    `${records(a, words)} of those that ${dry ? 'would be' : 'were'} updated ${a.n === 1 ? 'is' : 'are'} not in the file any more.`,
  stayed: ({ dry, words }: Said, a: Amount) => `${records(a, words)} ${be(dry, a)} up to date already.`,
  failed: (said: Said, create: Amount, update: Amount) => {
    if (said.dry) return 'The preview could not be finished. Nothing was changed in your store.';
    const done = written(said, create, update);
    return done === '' ? 'The run could not be finished. Nothing was written.' : `The run could not be finished. ${done} before it stopped.`;
  },
  failedNext: 'Start it again. If it stops again, check the file.',
  cancelled: (said: Said, create: Amount, update: Amount) => {
    if (said.dry) return 'The preview was cancelled.';
    const done = written(said, create, update);
    return done === '' ? 'Cancelled before anything was written.' : `Cancelled. ${done} before that.`;
  },
  cancelledNext: 'What was written stays written. Run it again to go on; what is done is not done twice.',
  incomplete: 'Only a part of the file arrived. Nothing that is missing was treated as deleted. Check the system that writes the file, then run it again.',
  time: (duration: string) => `It takes about ${duration}.`,
  retried: 'This run tried the failed records of an earlier run again.',

  tick: {
    label: 'I have seen this and want to start anyway',
    failed: (a: Amount, w: Words) => `${records(a, w)} would be left out.`,
    question: 'The preview found something that looks like a mistake. The run asks you again only if there is more of it.',
    incomplete: 'Only a part of the file was read.',
    empty: 'The file has no rows.',
  },

  badge: {
    queued: 'Queued',
    under_way: 'Running',
    cancelling: 'Cancelling',
    asking: 'Waits for your answer',
    paused: 'Paused',
    empty: 'No rows',
    unchanged: 'Nothing to do',
    all: 'Done',
    some: 'Partly done',
    none: 'Nothing written',
    failed: 'Stopped',
    cancelled: 'Cancelled',
  },
  badgeDry: { all: 'Ready to start', some: 'Look at this first', none: 'Nothing would be written' },
};
