import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Client } from '../../api/client';
import type { CheckLine, Flow, Inspection, MappingCheck, TargetField } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { kinds, renderInPanel, run, session } from '../../test/render';
import { nameFrom, emptyDraft } from '../source/draft';
import { CreatePage } from './CreatePage';

const schedule = { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' };
const made: Flow = {
  id: 'flow-9', kind: 'products', name: 'Northwind products', source: { kind: '', url: '', has_secret: false, snapshot_id: '', filename: '', size: 0 }, format: {}, mapping: { fields: [] }, options: {},
  schedule, compare_schedule: schedule, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null, paused: '', enabled: true, ready: false, problems: [],
  health: { state: 'draft', since: null, message: '' }, notice: '',
};
const inspection: Inspection = {
  snapshot_id: 's1', format: { type: 'csv', encoding: 'utf-8', delimiter: ',' }, header: ['productID', 'productName', 'unitPrice', 'unitsInStock'], expressions: ['productID', 'productName', 'unitPrice', 'unitsInStock'],
  rows: [['1', 'Chai', '18.00', '39']], row_errors: [], row_count: 77, size: 4475, questions: [],
  suggested_mapping: {
    fields: [
      { target: 'sku', expression: 'productID', guessed: false }, { target: 'name', expression: 'productName', guessed: false }, { target: 'price', expression: 'unitPrice', guessed: false },
      { target: 'type', expression: '"physical"', guessed: true },
    ],
  },
};
const field = (name: string, label: string, part: Partial<TargetField> = {}): TargetField => ({ name, label, type: 'string', required: true, key: false, group: 'required', synonyms: [], unit: '', clears: false, strict: false, ...part });
const fields = [
  field('sku', 'SKU'), field('name', 'Name'), field('price', 'Default price', { type: 'number', unit: 'USD' }), field('type', 'Type', { enum: ['physical', 'digital'] }),
  field('stock', 'Stock', { required: false, key: false, group: 'common', synonyms: ['unitsinstock'] }),
];
const counted = (target: string): CheckLine => ({ target, filled: 77, empty: 0, failed: 0, warned: 0, nothing: [], examples: [] });
const check: MappingCheck = { rows: 77, complete: true, ready: true, lines: ['sku', 'name', 'price', 'type'].map(counted), unused: ['unitsInStock'], missing: [], errors: [], failed_rows: 0, questions: [] };
const preview = { ...run, id: 'run-9', flow_id: 'flow-9', flow_version: 2, dry_run: true, state: 'done' as const, outcome: 'all' as const, to_create: 77, created: 0, failed: 0, finished_at: '2026-11-22T10:02:31Z' };
const file = new File(['productID,productName\n1,Chai\n'], '11-northwind-products.csv', { type: 'text/csv' });

type Answers = NonNullable<Parameters<typeof renderInPanel>[1]>['answers'];

function show(answers: Answers = {}, path = '/syncs/new', s = session) {
  let flow = made;
  return renderInPanel(<CreatePage />, {
    path,
    route: '/syncs/new',
    session: s,
    answers: {
      'GET /kinds/products/fields': { json: { fields } },
      'GET /kinds/levels/fields': { json: { fields: [field('sku', 'SKU')] } },
      'POST /sources/inspect': { json: inspection },
      'POST /mappings/preview': { json: { rows: [{ line: 2, row: 2, key: '1', source: {}, document: { sku: '1', name: 'Chai', type: 'physical' }, errors: [] }], errors: [] } },
      'POST /mappings/check': { json: check },
      'POST /flows': { status: 201, json: made },
      'GET /flows/flow-9': () => ({ json: flow }),
      'PUT /flows/flow-9': (call) => {
        flow = { ...made, ...(call.body as object), source: { ...made.source, kind: 'upload', snapshot_id: 's1', filename: file.name, size: 30 }, schedule, compare_schedule: schedule, ready: true, version: made.version + 1 };
        return { json: flow };
      },
      'POST /flows/flow-9/runs': (call) => {
        flow = { ...flow, last_run: { ...preview, ...(call.body as object), id: (call.body as { dry_run: boolean }).dry_run ? 'run-9' : 'run-10' } };
        return { status: 201, json: flow.last_run };
      },
      'GET /runs/run-9': { json: preview },
      'GET /runs/run-9/changes': { json: { changes: [], next: '' } },
      'GET /runs/run-9/changes/fields': { json: { fields: [], created: 77, updated: 0 } },
      'GET /runs/run-9/problems': { json: { problems: [] } },
      ...answers,
    },
  });
}

beforeEach(() => {
  vi.spyOn(Client.prototype, 'upload').mockImplementation((f) => Promise.resolve({ snapshot_id: 's1', filename: f.name, size: 30, sha256: '' }));
});

const chooseFile = async (f = file) => userEvent.upload(await screen.findByLabelText(/Choose a file/), f);
const shown = (name: string) => within(document.getElementById(`field-${name}`));
const within = (el: Element | null) => el?.textContent ?? '';

describe('CreatePage', () => {
  it('brings a file’s products into the store in three clicks and no typing but the file', async () => {
    const { calls, router } = show();
    await chooseFile(); // 1
    expect(await screen.findByText('77 rows, 4 columns')).toBeTruthy();
    await waitFor(() => expect(document.activeElement?.textContent).toContain('77 rows, 4 columns'));
    expect(await screen.findByText(/All 77 rows can be used/)).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>(/Name of this sync/).value).toBe('Northwind products');
    fireEvent.click(screen.getByText('Check what would change')); // 2
    fireEvent.click(await screen.findByText('Start the run')); // 3
    await waitFor(() => expect(router.state.location.pathname).toBe('/activity/run-10'));
    expect(calls.filter((c) => c.path === '/sources/inspect')).toHaveLength(1);
    expect(calls.find((c) => c.path === '/sources/inspect')?.body).toEqual({ kind: 'products', source: { kind: 'upload', url: '', authorization: '', snapshot_id: 's1' }, format: {} });
    expect(calls.find((c) => c.path === '/flows' && c.method === 'POST')?.body).toEqual({ kind: 'products', name: 'Northwind products' });
    expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ version: 1, mapping: { fields: inspection.suggested_mapping.fields.map(({ target, expression }) => ({ target, expression })) } });
    expect(calls.filter((c) => c.path === '/flows/flow-9/runs').map((c) => c.body)).toEqual([{ dry_run: true, compare: false }, { dry_run: false, compare: false, preview_id: 'run-9' }]);
  });

  it('shows of the matching only what needs a look, and what is not used but could be', async () => {
    const user = userEvent.setup();
    show();
    await chooseFile();
    await screen.findByText(/All 77 rows can be used/);
    expect(shown('type')).toContain('Guess');
    expect(document.getElementById('field-sku')).toBeNull();
    expect(screen.getByRole('button', { name: 'Match with Stock' })).toBeTruthy();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'This is right (Type)' }));
    expect(shown('type')).not.toBe(''); // it does not go from under the hand
    await user.click(screen.getByRole('button', { name: 'Show the whole matching' }));
    expect(document.getElementById('field-sku')).not.toBeNull();
  });

  it('asks how the letters are to be read, with words of the file, and looks again with the choice', async () => {
    const user = userEvent.setup();
    const readings = [
      { encoding: 'latin-1', label: 'Western European (code page 1252, Latin-1)', examples: ['Niño'] },
      { encoding: 'windows-1250', label: 'Central European (code page 1250)', examples: ['Nińo'] },
    ];
    const { calls } = show({
      'POST /sources/inspect': (call) => ({ json: (call.body as { format: { encoding?: string } }).format.encoding ? inspection : { ...inspection, format: { type: 'csv', delimiter: ',' }, ask: 'encoding', readings } }),
    });
    await chooseFile();
    expect(await screen.findByText(/Latin-1\): Niño/)).toBeTruthy();
    expect(await screen.findByText('Answer the question about your file first.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Use Central European (code page 1250)' }));
    await waitFor(() => expect(screen.queryByText(/more than one way/)).toBeNull());
    expect(calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { format: object }).format)).toEqual([{}, { encoding: 'windows-1250' }]);
  });

  it('asks which sheet is meant, and reads another or another header row without a new upload', async () => {
    const user = userEvent.setup();
    const sheets = [
      { name: 'Goods', hidden: false, count: 0, examples: ['sku', 'name'] },
      { name: 'Groups', hidden: false, count: 0, examples: ['group'] },
      { name: 'Old', hidden: true, count: 0, examples: ['sku'] },
    ];
    const { calls } = show({
      'POST /sources/inspect': (call) => {
        const { sheet } = (call.body as { format: { sheet?: string } }).format;
        return { json: { ...inspection, format: { type: 'xlsx', encoding: 'utf-8', ...(sheet ? { sheet } : {}) }, sheets, ...(sheet ? {} : { ask: 'sheet' }) } };
      },
    });
    await chooseFile();
    expect(await screen.findByText(/Goods: sku, name/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Use Old' })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Use Groups' }));
    expect(await screen.findByText(/Excel, sheet “Groups”/)).toBeTruthy();
    await user.click(screen.getByText('Does it look wrong? Say how the file is written'));
    await user.type(screen.getByLabelText('Row with the column names'), '3{Enter}');
    await waitFor(() =>
      expect(calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { format: object }).format)).toEqual([{}, { sheet: 'Groups' }, { sheet: 'Groups', header_row: 3 }]),
    );
    const files = calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { source: { snapshot_id: string } }).source.snapshot_id);
    expect(new Set(files).size).toBe(1);
    await expectAccessible();
  });

  it('takes a file that is dropped beside the field', async () => {
    show();
    await screen.findByLabelText(/Choose a file/);
    const drop = new Event('drop', { bubbles: true, cancelable: true });
    Object.assign(drop, { dataTransfer: { files: [file] } });
    fireEvent(screen.getByRole('heading', { level: 1 }), drop);
    expect(await screen.findByText('77 rows, 4 columns')).toBeTruthy();
    expect(drop.defaultPrevented).toBe(true); // or the browser shows the file in place of the panel
  });

  const mode = {
    name: 'mode', type: 'choice' as const, label: 'What is written', help: 'Rows may be passed by.', default: 'create_and_update',
    values: [{ name: 'create_and_update', label: 'Both' }, { name: 'update', label: 'Only update' }],
  };

  it('says what is missing before it can be checked', async () => {
    const user = userEvent.setup();
    const { calls } = show({
      'GET /kinds': { json: { kinds: kinds.map((k) => ({ ...k, options: [...k.options, mode] })) } },
      'POST /sources/inspect': { json: { ...inspection, suggested_mapping: { fields: inspection.suggested_mapping.fields.filter((f) => f.target !== 'price') } } },
      'POST /mappings/check': { json: { ...check, ready: false, missing: [{ field: 'price', label: 'Default price', message: 'is needed' }] } },
    });
    await chooseFile();
    const button = await screen.findByRole('button', { name: 'Check what would change' });
    expect(button).toHaveProperty('disabled', true);
    expect(await screen.findByText('Choose what fills Default price first.')).toBeTruthy();
    expect(shown('price')).toContain('Needed');
    // A file without what new products need may still tell the store's own what is new.
    await user.click(screen.getByLabelText('Only update products that are in the store'));
    expect(button).toHaveProperty('disabled', false);
    await user.click(button);
    await waitFor(() => expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ options: { mode: 'update' } }));
  });

  it('starts with the kind that is asked for, and matches anew when another is chosen', async () => {
    const user = userEvent.setup();
    const { calls } = show({}, '/syncs/new?kind=levels');
    expect((await screen.findByLabelText<HTMLInputElement>('Stock levels')).checked).toBe(true);
    await chooseFile();
    await screen.findByText('77 rows, 4 columns');
    await user.click(screen.getByLabelText('Products'));
    await waitFor(() => expect(calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { kind: string }).kind)).toEqual(['levels', 'products']));
  });

  it('goes on after a reload with the sync that was made', async () => {
    const flow = { ...made, ready: true, source: { ...made.source, kind: 'upload' as const, snapshot_id: 's1', filename: file.name, size: 30 }, mapping: { fields: [{ target: 'sku', expression: 'trim(productID)' }] }, last_run: preview };
    const { calls } = show({ 'GET /flows/flow-9': { json: flow } }, '/syncs/new?sync=flow-9');
    expect(await screen.findByText('77 rows, 4 columns')).toBeTruthy();
    expect(await screen.findByRole('button', { name: 'Start the run' })).toBeTruthy();
    await waitFor(() => expect(calls.find((c) => c.path === '/mappings/check')?.body).toMatchObject({ kind: 'products', mapping: flow.mapping })); // as it was stored
  });

  it('does not make a second sync when the first could not be saved', async () => {
    const user = userEvent.setup();
    const { calls } = show({ 'PUT /flows/flow-9': { status: 422, json: { code: 'invalid', detail: 'The name is taken.' } } });
    await chooseFile();
    await user.click(await screen.findByRole('button', { name: 'Check what would change' }));
    expect(await screen.findByText('The name is taken.')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Check what would change' }));
    await waitFor(() => expect(calls.filter((c) => c.method === 'PUT')).toHaveLength(2));
    expect(calls.filter((c) => c.path === '/flows' && c.method === 'POST')).toHaveLength(1);
  });

  it('offers sample data to who has no file', async () => {
    const user = userEvent.setup();
    show();
    await user.click(await screen.findByRole('button', { name: /sample data/ }));
    expect((await screen.findByLabelText<HTMLInputElement>(/Name of this sync/)).value).toBe('Sample products');
  });

  it('is not for viewers', async () => {
    show({}, '/syncs/new', { ...session, permissions: { write: false, admin: false, owner: false } });
    expect(await screen.findByText('You can look at syncs, not create them')).toBeTruthy();
  });
});

it.each([
  ['11-northwind-products.csv', 'Northwind products'], ['ERP_export.ndjson', 'ERP export'], ['2026-11-22.csv', '2026 11 22'], ['prices.csv.gz', 'Prices'],
])('a sync of %s is called %s', (filename, name) => expect(nameFrom({ ...emptyDraft, kind: 'upload', filename })).toBe(name));

it.each([
  ['https://erp.example/export/all%20items.csv?key=1', 'All items'], ['https://erp.example/', 'Erp example'], ['https://erp.example', 'Erp example'],
])('a sync of %s is called %s', (url, name) => expect(nameFrom({ ...emptyDraft, kind: 'url', url })).toBe(name));
