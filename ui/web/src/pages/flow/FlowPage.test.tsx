import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow, Inspection, Session } from '../../api/types';
import { renderInPanel, run, session } from '../../test/render';
import { FlowPage } from './FlowPage';

const flow: Flow = {
  id: 'flow-1', kind: 'products', name: 'ERP catalogue', source: { kind: '', url: '', has_secret: false, snapshot_id: '', filename: '', size: 0 },
  format: {}, mapping: { fields: [] }, options: { repeated_names: 'append_sku' },
  schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'Europe/Berlin' },
  compare_schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'Europe/Berlin' }, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null, paused: '', enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: '' }, notice: '',
};
const mapped = {
  ...flow,
  source: { ...flow.source, kind: 'url' as const, url: 'https://erp.example/a.csv', has_secret: true },
  mapping: { fields: [{ target: 'sku', expression: 'A' }, { target: 'name', expression: 'B' }] },
};
const inspection: Inspection = {
  snapshot_id: 's1', format: { type: 'csv', encoding: 'utf-8', delimiter: ';' }, header: ['A', 'B'], expressions: ['A', 'B'], rows: [['1', 'x']], row_count: 1, row_errors: [{ line: 3, field: '', message: 'wrong column count', value: '' }],
  size: 1234, suggested_mapping: { fields: mapped.mapping.fields.map((f) => ({ ...f, guessed: false })) },
};
const fields = ['sku', 'name'].map((name) => ({ name, label: name.toUpperCase(), type: 'string', required: true }));
const viewer: Session = { ...session, permissions: { write: false, admin: false, owner: false } };

function show(path: string, f: Flow, answers: NonNullable<Parameters<typeof renderInPanel>[1]>['answers'] = {}, s = session) {
  return renderInPanel(<FlowPage />, {
    path,
    route: '/syncs/:id/:step?',
    session: s,
    answers: {
      'GET /flows/flow-1': { json: f },
      'GET /kinds/products/fields': { json: { fields } },
      'POST /sources/inspect': { json: inspection },
      'POST /schedules/preview': { json: { next: ['2026-11-23T01:00:00Z', '2026-11-24T01:00:00Z', '2026-11-25T01:00:00Z'], time_zone: 'Europe/Berlin', error: '' } },
      'POST /mappings/preview': { json: { rows: [{ line: 2, key: '1', source: {}, document: { sku: '1', name: 'x' }, errors: [] }], errors: [] } },
      'PUT /flows/flow-1': (call) => ({ json: { ...f, ...(call.body as object), source: { ...f.source, kind: 'url', url: 'https://erp.example/a.csv' }, version: f.version + 1 } }),
      ...answers,
    },
  });
}

async function choose(user: ReturnType<typeof userEvent.setup>, label: string, option: string) {
  await user.click(await screen.findByRole('combobox', { name: new RegExp(`^${label}`) }));
  await user.click(await screen.findByRole('option', { name: option }));
  await waitFor(() => expect(screen.getByRole<HTMLInputElement>('combobox', { name: new RegExp(`^${label}`) }).value).toBe(option));
}

