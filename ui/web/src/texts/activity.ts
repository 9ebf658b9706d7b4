// The sentences of the page "Activity".

export const activityText = {
  title: 'Runs',
  description: 'Everything Sluice did in this store, newest first.',
  empty: { heading: 'Nothing has run yet', message: 'Set up a feed and start it: its runs are listed here.', action: 'Go to feeds' },
  feed: 'Feed',
  state: 'State',
  started: 'Started',
  records: 'Records',
  result: 'Result',
  requests: 'Requests',
  by: 'Started by',
  result_: {
    created: (n: string) => `${n} created`,
    updated: (n: string) => `${n} updated`,
    unchanged: (n: string) => `${n} unchanged`,
    failed: (n: string) => `${n} failed`,
    toCreate: (n: string) => `${n} to create`,
    toUpdate: (n: string) => `${n} to update`,
    nothing: 'Nothing yet',
  },
  filter: 'Feed',
  allFeeds: 'All feeds',
};
