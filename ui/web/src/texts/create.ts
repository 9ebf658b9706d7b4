// The sentences of the page that creates a sync.

import { type Words, capital } from '../lib/words';

export const createText = {
  title: 'Create sync',
  back: 'Syncs',
  viewer: { heading: 'You can look at syncs, not create them', message: 'Ask an admin of this store to change your role.' },
  step: (n: number, what: string) => `${n}. ${what}`,
  what: 'What to bring into your store',
  kind: 'Kind of data',
  kindOf: ({ plural: records }: Words) => capital(records),
  where: 'Where it comes from',
  whereHelp: 'Drop a file anywhere on this page, or paste the address where your other system puts it. Sluice looks at it at once.',
  match: 'Matching',
  matchHelp: 'Which column of your file fills which field. Sluice has matched what it knows; only what needs a look is shown.',
  matchedNone: 'No field is matched yet.',
  matched: (n: string, count: number) => (count === 1 ? 'One field is matched.' : `${n} fields are matched.`),
  rowsGood: (rows: string) => `All ${rows} rows can be used.`,
  rowsBad: (rows: string, total: string) => `${rows} of ${total} rows would be left out as it is.`,
  look: 'Please look at these',
  nothingToLook: 'Nothing needs a look.',
  all: 'Show the whole matching',
  less: 'Show only what needs a look',
  start: 'Check and start',
  startHelp: 'A preview compares your file with your store and shows each change. It writes nothing.',
  name: 'Name of this sync',
  nameHelp: 'For you and your colleagues.',
  nameRequired: 'Give the sync a name.',
  check: 'Check what would change',
  saveAgain: 'Save and check again',
  reasons: {
    source: 'Choose a file or paste an address first.',
    reading: 'Sluice is reading your file.',
    asked: 'Answer the question about your file first.',
    missing: (fields: string) => `Choose what fills ${fields} first.`,
    wrong: (fields: string) => `Put ${fields} right first.`,
  },
};