describe('FlowPage', () => {
  it('leads a new feed from its address to the mapping', async () => {
    const user = userEvent.setup();
    const { calls } = show('/syncs/flow-1', flow);
    await user.click(await screen.findByLabelText('A web address'));
    await user.click(screen.getByRole('button', { name: 'Check the source' }));
    expect(screen.getByText('Enter the address of the file. It starts with https://.')).toBeTruthy();
    expect(calls.some((c) => c.path === '/sources/inspect')).toBe(false);

    fireEvent.change(screen.getByLabelText(/Address of the file/), { target: { value: ' https://erp.example/a.csv ' } });
    fireEvent.change(screen.getByLabelText('Authorization header'), { target: { value: 'Bearer x' } });
    await user.click(screen.getByRole('button', { name: 'Check the source' }));
    await screen.findByText('CSV, UTF-8, Semicolon, 2 columns, 1.2 kB');
    expect(screen.getByText('Line 3: wrong column count')).toBeTruthy();
    expect(calls.find((c) => c.path === '/sources/inspect')?.body).toEqual({
      flow_id: 'flow-1', source: { kind: 'url', url: 'https://erp.example/a.csv', authorization: 'Bearer x', snapshot_id: '' }, format: {},
    });

    await user.click(screen.getByRole('button', { name: 'Save and continue' }));
    await screen.findByText('Which column fills which field');
    expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ version: 1, mapping: mapped.mapping, source: { authorization: 'Bearer x' } });
    await waitFor(() => expect(calls.find((c) => c.path === '/mappings/preview')?.body).toMatchObject({ snapshot_id: 's1', format: inspection.format, mapping: mapped.mapping }));
    // The secret went to the server with the save, so the sample is still good: nothing is fetched twice.
    expect(calls.filter((c) => c.path === '/sources/inspect')).toHaveLength(1);
  });

  it('says why a source cannot be read, and which field is wrong', async () => {
    const user = userEvent.setup();
    show('/syncs/flow-1/source', flow, {
      'POST /sources/inspect': { status: 422, json: { code: 'invalid', detail: 'The address answered 404.', errors: [{ field: 'source.url', message: 'not found' }] } },
    });
    await user.click(await screen.findByLabelText('A web address'));
    fireEvent.change(screen.getByLabelText(/Address of the file/), { target: { value: 'https://erp.example/a.csv' } });
    await user.click(screen.getByRole('button', { name: 'Check the source' }));
    expect(await screen.findByText('The address answered 404.')).toBeTruthy();
    expect(screen.getByText('source.url: not found')).toBeTruthy();
  });

  it('keeps a stored secret unless told to delete it', async () => {
    const user = userEvent.setup();
    const { calls } = show('/syncs/flow-1/source', { ...mapped, last_run: run });
    await screen.findByText(/A value is stored/);
    const inspected = () => calls.filter((c) => c.path === '/sources/inspect').map((c) => (c.body as { source: object }).source);
    await user.click(screen.getByRole('button', { name: 'Check the source' }));
    await waitFor(() => expect(inspected()).toHaveLength(1));
    await user.click(screen.getByLabelText('Delete the stored value'));
    await user.click(screen.getByRole('button', { name: 'Check the source' }));
    await waitFor(() => expect(inspected()).toHaveLength(2));
    expect(inspected()).toMatchObject([{ authorization: '' }, { authorization: null, clear_authorization: true }]);
  });

  it('says that a stored secret does not go to another host', async () => {
    show('/syncs/flow-1/source', mapped);
    const address = await screen.findByLabelText(/Address of the file/);
    fireEvent.change(address, { target: { value: 'https://erp.example/b.csv' } });
    expect(screen.getByText(/A value is stored/)).toBeTruthy();
    fireEvent.change(address, { target: { value: 'https://other.example/b.csv' } });
    expect(screen.getByText(/belongs to another host/)).toBeTruthy();
  });

  it('offers the newest version when somebody else saved first', async () => {
    const user = userEvent.setup();
    show('/syncs/flow-1/options', { ...mapped, last_run: run }, { 'PUT /flows/flow-1': { status: 409, json: { code: 'conflict', detail: 'stale' } } });
    fireEvent.change(await screen.findByLabelText(/Name of the feed/), { target: { value: 'Mine' } });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await user.click(await screen.findByRole('button', { name: 'Load the newest version' }));
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>(/Name of the feed/).value).toBe('ERP catalogue'));
    expect(screen.queryByText('Somebody else changed this feed')).toBeNull();
  });

  it('says why a feed is paused', async () => {
    show('/syncs/flow-1', { ...flow, paused: 'This store has not granted store_v2_products.' });
    await screen.findByText('This feed is paused');
    expect(screen.getByText(/has not granted store_v2_products/)).toBeTruthy();
  });

  it('sets a schedule and shows when it comes', async () => {
    const user = userEvent.setup();
    const { calls } = show('/syncs/flow-1/options', { ...mapped, last_run: run });
    expect(await screen.findByText(/Times are in your store’s time zone, Europe\/Berlin/)).toBeTruthy();
    expect(calls.some((c) => c.path === '/schedules/preview')).toBe(false);
    await choose(user, 'Runs', 'Every week');
    await choose(user, 'Day', 'Thursday');
    fireEvent.change(screen.getByLabelText(/^Time/), { target: { value: '14:30' } });
    expect(await screen.findByText('Next runs (Europe/Berlin)')).toBeTruthy();
    expect(screen.getByText('Mon, Nov 23, 2026, 2:00 AM GMT+1')).toBeTruthy(); // 01:00 in UTC
    await waitFor(() => expect(calls.filter((c) => c.path === '/schedules/preview').at(-1)?.body).toEqual({ cron: '30 14 * * 4' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ version: 1, schedule: { cron: '30 14 * * 4', enabled: true } }));
  });

  it('sets a schedule of comparisons beside the other', async () => {
    const user = userEvent.setup();
    const nightly = { cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z', time_zone: 'Europe/Berlin' };
    const { calls } = show('/syncs/flow-1/options', { ...mapped, last_run: run, schedule: nightly });
    await choose(user, 'Compares', 'Every week');
    expect(await screen.findByText('Next comparisons (Europe/Berlin)')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() =>
      expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ schedule: { cron: '0 2 * * *', enabled: true }, compare_schedule: { cron: '0 2 * * 1', enabled: true } }),
    );
  });

  it('says what is wrong with a cron expression', async () => {
    const user = userEvent.setup();
    const { calls } = show('/syncs/flow-1/options', { ...mapped, last_run: run, schedule: { ...flow.schedule, time_zone: 'UTC' } }, {
      'POST /schedules/preview': { json: { next: [], time_zone: 'UTC', error: 'runs would be 1 minute apart; at least 5 minutes have to lie between two' } },
    });
    expect(await screen.findByText(/Times are in UTC/)).toBeTruthy();
    await choose(user, 'Runs', 'Custom (cron expression)');
    expect(screen.getByText('Enter five fields, for example 30 6 * * 1-5.')).toBeTruthy();
    fireEvent.change(screen.getByLabelText(/^Cron expression/), { target: { value: '* * * * *' } });
    expect(await screen.findByText('Runs would be 1 minute apart; at least 5 minutes have to lie between two.')).toBeTruthy();
    expect(screen.queryByText(/Next runs/)).toBeNull();
    expect(calls.filter((c) => c.path === '/schedules/preview').map((c) => c.body)).toEqual([{ cron: '* * * * *' }]);
  });

  it('turns a schedule off without losing it', async () => {
    const user = userEvent.setup();
    const { calls } = show('/syncs/flow-1/options', { ...mapped, last_run: run, schedule: { cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z', time_zone: 'Europe/Berlin' } });
    expect((await screen.findByLabelText<HTMLInputElement>(/^Time/)).value).toBe('02:00');
    await choose(user, 'Runs', 'Only when I start it');
    expect(screen.queryByText(/Next runs/)).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(calls.find((c) => c.method === 'PUT')?.body).toMatchObject({ schedule: { cron: '0 2 * * *', enabled: false } }));
  });

  it('shows the next run where runs are started', async () => {
    const user = userEvent.setup();
    show('/syncs/flow-1/review', { ...mapped, last_run: { ...run, state: 'done' }, schedule: { cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z', time_zone: 'Europe/Berlin' } });
    expect(await screen.findByText('Mon, Nov 23, 2099, 2:04 AM GMT+1')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Change schedule' }));
    expect(await screen.findByLabelText(/^Time/)).toBeTruthy();
  });

  it('names the required fields that are missing and holds runs back until they are there', async () => {
    show('/syncs/flow-1/mapping', { ...mapped, mapping: { fields: [{ target: 'sku', expression: 'A' }] } });
    expect(await screen.findByText('New products need these fields: NAME.')).toBeTruthy();
  });

  it('starts a dry run', async () => {
    const user = userEvent.setup();
    const dry = { ...run, dry_run: true };
    const { calls } = show('/syncs/flow-1/review', mapped, {
      'POST /flows/flow-1/runs': { status: 201, json: dry },
      'GET /runs/run-1': { json: dry },
      'GET /runs/run-1/changes': { json: { changes: [], next: '' } },
    });
    const start = await screen.findByRole('button', { name: 'Start dry run' });
    await waitFor(() => expect(start).toHaveProperty('disabled', false));
    await user.click(start);
    expect(await screen.findByRole('group', { name: 'Progress of this run' })).toBeTruthy();
    expect(calls.find((c) => c.path === '/flows/flow-1/runs')?.body).toEqual({ dry_run: true, compare: false });
  });

  it('compares with the store in a dry run and in the run after it', async () => {
    const user = userEvent.setup();
    const dry = { ...run, dry_run: true, compare: true, state: 'done' as const, finished_at: '2026-11-22T10:02:31Z' };
    const { calls } = show('/syncs/flow-1/review', mapped, {
      'POST /flows/flow-1/runs': { status: 201, json: dry },
      'GET /runs/run-1': { json: dry },
      'GET /runs/run-1/changes': { json: { changes: [], next: '' } },
    });
    await user.click(await screen.findByRole('checkbox', { name: 'Compare with the store' }));
    await user.click(screen.getByRole('button', { name: 'Start dry run' }));
    await user.click(await screen.findByRole('button', { name: 'Start the run' }));
    await waitFor(() =>
      expect(calls.filter((c) => c.path === '/flows/flow-1/runs').map((c) => c.body)).toEqual([
        { dry_run: true, compare: true },
        { dry_run: false, compare: true },
      ]),
    );
  });

  it('shows a viewer the schedule, and lets nobody change it', async () => {
    show('/syncs/flow-1/options', { ...mapped, last_run: run, schedule: { cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z', time_zone: 'Europe/Berlin' } }, {}, viewer);
    expect(await screen.findByText('Next runs (Europe/Berlin)')).toBeTruthy();
    expect(screen.getByLabelText(/^Time/).hasAttribute('disabled')).toBe(true);
    expect(screen.getByRole('combobox', { name: /^Runs/ }).hasAttribute('disabled')).toBe(true);
  });

  it('lets a viewer look only', async () => {
    const { calls } = show('/syncs/flow-1/review', mapped, {}, viewer);
    const start = await screen.findByRole('button', { name: 'Start dry run' });
    expect([start.hasAttribute('disabled'), start.title]).toEqual([true, 'Your role is viewer. Ask an admin to do this, or to change your role.']);
    expect(calls.every((c) => c.method === 'GET')).toBe(true);
  });
});
