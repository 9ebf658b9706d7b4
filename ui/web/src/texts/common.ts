// The words that many pages use.

import type { RunPhase, RunState } from '../api/types';

export const commonText = {
  appName: 'Sluice',
  none: '–',
  justNow: 'just now',
  yes: 'Yes',
  no: 'No',
  loading: 'Loading',
  close: 'Close',
  cancel: 'Cancel',
  back: 'Back',
  save: 'Save',
  saved: 'Saved.',
  allSaved: 'All changes are saved.',
  tryAgain: 'Try again',
  loadMore: 'Show more',
  copying: { copy: 'Copy', copied: 'Copied.', copyFailed: 'Could not be copied: select it and press Ctrl+C.' },
  sandbox: 'Sandbox',
  version: (v: string) => `Sluice ${v}`,
  store: (hash: string) => `Store ${hash}`,
  support: 'Get help',
  nav: { label: 'Sections', home: 'Home', syncs: 'Syncs', activity: 'Activity', attention: 'Needs attention:', noAttention: 'Nothing needs attention', help: 'Help', connections: 'Connections', settings: 'Settings', skip: 'Skip to content' },

  states: {
    queued: 'Queued',
    running: 'Running',
    paused: 'Paused',
    asking: 'Waiting for your answer',
    cancelling: 'Cancelling',
    done: 'Done',
    failed: 'Failed',
    cancelled: 'Cancelled',
  } satisfies Record<RunState, string>,
  doneWithErrors: 'Done, with errors',
  dryRun: 'Preview',
  compared: 'Compared with the store',
  phases: {
    fetch: 'Fetching the data',
    plan: 'Reading rows and planning',
    assemble: 'Putting rows together',
    match: 'Comparing with the store',
    write: 'Writing to the store',
    finish: 'Finishing',
  } satisfies Record<RunPhase, string>,
};
