// The sentences of the page "Home".

export const homeText = {
  title: 'Home',
  description: 'What flows into your store, and how much of its API quota is in use.',
  store: 'Store',
  plan: 'Plan',
  domain: 'Domain',
  hash: 'Store hash',
  installed: 'Installed',
  currency: 'Currency',
  user: 'Signed in as',
  runs: { header: 'Last runs', empty: 'Nothing has run yet. Connect a feed, then start with a dry run: it shows every change before it is made.', all: 'All runs' },
  next: {
    header: 'Next steps',
    description: 'Four steps to a synced catalogue.',
    connect: { title: 'Connect a feed', help: 'A CSV or NDJSON file from your ERP, by URL or upload.', action: 'Connect a feed' },
    map: { title: 'Map its columns', help: 'Sluice suggests which column fills which field.', action: 'Map columns' },
    dryRun: { title: 'Make a dry run', help: 'See every change, and what it costs, before anything is written.', action: 'Make a dry run' },
    run: { title: 'Run it', help: 'Watch records land in your store.', action: 'Start the run' },
    done: 'Done',
    open: 'Not done yet',
  },
};
