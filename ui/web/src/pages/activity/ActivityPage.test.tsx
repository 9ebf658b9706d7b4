import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { applyRun } from '../../api/queries/events';
import type { ActivityEntry, Run, Session } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, run as base, session } from '../../test/render';
import { ActivityPage } from './ActivityPage';
import { byDay } from './days';

const anna = { type: 'user', id: 'u1', name: 'anna@shop.example' } as const;
const done: Run = { ...base, state: 'done', outcome: 'all', created: 2, updated: 1, finished_at: '2026-11-22T10:02:31Z' };
const entry = (part: Partial<ActivityEntry>): ActivityEntry => ({ id: 'e1', at: '2026-11-22T10:00:00Z', type: 'change', actor: anna, run: null, action: '', subject: '', subject_name: '', detail: '', ...part });
const entries = [
  entry({ id: 'r1', type: 'run', run: done }),
  entry({ id: 'r2', type: 'run', actor: { type: 'schedule', id: '', name: '' }, run: { ...done, id: 'run-2', dry_run: true, outcome: 'none', created: 0, updated: 0, failed: 3 } }),
  entry({ id: 'c1', at: '2026-11-21T09:00:00Z', action: 'flow.changed', subject: 'flow-1', subject_name: 'ERP catalogue' }),
  entry({ id: 'c2', at: '2026-11-21T08:00:00Z', actor: { type: 'key', id: 'k1', name: 'Nightly' }, action: 'flow.shaken_up', subject: 'flow-1', subject_name: 'ERP catalogue' }),
];

function show({ path = '/activity', list = entries, session: s }: { path?: string; list?: ActivityEntry[]; session?: Session } = {}) {
  return renderInPanel(<ActivityPage />, {
    path, route: '/activity', session: s,
    answers: {
      'GET /activity': { json: { entries: list, next: '' } },
      'GET /flows': { json: { flows: [{ id: 'flow-1', name: 'ERP catalogue' }], next: '' } },
      'GET /users': { json: { users: [{ id: 'u1', email: 'anna@shop.example' }], next: '' } },
      'GET /api-keys': { json: { api_keys: [{ id: 'k1', name: 'Nightly' }], next: '' } },
    },
  });
}

const items = () => screen.getAllByRole('listitem').map((i) => i.textContent);

