import { describe, expect, it } from 'vitest';
import type { TargetField } from '../api/types';
import { safeFilename } from './browser';
import { firstRoute, takeSession } from './boot';
import { Formatter, pickLocale } from './format';
import { columnsOf, fieldLike, insertAt, missingTargets, newLine, slotsOf, toFields } from './mapping';

describe('takeSession', () => {
  const page = (json: string) => new DOMParser().parseFromString(`<script type="application/json" id="sluice-session">${json}</script>`, 'text/html');

  it('reads the session and removes it from the page', () => {
    const doc = page('{"token":"t","expires_at":"2026-11-22T12:00:00Z","store_hash":"abc","deep_link":"/runs","locale":"de"}');
    expect(takeSession(doc)).toMatchObject({ token: 't', deep_link: '/runs', locale: 'de', channel_id: null });
    expect(doc.getElementById('sluice-session')).toBeNull();
  });

  it.each(['', '{', '{}', '{"token":""}'])('has none in %j', (json) => expect(takeSession(page(json))).toBeUndefined());
  it('has none without the element', () => expect(takeSession(new DOMParser().parseFromString('', 'text/html'))).toBeUndefined());
});

it.each([
  ['/', '/'],
  ['/runs/abc', '/runs/abc'],
  ['/runs?x=1#y', '/runs?x=1'],
  ['', '/'],
  ['https://evil.example/', '/'],
  ['//evil.example/', '/'],
  [`/${'x'.repeat(400)}`, '/'],
])('firstRoute(%j)', (link, want) => expect(firstRoute(link)).toBe(want));

describe('Formatter', () => {
  const en = new Formatter('en-US');
  const de = new Formatter('de-DE');

  it('writes numbers as the locale does', () => {
    expect([en.number(2465), de.number(2465)]).toEqual(['2,465', '2.465']);
    expect([en.compact(99_999), en.compact(7_000_000)]).toEqual(['99,999', '7M']);
    expect([en.rate(15.23), en.rate(1234.5)]).toEqual(['15.2', '1,235']);
  });

  it.each([[0, '0%'], [0.999, '99%'], [1, '100%'], [1.2, '100%'], [-1, '0%']])('percent(%d)', (f, want) => expect(en.percent(f)).toBe(want));

  it.each([
    [0, '0 sec'], [59.4, '59 sec'], [60, '1 min'], [125, '2 min 5 sec'], [1500, '25 min'], [3600, '1 hr'], [3725, '1 hr 2 min'], [90_000, '1 day 1 hr'],
  ])('duration(%d)', (s, want) => expect(en.duration(s)).toBe(want));

  it.each([[0, '0 byte'], [999, '999 byte'], [1000, '1 kB'], [48_213, '48.2 kB'], [912_331, '912 kB'], [2e9, '2 GB']])('bytes(%d)', (n, want) => expect(en.bytes(n)).toBe(want));

  it('tells how long ago', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    const ago = (ms: number) => en.ago(new Date(now - ms).toISOString(), now);
    expect([ago(1000), ago(5 * 60_000), ago(3 * 3_600_000), ago(24 * 3_600_000)]).toEqual(['just now', '5 minutes ago', '3 hours ago', 'yesterday']);
    expect(ago(30 * 86_400_000)).toContain('2026');
    expect([en.ago(null), en.ago('nonsense'), en.dateTime(undefined)]).toEqual(['–', '–', '–']);
  });

  it('shows times as a clock in another zone does, with the day of the week', () => {
    expect(en.dateTimeIn('2026-11-23T01:04:00Z', 'America/New_York')).toBe('Sun, Nov 22, 2026, 8:04 PM EST');
    expect(de.dateTimeIn('2026-07-01T00:30:00Z', 'Europe/Berlin')).toBe('Mi., 1. Juli 2026, 02:30 MESZ');
    expect(en.dateTimeIn('2026-11-23T01:04:00Z', 'Mars/Olympus')).toBe('Mon, Nov 23, 2026, 1:04 AM UTC');
    expect(en.dateTimeIn('nonsense', 'UTC')).toBe('–');
    expect([0, 1, 6].map((d) => en.weekday(d))).toEqual(['Sunday', 'Monday', 'Saturday']);
    expect([en.isPast('2026-11-22T12:00:00Z', Date.parse('2026-11-22T12:00:01Z')), en.isPast('2026-11-22T12:00:02Z', Date.parse('2026-11-22T12:00:01Z'))]).toEqual([true, false]);
  });

  it('shows values of any kind', () => {
    expect([null, '', 'x', 12.5, 1000, true, false, [23, 24], { a: 1 }].map((v) => en.value(v))).toEqual(['–', '–', 'x', '12.5', '1000', 'Yes', 'No', '23, 24', '{"a":1}']);
  });

  it('picks a locale of a language that the texts have', () => {
    expect([pickLocale('en_GB', 'en'), pickLocale('de_DE', 'en-AU'), pickLocale('not a tag', 'pt-BR'), pickLocale()]).toEqual(['en-GB', 'en-AU', 'en', 'en']);
  });
});

