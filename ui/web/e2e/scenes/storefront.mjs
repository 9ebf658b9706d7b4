// What a merchant does in the panel's settings of shoppers.

import assert from 'node:assert/strict';
import { env, provider } from '../env.mjs';
import { setTheme } from '../sandbox.mjs';

/** What the back office knows, and what the card makes of it. */
const account = { external_id: 'C-10001', fields: { terms: '30 days net', credit_left: 4200.5, tier: 'Wholesale' } };
export const shown = [
  ['Payment terms', '30 days net'],
  ['Credit left', '$ 4,200.50'],
];

export async function install(m) {
  await m.page.goto(env.panel);
  await m.page.getByRole('link', { name: /^Sandbox store 1/ }).click();
  const scopes = await m.install();
  for (const scope of ['store_v2_customers_login', 'store_v2_content', 'store_sites_read_only']) assert.ok(scopes.includes(scope), `the consent page lists ${scope}: ${scopes}`);
}

function tab(m, name) {
  return m.app.getByRole('tab', { name, exact: true });
}

/** The section of the settings that is about them. */
async function openShoppers(m) {
  await m.section('Settings').click();
  await tab(m, 'Shoppers').click();
}

async function openTab(m, name) {
  await openShoppers(m);
  await tab(m, name).click();
}

function row(m, text) {
  return m.app.getByRole('table').getByRole('row').filter({ hasText: text });
}

/** The channels are there without being asked for, each with its address, and no permission is missing. */
export async function storefronts(m, fronts) {
  await openShoppers(m);
  for (const { name, url } of fronts) await row(m, name).getByText(url).waitFor();
  assert.equal(await m.app.getByText('needs more permissions').count(), 0, 'no permission is missing');
  await m.app.getByText('Offer single sign-on', { exact: true }).click();
  await m.says('Saved.');
  await m.fits('storefronts');
}

export async function identityProvider(m) {
  await openTab(m, 'Single sign-on');
  await m.app.getByRole('combobox', { name: 'Provider', exact: true }).click();
  await m.app.getByRole('option', { name: 'Another provider' }).click();
  await m.app.getByLabel('Issuer').fill(provider.issuer);
  await m.app.getByLabel('Client ID').fill(provider.clientId);
  await m.app.getByLabel('Client secret').fill('not the secret');
  await m.button('Test').click();
  await m.says('The provider does not accept the client id and secret');
  assert.equal(await m.app.getByText('Everything is right').count(), 0, 'a wrong secret is not right');
  await m.app.getByLabel('Client secret').fill(provider.clientSecret);
  await m.button('Test').click();
  await m.says('Everything is right. Shoppers can sign in.');
  for (const check of ['Permissions of the store', 'Discovery document', 'Client ID and secret']) await m.says(check);
  await m.fits('single sign-on');
  await m.image('sign-on', m.app.getByText('Everything is right.'));
  await m.button('Save').click();
  await m.says('The identity provider was saved.');
  await m.says('A secret is stored.');
  assert.equal(await m.app.getByLabel('Client secret').inputValue(), '', 'the secret is not shown again');
}

/** A key for the back office, which then sends what it knows of the shopper. */
export async function sendAccount(m, shopper) {
  await m.section('Settings').click();
  await m.app.getByRole('tab', { name: 'API keys' }).click();
  await m.button('Create key').click();
  const dialog = m.app.getByRole('dialog');
  await dialog.getByLabel('Name').fill('ERP accounts');
  await dialog.getByText('Send customer accounts', { exact: true }).click();
  await dialog.getByRole('button', { name: 'Create key' }).click();
  const key = await m.app.getByLabel('API key', { exact: true }).inputValue();
  await m.button('I have stored it').click();
  const res = await fetch(`${env.app}/api/v1/customer-accounts`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ accounts: [{ ...account, email: shopper.email }] }),
  });
  assert.equal(res.status, 200);
  assert.deepEqual(await res.json(), { saved: 1, errors: [] });
}

export async function card(m, shopper) {
  await openTab(m, 'Account card');
  await m.says('Your system has sent: credit_left, terms, tier');
  const fields = [['terms', 'Payment terms', 'Text'], ['credit_left', 'Credit left', 'Money']];
  for (const [i, [key, label, format]] of fields.entries()) {
    await m.button('Add a field').click();
    await m.app.getByLabel(`Field in your system, field ${i + 1}`).fill(key);
    await m.app.getByLabel(`What the shopper reads, field ${i + 1}`).fill(label);
    await m.app.getByRole('combobox', { name: `Shown as, field ${i + 1}` }).click();
    await m.app.getByRole('option', { name: format, exact: true }).click();
  }
  await m.says('An example. Name a shopper to see real values.');
  await m.app.getByLabel('Shopper', { exact: true }).fill(shopper.email);
  await m.button('Show').click();
  const preview = m.app.getByRole('region', { name: 'As the shopper sees it' });
  for (const [label, value] of shown) await preview.locator(`div:has(> dt:text-is("${label}")) > dd`).getByText(value, { exact: true }).waitFor();
  assert.equal(await preview.getByText('Wholesale').count(), 0, 'what was not chosen is not shown');
  await m.fits('account card');
  await m.button('Save').click();
  await m.says('Saved.');
  await m.image('account-card', preview);
}

export async function script(m, front) {
  await openShoppers(m);
  await m.button(`Install the script in ${front.name}`).click();
  await row(m, front.name).getByText('Installed', { exact: true }).waitFor();
  await m.fits('storefronts with a script');
  await m.image('storefront');
}

/** The theme gets the example as it is. */
export async function examples(m) {
  await openTab(m, 'Examples');
  const example = await m.app.getByRole('textbox', { name: 'Stencil theme' }).inputValue();
  await m.fits('examples');
  await m.shot('examples');
  await setTheme(m.store, example);
}

/** Everybody who signed in or was refused is in the log, and no token is in what the server sends of it. */
export async function signIns(m, shopper) {
  const answer = m.page.waitForResponse((r) => new URL(r.url()).pathname === '/api/v1/storefront/sign-ins');
  await openTab(m, 'Sign-ins');
  const sent = await (await answer).text();
  assert.match(sent, /"sign_ins"/);
  assert.doesNotMatch(sent, /eyJ|token/i, 'no token in the log of sign-ins');
  const done = row(m, 'Signed in');
  await done.first().waitFor();
  assert.equal(await done.count(), 2);
  await done.first().getByText(shopper.email).waitFor();
  const refusal = row(m, 'Refused');
  assert.equal(await refusal.count(), 1);
  await refusal.getByText('verif').first().waitFor();
  await m.fits('sign-ins');
  await m.image('sign-ins');
}
