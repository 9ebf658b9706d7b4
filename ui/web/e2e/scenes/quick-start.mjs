// From an installed app to products in the store, with a file that is nobody's of ours and no word typed.

import assert from 'node:assert/strict';
import { northwind } from '../feeds.mjs';
import { productsIn } from '../sandbox.mjs';

const rows = 24;
const unpriced = rows / 8;
export const mostClicks = 6;

export async function quickStart(m) {
  await m.frame().evaluate(countActions);
  await m.app.getByRole('link', { name: /^Products/ }).click();
  await m.app.getByLabel('A file that I upload').setInputFiles({ name: 'northwind.csv', mimeType: 'text/csv', buffer: Buffer.from(northwind(rows)) });
  await m.says(`${rows} rows`);
  assert.equal(await m.app.getByLabel('Name of this sync').inputValue(), 'Northwind', 'the name is proposed from the file');
  await m.fits('a new sync');
  await m.app.getByText('Please look at these').waitFor(); // the page is whole then, and moves no more
  await m.app.getByRole('heading', { name: 'Not used' }).waitFor();
  await m.image('create', m.button('Check what would change'));
  await m.button('Check what would change').click();
  await m.says(`Would create ${rows - unpriced} products and leave out ${unpriced}.`);
  assert.ok(await m.button('Start the run').isDisabled(), 'what is left out has to be seen first');
  await m.fits('a preview');
  await m.image('preview', m.button('Start the run'));
  await m.app.getByText('I have seen this and want to start anyway').click();
  await m.button('Start the run').click();
  await m.says(`Created ${rows - unpriced} products and left out ${unpriced}.`);
  assert.equal(await productsIn(m.store), rows - unpriced);
  const { clicks, keys } = await m.frame().evaluate(() => window.e2eActions);
  assert.ok(clicks <= mostClicks && keys === 0, `${clicks} clicks and ${keys} keys`);
  console.log(`      ${clicks} clicks, ${keys} keys`);
  await m.fits('a run');
}

/** Counts what a person does in the panel. Runs in the frame. */
export function countActions() {
  window.e2eActions = { clicks: 0, keys: 0 };
  // A click on a label is one click, although its control gets another: that has no place.
  addEventListener('click', (e) => (window.e2eActions.clicks += e.isTrusted && e.detail > 0 ? 1 : 0), true);
  addEventListener('keydown', () => (window.e2eActions.keys += 1), true);
}
