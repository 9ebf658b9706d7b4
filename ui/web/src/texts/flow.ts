// The sentences of one sync's pages; where its data comes from and its matching have modules of their own.

import { type Words, capital } from '../lib/words';

export const flowText = {
  back: 'Syncs',
  loading: 'Sync',
  tabs: { summary: 'Summary', matching: 'Matching', rules: 'Rules', schedule: 'Schedule & alerts', history: 'History' },
  unsaved: 'Not saved',
  discard: 'Discard changes',
  pausedHeader: 'This sync is paused',
  permissions: 'See what to do',
  differences: { name: 'Name', source: 'Where the data comes from', matching: 'Matching', schedule: 'Schedule', fields: (n: string) => `${n} fields` },
  cannotRunHeader: 'This sync cannot run yet',
  fix: 'Put it right',
  off: 'Nothing starts it: no schedule, no change in another system. Switch it on to run it again.',
  switchOn: 'Switch on',
  switchOff: 'Switch off',
  switchedOn: 'The sync is on again.',
  switchedOff: 'The sync is off. Nothing starts it until you switch it on.',

  health: { draft: 'Not ready', off: 'Off', never: 'Ready', ok: 'In step', attention: 'Needs attention', failing: 'Failing', asking: 'Waiting for your answer', running: 'Running', paused: 'Paused' },

  summary: {
    header: 'How it stands',
    health: 'Health',
    lastRun: 'Last run',
    never: 'Never run',
    nextRun: 'Next run',
    nextCompare: 'Next comparison',
    brings: 'Brings',
    from: 'From',
    noSource: 'Nothing chosen yet',
    matched: 'Matched fields',
    edit: 'Change',
    changeSource: 'Change where the data comes from',
    closeSource: 'Close',
    manageHeader: 'This sync',
    duplicate: 'Duplicate',
    duplicated: 'This is the copy. Its schedule is off.',
    delete: 'Delete',
    deleteModal: {
      header: 'Delete this sync?',
      message: ({ plural: records }: Words, name: string) => `“${name}” and its matching are deleted. ${capital(records)} in your store and the history of runs stay as they are.`,
      confirm: 'Delete sync',
    },
    deleted: 'The sync was deleted.',
  },

  offer: {
    header: 'Keep it in step?',
    message: 'The first run went well. Sluice can run this sync by itself from now on.',
    nightly: 'Every night at 02:00',
    other: 'Choose another time',
    upload: 'The first run went well. To have Sluice run this sync by itself, give it the address where your other system puts the file.',
    address: 'Give an address',
    rules: 'What should happen to records that your file no longer has, or that fail? Defaults are set.',
    openRules: 'Look at the rules',
    saved: 'The sync now runs every night at 02:00.',
  },

  rules: {
    header: 'Rules',
    description: 'What happens in the cases that need a decision. The defaults are right for most stores.',
    name: 'Name of the sync',
    nameRequired: 'Give the sync a name.',
    withUnit: (label: string, unit: string) => `${label} (${unit})`,
    pairs: {
      name: 'Name',
      value: 'Value',
      nameOf: (n: number) => `Name in line ${n}`,
      valueOf: (n: number) => `Value in line ${n}`,
      add: 'Add line',
      remove: (n: number) => `Remove line ${n}`,
    },
  },

  schedule: {
    notReady: 'A sync that cannot run yet has no schedule. Put right what is named above, then set one.',
    alertsHeader: 'Alerts',
    alerts: 'Who is told when a run fails, when problems appear or when a run is late is set once for all syncs.',
    alertsAdmin: 'Open alerts',
    alertsAsk: 'An admin sets who is told.',
  },

  history: {
    header: 'Runs of this sync',
    none: 'This sync has not run yet.',
    activity: 'See runs and changes of this sync in Activity',
  },
};
