// The sentences of the page "Connections", and how a connection is called elsewhere.

export const connectionsText = {
  title: 'Connections',
  description: 'Where the data of your syncs comes from.',
  empty: { heading: 'No connection yet', message: 'A connection is made with a sync: give it a file, or the address of one.', action: 'Create sync' },
  where: 'Connection',
  type: 'Type',
  types: { url: 'Web address', upload: 'Uploaded file' } as Record<string, string>,
  otherType: 'Other',
  secret: 'with a password',
  usedBy: 'Used by',
  last: 'Last read',
  never: 'Not read yet',
  failed: 'Failed',
  none: 'Not connected yet',
  aFile: 'A file',
};
