import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../api/types';
import { kinds, renderInPanel } from '../../test/render';
import { SyncsPage } from './SyncsPage';

const flow = (id: string, kind: string, name: string): Flow => ({
  id, kind, name, source: { kind: '', url: '', has_secret: false, snapshot_id: '', filename: '', size: 0 }, format: {}, mapping: { fields: [] }, options: {},
  schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' },
  paused: '', enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: '' }, notice: '', compare_schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' }, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null,
});

function show(answers: NonNullable<Parameters<typeof renderInPanel>[1]>['answers']) {
  return renderInPanel(<SyncsPage />, { answers: { 'POST /flows': { status: 201, json: flow('new', 'levels', 'x') }, ...answers } });
}

describe('SyncsPage', () => {
  it('lists the feeds of every kind, each with its kind', async () => {
    show({ 'GET /flows': { json: { flows: [flow('a', 'products', 'Catalogue'), flow('b', 'levels', 'Warehouse'), flow('c', 'boats', 'Harbour')], next: '' } } });
    expect(await screen.findByText('Feeds that bring products and stock levels into your store.')).toBeTruthy();
    const rows = (await screen.findAllByRole('row')).map((r) => r.textContent);
    expect(rows.slice(1)).toEqual([expect.stringContaining('CatalogueProducts'), expect.stringContaining('WarehouseStock levels'), expect.stringContaining('HarbourBoats')]);
    expect(screen.getByRole('link', { name: 'Warehouse' })).toBeTruthy();
  });

  it('asks which kind a new feed is of, and names it after that', async () => {
    const user = userEvent.setup();
    const { calls } = show({ 'GET /flows': { json: { flows: [], next: '' } } });
    await waitFor(() => expect(screen.getByRole('button', { name: 'New feed' })).toHaveProperty('disabled', false));
    await user.click(screen.getByRole('button', { name: 'New feed' }));
    expect((await screen.findByLabelText<HTMLInputElement>(/^Name/)).value).toBe('Product feed');
    await user.click(screen.getByRole('combobox', { name: /^What it brings/ }));
    await user.click(await screen.findByRole('option', { name: 'Stock levels' }));
    await waitFor(() => expect(screen.getByLabelText<HTMLInputElement>(/^Name/).value).toBe('Stock level feed'));
    await user.click(screen.getByRole('button', { name: 'Create feed' }));
    await screen.findByText('another page').catch(() => undefined);
    expect(calls.find((c) => c.method === 'POST')?.body).toEqual({ kind: 'levels', name: 'Stock level feed' });
  });

  it('asks nothing when there is one kind, and keeps what was typed', async () => {
    const user = userEvent.setup();
    const { calls } = show({ 'GET /flows': { json: { flows: [flow('a', 'products', 'Catalogue')], next: '' } }, 'GET /kinds': { json: { kinds: kinds.slice(0, 1) } } });
    await screen.findByText('Feeds that bring products into your store.');
    expect(screen.queryByRole('columnheader', { name: 'Kind' })).toBeNull();
    await user.click(await screen.findByRole('button', { name: 'New feed' }));
    expect(screen.queryByRole('combobox')).toBeNull();
    await user.clear(screen.getByLabelText(/^Name/));
    await user.type(screen.getByLabelText(/^Name/), 'ERP');
    await user.click(screen.getByRole('button', { name: 'Create feed' }));
    await waitFor(() => expect(calls.find((c) => c.method === 'POST')?.body).toEqual({ kind: 'products', name: 'ERP' }));
  });
});
