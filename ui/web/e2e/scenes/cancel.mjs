// A second sync whose run is cancelled half-way, then run again to its end.

import assert from 'node:assert/strict';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, slowed } from '../sandbox.mjs';
import { begin } from './first-run.mjs';

const rows = 200;

export async function cancel(m) {
  const before = await productsIn(m.store);
  await begin(m, await offer('spares.csv', csv(parts(rows, 'S'))));
  await m.says(`${rows} rows, 8 columns`);
  await m.app.getByLabel('Name of this sync').fill('Spare parts');
  await m.button('Check what would change').click();
  await m.says(`Would create ${rows} products.`);

  await slowed(m.store, 500, async () => {
    await m.button('Start the run').click();
    await m.says(/Writing to your store: [1-9]/);
    await m.button('Cancel run').click();
    await m.says('Cancel this run?');
    await m.app.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    await m.says(/^Cancelled\. Created/);
  });
  const [, said] = /Cancelled\. Created ([\d,]+) products? before that/.exec(await m.app.locator('main').innerText()) ?? [];
  const created = Number(said);
  assert.ok(created > 0 && created < rows, `cancelled half-way: ${created} of ${rows}`);
  assert.equal(await productsIn(m.store), before + created, 'what was written is counted');
  await m.shot('cancelled');

  await m.button('Run again').click();
  await m.says(`Created ${rows - created} products.`);
  assert.equal(await productsIn(m.store), before + rows);
}
