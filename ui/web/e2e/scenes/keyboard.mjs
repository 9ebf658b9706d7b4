// The main path without a mouse, on a store of its own: install, feed, mapping, dry run, run.

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

  await k.use(m.button('Connect a feed'));
  await k.use(m.button('New feed'));
  await k.type(app.getByRole('dialog').getByLabel('Name'), 'By keyboard');
  await page.keyboard.press('Enter');
  await m.heading('Where the products come from').waitFor();
  await k.use(app.getByRole('radio', { name: 'A web address' }), 'Space');
  await k.type(app.getByLabel('Address of the file'), address);
  await k.use(m.button('Check the source'));
  await m.heading('First rows').waitFor();
  await k.use(m.button('Save and continue'));

  await m.says('accessories > backpack');
  await k.type(app.getByLabel('Expression for Default price'), 'number(ListPrice) + 1');
  await app.getByRole('listitem').filter({ has: app.getByLabel('Expression for Default price') }).getByText('90', { exact: true }).waitFor();
  await k.use(m.button('Save and continue'));
  await m.says('Products with the same name');
  await k.use(m.button('Save and continue'));

  await k.use(m.button('Start dry run'));
  await m.says('What the run would do');
  await k.use(m.button('Start the run'));
  await m.says('Everything in the feed is in your store');
  assert.equal(await productsIn(m.store), rows);

  // Arrow keys move between tabs.
  await k.to(app.getByRole('tab', { name: 'Errors' }));
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await app.getByRole('tab', { name: /^Changes/, selected: true }).waitFor();
  await m.says('BP-K1000');
  await k.use(m.section('Overview'));
  await m.heading('Last runs').waitFor();
  assert.ok(k.stops > 40, `${k.stops} stops were looked at`);
}
