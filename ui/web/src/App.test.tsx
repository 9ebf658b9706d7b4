import { cleanup, screen, render, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { App } from './App';
import { Client } from './api/client';
import { newQueryClient } from './api/queries/client';
import type { Session } from './api/types';
import { Frame } from './components/Frame';
import { Notice } from './components/Notice';
import { panelRouter } from './router';
import { rememberAddress } from './lib/lastAddress';
import { overview } from './test/overview';
import { fakeFetch, kinds, session } from './test/render';
import { text } from './text';

function open({ deepLink = '/', s = session, ended = false }: { deepLink?: string; s?: Session; ended?: boolean } = {}) {
  const { fetch, calls } = fakeFetch({
    'GET /session': { json: s },
    'GET /overview': { json: overview },
    'GET /kinds': { json: { kinds } },
    'GET /flows': { json: { flows: [] } },
    'GET /runs': { json: { runs: [], next: '' } },
    'GET /users': { json: { users: [{ id: 'u1', user_id: 1, email: 'owner@example.com', role: 'owner' }] } },
    'GET /events': { status: 403, json: { code: 'forbidden', detail: '' } },
  });
  const client = new Client({ session: { token: 't', expires_at: '2099-01-01T00:00:00Z' }, onEnded: () => undefined, fetch });
  const queryClient = newQueryClient();
  const router = panelRouter({ deep_link: deepLink, store_hash: 'abc123' });
  const app = (over: boolean) => (
    <Frame>
      <App client={client} ended={over} locale="en-US" queryClient={queryClient} router={router} />
    </Frame>
  );
  const view = render(app(ended));
  return { calls, end: () => view.rerender(app(true)) };
}

beforeEach(() => {
  window.history.replaceState(null, '', '/load');
  sessionStorage.clear();
});

describe('App', () => {
  it('opens a new store with its first choice, and no allowance', async () => {
    const { calls } = open();
    expect(await screen.findByRole('heading', { name: 'Test store' })).toBeTruthy();
    expect(await screen.findByRole('link', { name: /^Products/ })).toBeTruthy();
    expect(calls.some((c) => c.path.startsWith('/quota'))).toBe(false);
  });

  it('starts where the deep link says', async () => {
    open({ deepLink: '/settings' });
    expect(await screen.findByRole('heading', { name: 'Settings' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Settings' }).getAttribute('aria-current')).toBe('page');
  });

  it('says that a page does not exist', async () => {
    open({ deepLink: '/no/such/page' });
    expect(await screen.findByText('There is nothing here')).toBeTruthy();
  });

  it('keeps the address of a page that is opened again', async () => {
    window.history.replaceState(null, '', '/load#/settings/keys');
    open();
    expect((await screen.findByRole('tab', { name: 'API keys' })).getAttribute('aria-selected')).toBe('true');
  });

  it.each([
    ['/storefront/signOn', '#/settings/shoppers/signOn'],
    ['/flows', '#/syncs'],
    ['/flows/f-1', '#/syncs/f-1/'],
    ['/flows/f-1/mapping', '#/syncs/f-1/matching'],
    ['/flows/f-1/options', '#/syncs/f-1/rules'],
    ['/runs', '#/activity'],
    ['/runs/r-1', '#/activity/r-1'],
  ])('redirects %s, which mails and bookmarks have', async (from, to) => {
    window.history.replaceState(null, '', '/load');
    open({ deepLink: from });
    await waitFor(() => expect(window.location.hash).toBe(to));
  });

  it('opens where it was left after a reload of the control panel, and anew later or for a deep link', async () => {
    const leave = () => {
      window.dispatchEvent(new Event('pagehide'));
      cleanup();
      window.history.replaceState(null, '', '/load');
    };
    open({ deepLink: '/settings/keys' });
    await screen.findByRole('tab', { name: 'API keys' });
    leave();
    open();
    expect((await screen.findByRole('tab', { name: 'API keys' })).getAttribute('aria-selected')).toBe('true');
    leave();
    open({ deepLink: '/activity' });
    expect(await screen.findByRole('link', { name: 'Activity', current: 'page' })).toBeTruthy();
    leave();
    rememberAddress('abc123', '/settings', Date.now() - 60_000);
    open();
    expect(await screen.findByRole('link', { name: 'Home', current: 'page' })).toBeTruthy();
  });

  it('gives each page an address and a place in the history, and takes the focus along', async () => {
    const user = userEvent.setup();
    open();
    await user.click(await screen.findByRole('link', { name: 'Syncs' }));
    expect(await screen.findByText('Bring your first data in')).toBeTruthy();
    expect(window.location.hash).toBe('#/syncs');
    expect(document.activeElement?.tagName).toBe('MAIN');
    window.history.back();
    expect(await screen.findByRole('heading', { name: 'Test store' })).toBeTruthy();
  });

  it('explains a store that needs a reinstall, missing scopes and a viewer’s limits', async () => {
    open({
      s: { ...session, store: { ...session.store, state: 'needs_reinstall', state_reason: 'The token was refused.' }, missing_scopes: ['store_v2_products'], shared_address_until: '2026-01-01T00:00:00Z', permissions: { write: false, admin: false, owner: false } },
    });
    expect(await screen.findByText('Sluice needs to be installed again')).toBeTruthy();
    expect(screen.getByText('The token was refused.')).toBeTruthy();
    expect(screen.getByText(/^Products and price lists/)).toBeTruthy();
    expect(screen.getByText('Your single sign-on needs a new redirect address')).toBeTruthy();
    expect(screen.getByText(/Nobody can sign in: the address that all stores shared/)).toBeTruthy();
    expect(screen.getByText('You can look, but not change anything')).toBeTruthy();
    expect(await screen.findByText(/^Your role only lets you look/)).toBeTruthy();
    expect(screen.queryByRole('link', { name: /^Products/ })).toBeNull();
  });

  it('says that the session has ended, and shows nothing of the store', async () => {
    const { end } = open();
    await screen.findByRole('heading', { name: 'Test store' });
    end();
    expect(screen.getByText(/reopen Sluice from the control panel/)).toBeTruthy();
    expect(screen.queryByText('Test store')).toBeNull();
  });

  it('catches a page that breaks', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    function Broken(): never {
      throw new Error('boom');
    }
    render(
      <Frame>
        <Broken />
      </Frame>,
    );
    expect(screen.getByText(text.shell.crashed.heading)).toBeTruthy();
  });

  it('asks to be opened from the control panel when there is no session', () => {
    render(
      <Frame>
        <Notice {...text.shell.noSession} />
      </Frame>,
    );
    expect(screen.getByText('Open Sluice from your BigCommerce control panel')).toBeTruthy();
  });
});
