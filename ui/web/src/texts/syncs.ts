// The sentences of the list of syncs.

import { type Words, capital, listed } from '../lib/words';

export const syncsText = {
  title: 'Feeds',
  description: (plurals: string[]) => `Feeds that bring ${listed(plurals)} into your store.`,
  create: 'New feed',
  empty: {
    heading: 'Connect your first feed',
    message: 'Point Sluice at a CSV or NDJSON file from your ERP or spreadsheet. It suggests a mapping and shows what would change before it writes anything.',
  },
  name: 'Feed',
  kind: 'Kind',
  source: 'Source',
  lastRun: 'Last run',
  never: 'Never run',
  noSource: 'Not connected yet',
  createModal: { header: 'New feed', kind: 'What it brings', name: 'Name', help: 'For you and your colleagues, for example “ERP catalogue”.', default: ({ singular }: Words) => `${capital(singular)} feed`, confirm: 'Create feed', required: 'Give the feed a name.' },
  delete: 'Delete feed',
  deleteModal: {
    header: 'Delete this feed?',
    message: ({ plural: records }: Words, name: string) => `“${name}” and its mapping are deleted. ${capital(records)} in your store and the history of runs stay as they are.`,
    confirm: 'Delete feed',
  },
  deleted: 'The feed was deleted.',
};
