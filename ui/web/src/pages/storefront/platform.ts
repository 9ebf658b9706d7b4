import type { StorefrontChannel } from '../../api/storefront';

/** A storefront whose pages are an application of the merchant's, such as Catalyst: it takes no script. */
export const headless = (channel: StorefrontChannel) => channel.platform !== '' && channel.platform !== 'bigcommerce';
