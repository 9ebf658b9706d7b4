import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { flow } from '../../test/overview';
import { renderInPanel, run, session } from '../../test/render';
import { syncsText as t } from '../../texts/syncs';
import { SyncsPage } from './SyncsPage';

const catalogue: Flow = {
  ...flow, id: 'a', name: 'Catalogue', health: { state: 'failing', since: '2026-11-20T02:00:00Z', message: 'The file was not found.' },
  schedule: { cron: '0 2 * * *', enabled: true, next_run_at: '2099-01-01T02:00:00Z', time_zone: 'UTC' }, last_run: { ...run, state: 'failed' },
};
const warehouse: Flow = { ...flow, id: 'b', kind: 'levels', name: 'Warehouse', source: { ...flow.source, kind: 'upload', url: '', filename: 'levels.csv' }, health: { state: 'ok', since: null, message: 'Fine.' } };
const harbour: Flow = { ...flow, id: 'c', kind: 'boats', name: 'Harbour', source: { ...flow.source, kind: '', url: '' }, ready: false, health: { state: 'draft', since: null, message: 'It has no data yet.' } };

function show(flows: Flow[], { path = '/syncs', of = session } = {}) {
  return renderInPanel(<SyncsPage />, {
    answers: {
      'GET /flows': { json: { flows, next: '' } },
      'PUT /flows/a/enabled': (call) => ({ json: { ...catalogue, enabled: (call.body as { enabled: boolean }).enabled } }),
      'POST /flows/a/duplicate': { status: 201, json: { ...catalogue, id: 'copy', name: 'Catalogue (copy)' } },
      'POST /flows/a/runs': { status: 201, json: { ...run, id: 'new' } },
      'DELETE /flows/a': { status: 204 },
    },
    path, route: '/syncs', session: of,
  });
}

const names = () => screen.getAllByRole('row').slice(1).map((r) => within(r).getAllByRole('link')[0]?.textContent);

async function choose(item: string) {
  await userEvent.click(await screen.findByRole('button', { name: t.menuOf('Catalogue') }));
  await userEvent.click(await screen.findByText(item));
}

describe('SyncsPage', () => {
  it('tells of each sync its kind, where from, how it is and since when, and its runs', async () => {
    show([warehouse, catalogue, harbour]);
    const row = (await screen.findByRole('link', { name: 'Catalogue' })).closest('tr');
    expect(row?.textContent).toContain('Products into your store');
    for (const said of ['erp.example, products.csv', t.states.failing, 'Began ', 'The file was not found.', 'Jan 1, 2099']) expect(row?.textContent).toContain(said);
    expect(screen.getByRole('link', { name: 'Warehouse' }).closest('tr')?.textContent).toContain('levels.csv');
    expect(screen.getByRole('link', { name: 'Harbour' }).closest('tr')?.textContent).toContain(`Boats into your store`);
    expect(names()).toEqual(['Catalogue', 'Harbour', 'Warehouse']);
    await expectAccessible();
  });

  it('searches and filters, and keeps both in the address', async () => {
    const { router } = show([warehouse, catalogue, harbour]);
    await userEvent.click(await screen.findByRole('searchbox', { name: t.search }));
    await userEvent.paste('products');
    await waitFor(() => expect(names()).toEqual(['Catalogue']));
    expect(router.state.location.search).toBe('?q=products');
    await userEvent.click(screen.getByRole('combobox', { name: t.kind }));
    await userEvent.click(await screen.findByRole('option', { name: 'Stock levels' }));
    expect(await screen.findByText(t.noneFound, { exact: false })).toBeTruthy();
    expect(router.state.location.search).toBe('?q=products&kind=levels');
    await userEvent.click(screen.getByRole('link', { name: t.clear }));
    await waitFor(() => expect(names()).toHaveLength(3));
  });

  it('opens as its address says', async () => {
    show([warehouse, catalogue, harbour], { path: '/syncs?sort=-health' });
    await screen.findByRole('link', { name: 'Catalogue' });
    expect(names()).toEqual(['Warehouse', 'Harbour', 'Catalogue']);
  });

  it('shows 25 at a time', async () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ ...flow, id: `f${i}`, name: `Sync ${String(i).padStart(2, '0')}` }));
    show(many, { path: '/syncs?page=2' });
    await screen.findByRole('link', { name: 'Sync 25' });
    expect(names()).toHaveLength(5);
  });

  it('switches a sync off at once', async () => {
    const { calls } = show([catalogue]);
    const on = await screen.findByRole<HTMLInputElement>('checkbox', { name: t.switchOf('Catalogue') });
    expect(on.checked).toBe(true);
    await userEvent.click(on);
    await waitFor(() => expect(calls.find((c) => c.method === 'PUT')?.body).toEqual({ enabled: false }));
    await waitFor(() => expect(on.checked).toBe(false));
  });

  it('runs, previews and duplicates from the row', async () => {
    const first = show([catalogue]);
    await choose(t.run);
    await screen.findByText('another page');
    expect(first.calls.find((c) => c.method === 'POST')?.body).toEqual({ dry_run: false, compare: false });
    expect(first.router.state.location.pathname).toBe('/activity/new');
    first.unmount();
    const second = show([catalogue]);
    await choose(t.preview);
    await screen.findByText('another page');
    expect(second.calls.find((c) => c.method === 'POST')?.body).toEqual({ dry_run: true, compare: false });
    second.unmount();
    const third = show([catalogue]);
    await choose(t.duplicate);
    await screen.findByText('another page');
    expect(third.router.state.location.pathname).toBe('/syncs/copy');
  });

  it.each([
    ['is off', { enabled: false }, t.offFirst],
    ['cannot run', { ready: false }, t.notReady],
    ['is running', { last_run: run }, t.underWay],
  ])('says why it cannot be run: it %s', async (_, part, reason) => {
    const { calls } = show([{ ...catalogue, ...part }]);
    await userEvent.click(await screen.findByRole('button', { name: t.menuOf('Catalogue') }));
    expect(await screen.findAllByText(reason)).toHaveLength(2);
    await expectAccessible();
    await userEvent.click(screen.getByText(t.run));
    expect(calls.some((c) => c.method === 'POST')).toBe(false);
  });

  it('deletes a sync once that is confirmed', async () => {
    const { calls } = show([catalogue]);
    await choose(t.delete);
    expect(calls.some((c) => c.method === 'DELETE')).toBe(false);
    await userEvent.click(await screen.findByRole('button', { name: t.deleteModal.confirm }));
    await waitFor(() => expect(calls.some((c) => c.method === 'DELETE')).toBe(true));
  });

  it('shows a viewer no controls', async () => {
    show([catalogue], { of: { ...session, permissions: { write: false, admin: false, owner: false } } });
    await screen.findByRole('link', { name: 'Catalogue' });
    expect(screen.queryByRole('checkbox')).toBeNull();
    expect(screen.queryByRole('button', { name: t.menuOf('Catalogue') })).toBeNull();
    expect(screen.queryByRole('button', { name: t.create })).toBeNull();
  });

  it('leads to the first sync where there is none', async () => {
    const { router } = show([]);
    await userEvent.click(await screen.findByRole('button', { name: t.create }));
    expect(router.state.location.pathname).toBe('/syncs/new');
  });
});
