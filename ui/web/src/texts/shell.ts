// The sentences around every page, and of pages that stand in another's place.

export const shellText = {
  noSession: { heading: 'Open Sluice from your BigCommerce control panel', message: 'In the control panel, choose Apps, then Sluice.' },
  ended: {
    heading: 'Your session has ended',
    message: 'Your session has ended: reopen Sluice from the control panel. Runs go on without you; nothing is lost.',
  },
  crashed: { heading: 'This page stopped working', message: 'Something went wrong in the panel. Your runs are not affected. Open the page again; if it happens again, contact support.' },
  notFound: { heading: 'There is nothing here', message: 'This page does not exist, or it belongs to another store.', action: 'Go to the overview' },
  viewer: {
    header: 'You can look, but not change anything',
    message: 'Your role in Sluice is viewer. To change or run something, ask the store owner or an admin to make you an admin under Settings, Users.',
    reason: 'Your role is viewer. Ask an admin to do this, or to change your role.',
  },
  ownerReason: 'Only the store owner can do this.',
  reinstall: {
    header: 'Sluice needs to be installed again',
    fallback: 'BigCommerce no longer accepts Sluice’s access to this store.',
    steps: 'In the control panel go to Apps, My Apps, and open or reinstall Sluice. Your feeds, mappings and history stay. Runs are paused and go on by themselves afterwards.',
    reason: 'Sluice must be installed again before it can do this.',
  },
  sharedAddress: {
    header: 'Your single sign-on needs a new redirect address',
    ends: (when: string) =>
      `Shoppers come back from your identity provider to an address that all stores share. It stops working on ${when}, and nobody can sign in with it then. Register your store’s own address with the provider, and switch to it.`,
    over: (when: string) =>
      `Nobody can sign in: the address that all stores shared stopped working on ${when}. Register your store’s own address with your identity provider, and switch to it.`,
    action: 'Show the addresses',
  },
  scopes: {
    header: 'Sluice is missing permissions',
    message: (list: string) => `These permissions were not granted: ${list}. In the control panel go to Apps, My Apps, reinstall Sluice, and accept the permissions it asks for.`,
  },
};