describe('ActivityPage', () => {
  it('tells runs and people in sentences, by day', async () => {
    show();
    await screen.findByText('Created 2 and updated 1 product.');
    expect(items().map((s) => s.replace(/^\d+:\d+ [AP]M/, ''))).toEqual([
      'ERP catalogueDoneCreated 2 and updated 1 product.Run · Started by anna@shop.example',
      'ERP catalogueNothing would be writtenNothing would be written: all 3 products would be left out.Preview · On schedule',
      'anna@shop.example changed the sync “ERP catalogue”.',
      'API key “Nightly” – Sync shaken up “ERP catalogue”.',
    ]);
    expect(screen.getAllByRole('heading', { level: 2 }).map((h) => h.textContent)).toEqual(['Sunday, November 22, 2026', 'Saturday, November 21, 2026']);
    expect(screen.getAllByRole('link').map((a) => a.getAttribute('href'))).toEqual(['#/activity/run-1', '#/activity/run-2', '#/syncs/flow-1', '#/syncs/flow-1']);
    await expectAccessible();
  });

  it('takes its filters from the address and leaves out what the server would refuse', async () => {
    const { calls } = show({ path: '/activity?sync=flow-1&what=products&result=problems&who=user:u1&from=2026-11-01&until=yesterday&q=erp' });
    await screen.findByText('Created 2 and updated 1 product.');
    const asked = Object.fromEntries(calls.find((c) => c.path === '/activity')?.query ?? []);
    expect(asked).toEqual({ flow_id: 'flow-1', kind: 'products', result: 'problems', actor: 'user:u1', from: '2026-11-01', q: 'erp', limit: '25' });
  });

  it('writes its filters into the address', async () => {
    const user = userEvent.setup();
    const { router, calls } = show();
    await screen.findByText('Created 2 and updated 1 product.');
    await user.type(screen.getByRole('searchbox'), 'erp{Enter}');
    await waitFor(() => expect(router.state.location.search).toBe('?q=erp'));
    await user.click(screen.getByRole('combobox', { name: 'Result' }));
    await user.click(await screen.findByRole('option', { name: 'With problems' }));
    await waitFor(() => expect(router.state.location.search).toBe('?q=erp&result=problems'));
    await waitFor(() => expect(calls.filter((c) => c.path === '/activity').at(-1)?.query.get('result')).toBe('problems'));
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    await waitFor(() => expect(router.state.location.search).toBe(''));
    expect(screen.getByRole('searchbox')).toHaveProperty('value', '');
  });

  it('offers people, keys, kinds and what people changed', async () => {
    const user = userEvent.setup();
    show();
    await screen.findByText('Created 2 and updated 1 product.');
    const options = async (name: string) => {
      await user.click(screen.getByRole('combobox', { name }));
      return within(await screen.findByRole('listbox', { name })).getAllByRole('option').map((o) => o.textContent);
    };
    expect(await options('Who')).toEqual(['Anybody', 'Any person', 'anna@shop.example', 'Any API key', 'API key “Nightly”', 'A schedule', 'Sluice', 'BigCommerce', 'The operator']);
    await user.keyboard('{Escape}');
    expect(await options('What')).toEqual(['Everything', 'Runs: Products', 'Runs: Stock levels', 'Changes that people made']);
  });

  it('says that nothing fits, and that nothing has happened', async () => {
    const { unmount } = show({ list: [], path: '/activity?result=failed' });
    await screen.findByText('Nothing fits these filters.');
    unmount();
    show({ list: [] });
    await screen.findByText('Nothing has happened yet');
    expect(screen.getByRole('button', { name: 'Create a sync' })).toBeTruthy();
  });

  it('asks no admin’s list for a viewer', async () => {
    const { calls } = show({ session: { ...session, permissions: { write: false, admin: false, owner: false } } });
    await screen.findByText('What Sluice did in this store. Newest first.');
    expect(calls.some((c) => c.path === '/api-keys')).toBe(false);
  });

  it('follows a run that is listed, and asks again for one that is not', async () => {
    const { queryClient, calls } = show();
    await screen.findByText('Created 2 and updated 1 product.');
    const asked = () => calls.filter((c) => c.path === '/activity').length;
    act(() => applyRun(queryClient, { ...done, created: 7 }));
    await screen.findByText('Created 7 and updated 1 product.');
    expect(asked()).toBe(1);
    act(() => applyRun(queryClient, { ...done, id: 'run-9' }));
    await waitFor(() => expect(asked()).toBe(2));
    act(() => applyRun(queryClient, { ...done, id: 'run-9', requests: 5 }));
    expect(asked()).toBe(2);
  });
});

describe('byDay', () => {
  const at = (iso: string) => entry({ at: iso });

  it('goes by the store’s day, not by the browser’s', () => {
    const days = byDay([at('2026-11-22T04:30:00Z'), at('2026-11-22T05:30:00Z')], 'America/New_York', 'en-US', Date.parse('2026-11-22T12:00:00Z'));
    expect(days.map((d) => [d.day, d.name, d.entries[0]?.time])).toEqual([
      ['2026-11-21', 'Yesterday', '11:30 PM'],
      ['2026-11-22', 'Today', '12:30 AM'],
    ]);
  });

  it('has days in a zone that the browser does not know', () => {
    expect(byDay([at('2026-11-22T04:30:00Z')], 'Mars/Olympus', 'en-US')[0]?.day).toBe('2026-11-22');
  });
});
