import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow, Inspection, MappingCheck, Session, TargetField } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, run, session } from '../../test/render';
import { FlowPage } from './FlowPage';

const schedule = { cron: '', enabled: false, next_run_at: null, time_zone: 'Europe/Berlin' };
const flow: Flow = {
  id: 'flow-1', kind: 'products', name: 'ERP catalogue', source: { kind: 'url', url: 'https://erp.example/a.csv', has_secret: true, snapshot_id: '', filename: '', size: 0 },
  format: {}, mapping: { fields: [{ target: 'sku', expression: 'A' }, { target: 'name', expression: ' trim(B) ' }] }, options: { repeated_names: 'append_sku' },
  schedule, compare_schedule: schedule, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null, paused: '',
  enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: 'Ready. It has not run yet.' }, notice: '',
};
const inspection: Inspection = {
  snapshot_id: 's1', format: { type: 'csv', encoding: 'utf-8', delimiter: ';' }, header: ['A', 'B', 'qty'], expressions: ['A', 'B', 'qty'], rows: [['1', 'x', '3']],
  row_errors: [{ line: 3, field: '', message: 'wrong column count', value: '' }], row_count: 77, size: 1234, questions: [], suggested_mapping: { fields: [{ target: 'sku', expression: 'A', guessed: false }] },
};
const field = (name: string, part: Partial<TargetField> = {}): TargetField => ({ name, label: name.toUpperCase(), type: 'string', required: false, key: false, group: 'common', synonyms: [], unit: '', clears: false, strict: false, ...part });
const fields = [field('sku', { required: true, group: 'required' }), field('name', { required: true, group: 'required' }), field('inventory_level', { label: 'Stock', synonyms: ['qty'] })];
const check: MappingCheck = {
  rows: 77, complete: true, ready: true, lines: [{ target: 'sku', filled: 77, empty: 0, failed: 0, warned: 0, nothing: [], examples: [] }], unused: ['colour', 'qty'], missing: [], errors: [], failed_rows: 0, questions: [],
};
const viewer: Session = { ...session, permissions: { write: false, admin: false, owner: false } };
const done = { ...run, state: 'done' as const, outcome: 'all' as const, created: 77, finished_at: '2026-11-22T10:02:31Z' };

type Answers = NonNullable<Parameters<typeof renderInPanel>[1]>['answers'];

function show(tab: string, f: Flow = flow, answers: Answers = {}, s = session) {
  return renderInPanel(<FlowPage />, {
    path: `/syncs/flow-1/${tab}`,
    route: '/syncs/:id/:step?',
    session: s,
    answers: {
      'GET /flows/flow-1': { json: f },
      'GET /kinds/products/fields': { json: { fields } },
      'GET /expressions': { json: { words: [], functions: [], examples: [] } },
      'POST /sources/inspect': { json: inspection },
      'POST /schedules/preview': { json: { next: ['2026-11-23T01:00:00Z', '2026-11-24T01:00:00Z'], time_zone: 'Europe/Berlin', error: '' } },
      'POST /mappings/preview': { json: { rows: [{ line: 2, row: 2, key: '1', source: {}, document: { sku: '1', name: 'x' }, errors: [] }], errors: [] } },
      'POST /mappings/check': { json: check },
      'GET /runs/run-1': { json: f.last_run },
      'PUT /flows/flow-1': (call) => ({ json: { ...f, ...(call.body as object), source: f.source, version: f.version + 1 } }),
      ...answers,
    },
  });
}

type Calls = ReturnType<typeof show>['calls'];
const saved = (calls: Calls) => calls.filter((c) => c.method === 'PUT').map((c) => c.body as Partial<Flow>);
const inspected = (calls: Calls) => calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { source: object }).source);

async function choose(user: ReturnType<typeof userEvent.setup>, label: string, option: string) {
  await user.click(await screen.findByRole('combobox', { name: new RegExp(`^${label}`) }));
  await user.click(await screen.findByRole('option', { name: option }));
  await waitFor(() => expect(screen.getByRole<HTMLInputElement>('combobox', { name: new RegExp(`^${label}`) }).value).toBe(option));
}

