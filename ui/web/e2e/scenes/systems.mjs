// From a file of another system to products in the store in few clicks and no word typed: what each system's
// export means is known by its header. SLUICE_FEEDS names a folder with real exports, which come as well.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shopify, traders } from '../feeds.mjs';
import { productsIn } from '../sandbox.mjs';
import { countActions, mostClicks } from './quick-start.mjs';

const files = [
  { name: 'shopify-apparel.csv', text: shopify, looks: /a Shopify export/, products: 3 },
  { name: 'traders-products.csv', text: traders, looks: /Northwind/, products: 3 },
];

const folder = process.env.SLUICE_FEEDS ?? '';
if (folder) {
  for (const [name, looks, products] of [['01-shopify-apparel.csv', /a Shopify export/, 20], ['11-northwind-products.csv', /Northwind/, 77]]) {
    files.push({ name, text: readFileSync(join(folder, name), 'utf8'), looks, products });
  }
}

export async function systems(m) {
  for (const { name, text, looks, products } of files) {
    await m.launch('/');
    const before = await productsIn(m.store);
    await m.frame().evaluate(countActions);
    await m.app.getByRole('link', { name: 'Create sync', exact: true }).or(m.button('Create sync')).first().click();
    await m.app.getByLabel('A file that I upload').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
    await m.says(looks);
    await m.fits(name);
    await m.button('Check what would change').click();
    await m.says(`Would create ${products} products`);
    await m.shot(`preview-${name}`);
    const seen = m.app.getByText('I have seen this and want to start anyway');
    if (await m.button('Start the run').isDisabled()) await seen.click();
    await m.button('Start the run').click();
    await m.says(`Created ${products} products`);
    assert.equal(await productsIn(m.store), before + products);
    if (text === shopify) await m.app.locator('[data-picture] img').first().evaluate(async (img) => { await img.decode(); }); // fails if the policy keeps it out
    const { clicks, keys } = await m.frame().evaluate(() => window.e2eActions);
    assert.ok(clicks <= mostClicks && keys === 0, `${name}: ${clicks} clicks and ${keys} keys`);
    console.log(`      ${name}: ${clicks} clicks, ${keys} keys`);
  }
}
