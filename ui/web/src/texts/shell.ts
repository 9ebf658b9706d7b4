// The sentences around every page, and of pages that stand in another's place.

export const shellText = {
  noSession: { heading: 'Open Sluice from your BigCommerce control panel', message: 'In the control panel, choose Apps, then Sluice.' },
  ended: {
    heading: 'Your session has ended',
    message: 'Your session has ended: reopen Sluice from the control panel. Runs go on without you; nothing is lost.',
  },
  crashed: { heading: 'This page stopped working', message: 'Something went wrong in the panel. Your runs are not affected. Open the page again; if it happens again, contact support.' },
  notLoaded: { heading: 'This page could not be loaded', message: 'Your connection was interrupted, or Sluice was updated while it was open. If trying again does not help, open Sluice again from the control panel.' },
  notFound: { heading: 'There is nothing here', message: 'This page does not exist, or it belongs to another store.', action: 'Go to Home' },
  viewer: {
    header: 'You can look, but not change anything',
    message: 'Your role in Sluice is viewer. To change or run something, ask the store’s owner or an admin to make you an admin under Settings, Users.',
    reason: 'Your role is viewer. Ask an admin to do this, or to change your role.',
  },
  ownerReason: 'Only the store owner can do this.',
  reinstall: {
    header: 'Sluice needs to be installed again',
    fallback: 'BigCommerce no longer accepts Sluice’s access to this store.',
    steps: 'In the control panel go to Apps, My Apps, and open or reinstall Sluice. Your syncs and their history stay. Runs are paused and go on by themselves afterwards.',
    action: 'Open the list of apps',
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
  permission: {
    header: 'Sluice is missing permissions',
    names: {
      store_v2_products: 'Products and price lists: syncs of products, stock and prices cannot write.',
      store_v2_information: 'Settings of the store: Sluice cannot tell whether stock is kept by place.',
      store_v2_information_read_only: 'Information about the store: its name, currency and time zone are not known.',
      store_channel_settings_read_only: 'Channels: Sluice cannot see your storefronts.',
      store_sites_read_only: 'Addresses of your storefronts: shoppers cannot be sent back to them.',
      store_v2_content: 'Scripts of your storefronts: the account card cannot be shown.',
      store_inventory: 'Stock: syncs of stock cannot write.',
      store_locations_read_only: 'Places of stock: syncs of stock cannot tell your places apart.',
      store_v2_customers: 'Customers: shoppers who are new cannot be given an account.',
      store_v2_customers_read_only: 'Customers: shoppers cannot be found by their e-mail.',
      store_v2_customers_login: 'Sign-in of customers: nobody can be signed in.',
      store_v2_orders: 'Orders: Sluice cannot see your orders.',
      store_v2_transactions_read_only: 'Payments: Sluice cannot see whether an order is paid.',
      store_order_fulfillment_read_only: 'Pickups: Sluice cannot see what is collected.',
    } as Record<string, string>,
    other: (name: string) => `The permission that BigCommerce calls ${name}.`,
    how: 'In the control panel go to Apps, My Apps, reinstall Sluice, and accept the permissions it asks for.',
    action: 'Grant in the list of apps',
  },
  stale: {
    asOf: (time: string) => `As of ${time}. Sluice cannot be reached at the moment: reconnecting…`,
    reason: 'Sluice cannot be reached at the moment. This works again as soon as it is back.',
  },
  unsaved: {
    header: 'Leave without saving?',
    message: 'What you changed on this page is not saved, and is lost if you leave.',
    leave: 'Leave without saving',
    stay: 'Stay here',
  },
  conflict: {
    header: 'Somebody else saved first',
    message: 'Your changes are still on this page and are not saved. Note what you need of them, then load the newest.',
    action: 'Load the newest version',
    yours: (value: string) => `Yours: ${value}`,
    theirs: (value: string) => `Theirs: ${value}`,
  },
};
