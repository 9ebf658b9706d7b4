// A second feed whose run is cancelled half-way, then run again to its end.

import assert from 'node:assert/strict';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, slowed } from '../sandbox.mjs';

const rows = 200;

export async function cancel(m) {
  const before = await productsIn(m.store);
  const address = await offer('spares.csv', csv(parts(rows, 'S')));
  await m.section('Feeds').click();
  await m.button('New feed').click();
  await m.app.getByRole('dialog').getByLabel('Name').fill('Spare parts');
  await m.button('Create feed').click();
  await m.app.getByText('A web address', { exact: true }).click();
  await m.app.getByLabel('Address of the file').fill(address);
  await m.button('Check the source').click();
  await m.heading('First rows').waitFor();
  await m.button('Save and continue').click();
  await m.says('accessories > backpack');
  await m.button('Save and continue').click();
  await m.button('Save and continue').click();

  await slowed(m.store, 500, async () => {
    await m.button('Start without a dry run').click();
    await m.app.getByRole('dialog').getByRole('button', { name: 'Start the run' }).click();
    await m.says('Writing to the store');
    await m.frame().waitForFunction(() => /^[1-9]/.test([...document.querySelectorAll('dt')].find((dt) => dt.textContent === 'Created')?.nextElementSibling?.textContent ?? ''));
    await m.button('Cancel run').click();
    await m.says('Cancel this run?');
    await m.app.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    await m.says('The run was cancelled. What was written stays written');
  });
  const created = await m.fact('Created');
  assert.ok(created > 0 && created < rows, `cancelled half-way: ${created} of ${rows}`);
  assert.equal(await productsIn(m.store), before + created, 'what was written is counted');
  const percent = Number(await m.app.getByRole('progressbar').getAttribute('aria-valuenow'));
  assert.ok(percent > 0 && percent < 100, `the bar stops where the run did: ${percent}`);
  await m.shot('cancelled');

  await m.button('Run again').click();
  await m.says('Everything in the feed is in your store');
  assert.equal(await m.fact('Created'), rows - created);
  assert.equal(await productsIn(m.store), before + rows);
}
