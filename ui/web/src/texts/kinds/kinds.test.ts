import { expect, it } from 'vitest';
import { kindText } from '.';

it('has words of its own for products', () => {
  const t = kindText('products', { singular: 'thing', plural: 'things' });
  expect([t.title, t.key, t.mapping.target, t.list.description]).toEqual(['Products', 'SKU', 'Product field', 'Feeds that create and update products in your catalogue, matched by SKU.']);
  expect(t.options?.repeatedNames.append).toBe('Add the SKU to the name');
});

it('makes words of what the server calls the records of a kind that it does not know', () => {
  const t = kindText('stock', { singular: 'stock level', plural: 'stock levels' });
  expect([t.title, t.key, t.list.createHeader, t.source.urlPlaceholder, t.mapping.targetLabel(2), t.run.dry('1', '2', '3'), t.kept]).toEqual([
    'Stock levels', 'Key', 'New stock level feed', 'https://erp.example.com/export/stock-levels.csv', 'Stock level field of line 2',
    'The run would create 1 and update 2 stock levels; 3 need no change.', 'Stock levels in your store and the history of runs stay as they are.',
  ]);
  expect(t.options).toBeUndefined();
});

it.each(['constructor', '', 'gadgets'])('calls the records of %j records until the server says more', (kind) => {
  expect(kindText(kind).run.unchanged).toBe('Your store already had everything in the feed: no record needed a change.');
});
