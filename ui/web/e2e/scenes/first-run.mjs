// A sync from an address: created on one page, previewed, run, and run again at no cost.

import assert from 'node:assert/strict';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, requestsDuring, slowed } from '../sandbox.mjs';

export const rows = 360;

/** Opens the page that creates a sync and says where its data comes from. */
export async function begin(m, address) {
  await m.section('Syncs').click();
  await m.button('Create sync').click();
  await m.heading('Create sync').waitFor();
  await m.app.getByLabel('A web address').fill(address);
  await m.app.getByLabel('A web address').press('Enter');
}

export async function setUp(m) {
  const address = await offer('catalogue.csv', csv(parts(rows)));
  await m.watch.allowing(/^422 POST \/api\/v1\/sources\/inspect$/, async () => {
    await begin(m, address.replace('catalogue', 'missing'));
    await m.says('404');
  });
  await m.app.getByLabel('A web address').fill(address);
  await m.app.getByLabel('A web address').press('Enter');
  await m.says(`${rows} rows, 8 columns`);
  await m.app.getByRole('cell', { name: 'Ridge Backpack' }).first().waitFor();
  for (const [field, column] of [['SKU', 'PartNum'], ['Name', 'PartDescription'], ['Brand', 'Manufacturer'], ['Weight', 'WeightKg'], ['Default price', 'ListPrice']]) {
    await m.app.locator(`div:has(> dt:text-is("${field}")) > dd`).getByText(column).first().waitFor();
  }
  await m.app.getByLabel('Name of this sync').fill('ERP catalogue');
  await m.fits('a new sync');
}

export async function dryRun(m) {
  const before = await productsIn(m.store);
  await m.button('Check what would change').click();
  await m.says(`Would create ${rows} products.`);
  await m.says('Halyard & Co. Ridge Backpack Moss A1000');
  assert.equal(await productsIn(m.store), before, 'a preview writes nothing');
  await m.fits('preview');
  await m.shot('preview-erp');
}

export async function run(m) {
  const before = await productsIn(m.store);
  await slowed(m.store, 120, async () => {
    await m.button('Start the run').click();
    await m.heading('ERP catalogue').waitFor();
    await m.says(/Writing to your store: [1-9]/);
    const seen = await m.frame().evaluate(watchProgress, 60);
    assert.ok(seen.length >= 3, `the bar moves by itself: ${seen}`);
    await m.says('Halyard & Co. Ridge Backpack Moss A1000');
    await m.image('run');
  });
  await m.says(`Created ${rows} products.`);
  assert.equal(await productsIn(m.store), before + rows);
  await m.fits('a finished run');
  await m.shot('run-done');
}

/** Resolves with the values that the progress bar took until it reached enough percent. Runs in the frame. */
function watchProgress(enough) {
  return new Promise((resolve) => {
    const seen = [];
    const look = () => {
      const bar = document.querySelector('[role=progressbar]');
      const value = Number(bar?.getAttribute('aria-valuenow') ?? 100);
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
    await m.says(`Nothing to do: all ${rows} products were up to date already.`);
  });
  assert.equal(seen.total, 0, `the store saw no request: ${JSON.stringify(seen.by_method_path)}`);

  await m.section('Home').click();
  await m.heading('Last runs').waitFor();
  await m.heading('Last 14 days').waitFor();
  assert.equal(await m.heading('Bring your data into your store').count(), 0, 'the guide is gone after a run without problems');
  await m.fits('home');
  await m.image('home');
}
