// The sentences of the list of feeds.

export const flowsText = {
  create: 'New feed',
  empty: {
    message: 'Point Sluice at a CSV or NDJSON file from your ERP or spreadsheet. It suggests a mapping and shows what would change before it writes anything.',
  },
  name: 'Feed',
  source: 'Source',
  lastRun: 'Last run',
  never: 'Never run',
  noSource: 'Not connected yet',
  createModal: { name: 'Name', help: 'For you and your colleagues, for example “ERP catalogue”.', confirm: 'Create feed', required: 'Give the feed a name.' },
  delete: 'Delete feed',
  deleteModal: {
    header: 'Delete this feed?',
    message: (name: string, kept: string) => `“${name}” and its mapping are deleted. ${kept}`,
    confirm: 'Delete feed',
  },
  deleted: 'The feed was deleted.',
};