describe('mapping', () => {
  it('takes what the server says that a column is written as', () => {
    expect(columnsOf({ header: ['SKU', 'first'], expressions: ['SKU', 'row["first"]'] })).toEqual([{ name: 'SKU', expression: 'SKU' }, { name: 'first', expression: 'row["first"]' }]);
    expect([columnsOf(undefined), columnsOf({ header: null, expressions: [] })]).toEqual([[], []]);
  });

  it.each([
    ['', 'A', 0, 0, 'A', 1],
    ['number()', 'A', 7, 7, 'number(A)', 8],
    ['A + B', 'C', 4, 5, 'A + C', 5],
    ['A', 'B', 1, 1, 'A B', 3],
    ['A', 'B', 0, 0, 'B A', 1],
  ])('insertAt(%j, %j)', (value, insert, start, end, want, caret) => expect(insertAt(value, insert, start, end)).toEqual({ value: want, caret }));

  const field = (name: string, required: boolean, group: TargetField['group'] = 'common', synonyms: string[] = []): TargetField => ({ name, label: name.toUpperCase(), type: 'string', required, key: false, group, synonyms, unit: '', clears: false, strict: false });

  it('knows what is missing and unfinished', () => {
    const targets = [field('sku', true), field('name', true), field('upc', false)];
    const lines = [newLine('name', '  '), newLine('upc', 'UPC'), newLine('upc', 'EAN '), newLine('', 'X'), newLine('sku', '')];
    expect(missingTargets(lines, targets).map((t) => t.name)).toEqual(['sku', 'name']);
    expect(toFields(lines)).toEqual([{ target: 'upc', expression: 'UPC' }, { target: 'upc', expression: 'EAN ' }]); // as it came
  });

  it('shows fields by group, required ones without a line too, and lines of fields that are gone', () => {
    const targets = [field('sku', true, 'required'), field('title', false, 'seo'), field('name', true, 'required'), field('upc', false)];
    const lines = [newLine('gone', 'X'), newLine('upc', 'A'), newLine('name', 'B'), newLine('upc', 'C')];
    const shown = slotsOf(lines, targets).map(({ group, slots }) => [group, slots.map((s) => [s.name, s.line?.expression, s.repeated])]);
    expect(shown).toEqual([
      ['required', [['sku', undefined, false], ['name', 'B', false]]],
      ['common', [['upc', 'A', true], ['upc', 'C', true]]],
      ['more', [['gone', 'X', false]]],
    ]);
  });

  it('knows the field that a column’s name stands for', () => {
    const targets = [field('inventory_level', false, 'common', ['qty', 'grosse']), field('mpn', false)];
    const like = (column: string, lines = [newLine('sku', 'A')]) => fieldLike(column, targets, lines)?.name;
    expect([like('Qty.'), like('GRÖßE'), like('mpn'), like('colour'), like('qty', [newLine('inventory_level', 'x')])]).toEqual(['inventory_level', 'inventory_level', 'mpn', undefined, undefined]);
  });
});

it.each([['ERP catalogue-errors', 'ERP-catalogue-errors'], ['../../etc', 'etc'], ['', 'sluice'], ['Größen/2026', 'Größen-2026']])('safeFilename(%j)', (name, want) =>
  expect(safeFilename(name)).toBe(want),
);
