// The sentences of the page "Alerts" in the settings.

import type { AlertChannelKind } from '../api/types';

export const alertsText = {
  adminOnly: 'Only admins and the owner can see and change who is told of what.',
  rules: {
    header: 'When Sluice tells you',
    description: 'One message when something begins, and one when it is solved. The same is never told twice.',
    /** Labels say of records by themselves what they count. */
    fieldOf: (label: string, unit: string) => (unit === 'records' ? label : `${label} (${unit})`),
    between: (min: string, max: string) => `A whole number from ${min} to ${max}.`,
  },
  channels: {
    header: 'Where it tells you',
    description: 'Each message goes to all of these.',
    none: 'Nobody is told yet. Add an address, so that you hear of a problem without looking here.',
    kinds: { mail: 'E-mail', slack: 'Slack', teams: 'Microsoft Teams', webhook: 'Webhook' } satisfies Record<AlertChannelKind, string>,
    kind: 'Kind',
    kindOf: (n: number) => `Kind of address ${n}`,
    addresses: { mail: 'E-mail addresses', slack: 'Address of the Slack webhook', teams: 'Address of the Teams webhook', webhook: 'Address' } satisfies Record<AlertChannelKind, string>,
    help: {
      mail: 'With commas between them.',
      slack: 'In Slack: Apps, Incoming Webhooks, Add to Slack. Copy the address that it shows.',
      teams: 'In Teams: the channel’s Workflows, “Post to a channel when a webhook request is received”. Copy the address that it shows.',
      webhook: 'Sluice posts JSON there, signed as Standard Webhooks.',
    } satisfies Record<AlertChannelKind, string>,
    required: 'Fill in where to.',
    on: 'In use',
    onOf: (name: string) => `${name} is in use`,
    add: 'Add',
    remove: 'Remove',
    removeOf: (name: string) => `Remove ${name}`,
    noMail: 'Sluice cannot send mail yet. Ask whoever runs Sluice to set a mail server up (SMTP_URL).',
    failed: (why: string) => `The last message did not arrive: ${why}`,
    test: 'Send a test',
    testOf: (name: string) => `Send a test to ${name}`,
    testLater: 'Save first, then send a test.',
    newSecret: 'Make a new signing secret when I save',
    most: 'More than 10 are not possible.',
  },
  secret: {
    header: 'Copy the signing secret now',
    message: 'Your system checks with it that a message is from Sluice. This is the only time it is shown.',
    label: (to: string) => `Signing secret of ${to}`,
    done: 'I have stored it',
  },
  times: {
    header: 'Quiet hours and digest',
    zone: (zone: string) => `Times are in your store’s time zone, ${zone}.`,
    quiet: 'Keep quiet for a part of the day',
    quietHelp: 'What happens meanwhile is told afterwards, all in one message. What is solved by then is left out.',
    from: 'From',
    to: 'Until',
    digest: 'Send a digest each day',
    digestHelp: 'What ran, what changed and what still needs somebody.',
    at: 'At',
    required: 'Choose a time.',
  },
  unsaved: 'Not saved yet.',
  incomplete: 'Something above is missing or not right. Set it right, then save.',
  saved: 'Your alerts are saved.',
};
