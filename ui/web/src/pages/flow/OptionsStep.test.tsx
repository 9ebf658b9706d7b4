import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../api/types';
import { renderInPanel, run } from '../../test/render';
import { FlowPage } from './FlowPage';

const flow: Flow = {
  id: 'flow-1', kind: 'levels', name: 'Warehouse', source: { kind: 'url', url: 'https://erp.example/a.csv', has_secret: false, snapshot_id: '', filename: '', size: 0 },
  format: {}, mapping: { fields: [{ target: 'sku', expression: 'A' }] }, options: { unknown: 'warn', most: 20, locations: { Nord: 'North' } },
  schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' },
  paused: '', enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: '' }, notice: '', compare_schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' }, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: run,
};

function show(f: Flow, step: string, answers: NonNullable<Parameters<typeof renderInPanel>[1]>['answers'] = {}) {
  return renderInPanel(<FlowPage />, {
    path: `/flows/flow-1/${step}`,
    route: '/flows/:id/:step?',
    answers: {
      'GET /flows/flow-1': { json: f },
      'GET /kinds/levels/fields': { json: { fields: [{ name: 'sku', label: 'SKU', type: 'string', required: true }] } },
      'GET /kinds/products/fields': { json: { fields: [] } },
      'POST /sources/inspect': { json: { snapshot_id: 's1', format: {}, header: ['A'], rows: [['1']], row_errors: [], size: 1, suggested_mapping: { fields: [] } } },
      'POST /mappings/preview': { json: { rows: [], errors: [] } },
      'PUT /flows/flow-1': (call) => ({ json: { ...f, ...(call.body as object), source: f.source, version: f.version + 1 } }),
      ...answers,
    },
  });
}

const saved = (calls: ReturnType<typeof show>['calls']) => calls.filter((c) => c.method === 'PUT').map((c) => (c.body as Flow).options);

describe('the options of a feed', () => {
  it('are drawn from its kind: a choice of a few', async () => {
    const user = userEvent.setup();
    const { calls } = show({ ...flow, kind: 'products', options: { repeated_names: 'append_sku' } }, 'options');
    expect(await screen.findByRole('group', { name: /^Products with the same name/ })).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>('Add the SKU to the name').checked).toBe(true);
    await user.click(screen.getByLabelText('Refuse the record'));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)).toEqual([{ repeated_names: 'fail' }]));
  });

  it('are drawn from its kind: a choice of many, a number, a text and pairs', async () => {
    const user = userEvent.setup();
    const { calls } = show(flow, 'options');
    await user.click(await screen.findByRole('combobox', { name: /^Unknown items/ }));
    await user.click(await screen.findByRole('option', { name: 'Rule skip' }));
    const most = screen.getByLabelText<HTMLInputElement>('Most levels that become 0 (%)');
    expect(most.value).toBe('20');
    expect(screen.getByText('The run stops above it.')).toBeTruthy();
    fireEvent.change(most, { target: { value: '' } });
    expect(most.value).toBe('');
    fireEvent.change(most, { target: { value: '2.50' } });
    expect(most.value).toBe('2.50');
    fireEvent.change(screen.getByLabelText('Location'), { target: { value: 'Hall 3' } });
    const pairs = within(screen.getByRole('group', { name: 'Locations of the feed' }));
    expect(pairs.getByLabelText<HTMLInputElement>('Name in line 1').value).toBe('Nord');
    await user.click(screen.getByRole('button', { name: 'Add line' }));
    fireEvent.change(screen.getByLabelText('Value in line 2'), { target: { value: 'South' } });
    fireEvent.change(screen.getByLabelText('Name in line 2'), { target: { value: 'Sued' } });
    await user.click(screen.getByRole('button', { name: 'Remove line 1' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(saved(calls)).toEqual([{ unknown: 'skip', most: 2.5, location: 'Hall 3', locations: { Sued: 'South' } }]));
    expect(screen.getByLabelText<HTMLInputElement>('Name in line 1').value).toBe('Sued');
  });

  it('show beside each what the server says is wrong with it', async () => {
    const user = userEvent.setup();
    const { calls } = show(flow, 'options', {
      'PUT /flows/flow-1': { status: 422, json: { code: 'invalid', detail: 'An option is not right.', errors: [{ field: 'options.most', message: 'give a number from 0 to 100' }] } },
    });
    fireEvent.change(await screen.findByLabelText('Most levels that become 0 (%)'), { target: { value: 'many' } });
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText('An option is not right.')).toBeTruthy();
    expect(screen.getByText('give a number from 0 to 100')).toBeTruthy();
    expect(screen.queryByText(/options\.most/)).toBeNull();
    expect(saved(calls)[0]).toMatchObject({ most: 'many' });
  });
});

describe('the words of a feed', () => {
  it('are those of its kind', async () => {
    const { calls } = show(flow, 'mapping');
    expect(await screen.findByText(/On the left a stock level field/)).toBeTruthy();
    expect(await screen.findByLabelText('Stock level field of line 1')).toBeTruthy();
    await waitFor(() => expect(calls.find((c) => c.path === '/mappings/preview')?.body).toMatchObject({ flow_id: 'flow-1' }));
    expect(calls.some((c) => c.path === '/kinds/products/fields')).toBe(false);
  });

  it('stand where the records come from', async () => {
    show(flow, 'source');
    expect(await screen.findByText('Where the stock levels come from')).toBeTruthy();
  });
});
