// Storefront identity: a merchant sets it up in the control panel, then shoppers sign in at the storefront
// with the merchant's identity provider. Started by app/e2e_storefront_test.go, which starts everything else.

import { openBrowser } from './browser.mjs';
import { env, provider } from './env.mjs';
import { Merchant } from './merchant.mjs';
import { play } from './play.mjs';
import { storefrontsOf } from './sandbox.mjs';
import { card, examples, identityProvider, install, script, sendAccount, signIns, storefronts } from './scenes/storefront.mjs';
import { guest, refused, registered, registeredBefore, signIn, signOut, withoutReloading } from './scenes/shopper.mjs';
import { Shopper } from './shopper.mjs';

const problems = [];
const { context, page, watch } = await openBrowser(problems);
const merchant = new Merchant(page, watch, env.stores[0]);
const fronts = await storefrontsOf(merchant.store);
watch.knowing(provider.issuer, ...fronts.storefronts.map((f) => f.url));
const stencil = fronts.storefronts.find((f) => f.platform === 'bigcommerce');
const shopper = new Shopper(context, watch, stencil.url, fronts.shoppers[0]);

await play(context, watch, merchant, problems, [
  ['install with more scopes', install],
  ['storefronts appear', (m) => storefronts(m, fronts.storefronts)],
  ['identity provider', identityProvider],
  ['the back office sends an account', (m) => sendAccount(m, shopper)],
  ['account card', (m) => card(m, shopper)],
  ['install the script', (m) => script(m, stencil)],
  ['theme from the examples', examples],
  ['a guest', () => guest(shopper)],
  ['a password without single sign-on', () => registered(shopper)],
  ['sign in', () => signIn(shopper)],
  ['sign out', () => signOut(shopper)],
  ['the password from before', () => registeredBefore(shopper)],
  ['pages that do not load anew', () => withoutReloading(shopper, merchant.store)],
  ['a refused person', () => refused(shopper)],
  ['log of sign-ins', (m) => signIns(m, shopper)],
]);
