// The sentences of the page that creates a sync.

export const createText = {
  title: 'Create sync',
};