describe('the matching of a sync', () => {
  it('is not changed by being opened, nor by a change of something else', async () => {
    const user = userEvent.setup();
    const { calls } = show('matching');
    expect((await screen.findByLabelText<HTMLTextAreaElement>('Formula of NAME')).value).toBe(' trim(B) ');
    await screen.findByText('77 of 77');
    expect(screen.queryByText('Not saved')).toBeNull();
    await user.click(screen.getByRole('tab', { name: 'Rules' }));
    fireEvent.change(await screen.findByLabelText(/Name of the sync/), { target: { value: 'Mine' } });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)).toHaveLength(1));
    expect(saved(calls)[0]).toMatchObject({ name: 'Mine', mapping: flow.mapping });
  });

  it('is previewed and counted over the whole file', async () => {
    const { calls } = show('matching');
    expect(await screen.findByText(/Your file has 3 columns and 77 rows/)).toBeTruthy();
    await screen.findByText('77 of 77');
    const asked = calls.find((c) => c.path === '/mappings/check')?.body;
    expect(asked).toEqual({ kind: 'products', snapshot_id: 's1', format: inspection.format, mapping: flow.mapping });
    expect(calls.find((c) => c.path === '/mappings/preview')?.body).toEqual({ ...(asked as object), limit: 50 });
    await expectAccessible();
  });

  it('names columns that are not used, those first that a field waits for, and matches one', async () => {
    const user = userEvent.setup();
    const { calls } = show('matching');
    const unused = within(await screen.findByRole('list', { name: 'Not used' }));
    expect(unused.getAllByRole('listitem').map((li) => li.textContent)).toEqual(['qty looks like Stock, which is not matchedMatch with StockIgnore', 'colourMatchIgnore']);
    await user.click(unused.getByRole('button', { name: 'Ignore (colour)' }));
    expect(unused.getAllByRole('listitem')).toHaveLength(1);
    await user.click(unused.getByRole('button', { name: 'Match with Stock' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)[0]?.mapping?.fields).toEqual([...(flow.mapping.fields ?? []), { target: 'inventory_level', expression: 'qty' }]));
  });

  it('keeps with the sync which columns are ignored, shows them, and takes them back', async () => {
    const user = userEvent.setup();
    const { calls } = show('matching', { ...flow, mapping: { ...flow.mapping, ignored: ['qty', 'gone'] } });
    const unused = within(await screen.findByRole('list', { name: 'Not used' }));
    expect(unused.getAllByRole('listitem').map((li) => li.textContent)).toEqual(['colourMatchIgnore']);
    await user.click(unused.getByRole('button', { name: 'Ignore (colour)' }));
    await user.click(screen.getByRole('button', { name: 'Show 2 ignored' }));
    await user.click(screen.getByRole('button', { name: 'Stop ignoring (qty)' }));
    expect(unused.getByRole('button', { name: 'Match with Stock' })).toBeTruthy();
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)[0]?.mapping).toEqual({ ...flow.mapping, ignored: ['gone', 'colour'] }));
  });

  it('shows only rows with problems on demand', async () => {
    const user = userEvent.setup();
    const row = (key: string, errors: object[]) => ({ line: 2, row: 2, key, source: {}, document: { sku: key, name: `Name ${key}` }, errors });
    show('matching', flow, { 'POST /mappings/preview': { json: { rows: [row('1', []), row('2', [{ field: 'name', message: 'too long' }])], errors: [] } } });
    expect(await screen.findByText('1 of 2')).toBeTruthy();
    expect(screen.getByRole<HTMLInputElement>('combobox', { name: 'Record to show' }).value).toBe('1 · Name 1');
    await user.click(screen.getByLabelText('Only rows with problems'));
    expect(screen.getByText('1 of 1')).toBeTruthy();
    expect(screen.getByText('too long')).toBeTruthy();
  });

  it('opens the line that a problem is about', async () => {
    show('matching?field=sku');
    const from = await screen.findByRole('combobox', { name: 'What SKU comes from' });
    await waitFor(() => expect(document.activeElement).toBe(from));
  });

  it('can be looked at by a viewer, whose file is not read', async () => {
    const { calls } = show('matching', flow, {}, viewer);
    expect(await screen.findByText('Formula: trim(B)')).toBeTruthy();
    for (const role of ['combobox', 'textbox']) expect(screen.queryAllByRole(role)).toEqual([]);
    expect(calls.every((c) => c.method === 'GET')).toBe(true);
  });
});

