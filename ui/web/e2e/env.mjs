// What app/e2e_test.go and its neighbours tell in the environment: the addresses of a running sandbox, app and feed server.

import assert from 'node:assert/strict';

function need(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: start this through app/e2e_test.go (go test ./app -run InChromium)`);
  return value;
}

export const env = {
  /** Origins. The control panel and the app are different sites. */
  panel: need('E2E_CONTROL_PANEL'),
  app: need('E2E_APP'),
  /** The sandbox's admin endpoints, and the feed server: PUT replaces a file, GET serves it. */
  admin: need('E2E_ADMIN'),
  feeds: need('E2E_FEEDS'),
  clientId: need('E2E_CLIENT_ID'),
  /** Store hashes. */
  stores: need('E2E_STORES').split(','),
  chromium: need('E2E_CHROMIUM'),
  /** A folder of our own for the browser's profile. */
  work: need('E2E_WORK'),
  /** Where screenshots go; none are taken without it. */
  shots: process.env.E2E_SHOTS ?? '',
  /** Where the documentation's pictures go (make screenshots); none are written without it. */
  images: process.env.E2E_IMAGES ?? '',
  /** The window, in CSS pixels. */
  width: 1280,
  height: 900,
  /** Milliseconds that anything may take; a loaded two-core machine is slow. */
  patience: Number(process.env.E2E_PATIENCE ?? 30_000),
};

/** The merchant's identity provider and the client that Sluice is there, in scenarios that have one. */
export const provider = {
  issuer: process.env.E2E_ISSUER ?? '',
  clientId: process.env.E2E_OIDC_CLIENT_ID ?? '',
  clientSecret: process.env.E2E_OIDC_CLIENT_SECRET ?? '',
};
