// The sentences of the page "Attention".

import type { AttentionCause } from '../api/types';
import { plural } from './plural';

export const attentionText = {
  title: 'Needs attention',
  description: 'What is wrong now and waits for somebody. A problem goes away by itself once it is solved.',
  empty: { heading: 'Nothing needs you', message: 'When something does, it stands here, and Sluice tells you by your alerts.', action: 'Set up alerts' },
  emptyMuted: 'Nothing is muted.',
  emptySync: 'Nothing needs you in this sync.',
  show: 'What is shown',
  shown: { open: 'Open', muted: 'Muted' },
  sync: 'Sync',
  allSyncs: 'All syncs',
  wholeStore: 'The whole store',
  causes: {
    run_failed: 'A run failed',
    problems: 'Records were left out',
    late: 'A run is late',
    no_data: 'No new data has come',
    shrank: 'A file is much smaller than before',
    secret_age: 'A password is old',
    webhook_off: 'Sluice is not told of changes',
    reinstall: 'Sluice must be installed again',
    permission: 'A permission is missing',
    asking: 'A run waits for your answer',
  } satisfies Record<AttentionCause, string>,
  counts: {
    run_failed: (n: string, count: number) => plural(n, count, 'run', 'runs'),
    late: (n: string, count: number) => plural(n, count, 'run', 'runs'),
    records: (n: string, count: number) => plural(n, count, 'record', 'records'),
  },
  began: (ago: string) => `Began ${ago}`,
  mutedUntil: (when: string) => `Muted until ${when}`,
  remedies: {
    run: 'Open the run',
    answer: 'Answer',
    source: 'Check its data',
    schedule: 'Check its schedule',
    apps: 'Open the list of apps',
    /** Said to screen readers after the button's own text. */
    about: (name: string) => `, ${name}`,
  },
  assignedToOf: (name: string) => `Looked after by, ${name}`,
  nobody: 'Nobody looks after it',
  me: (email: string) => `${email} (you)`,
  mute: 'Mute',
  muteOf: (name: string) => `Mute ${name}`,
  muteFor: { day: 'For a day', week: 'For a week', month: 'For 30 days' },
  unmute: 'Show again',
  unmuteOf: (name: string) => `Show again: ${name}`,
  muted: (until: string) => `Muted until ${until}. It is not counted, and nobody is told of it, until then.`,
  unmuted: 'It is counted again.',
  assigned: (who: string) => `${who} looks after it.`,
  assignedNobody: 'Nobody looks after it now.',
};