describe('where a sync’s data comes from', () => {
  it('is checked by itself when an address is pasted, and the answer has the focus', async () => {
    const user = userEvent.setup();
    const { calls } = show('source', { ...flow, source: { ...flow.source, kind: '', url: '', has_secret: false } });
    await user.click(await screen.findByLabelText('A web address'));
    await user.keyboard('https://er');
    expect(inspected(calls)).toEqual([]);
    await user.clear(screen.getByLabelText('A web address'));
    await user.paste('https://erp.example/b.csv');
    expect(await screen.findByText('77 rows, 3 columns')).toBeTruthy();
    expect(inspected(calls)).toEqual([{ kind: 'url', url: 'https://erp.example/b.csv', authorization: '', snapshot_id: '' }]);
    expect(screen.getByText('CSV, UTF-8, Semicolon, 1.2 kB')).toBeTruthy();
    expect(screen.getByText('Line 3: wrong column count')).toBeTruthy();
    await waitFor(() => expect(document.activeElement?.textContent).toContain('77 rows, 3 columns'));
  });

  it('says so when there is a header and nothing under it', async () => {
    show('source', flow, { 'POST /sources/inspect': { json: { ...inspection, rows: [], row_count: 0, row_errors: [] } } });
    expect(await screen.findByText('Your file has 0 rows')).toBeTruthy();
  });

  it('says why it cannot be read, and which field is wrong', async () => {
    show('source', flow, { 'POST /sources/inspect': { status: 422, json: { code: 'invalid', detail: 'The address answered 404.', errors: [{ field: 'source.url', message: 'not found' }] } } });
    expect(await screen.findByText('The address answered 404.')).toBeTruthy();
    expect(screen.getByText('source.url: not found')).toBeTruthy();
  });

  it('keeps a stored secret unless told to delete it, and does not send it to another host', async () => {
    const user = userEvent.setup();
    const { calls } = show('source');
    await screen.findByText(/A value is stored/);
    await waitFor(() => expect(inspected(calls)).toHaveLength(1));
    await user.click(screen.getByLabelText('Delete the stored value'));
    await waitFor(() => expect(inspected(calls)).toHaveLength(2));
    expect(inspected(calls)).toMatchObject([{ authorization: '' }, { authorization: null, clear_authorization: true }]);
    await user.click(screen.getByLabelText('Delete the stored value'));
    const address = screen.getByLabelText('A web address');
    fireEvent.change(address, { target: { value: 'https://other.example/b.csv' } });
    fireEvent.blur(address);
    expect(await screen.findByText(/belongs to another host/)).toBeTruthy();
  });
});

