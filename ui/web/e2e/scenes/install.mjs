// Install with consent, and what blocking third-party storage means for the panel.

import assert from 'node:assert/strict';
import { env } from '../env.mjs';

export async function install(m) {
  await m.page.goto(env.panel);
  await m.page.getByRole('link', { name: /^Sandbox store 1/ }).click();
  const scopes = await m.install();
  assert.deepEqual(scopes.filter((s) => /^store_v2_(products|information_read_only)$/.test(s)).length, 2, `the consent page lists the scopes: ${scopes}`);

  await m.heading('Bring your data into your store').waitFor();
  await m.says('What do you want to bring in first?');
  await m.says('Sandbox store 1');
  await m.fits('a new home');
  await m.image('new-store');
  await storageIsBlocked(m);
}

/** The frame cannot keep a cookie or use storage; the same origin in a tab of its own can, so it is the blocking that we see. */
async function storageIsBlocked(m) {
  const keep = () => {
    const attempt = (f) => {
      try {
        return f();
      } catch (e) {
        return e.name;
      }
    };
    document.cookie = 'probe=1; SameSite=None; Secure; Max-Age=60';
    return {
      framed: window.self !== window.top,
      cookie: document.cookie,
      local: attempt(() => localStorage.length),
      session: attempt(() => sessionStorage.length),
    };
  };
  assert.equal(new URL(m.frame().url()).origin, env.app);
  assert.notEqual(new URL(env.app).hostname, new URL(env.panel).hostname, 'app and control panel are different sites');
  assert.deepEqual(await m.frame().evaluate(keep), { framed: true, cookie: '', local: 'SecurityError', session: 'SecurityError' });

  const own = await m.page.context().newPage();
  await own.goto(env.app);
  assert.deepEqual(await own.evaluate(keep), { framed: false, cookie: 'probe=1', local: 0, session: 0 });
  await own.close();
  await m.page.context().clearCookies();
}
