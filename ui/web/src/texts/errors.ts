// The sentences about what failed.

export const errorsText = {
  network: 'Sluice could not be reached. Check your internet connection and try again.',
  server: 'Sluice has a problem at the moment. Try again in a minute.',
  unknown: 'The request was not accepted. Reload the page and try again.',
  header: 'That did not work',
  loading: 'This could not be loaded',
  requestId: (id: string) => `Request id for support: ${id}`,
};
