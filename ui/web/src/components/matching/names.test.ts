import { describe, expect, it } from 'vitest';
import { formOf } from '../../lib/forms';
import { sourceShown } from './names';

describe('sourceShown', () => {
  const columns = ['qty', 'type', 'categories', 'out_of_qty'].map((name) => ({ name, expression: name })).concat({ name: 'g:id', expression: 'row["g:id"]' });
  it.each([
    ['qty', 'qty'],
    ['split(replace(categories, "type", ""), ",")', 'Made from categories'],
    ['first(row["g:id"], out_of_qty)', 'Made from out_of_qty, g:id'],
    ['product.type == "x" ? qty : type', 'Made from qty, type'],
    ['product.type == "x" ? "a" : upper("b")', 'Formula: product.type == "x" ? "a" : upper("b")'],
  ])('%s', (expression, shown) => {
    expect(sourceShown(formOf(expression, 'string', columns), expression, undefined, columns)).toBe(shown);
  });
});
