// Bad rows: named, downloaded, fixed in the mapping and in the feed, and only they are written again.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { csv, offer, parts } from '../feeds.mjs';
import { productsIn, requestsDuring } from '../sandbox.mjs';
import { rows } from './first-run.mjs';

const extra = 6;

/** The file with six parts more. The first row of them is on line rows + 2. */
function feed(fixed) {
  const all = parts(rows + extra);
  if (!fixed) {
    const [comma, long, negative, nameless] = all.slice(rows); // the third is written with stock 0, and warned of
    comma.ListPrice = '12,50';
    long.PartDescription = 'Handmade by three generations of one family '.repeat(7).slice(0, 300);
    negative.OnHand = '-5';
    nameless.PartNum = '';
  }
  return csv(all);
}

const line = (i) => rows + 2 + i;
const named = [
  { line: line(0), sku: 'BP-A1360', message: /"12,50" is not a number/, value: '12,50' },
  { line: line(1), sku: 'HB-A1361', message: /300 characters; the limit is 250/ },
  { line: line(3), sku: '–', message: /./ },
];

export async function badRows(m) {
  const before = await productsIn(m.store);
  await offer('catalogue.csv', feed(false));
  await openRun(m, 'Nothing to do');
  await m.button('Run again').click();
  await m.says(`Created ${extra - named.length} products and left out ${named.length}.`);
  assert.equal(await productsIn(m.store), before + extra - named.length);

  await m.heading('What was left out, and why').waitFor();
  const table = m.app.getByRole('table', { name: 'Rows with problems' });
  for (const want of named) {
    const row = table.getByRole('row').filter({ has: m.app.getByRole('cell', { name: String(want.line), exact: true }) });
    const said = await row.innerText();
    assert.match(said, want.message);
    if (want.sku !== '–') assert.ok(said.includes(want.sku), `${want.sku}: ${said}`);
    if (want.value) assert.ok(said.includes(want.value), `${want.value}: ${said}`);
  }
  await m.fits('problems');
  await m.image('problems');
}

export async function download(m) {
  const [file] = await Promise.all([m.page.waitForEvent('download'), m.button('Download as CSV').click()]);
  assert.match(file.suggestedFilename(), /^ERP-catalogue-.*\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await file.path(), 'utf8');
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const columns = header.replace('\uFEFF', '').split(',');
  for (const name of ['line', 'row', 'key', 'field', 'label', 'message', 'value', 'severity']) assert.ok(columns.includes(name), `${name} is in ${header}`);
  const errors = lines.filter((l) => /(^|,)error(,|$)/.test(l));
  assert.equal(errors.length, named.length, text);
  for (const want of named.filter((n) => n.sku !== '–')) assert.ok(errors.some((l) => l.split(',').includes(String(want.line)) && l.includes(want.sku)), `${want.sku} is in the file: ${text}`);
}

/** A formula that reads the comma fixes one of the rows; the retry touches those that were left out only. */
export async function retryFailed(m) {
  await m.button('Open the sync').click();
  await m.app.getByRole('tab', { name: 'Matching' }).click();
  await m.app.getByRole('combobox', { name: 'What Default price comes from' }).click();
  await m.app.getByRole('option', { name: /^Formula/ }).click();
  await m.app.getByLabel('Formula of Default price').fill('number(replace(ListPrice, ",", "."))');
  await m.button('Save').click();
  await m.says('Saved.');
  await m.app.getByText('"12,50" is not a number').first().waitFor({ state: 'hidden' });
  await m.fits('matching');
  await m.image('matching');
  await openRun(m, `left out ${named.length}`);
  const seen = await requestsDuring(m.store, async () => {
    await m.app.getByRole('button', { name: `Retry ${named.length}` }).first().click();
    await m.says('This run tried the failed records of an earlier run again.');
    await m.says(`Created 1 product and left out ${named.length - 1}.`);
  });
  assert.equal(seen.by_method_path['POST /v3/catalog/products'], 1);
  assert.ok(seen.total <= 6, `one product needs few requests: ${JSON.stringify(seen.by_method_path)}`);
}

/** The rest is fixed in the file: the next run writes those rows, and nothing else costs anything. */
export async function fixFeed(m) {
  await offer('catalogue.csv', feed(true));
  const seen = await requestsDuring(m.store, async () => {
    await m.button('Run again').click();
    await m.says(`Created ${named.length - 1} and updated 2 products.`); // the price of the one that was retried is another now, and the stock that was 0
  });
  assert.ok(seen.total <= 10, `four products need few requests: ${JSON.stringify(seen.by_method_path)}`);
}

/** Opens the newest run in the activity, or the newest whose sentence has something. */
export async function openRun(m, saying = '') {
  await m.section('Activity').click();
  await m.heading('Activity').waitFor();
  const entries = m.app.locator('main li, main tr').filter({ has: m.app.locator('a[href^="#/activity/"]'), hasText: saying });
  await entries.first().locator('a[href^="#/activity/"]').first().click();
  await m.app.getByRole('tab', { name: 'Details' }).waitFor();
}
