// From an empty store to a synced catalogue, and a second run that costs nothing.

import assert from 'node:assert/strict';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, requestsDuring, slowed } from '../sandbox.mjs';

export const rows = 360;

export async function setUp(m) {
  const address = await offer('catalogue.csv', csv(parts(rows)));
  await m.button('Connect a feed').click();
  await m.says('Connect your first feed');
  await m.button('New feed').click();
  await m.app.getByRole('dialog').getByLabel('Name').fill('ERP catalogue');
  await m.button('Create feed').click();

  await m.heading('Where the products come from').waitFor();
  await m.app.getByText('A web address', { exact: true }).click();
  await m.app.getByLabel('Address of the file').fill(address.replace('catalogue', 'missing'));
  await m.watch.allowing(/^422 POST \/api\/v1\/sources\/inspect$/, async () => {
    await m.button('Check the source').click();
    await m.says('404');
  });
  await m.app.getByLabel('Address of the file').fill(address);
  await m.button('Check the source').click();
  await m.says('CSV, UTF-8, Comma, 8 columns');
  await m.app.getByRole('cell', { name: 'Ridge Backpack' }).first().waitFor();
  await m.fits('source');
  await m.shot('source');
  await m.button('Save and continue').click();
}

export async function map(m) {
  await m.heading('Which column fills which field').waitFor();
  await m.says('accessories > backpack');
  const price = m.app.getByLabel('Expression for Default price');
  const suggested = await price.inputValue();
  assert.match(suggested, /ListPrice/, 'the suggested mapping knows ListPrice');
  for (const [field, column] of [['SKU', 'PartNum'], ['Name', 'PartDescription'], ['Brand', 'Manufacturer'], ['Weight', 'WeightKg']]) {
    assert.match(await m.app.getByLabel(`Expression for ${field}`, { exact: true }).inputValue(), new RegExp(column), `${field} is suggested from ${column}`);
  }
  await m.fits('mapping');
  await m.image('mapping');

  // The preview follows what is typed: a mistake is named, a change is shown.
  const line = m.app.getByRole('listitem').filter({ has: price });
  await line.getByText('89', { exact: true }).waitFor();
  await price.fill('ListPrise');
  await line.getByText('there is no column ListPrise').waitFor();
  await price.fill('number(ListPrice) * 2');
  await line.getByText('178', { exact: true }).waitFor();
  await m.app.getByRole('button', { name: 'Next row' }).click();
  await line.getByText('132', { exact: true }).waitFor();
  await price.fill(suggested);
  await line.getByText('66', { exact: true }).waitFor();
  await m.button('Save and continue').click();
  await m.says('Products with the same name');
  await m.button('Save and continue').click();
}

export async function dryRun(m) {
  const before = await productsIn(m.store);
  await m.button('Start dry run').click();
  await m.says('What the run would do');
  assert.equal(await m.fact('Products to create'), rows);
  assert.equal(await m.fact('Products to update'), 0);
  const planned = await m.fact('API requests');
  assert.ok(planned >= rows && planned < rows * 1.2, `a run of ${rows} new products is planned with ${planned} requests`);
  const first = m.app.getByRole('listitem').filter({ hasText: 'BP-A1000' }).first();
  await first.getByRole('cell', { name: 'Halyard & Co. Ridge Backpack Moss A1000' }).waitFor();
  assert.equal(await productsIn(m.store), before, 'a dry run writes nothing');
  await m.fits('dry run');
  await m.image('dry-run');
}

export async function run(m) {
  await slowed(m.store, 120, async () => {
    await m.button('Start the run').click();
    await m.heading('ERP catalogue').waitFor();
    await m.says('Writing to the store');
    const steps = await m.frame().evaluate(watchProgress, 40);
    assert.ok(steps.length >= 3 && steps.every((v, i) => i === 0 || v >= steps[i - 1]), `the bar moves by itself, forwards: ${steps}`);
    assert.ok((await m.fact('Created')) > 0, 'counts move too');
    await m.image('run');
  });
  await m.says('Everything in the feed is in your store');
  assert.equal(await m.fact('Created'), rows);
  assert.equal(await m.fact('Failed'), 0);
  assert.equal(await productsIn(m.store), rows);
  await m.fits('a finished run');
  await m.shot('run-done');
}

/** Resolves with the values that the progress bar took until it reached enough percent. Runs in the frame. */
function watchProgress(enough) {
  return new Promise((resolve) => {
    const seen = [];
    const look = () => {
      const bar = document.querySelector('[role=progressbar]');
      const value = Number(bar?.getAttribute('aria-valuenow') ?? 0);
      if (value > 0 && value !== seen.at(-1)) seen.push(value);
      if (value < enough) return;
      observer.disconnect();
      resolve(seen);
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true });
    look();
  });
}

export async function secondRun(m) {
  const seen = await requestsDuring(m.store, async () => {
    await m.button('Run again').click();
    await m.says('Your store already had everything in the feed');
  });
  assert.equal(await m.fact('Unchanged'), rows);
  assert.equal(await m.fact('API requests used'), 0);
  assert.equal(seen.total, 0, `the store saw no request: ${JSON.stringify(seen.by_method_path)}`);

  await m.section('Overview').click();
  await m.heading('Last runs').waitFor();
  await m.says(`${rows} unchanged`);
  assert.equal(await m.app.getByText('Next steps').count(), 0, 'the next steps are gone after the first run');
  await m.fits('overview');
  await m.image('overview');
}
