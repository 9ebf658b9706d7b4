import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Flow, Schedule } from '../api/types';
import { SyncsPage } from '../pages/syncs/SyncsPage';
import { renderInPanel, session } from '../test/render';
import { NextRun } from './NextRun';

const nightly: Schedule = { cron: '0 2 * * *', enabled: true, next_run_at: '2099-11-23T01:04:00Z', time_zone: 'Europe/Berlin' };
const flow = (id: string, name: string, schedule: Schedule): Flow => ({
  id, kind: 'products', name, source: { kind: '', url: '', has_secret: false, snapshot_id: '', filename: '', size: 0 }, format: {}, mapping: { fields: [] },
  options: {}, schedule, compare_schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' }, version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null, paused: '', enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: '' }, notice: '',
});
const off: Schedule = { ...nightly, enabled: false, next_run_at: null };
const flows = [flow('f1', 'ERP catalogue', { ...nightly, next_run_at: '2099-12-24T10:00:00Z' }), flow('f2', 'Clearance', nightly), flow('f3', 'By hand', off)];

describe('NextRun', () => {
  it.each([
    ['in the zone of the store', nightly, 'active', 'Mon, Nov 23, 2099, 2:04 AM GMT+1'],
    ['off', off, 'active', 'Not scheduled'],
    ['due', { ...nightly, next_run_at: '2020-01-01T00:00:00Z' }, 'active', 'Due now'],
    ['held by the store', nightly, 'needs_reinstall', 'Paused until Sluice is installed again'],
  ] as const)('%s', (_, schedule, state, want) => {
    const { container } = renderInPanel(<NextRun schedule={schedule} />, { session: { ...session, store: { ...session.store, state } } });
    expect(container.textContent).toBe(want);
  });
});

const answers = { 'GET /flows': { json: { flows, next: '' } }, 'GET /runs': { json: { runs: [], next: '' } } };

it('lists the next run of each sync', async () => {
  renderInPanel(<SyncsPage />, { answers });
  expect(await screen.findByText('Mon, Nov 23, 2099, 2:04 AM GMT+1')).toBeTruthy();
  expect(screen.getByText('Thu, Dec 24, 2099, 11:00 AM GMT+1')).toBeTruthy();
  expect(screen.getByText('Not scheduled')).toBeTruthy();
});
