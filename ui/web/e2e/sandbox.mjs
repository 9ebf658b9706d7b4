// The sandbox's own endpoints: what the simulated BigCommerce saw, and faults.

import assert from 'node:assert/strict';
import { env } from './env.mjs';

async function admin(path, options) {
  const res = await fetch(`${env.admin}/sandbox${path}`, options);
  assert.ok(res.ok, `sandbox ${path} answered ${res.status}`);
  return res.status === 204 ? undefined : res.json();
}

/** API requests of the app that reached the store while work was done. */
export async function requestsDuring(store, work) {
  const before = await admin(`/stores/${store}/requests?client=${env.clientId}`);
  await work();
  return admin(`/stores/${store}/requests?client=${env.clientId}&since=${before.mark}`);
}

/** How many products the store has. */
export async function productsIn(store) {
  const { stores } = await admin('/stores');
  return stores.find((s) => s.hash === store).products;
}

/** Makes every API answer of the store take ms longer while work is done. */
export async function slowed(store, ms, work) {
  const { id } = await admin('/faults', { method: 'POST', body: JSON.stringify({ store, kind: 'latency', ms }) });
  try {
    return await work();
  } finally {
    await admin(`/faults?id=${id}`, { method: 'DELETE' });
  }
}

/** The storefronts of the store and who may sign in there: {storefronts: [{channel_id, name, platform, url}], shoppers: [{email, password}]}. */
export function storefrontsOf(store) {
  return admin(`/stores/${store}/storefronts`);
}

/** Puts markup into the theme of the store's storefronts, as a merchant pastes it. */
export function setTheme(store, theme) {
  return admin(`/stores/${store}/storefronts`, { method: 'PUT', body: JSON.stringify({ theme }) });
}

/** A shopper sets a password, as by the link that the store mails to their address. */
export function setPassword(store, email, password) {
  return admin(`/stores/${store}/password`, { method: 'PUT', body: JSON.stringify({ email, password }) });
}
