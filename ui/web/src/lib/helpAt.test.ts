import { expect, it } from 'vitest';
import { helpAt } from './helpAt';

const functions = ['trim', 'number', 'num2', 'first', 'replace'].map((name) => ({ name }));

it.each([
  ['|', []],
  ['nu|', ['number', 'num2']],
  ['NU|m', ['number', 'num2']],
  ['trim(|', ['trim']],
  ['trim(Title|)', ['trim']],
  ['trim(Title)|', []],
  ['first(trim(A), |B)', ['first']],
  ['first(trim(A|), B)', ['trim']],
  ['replace(A, "trim(|", "")', ['replace']],
  ['replace(A, "\\"(", ")"|)', ['replace']],
  ["replace(A, '(', |'')", ['replace']],
  ['trim(row["Unit|"])', ['trim']],
  ['trim((A + |B))', ['trim']],
  ['what(|', []],
])('helps at %s', (at, want) => {
  const caret = at.indexOf('|');
  expect(helpAt(at.replace('|', ''), caret, functions).map((f) => f.name)).toEqual(want);
});