describe('a sync', () => {
  it('says why it cannot run, with the way to each, and has no schedule', async () => {
    const problems = [{ part: 'mapping' as const, field: 'price', label: 'Default price', message: 'Default price is needed to create products.' }, { part: 'source' as const, field: '', label: '', message: 'It has no data yet.' }];
    show('schedule', { ...flow, ready: false, problems, health: { state: 'draft', since: null, message: '' } });
    expect(await screen.findByText('This sync cannot run yet')).toBeTruthy();
    expect(screen.getByText('Default price is needed to create products.')).toBeTruthy();
    expect(screen.getByRole('link', { name: /Put it right: Default price/ }).getAttribute('href')).toBe('#/syncs/flow-1/matching?field=price');
    expect(screen.getByRole('link', { name: 'Put it right' }).getAttribute('href')).toBe('#/syncs/flow-1/source');
    expect(screen.getByText(/A sync that cannot run yet has no schedule/)).toBeTruthy();
    expect(screen.getByRole('combobox', { name: /^Runs/ }).hasAttribute('disabled')).toBe(true);
  });

  it('says why it is paused', async () => {
    show('', { ...flow, paused: 'This store has not allowed products.' });
    await screen.findByText('This sync is paused');
    expect(screen.getByText('This store has not allowed products.')).toBeTruthy();
  });

  it('shows what it stands at, and the last run in a sentence', async () => {
    show('', { ...flow, last_run: done, health: { state: 'ok', since: null, message: 'Everything is in step.' } });
    expect(await screen.findByText('Everything is in step.')).toBeTruthy();
    expect(screen.getByText('Last run').closest('div')?.textContent).toContain('77');
    expect(screen.getByText('https://erp.example/a.csv')).toBeTruthy();
    await expectAccessible();
  });

  it('is switched off and copied', async () => {
    const user = userEvent.setup();
    const { calls, router } = show('', flow, {
      'PUT /flows/flow-1/enabled': { json: { ...flow, enabled: false } },
      'POST /flows/flow-1/duplicate': { status: 201, json: { ...flow, id: 'flow-2' } },
    });
    await user.click(await screen.findByRole('button', { name: 'Switch off' }));
    expect(await screen.findByRole('button', { name: 'Switch on' })).toBeTruthy();
    expect(calls.find((c) => c.path.endsWith('/enabled'))?.body).toEqual({ enabled: false });
    await user.click(screen.getByRole('button', { name: 'Duplicate' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/syncs/flow-2'));
  });

  it('is deleted after a question, also with changes that are not saved', async () => {
    const user = userEvent.setup();
    const { calls, router } = show('rules', flow, { 'DELETE /flows/flow-1': { status: 204 } });
    fireEvent.change(await screen.findByLabelText(/Name of the sync/), { target: { value: 'Mine' } });
    await user.click(screen.getByRole('tab', { name: 'Summary' }));
    await user.click(await screen.findByRole('button', { name: 'Delete' }));
    await user.click(await screen.findByRole('button', { name: 'Delete sync' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/syncs'));
    expect(calls.some((c) => c.method === 'DELETE')).toBe(true);
  });

  it('asks before unsaved work is left, not between its tabs', async () => {
    const user = userEvent.setup();
    show('rules');
    fireEvent.change(await screen.findByLabelText(/Name of the sync/), { target: { value: 'Mine' } });
    await user.click(screen.getByRole('tab', { name: 'History' }));
    await user.click(screen.getByRole('tab', { name: 'Rules' }));
    expect(screen.getByLabelText<HTMLInputElement>(/Name of the sync/).value).toBe('Mine');
    await user.click(screen.getByRole('link', { name: /Syncs/ }));
    expect(await screen.findByRole('dialog')).toBeTruthy();
  });

  it('shows both when somebody else saved first, and loads theirs', async () => {
    const user = userEvent.setup();
    let theirs = flow;
    show('rules', flow, { 'GET /flows/flow-1': () => ({ json: theirs }), 'PUT /flows/flow-1': { status: 409, json: { code: 'conflict', detail: 'stale' } } });
    fireEvent.change(await screen.findByLabelText(/Name of the sync/), { target: { value: 'Mine' } });
    theirs = { ...flow, name: 'Theirs', version: 2 };
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('Yours: Mine')).toBeTruthy();
    expect(screen.getByText('Theirs: Theirs')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: /Load/ }));
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>(/Name of the sync/).value).toBe('Theirs'));
  });
});

describe('the first good run', () => {
  it('brings the offer to run every night, and it is saved with one click', async () => {
    const user = userEvent.setup();
    const { calls } = show('', { ...flow, last_run: done });
    await user.click(await screen.findByRole('button', { name: 'Every night at 02:00' }));
    await waitFor(() => expect(saved(calls)).toMatchObject([{ version: 1, schedule: { cron: '0 2 * * *', enabled: true }, mapping: flow.mapping }]));
    await waitFor(() => expect(screen.queryByText('Keep it in step?')).toBeNull());
  });

  it.each([
    ['no run', null, flow.schedule],
    ['a preview', { ...done, dry_run: true }, flow.schedule],
    ['a run that left records out', { ...done, outcome: 'some' as const, failed: 3 }, flow.schedule],
    ['a sync with a schedule', done, { ...schedule, cron: '0 3 * * *', enabled: true }],
  ])('is not offered after %s', async (_, last_run, s) => {
    show('', { ...flow, last_run, schedule: s });
    await screen.findByText('How it stands');
    expect(screen.queryByText('Keep it in step?')).toBeNull();
  });
});

describe('the schedule of a sync', () => {
  it('is set and shows when it comes', async () => {
    const user = userEvent.setup();
    const { calls } = show('schedule');
    expect(await screen.findByText(/Times are in your store’s time zone, Europe\/Berlin/)).toBeTruthy();
    await choose(user, 'Runs', 'Every week');
    await choose(user, 'Day', 'Thursday');
    fireEvent.change(screen.getByLabelText(/^Time/), { target: { value: '14:30' } });
    expect(await screen.findByText('Next runs (Europe/Berlin)')).toBeTruthy();
    expect(screen.getByText('Mon, Nov 23, 2026, 2:00 AM GMT+1')).toBeTruthy(); // 01:00 in UTC
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)[0]).toMatchObject({ version: 1, schedule: { cron: '30 14 * * 4', enabled: true } }));
  });

  it('of comparisons stands beside the other', async () => {
    const user = userEvent.setup();
    const nightly = { ...schedule, cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z' };
    const { calls } = show('schedule', { ...flow, schedule: nightly });
    await choose(user, 'Compares', 'Every week');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)[0]).toMatchObject({ schedule: { cron: '0 2 * * *', enabled: true }, compare_schedule: { cron: '0 2 * * 1', enabled: true } }));
  });

  it('says what is wrong with a line of cron', async () => {
    const user = userEvent.setup();
    show('schedule', flow, { 'POST /schedules/preview': { json: { next: [], time_zone: 'UTC', error: 'runs would be 1 minute apart; at least 5 minutes have to lie between two' } } });
    await choose(user, 'Runs', 'Custom (cron)');
    fireEvent.change(screen.getByLabelText(/^Cron line/), { target: { value: '* * * * *' } });
    expect(await screen.findByText('Runs would be 1 minute apart; at least 5 minutes have to lie between two.')).toBeTruthy();
  });

  it('is turned off without being lost', async () => {
    const user = userEvent.setup();
    const { calls } = show('schedule', { ...flow, schedule: { ...schedule, cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z' } });
    expect((await screen.findByLabelText<HTMLInputElement>(/^Time/)).value).toBe('02:00');
    await choose(user, 'Runs', 'Only when I start it');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)[0]).toMatchObject({ schedule: { cron: '0 2 * * *', enabled: false } }));
  });
});

