// Bad rows: named, downloaded, fixed in the mapping and in the feed, and only they are written again.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, requestsDuring } from '../sandbox.mjs';
import { rows } from './first-run.mjs';

const extra = 6;

/** The feed with six parts more. The first row of them is on line rows + 2. */
function feed(fixed) {
  const all = parts(rows + extra);
  if (!fixed) {
    const [comma, long, negative, nameless] = all.slice(rows);
    comma.ListPrice = '12,50';
    long.PartDescription = 'Handmade by three generations of one family '.repeat(7).slice(0, 300);
    negative.OnHand = '-5';
    nameless.PartNum = '';
  }
  return csv(all);
}

const line = (i) => rows + 2 + i;
const named = [
  { line: line(0), sku: 'BP-A1360', field: 'price', message: /"12,50" is not a number/, value: '12,50' },
  { line: line(1), sku: 'HB-A1361', field: 'name', message: /300 characters; the limit is 250/ },
  { line: line(2), sku: 'LM-A1362', field: 'inventory_level', message: /-5 is below the smallest value, 0/, value: '-5' },
  { line: line(3), sku: '–', field: 'sku', message: /./ },
];

export async function badRows(m) {
  await offer('catalogue.csv', feed(false));
  await openLastRun(m);
  await m.button('Run again').click();
  await m.says('Some rows need your attention');
  assert.equal(await m.fact('Failed'), named.length);
  assert.equal(await m.fact('Created'), extra - named.length);
  assert.equal(await m.fact('Unchanged'), rows);
  assert.equal(await productsIn(m.store), rows + extra - named.length);

  const table = m.app.getByRole('table', { name: 'Errors' });
  for (const want of named) {
    const row = table.getByRole('row').filter({ hasText: String(want.line) });
    const [at, sku, field, message, value] = await row.getByRole('cell').allTextContents();
    assert.deepEqual([at, sku, field], [String(want.line), want.sku, want.field]);
    assert.match(message, want.message);
    if (want.value) assert.equal(value, want.value);
  }
  await m.fits('errors');
  await m.image('errors');
}

export async function download(m) {
  const [file] = await Promise.all([m.page.waitForEvent('download'), m.button('Download as CSV').click()]);
  assert.match(file.suggestedFilename(), /^ERP-catalogue-errors-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await file.path(), 'utf8');
  const lines = text.trimEnd().split(/\r?\n/);
  assert.equal(lines[0], '\uFEFFline,key,field,message,value,severity');
  assert.equal(lines.filter((l) => l.endsWith(',error')).length, named.length, text);
  for (const want of named.slice(0, 3)) assert.ok(lines.some((l) => l.startsWith(`${want.line},${want.sku},${want.field},`)), `${want.sku} is in the file: ${text}`);
}

/** A mapping that reads the comma fixes one of the rows; the retry touches the failed ones only. */
export async function retryFailed(m) {
  await m.button('Open the feed').click();
  await m.app.getByRole('tab', { name: 'Mapping' }).click();
  await m.app.getByLabel('Expression for Default price').fill('number(replace(ListPrice, ",", "."))');
  await m.button('Save').click();
  await m.says('Saved.');
  await openLastRun(m);
  const seen = await requestsDuring(m.store, async () => {
    await m.button('Retry failed rows').click();
    await m.says('This run retries the failed rows of an earlier run.');
    await m.says('Some rows need your attention');
  });
  assert.equal(await m.fact('Created'), 1);
  assert.equal(await m.fact('Failed'), named.length - 1);
  assert.equal(await m.fact('Unchanged'), 0, 'rows that did not fail are not looked at again');
  assert.equal(seen.by_method_path['POST /v3/catalog/products'], 1);
  assert.ok(seen.total <= 6, `one product needs few requests: ${JSON.stringify(seen.by_method_path)}`);
}

/** The rest is fixed in the feed: the next run writes those rows, and nothing else costs anything. */
export async function fixFeed(m) {
  await offer('catalogue.csv', feed(true));
  const seen = await requestsDuring(m.store, async () => {
    await m.button('Run again').click();
    await m.says('Everything in the feed is in your store');
  });
  assert.equal(await m.fact('Created'), named.length - 1);
  assert.equal(await m.fact('Failed'), 0);
  assert.equal(await productsIn(m.store), rows + extra);
  assert.ok(seen.total <= 10, `four products need few requests: ${JSON.stringify(seen.by_method_path)}`);
}

/** Opens the newest run from the list of runs. */
export async function openLastRun(m) {
  await m.section('Runs').click();
  await m.heading('Runs').waitFor();
  await m.app.getByRole('table').getByRole('link').first().click();
  await m.heading('Progress').waitFor();
}
