// The sentences of the list of feeds.

export const flowsText = {
  title: 'Products',
  description: 'Feeds that create and update products in your catalogue, matched by SKU.',
  create: 'New feed',
  empty: {
    heading: 'Connect your first product feed',
    message: 'Point Sluice at a CSV or NDJSON file from your ERP or spreadsheet. It suggests a mapping and shows what would change before it writes anything.',
  },
  name: 'Feed',
  source: 'Source',
  lastRun: 'Last run',
  never: 'Never run',
  noSource: 'Not connected yet',
  createModal: { header: 'New product feed', name: 'Name', help: 'For you and your colleagues, for example “ERP catalogue”.', default: 'Product feed', confirm: 'Create feed', required: 'Give the feed a name.' },
  delete: 'Delete feed',
  deleteModal: {
    header: 'Delete this feed?',
    message: (name: string) => `“${name}” and its mapping are deleted. Products in your store and the history of runs stay as they are.`,
    confirm: 'Delete feed',
  },
  deleted: 'The feed was deleted.',
};
