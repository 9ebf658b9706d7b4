import { describe, expect, it } from 'vitest';
import { type Column, type Form, columnName, compileForm, formOf } from './forms';

const columns: Column[] = [
  { name: 'sku', expression: 'sku' },
  { name: 'Unit Price', expression: 'row["Unit Price"]' },
  { name: 'say "hi"', expression: 'row["say \\"hi\\""]' },
  { name: 'trim', expression: 'row["trim"]' },
];

const forms: [Parameters<typeof compileForm>[1], Form, string][] = [
  ['string', { how: 'column', column: 'sku', number: '' }, 'sku'],
  ['string', { how: 'column', column: 'row["Unit Price"]', number: '' }, 'row["Unit Price"]'],
  ['string', { how: 'column', column: 'row["say \\"hi\\""]', number: '' }, 'row["say \\"hi\\""]'],
  ['string', { how: 'column', column: 'sku', number: '', otherwise: 'none "yet"\n' }, 'first(sku, "none \\"yet\\"\\n")'],
  ['number', { how: 'column', column: 'sku', number: '', otherwise: '0.5' }, 'first(sku, 0.5)'],
  ['number', { how: 'column', column: 'sku', number: ',' }, 'number(sku, ",")'],
  ['integer', { how: 'column', column: 'row["Unit Price"]', number: '.', otherwise: '-1' }, 'first(number(row["Unit Price"], "."), -1)'],
  ['number', { how: 'always', value: '12345678901234567890' }, '"12345678901234567890"'], // a number would lose digits
  ['number', { how: 'always', value: 'a lot' }, '"a lot"'],
  ['number', { how: 'always', value: '0' }, '0'],
  ['string', { how: 'always', value: 'physical' }, '"physical"'],
  ['string', { how: 'always', value: '0' }, '"0"'],
  ['boolean', { how: 'always', value: 'true' }, 'true'],
  ['boolean', { how: 'always', value: 'yes' }, '"yes"'],
  ['array', { how: 'always', value: 'a|b' }, '"a|b"'],
  ['string', { how: 'path', columns: ['Group', 'row["Unit Price"]'] }, 'path(Group, row["Unit Price"])'],
];

describe('the forms of a line', () => {
  it.each(forms)('for %s: %o is %s, and that is read as it', (type, form, expression) => {
    expect(compileForm(form, type)).toBe(expression);
    expect(formOf(expression, type, columns)).toEqual(form);
  });

  it.each([
    ['string', ' first( sku ,\'x\' ) ', { how: 'column', column: 'sku', number: '', otherwise: 'x' }],
    ['string', 'row[\'Unit Price\']', { how: 'column', column: 'row["Unit Price"]', number: '' }],
    ['string', 'row["sku"]', { how: 'column', column: 'sku', number: '' }],
    ['number', '"0.50"', { how: 'always', value: '0.50' }],
    ['string', 'Gone', { how: 'column', column: 'Gone', number: '' }],
    ['string', 'row["Gone too"]', { how: 'column', column: 'row["Gone too"]', number: '' }],
    ['string', '', { how: 'column', column: '', number: '' }],
  ] as const)('for %s: %s is read however it is written', (type, expression, form) => {
    expect(formOf(expression, type, columns)).toEqual(form);
  });

  it.each([
    ['string', 'trim(sku)'], ['number', 'number(sku)'], ['number', 'number(sku, ";")'], ['number', 'sku * 2'], ['string', 'first(sku, Other)'], ['string', 'first(sku, "a", "b")'],
    ['string', 'first(sku, "")'], ['string', 'first(trim(sku), "x")'], ['string', 'sku + "x"'], ['string', 'sku sku'], ['string', 'nil'], ['string', 'true'], ['string', '0.50'],
    ['string', '""'], ['string', '"\\u0041"'], ['string', '`raw`'], ['number', '1e3'], ['number', '1_000'], ['number', '- sku'], ['string', 'row.sku'], ['string', 'row[sku]'],
    ['string', 'a.b'], ['string', 'path(sku)'], ['string', 'path(sku, "x")'], ['string', '(sku)'], ['string', 'sku // why'], ['string', 'first(sku, "x"'], ['string', 'sku ?? "x"'], ['string', 'Größe'],
  ] as const)('for %s: %s is a formula', (type, expression) => {
    expect(formOf(expression, type, columns)).toEqual({ how: 'formula' });
    expect(compileForm({ how: 'formula' }, type)).toBeUndefined();
  });

  it('has no expression while nothing is chosen', () => {
    expect(compileForm({ how: 'always', value: '' }, 'string')).toBe('');
    expect(compileForm({ how: 'column', column: '', number: ',', otherwise: 'x' }, 'number')).toBe('');
    expect(compileForm({ how: 'column', column: 'sku', number: '', otherwise: '' }, 'number')).toBe('sku');
  });

  it('knows what a column is called', () => {
    expect(columnName('row["Unit Price"]', columns)).toBe('Unit Price');
    expect(columnName('row["Gone too"]', columns)).toBe('Gone too');
    expect(columnName('Gone', columns)).toBe('Gone');
  });
});
