// What the mock server says about the matching of its one file: its fields, previews and counts.

import { header, rows } from './data.mjs';

const field = (group, name, label, type, extra = {}) => ({ name, label, type, required: group === 'required', group, synonyms: [], unit: '', clears: group !== 'required', strict: false, ...extra });

export const fields = [
  field('required', 'sku', 'SKU', 'string', { key: true, strict: true, max_length: 255, help: 'Records are matched by it.', synonyms: ['partnum', 'itemnumber'] }),
  field('required', 'name', 'Name', 'string', { max_length: 250, synonyms: ['title'] }),
  field('required', 'type', 'Type', 'string', { enum: ['physical', 'digital'] }),
  field('required', 'weight', 'Weight', 'number', { unit: 'kg', help: '0 if you do not ship by weight.' }),
  field('required', 'price', 'Default price', 'number', { unit: 'USD', synonyms: ['listprice', 'unitprice'], help: 'Without tax, as the store is set up.' }),
  field('common', 'description', 'Description', 'string'),
  field('common', 'inventory_level', 'Stock', 'integer', { synonyms: ['qty', 'onhand'] }),
  field('common', 'category', 'Category', 'string', { help: 'A path such as Garden > Tools; made when missing.' }),
  field('common', 'brand', 'Brand', 'string', { help: 'A name; made when missing.', synonyms: ['manufacturer', 'audience'] }),
  field('common', 'sale_price', 'Sale price', 'number', { unit: 'USD' }),
  field('common', 'upc', 'UPC', 'string', { synonyms: ['ean', 'barcode'] }),
  field('common', 'is_visible', 'Visible', 'boolean'),
  field('seo', 'page_title', 'Page title', 'string'),
  field('shipping', 'width', 'Width', 'number', { unit: 'cm' }),
  field('more', 'mpn', 'Manufacturer part number', 'string'),
  field('more', 'price_hidden_label', 'Price hidden label', 'string'),
];

/** The value of an expression for a row: {value}, {wrong} or, if it does not compile, {broken}. */
function valueOf(expression, source, f) {
  const text = (quoted) => quoted.slice(1, -1);
  const first = /^first\((.+), ("[^"]*"|[\d.]+)\)$/.exec(expression);
  if (first) {
    const inner = valueOf(first[1], source, f);
    return inner.broken || (inner.value ?? '') !== '' ? inner : { value: first[2].startsWith('"') ? text(first[2]) : Number(first[2]) };
  }
  const path = /^path\((.+)\)$/.exec(expression);
  if (path) return { value: path[1].split(', ').map((c) => source[c]).join(' > ') };
  if (/^"[^"]*"$/.test(expression)) return { value: text(expression) };
  if (/^[\d.]+$/.test(expression)) return { value: Number(expression) };
  if (/^(true|false)$/.test(expression)) return { value: expression === 'true' };
  const number = /^number\((\w+)(?:, "([.,])")?\)$/.exec(expression);
  const name = number?.[1] ?? expression;
  const cell = source[name];
  if (cell === undefined) return { broken: `there is no column ${name}: the source has ${header.slice(0, 4).join(', ')} and more (character 1)` };
  if (cell === '') return { value: '' };
  if (f?.type !== 'number' && f?.type !== 'integer') return { value: cell };
  const plain = number?.[2] === ',' ? cell.replaceAll('.', '').replace(',', '.') : number?.[2] === '.' ? cell.replaceAll(',', '') : cell;
  const n = Number(plain);
  if (Number.isNaN(n)) return { wrong: `"${cell}" is not a number: use a point, or read numbers as 1.234,50` };
  return f.type === 'integer' && n < 0 ? { wrong: `${n} is below the smallest value, 0` } : { value: n };
}

function mapped(mapping) {
  const errors = [];
  const out = rows.map((values, i) => {
    const source = Object.fromEntries(header.map((h, c) => [h, values[c]]));
    const document = {};
    const bad = [];
    for (const { target, expression } of mapping.fields) {
      const f = fields.find((x) => x.name === target);
      const { value, wrong, broken } = valueOf(expression, source, f);
      if (broken) {
        if (i === 0) errors.push({ field: target, message: broken });
      } else if (wrong) bad.push({ field: target, message: wrong, value: source[expression.match(/\w+/g)?.at(-1)] ?? '' });
      else if (value !== '') document[target] = value;
      else if (f?.required) bad.push({ field: target, message: 'is required: fill the column', value: '' });
    }
    return { line: i + 2, row: i + 2, key: values[0], source, document, errors: bad, warnings: [] };
  });
  return { rows: out, errors };
}

export function preview(mapping) {
  const { rows: all, errors } = mapped(mapping);
  const count = (r) => r.errors.length;
  return { rows: all.toSorted((a, b) => Math.sign(count(b)) - Math.sign(count(a))), errors, questions: asked(mapping) };
}

/** What the made-up file does not tell: the decimal sign of its prices, once its column is in the address of the page's file. */
function asked(mapping) {
  const price = mapping.fields.find((f) => f.target === 'price' && f.expression === 'Asked');
  if (!price || price.decimal) return [];
  return [{ field: 'price', label: 'Default price', kind: 'decimal', column: 'Asked', text: 'Which sign stands before the decimals of these numbers?', choices: [{ value: 'point', label: 'A point: 1,299.50' }, { value: 'comma', label: 'A comma: 1.299,50' }], examples: [{ row: 2, line: 2, value: '1.250', readings: ['1.25', '1250'] }, { row: 3, line: 3, value: '2.500', readings: ['2.5', '2500'] }] }];
}

const times = 123; // the file has so many times the sample's rows

export function check(mapping) {
  const { rows: all, errors } = mapped(mapping);
  const used = mapping.fields.map((f) => f.expression).join(' ');
  const missing = fields.filter((f) => f.required && !mapping.fields.some((m) => m.target === f.name)).map((f) => ({ field: f.name, label: f.label, message: `${f.label} is needed`, created: f.name !== 'sku' }));
  const lines = mapping.fields
    .filter((m) => !errors.some((e) => e.field === m.target))
    .map(({ target }) => {
      const bad = all.flatMap((r) => r.errors.filter((e) => e.field === target).map((e) => ({ row: r.row, line: r.line, key: r.key, value: e.value, message: e.message })));
      const filled = all.filter((r) => r.document[target] !== undefined).length;
      return { target, filled: filled * times, empty: (all.length - filled - bad.length) * times, failed: bad.length * times, warned: 0, nothing: [], examples: bad.slice(0, 3) };
    });
  return {
    rows: all.length * times, complete: true, ready: errors.length + missing.length === 0, lines, unused: header.filter((h) => !new RegExp(`\\b${h}\\b`).test(used)), missing, errors,
    failed_rows: all.filter((r) => r.errors.length > 0).length * times, questions: asked(mapping),
  };
}
