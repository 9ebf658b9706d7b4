import { fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { APIKey } from '../../api/types';
import { renderInPanel, session } from '../../test/render';
import { settingsText } from '../../texts/settings';
import { keyBadge } from './APIKeys';
import { SettingsPage } from './SettingsPage';

const t = settingsText;
const admin = { ...session, permissions: { write: true, admin: true, owner: false } };
const key: APIKey = { id: 'k1', name: 'ERP', prefix: 'sluice_ABCD', scopes: 'flows:read', created_by: 'u1', created_at: '2026-11-01T00:00:00Z' };
const users = [
  { id: 'u1', user_id: 1, email: 'owner@example.com', role: 'owner' },
  { id: 'u2', user_id: 2, email: 'clerk@example.com', role: 'admin' },
];

function show(tab: string, s = session, answers = {}) {
  return renderInPanel(<SettingsPage />, {
    path: `/settings/${tab}`,
    route: '/settings/:tab',
    session: s,
    answers: {
      'GET /users': { json: { users } },
      'PUT /users/u2': { json: users[1] },
      'GET /api-keys': { json: { api_keys: [] } },
      'POST /api-keys': { status: 201, json: { ...key, secret: 'sluice_secret' } },
      'POST /session/sign-out': { status: 204 },
      ...answers,
    },
  });
}

async function create() {
  fireEvent.click(await screen.findByRole('button', { name: t.keys.create }));
  return within(await screen.findByRole('dialog'));
}

describe('SettingsPage', () => {
  it('lets a new key expire after a year', async () => {
    const { calls } = show('keys');
    const dialog = await create();
    fireEvent.change(dialog.getByLabelText(t.keys.name, { exact: false }), { target: { value: 'ERP' } });
    fireEvent.click(dialog.getByRole('button', { name: t.keys.modal.confirm }));
    await screen.findByText(t.keys.secretModal.header);
    expect(calls.find((c) => c.method === 'POST')?.body).toEqual({ name: 'ERP', scopes: ['flows:read'], expires_in_days: 365 });
  });

  it('offers keys that sign shoppers in, or never expire, to the owner only', async () => {
    for (const [who, s] of [['owner', session], ['admin', admin]] as const) {
      const { unmount } = show('keys', s);
      const dialog = await create();
      expect(dialog.getByRole('checkbox', { name: t.keys.scopeLogin }).hasAttribute('disabled')).toBe(who === 'admin');
      fireEvent.click(dialog.getByRole('combobox', { name: t.keys.expires }));
      expect((await screen.findAllByRole('option')).map((o) => o.textContent).includes(t.keys.expiresNever)).toBe(who === 'owner');
      unmount();
    }
  });

  it('asks the owner about keys that others made and only the owner makes now', async () => {
    const old: APIKey = { ...key, id: 'k2', name: 'Portal', scopes: 'identity:login', needs_review: true };
    const answers = { 'GET /api-keys': { json: { api_keys: [key, old] } }, 'POST /api-keys/k2/keep': { status: 204 } };
    const { calls, unmount } = show('keys', session, answers);
    expect(await screen.findByText(t.keys.reviewMessage(1), { exact: false })).toBeTruthy();
    expect(screen.getAllByText(t.keys.review)).toHaveLength(1);
    expect(screen.queryByRole('button', { name: t.keys.keepOf('ERP') })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: t.keys.keepOf('Portal') }));
    await expect.poll(() => calls.filter((c) => c.method === 'POST').map((c) => c.path)).toEqual(['/api-keys/k2/keep']);
    unmount();
    show('keys', admin, answers);
    expect(await screen.findByText(t.keys.reviewAsk, { exact: false })).toBeTruthy();
    expect(screen.queryByRole('button', { name: t.keys.keepOf('Portal') })).toBeNull();
  });

  it('says why a key was revoked', () => {
    expect(keyBadge({ ...key, revoked_at: '2026-11-02T00:00:00Z', revoked_because: 'maker_removed' }).label).toBe(t.keys.revokedBecause.maker_removed);
    expect(keyBadge({ ...key, revoked_at: '2026-11-02T00:00:00Z' }).label).toBe(t.keys.revoked);
  });

  it('asks before a demotion, which ends sessions and keys', async () => {
    const { calls } = show('users');
    fireEvent.click(await screen.findByRole('combobox', { name: t.users.roleOf('clerk@example.com') }));
    fireEvent.click(await screen.findByRole('option', { name: t.users.roles.viewer }));
    expect(await screen.findByText(t.users.demote.message('clerk@example.com'))).toBeTruthy();
    expect(calls.filter((c) => c.method === 'PUT')).toEqual([]);
    fireEvent.click(screen.getByRole('button', { name: t.users.demote.confirm }));
    await expect.poll(() => calls.filter((c) => c.method === 'PUT').map((c) => c.body)).toEqual([{ role: 'viewer' }]);
  });

  it('signs out', async () => {
    const { calls } = show('users');
    fireEvent.click(await screen.findByRole('button', { name: t.signOut }));
    await expect.poll(() => calls.filter((c) => c.method === 'POST').map((c) => c.path)).toEqual(['/session/sign-out']);
  });
});
