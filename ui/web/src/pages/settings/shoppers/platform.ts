import type { Channel } from '../../../api/types';

/** A storefront whose pages are an application of the merchant's, such as Catalyst: it takes no script. */
export const headless = (channel: Channel) => channel.platform !== '' && channel.platform !== 'bigcommerce';