describe('the rules of a sync', () => {
  const levels: Flow = { ...flow, kind: 'levels', options: { unknown: 'warn', most: 20, locations: { Nord: 'North' } } };

  it('are drawn from its kind: a choice of many, a number, a text and pairs', async () => {
    const user = userEvent.setup();
    const { calls } = show('rules', levels);
    await user.click(await screen.findByRole('combobox', { name: /^Unknown items/ }));
    await user.click(await screen.findByRole('option', { name: 'Rule skip' }));
    const most = screen.getByLabelText<HTMLInputElement>('Most levels that become 0 (%)');
    fireEvent.change(most, { target: { value: '2.50' } });
    expect(most.value).toBe('2.50');
    fireEvent.change(screen.getByLabelText('Location'), { target: { value: 'Hall 3' } });
    await user.click(screen.getByRole('button', { name: 'Add line' }));
    fireEvent.change(screen.getByLabelText('Value in line 2'), { target: { value: 'South' } });
    fireEvent.change(screen.getByLabelText('Name in line 2'), { target: { value: 'Sued' } });
    await user.click(screen.getByRole('button', { name: 'Remove line 1' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls).map((f) => f.options)).toEqual([{ unknown: 'skip', most: 2.5, location: 'Hall 3', locations: { Sued: 'South' } }]));
  });

  it('show beside each what the server says is wrong with it', async () => {
    const user = userEvent.setup();
    show('rules', levels, { 'PUT /flows/flow-1': { status: 422, json: { code: 'invalid', detail: 'An option is not right.', errors: [{ field: 'options.most', message: 'give a number from 0 to 100' }] } } });
    fireEvent.change(await screen.findByLabelText('Most levels that become 0 (%)'), { target: { value: 'many' } });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('give a number from 0 to 100')).toBeTruthy();
    expect(screen.queryByText(/options\.most/)).toBeNull();
  });

  it('open at the one that somebody came for', async () => {
    show('rules?field=location', levels);
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Location')));
  });
});
