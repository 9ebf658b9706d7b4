// The main path without a mouse, on a store of its own: install, sync, preview, run.

import assert from 'node:assert/strict';
import { csv, offer, parts } from '../feeds.mjs';
import { Keyboard } from '../keyboard.mjs';
import { productsIn } from '../sandbox.mjs';

const rows = 25;

export async function keyboardOnly(m) {
  const k = new Keyboard(m);
  const { app, page } = m;
  const address = await offer('keyboard.csv', csv(parts(rows, 'K')));
  await m.open('/apps');
  await k.use(page.getByRole('link', { name: 'View app' }));
  await k.use(page.getByRole('link', { name: 'Install', exact: true }));
  await k.use(page.getByRole('button', { name: 'Confirm' }));

  await k.use(app.getByRole('link', { name: /^Products/ }));
  await k.type(app.getByLabel('A web address'), address);
  await page.keyboard.press('Enter');
  await m.says(`${rows} rows, 8 columns`);
  await k.type(app.getByLabel('Name of this sync'), 'By keyboard');
  await k.use(m.button('Check what would change'));
  await m.says(`Would create ${rows} products.`);
  await k.use(m.button('Start the run'));
  await m.says(`Created ${rows} products.`);
  assert.equal(await productsIn(m.store), rows);

  // Arrow keys move between tabs.
  await k.to(app.getByRole('tab', { selected: true }));
  await page.keyboard.press('ArrowRight');
  await app.getByRole('tab', { name: /^Details/, selected: true }).waitFor();
  // Help opens, is read and closes, and gives the focus back.
  await k.use(m.button('Help'));
  await app.getByRole('complementary', { name: 'Help: Activity' }).waitFor();
  await page.keyboard.press('Escape');
  await app.getByRole('complementary').waitFor({ state: 'detached' });
  await k.use(m.section('Home'));
  await m.heading('Last runs').waitFor();
  assert.ok(k.stops > 20, `${k.stops} stops were looked at`);
}
