// The sentences of the page "Home".

import { plural } from './plural';

const recordsOf = (n: string, count: number) => plural(n, count, 'record', 'records');

export const homeText = {
  title: 'Home',
  create: 'Create sync',
  needs: {
    header: (n: string, count: number) => (count === 1 ? 'One thing needs you' : `${n} things need you`),
    none: 'Nothing needs you. Sluice tells you here, and by your alerts, when something does.',
    all: 'Show all',
  },
  health: {
    header: 'What is in step',
    notSetUp: 'Not set up yet',
    setUp: (kind: string) => `Set up ${kind.toLowerCase()}`,
    setUpShort: 'Set up',
    inStep: (n: string, count: number) => `${recordsOf(n, count)} in step`,
    none: 'Nothing has landed yet',
    last: (ago: string) => `Last good run ${ago}`,
    neverGood: 'No good run yet',
    noRun: 'Not run yet',
    leftOut: (n: string, count: number) => `${recordsOf(n, count)} left out`,
    states: { none: 'Not set up', ok: 'In step', attention: 'Needs attention', failing: 'Failing', running: 'Running' },
  },
  history: {
    header: 'Last 14 days',
    choose: 'What the bars show',
    measures: { changed: 'Changed', problems: 'Problems', seconds: 'Duration' },
    none: 'Nothing has run in the last 14 days.',
    chart: { changed: 'Records changed in each day', problems: 'Problems in each day', seconds: 'How long runs took in each day' },
    day: {
      changed: (day: string, n: string, count: number) => `${day}: ${recordsOf(n, count)} changed`,
      problems: (day: string, n: string, count: number) => `${day}: ${plural(n, count, 'problem', 'problems')}`,
      seconds: (day: string, n: string) => `${day}: ${n}`,
    },
    noRun: (day: string) => `${day}: no run`,
    failed: (n: string, count: number) => plural(n, count, 'run failed', 'runs failed'),
    most: (n: string) => `Most in a day: ${n}`,
    table: { show: 'Show as a table', caption: 'The last 14 days, newest first', day: 'Day', runs: 'Runs', changed: 'Changed', problems: 'Problems', failed: 'Failed', seconds: 'Duration' },
  },
  next: { header: 'Next runs', none: 'No sync runs by itself yet. Give one a schedule, and it keeps your store in step.', compare: 'looks every record up in the store', choose: 'Choose a sync' },
  last: { header: 'Last runs', all: 'All activity', none: 'Nothing has run yet.' },
  shoppers: {
    header: 'Shoppers',
    message: 'Let shoppers sign in with the accounts they already have with you, and show them what your system knows about their account.',
    action: 'Set up Shoppers',
  },
  guide: {
    header: 'Bring your data into your store',
    description: 'Sluice keeps your store in step with the system you already use. It shows every change before it writes anything.',
    question: 'What do you want to bring in first?',
    sample: 'Try with sample products',
    about: {
      products: 'Names, descriptions, pictures, categories: from an export of your system.',
      stock: 'How many of each are left, also by location.',
      prices: 'Prices of your catalogue, or of your price lists.',
    } as Record<string, string>,
    aboutAny: (kind: string) => `Bring ${kind} from a file or a web address.`,
    notAllowed: 'Your role only lets you look. Ask the store owner or an admin to set up the first sync.',
    stages: 'Three stages',
    connect: { title: 'Connect your data', help: 'A file from your computer, or the address of one. About 1 minute.', action: 'Connect your data' },
    match: { title: 'Match its columns', help: 'Sluice proposes what belongs where. About 3 minutes.', action: 'Match columns' },
    land: {
      title: 'Check and start',
      help: 'See what would change, then start. The first records land within a minute.',
      checked: 'You have seen what would change. Start when it looks right.',
      check: 'Check what would change',
      start: 'Go on to the start',
    },
    underWay: 'A run is under way. This page changes by itself when it is over.',
    underWayAction: 'Watch the run',
    notClean: 'The last run did not get through without open problems. Look at them, set them right, and run it again.',
    notCleanAction: 'Look at the problems',
    done: 'done',
    current: 'to do now',
    open: 'to do later',
    another: 'Bring in something else instead',
  },
};
