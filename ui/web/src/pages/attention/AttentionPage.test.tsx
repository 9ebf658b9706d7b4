import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { Attention } from '../../api/types';
import { problem } from '../../test/attention';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, session } from '../../test/render';
import { attentionText as t } from '../../texts/attention';
import { AttentionPage } from './AttentionPage';

const users = [{ id: 'u1', user_id: 1, email: 'owner@example.com', role: 'owner' }, { id: 'u2', user_id: 2, email: 'anna@example.com', role: 'admin' }];

function show(problems: Attention[], { path = '/attention', of = session } = {}) {
  return renderInPanel(<AttentionPage />, {
    answers: {
      'GET /attention': { json: { problems, next: '', open: problems.length } }, 'GET /users': { json: { users } }, 'GET /flows': { json: { flows: [] } },
      'PUT /attention/p1': (call) => ({ json: { ...problem, ...(call.body as object) } }),
    },
    path, route: '/attention', session: of,
  });
}

const change = (calls: ReturnType<typeof show>['calls']) => calls.find((c) => c.method === 'PUT')?.body;

describe('AttentionPage', () => {
  it('groups problems by cause, the gravest first, each with its age and its remedy', async () => {
    const { container, router } = show([
      { ...problem, id: 'p3', cause: 'problems', flow_name: 'Stock', message: '147 lack a weight.', count: 147 },
      problem,
      { ...problem, id: 'p2', flow_id: 'flow-2', flow_name: 'Prices' },
    ]);
    expect(await screen.findByText('147 lack a weight.', { exact: false })).toBeTruthy();
    expect([...container.querySelectorAll('h2')].map((h) => h.textContent)).toEqual([`${t.causes.run_failed}2`, t.causes.problems]);
    expect(screen.getByText(/^147 records · Began /)).toBeTruthy();
    expect(screen.getAllByText(/^4 runs · Began /)).toHaveLength(2);
    await expectAccessible();
    await userEvent.click(screen.getByRole('button', { name: 'Check its data, Prices' }));
    expect(router.state.location.pathname).toBe('/syncs/flow-2/source');
  });

  it('says who looks after a problem', async () => {
    const { calls } = show([problem]);
    await userEvent.click(await screen.findByRole('combobox', { name: t.assignedToOf('ERP catalogue') }));
    await userEvent.click(await screen.findByRole('option', { name: 'anna@example.com' }));
    await waitFor(() => expect(change(calls)).toEqual({ assigned_to: 'u2' }));
  });

  it('mutes a problem for a while, and shows it again', async () => {
    const before = Date.now();
    const { calls, unmount } = show([problem]);
    await userEvent.click(await screen.findByRole('button', { name: 'Mute ERP catalogue' }));
    await userEvent.click(await screen.findByText(t.muteFor.week));
    await waitFor(() => expect(change(calls)).toBeTruthy());
    const until = Date.parse((change(calls) as { muted_until: string }).muted_until);
    expect(Math.round((until - before) / 86_400_000)).toBe(7);
    unmount();
    const muted = show([{ ...problem, muted_until: '2099-01-01T00:00:00Z' }], { path: '/attention?show=muted' });
    expect(await screen.findByText(/Muted until Jan 1, 2099/)).toBeTruthy();
    expect(muted.calls.find((c) => c.path === '/attention')?.query.get('muted')).toBe('true');
    await userEvent.click(screen.getByRole('button', { name: t.unmuteOf('ERP catalogue') }));
    await waitFor(() => expect(change(muted.calls)).toEqual({ muted_until: null }));
  });

  it('leads to the list of apps for what is granted there', async () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null);
    show([{ ...problem, cause: 'reinstall', flow_id: '', flow_name: '', remedy: { action: 'reinstall', text: 'Install Sluice again.', field: '' } }]);
    await userEvent.click(await screen.findByRole('button', { name: `${t.remedies.apps}, ${t.wholeStore}` }));
    expect(open).toHaveBeenCalled();
  });

  it('keeps what is shown in the address', async () => {
    const { router, calls } = show([problem], { path: '/attention?sync=flow-1' });
    await screen.findByText(/^4 runs/);
    expect(calls.find((c) => c.path === '/attention')?.query.get('flow_id')).toBe('flow-1');
    await userEvent.click(within(screen.getByRole('group', { name: t.show })).getByRole('button', { name: t.shown.muted }));
    expect(router.state.location.search).toBe('?sync=flow-1&show=muted');
  });

  it('tells a viewer the problems, without controls', async () => {
    show([problem], { of: { ...session, permissions: { write: false, admin: false, owner: false } } });
    expect(await screen.findByText(/The file was not found/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: /^Mute ERP/ })).toBeNull();
    expect(screen.queryByRole('combobox')).toBeNull();
  });

  it('says that nothing needs anybody, and where alerts are', async () => {
    const { router } = show([]);
    await userEvent.click(await screen.findByRole('button', { name: t.empty.action }));
    expect(router.state.location.pathname).toBe('/settings/alerts');
  });
});
