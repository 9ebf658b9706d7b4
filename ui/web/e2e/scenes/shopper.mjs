// What a shopper does at the storefront, where the merchant pasted the panel's example into the theme.

import assert from 'node:assert/strict';
import { provider } from '../env.mjs';
import { setPassword } from '../sandbox.mjs';
import { shown } from './storefront.mjs';

const wanted = '/products/rope-12mm/';
const lines = shown.map(([label, value]) => `${label}: ${value}`);

/** Nobody is signed in: not for the platform, not for Sluice, and nothing is shown of any account. */
async function isGuest(s) {
  await s.header.getByText('Sign in').waitFor();
  await s.signInButton.waitFor();
  assert.ok(await s.card.isHidden(), 'a guest sees no card');
  assert.ok(await s.signOutButton.isHidden(), 'a guest cannot sign out');
  assert.deepEqual(await s.page.evaluate(async () => [await window.Sluice.currentCustomer(), await window.Sluice.account()]), [null, null]);
}

/** The shopper is signed in for the platform and for Sluice, and sees the card with the values as they are shown. */
async function isSignedIn(s) {
  await s.header.getByText('Sam Shopper').waitFor();
  await s.card.getByText(lines[0]).waitFor();
  assert.deepEqual(await s.card.locator('p').allTextContents(), lines);
  assert.ok(await s.signInButton.isHidden());
  const { customer, card } = await s.page.evaluate(async () => ({ customer: await window.Sluice.currentCustomer(), card: await window.Sluice.account() }));
  assert.equal(customer.email, s.email);
  assert.deepEqual(card.fields.map((f) => [f.label, f.value]), shown);
}

/** Presses "Sign in" and waits for the provider, which asks who it is. */
async function toProvider(s) {
  await s.signInButton.click();
  await s.page.waitForURL(`${provider.issuer}/**`);
  await s.page.getByRole('button', { name: 'Sign in as Sam Shopper' }).waitFor();
}

export async function guest(s) {
  const before = s.watch.requests.length;
  await s.visit(wanted);
  await isGuest(s);
  assert.deepEqual(
    s.watch.requests.slice(before).filter((r) => r.includes('/storefront/')).map((r) => r.replace(/[^/]+\/sluice/, 'STORE/sluice')),
    ['GET /storefront/STORE/sluice.js'],
    'of a guest Sluice is asked for nothing but its script',
  );
}

export async function signIn(s) {
  await s.visit(wanted);
  await toProvider(s);
  await s.page.getByRole('button', { name: 'Sign in as Sam Shopper' }).click();
  await s.arrives(wanted);
  await isSignedIn(s);
  await s.image('storefront-card');
}

/** Signing out ends the storefront's session and the provider's, which then asks again. */
export async function signOut(s) {
  await s.signOutButton.click();
  await s.arrives('/');
  await s.header.getByText('Sign in').waitFor();
  await isGuest(s);
  await s.visit(wanted);
  await isGuest(s);
  await toProvider(s);
  await s.page.getByRole('button', { name: 'Sign in as Sam Shopper' }).click();
  await s.arrives(wanted);
  await isSignedIn(s);
  await s.signOutButton.click();
  await s.header.getByText('Sign in').waitFor();
}

const tell = (s) => s.page.evaluate(() => document.dispatchEvent(new Event('sluice:refresh')));

/** Signs in with the password, on a page that does it by a request of its own. */
async function byPassword(s) {
  await s.visit('/app/login');
  await isGuest(s);
  await s.page.evaluate(() => {
    window.samePage = true;
  });
  await s.page.getByLabel('E-mail address').fill(s.email);
  await s.page.getByLabel('Password').fill(s.password);
  await s.page.locator('form button').click();
}

/** Signs out on such a page. */
async function leave(s) {
  await s.header.getByRole('button', { name: 'Sign out' }).click();
  await s.header.getByRole('link', { name: 'Sign in' }).waitFor();
  // The platform answers 404 for a guest; that the page does not say who is signed in any more is why it is asked.
  await s.watch.allowing(/^404 GET \/customer\/current\.jwt$/, async () => {
    await tell(s);
    await s.card.waitFor({ state: 'hidden' });
    await isGuest(s);
  });
}

/** Whoever registered with the address, perhaps not its owner, sees no card that was sent for the address. */
export async function registered(s) {
  await byPassword(s);
  await s.header.getByText('Sam Shopper').waitFor();
  await tell(s);
  assert.deepEqual(await s.page.evaluate(async () => [(await window.Sluice.currentCustomer()).email, (await window.Sluice.account()).fields]), [s.email, []]);
  await leave(s);
}

/** Since the owner of the address came by single sign-on, that password is none any more. */
export async function registeredBefore(s) {
  const answer = await s.page.request.post(`${s.url}/login.php?action=check_login`, { form: { login_email: s.email, login_pass: s.password }, maxRedirects: 0 });
  assert.match(answer.headers().location, /error=credentials/);
  s.password = 'what-Sam-chose-2';
}

/**
 * On a page that signs in and out by requests of its own, and never loads anew, the card follows. The
 * application says when: it leaves the answers of its requests unread, and Chromium tells scripts of such
 * a request (no-store) only once its answer was read.
 */
export async function withoutReloading(s, store) {
  await setPassword(store, s.email, s.password);
  await byPassword(s);
  await s.header.getByText('Sam Shopper').waitFor();
  await tell(s);
  await isSignedIn(s);
  await leave(s);
  assert.equal(await s.page.evaluate(() => window.samePage), true, 'the page was not loaded anew');
}

/** Whoever comes with another's address, not verified, is told what to do, and stays a guest. */
export async function refused(s) {
  await s.visit(wanted);
  await toProvider(s);
  await s.watch.allowing(/^4\d\d GET \/sso\/[a-z0-9]+\/callback$/, async () => {
    await s.page.getByRole('button', { name: 'Sign in as Uma Unverified' }).click();
    await s.page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
  });
  await s.page.getByText('email_unverified').waitFor();
  await s.shot('refused');
  await s.page.getByText('Verify it there and sign in again, or contact the shop.').waitFor();
  await s.page.getByRole('link', { name: 'Back to the shop' }).click();
  await s.arrives('/');
  await isGuest(s);
}
