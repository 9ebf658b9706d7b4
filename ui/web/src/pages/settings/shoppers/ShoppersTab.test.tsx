import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Provider, Session, Storefront } from '../../../api/types';
import { renderInPanel, session } from '../../../test/render';
import { shoppersText } from '../../../texts/shoppers';
import { examples } from './examples';
import { ShoppersTab } from './ShoppersTab';

const front: Storefront = {
  settings: { card_fields: [{ key: 'terms', label: 'Payment terms', format: 'text' }], consent_category: 'functional', allow_sign_in: true, updated_at: '2026-11-22T09:00:00Z' },
  channels: [
    { channel_id: 1, name: 'Main', type: 'storefront', platform: 'bigcommerce', status: 'active', site_url: '', origins: ['https://shop.example'], script: { wanted: true, state: 'installed', error: '', checked_at: '2026-11-22T10:00:00Z', version_current: true } },
    { channel_id: 2, name: 'Trade', type: 'storefront', platform: 'bigcommerce', status: 'active', site_url: '', origins: [], script: { wanted: false, state: 'removed', error: '', checked_at: null, version_current: false } },
    { channel_id: 3, name: 'Outlet', type: 'storefront', platform: 'bigcommerce', status: 'active', site_url: '', origins: [], script: { wanted: true, state: 'failed', error: 'There are 10 scripts already.', checked_at: null, version_current: false } },
  ],
  missing_scopes: [], scope_help: {}, script: { url: 'https://sluice.example/storefront/abc123/sluice.js?v=1', integrity: 'sha384-x', bytes_gzip: 1800 },
  sso: { login_url: 'https://sluice.example/sso/abc123/login', logout_url: 'https://sluice.example/sso/abc123/logout', callback_url: 'https://sluice.example/sso/abc123/callback' },
  field_keys: ['terms', 'credit'],
};
const withCatalyst: Storefront = {
  ...front,
  channels: [
    ...front.channels,
    { channel_id: 4, name: 'Catalyst shop', type: 'storefront', platform: 'catalyst', status: 'active', site_url: '', origins: [], script: { wanted: false, state: 'removed', error: '', checked_at: null, version_current: false } },
  ],
};
/** What can be set of the settings; the server refuses more. */
const settable = { card_fields: front.settings.card_fields, consent_category: 'functional', allow_sign_in: true };
const provider: Provider = {
  id: 'p1', created_at: '2026-11-01T00:00:00Z', updated_at: '2026-11-01T00:00:00Z', preset: 'custom', issuer: 'https://id.example', client_id: 'c1', has_secret: true, scopes: 'openid email', enabled: true, create_customers: false, group_id: 0,
  claims: [{ target: 'company', expression: 'org' }], end_session: true, email_claim: '', trust_email: false, keep_passwords: false, request_ip: false,
  shared_until: null, announces_issuer: false, version: 4,
};
const presets = [
  { preset: 'google', name: 'Google', issuer_template: 'https://accounts.google.com', help: 'Google Cloud console.', claims: [] },
  { preset: 'custom', name: 'Another', issuer_template: '', help: 'Any.', claims: [] },
];

type Answers = NonNullable<Parameters<typeof renderInPanel>[1]>['answers'];

function show(tab: string, part: { answers?: Answers; front?: Partial<Storefront>; session?: Session } = {}) {
  return renderInPanel(<ShoppersTab />, {
    path: `/settings/shoppers/${tab}`,
    route: '/settings/shoppers/:part',
    session: part.session,
    answers: {
      'GET /storefront': { json: { ...front, ...part.front } },
      'GET /storefront/provider': { json: { provider } },
      'GET /storefront/provider/presets': {
        json: {
          presets, targets: ['first_name', 'last_name', 'company'], callback_url: 'https://sluice.example/sso/abc123/callback', logged_out_url: 'https://sluice.example/sso/abc123/logged-out',
          shared: { callback_url: 'https://sluice.example/sso/callback', logged_out_url: 'https://sluice.example/sso/logged-out' },
        },
      },
      'GET /storefront/customer-groups': { json: { groups: [{ id: 3, name: 'Trade', is_default: false }] } },
      ...part.answers,
    },
  });
}

const sent = (calls: { method: string; path: string; body: unknown }[], method: string, path: string) => calls.filter((c) => c.method === method && c.path === path).map((c) => c.body);

describe('ShoppersTab', () => {
  it('offers no script to a headless storefront, and says why', async () => {
    show('channels', { front: withCatalyst });
    expect((await screen.findAllByText(/takes no script/)).length).toBe(1);
    expect(screen.queryByRole('button', { name: 'Install the script in Catalyst shop' })).toBeNull();
    expect(screen.getByRole('button', { name: 'Install the script in Trade' })).toBeTruthy();
  });

  it('shows each storefront, its addresses and where its script stands', async () => {
    show('channels');
    const table = await screen.findByRole('table', { name: 'Storefronts' });
    const rows = within(table).getAllByRole('row').slice(1).map((r) => r.textContent);
    expect(rows[0]).toContain('https://shop.example');
    expect(rows[0]).toContain('Installed');
    expect(rows[1]).toContain('Not installed');
    expect(rows[2]).toContain('There are 10 scripts already.');
  });

  it('installs and removes the script of one storefront', async () => {
    const user = userEvent.setup();
    const { calls } = show('channels', { answers: { 'PUT /storefront/channels/1/script': { status: 202 }, 'PUT /storefront/channels/2/script': { status: 202 } } });
    await user.click(await screen.findByRole('button', { name: 'Install the script in Trade' }));
    await user.click(screen.getByRole('button', { name: 'Remove the script from Main' }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront/channels/1/script')).toEqual([{ wanted: false }]));
    expect(sent(calls, 'PUT', '/storefront/channels/2/script')).toEqual([{ wanted: true }]);
  });

  it('saves a setting and keeps the others', async () => {
    const user = userEvent.setup();
    const { calls } = show('channels', { answers: { 'PUT /storefront': { status: 204 } } });
    await user.click(await screen.findByRole('radio', { name: /Analytics/ }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront')).toEqual([{ ...settable, consent_category: 'analytics' }]));
  });

  it('names the permissions that are missing', async () => {
    show('channels', { front: { missing_scopes: ['store_v2_content'] } });
    expect(await screen.findByText(/^Scripts of your storefronts/)).toBeTruthy();
  });

  it('lets a viewer look, and change nothing', async () => {
    show('channels', { session: { ...session, permissions: { write: false, admin: false, owner: false } } });
    expect(await screen.findByText('Trade')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Install the script in Trade' })).toBeNull();
    expect(screen.queryByRole('button', { name: shoppersText.channels.refresh })).toBeNull();
  });

  it('saves the card: no field without a key, none twice, in the order shown', async () => {
    const user = userEvent.setup();
    const { calls } = show('card', { answers: { 'PUT /storefront': { status: 204 } } });
    await user.click(await screen.findByRole('button', { name: 'Add a field' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findAllByText('Fill this in.')).toHaveLength(2);
    await user.type(screen.getByRole('combobox', { name: 'Field in your system, field 2' }), 'terms');
    expect(await screen.findByText('This field is there twice.')).toBeTruthy();
    await user.clear(screen.getByRole('combobox', { name: 'Field in your system, field 2' }));
    await user.type(screen.getByRole('combobox', { name: 'Field in your system, field 2' }), 'credit');
    await user.type(screen.getByRole('textbox', { name: 'What the shopper reads, field 2' }), 'Credit');
    await user.click(screen.getByRole('button', { name: 'Move Credit up' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront')).toHaveLength(1));
    expect(sent(calls, 'PUT', '/storefront')[0]).toEqual({
      ...settable,
      card_fields: [{ key: 'credit', label: 'Credit', format: 'text' }, { key: 'terms', label: 'Payment terms', format: 'text' }],
    });
  });

  it('previews the card of one shopper', async () => {
    const user = userEvent.setup();
    const { calls } = show('card', {
      answers: { 'POST /storefront/preview': { json: { fields: [{ key: 'terms', label: 'Payment terms', format: 'text', value: 'Prepaid' }], updated_at: '2026-11-22T10:00:00Z' } } },
    });
    expect(await screen.findByText('30 days net')).toBeTruthy(); // the example
    await user.type(screen.getByRole('textbox', { name: 'Shopper' }), 'ana@buyer.example');
    await user.click(screen.getByRole('button', { name: 'Show' }));
    expect(await screen.findByText('Prepaid')).toBeTruthy();
    expect(sent(calls, 'POST', '/storefront/preview')).toEqual([{ card_fields: front.settings.card_fields, email: 'ana@buyer.example' }]);
  });

  it('keeps the stored secret of a provider unless another is typed', async () => {
    const user = userEvent.setup();
    const { calls } = show('signOn', { answers: { 'PUT /storefront/provider': { json: { provider } } } });
    const id = await screen.findByRole('textbox', { name: /Client ID/ });
    await user.clear(id);
    await user.type(id, 'c2');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront/provider')).toHaveLength(1));
    expect(sent(calls, 'PUT', '/storefront/provider')[0]).toMatchObject({ client_id: 'c2', client_secret: null, version: 4, claims: [{ target: 'company', expression: 'org' }] });
  });

  it('tests a provider and says what is wrong', async () => {
    const user = userEvent.setup();
    const checks = [{ name: 'Discovery document', ok: false, message: 'It answers 404. Check the issuer.' }, { name: 'Issuer', ok: true, message: '' }];
    show('signOn', { answers: { 'POST /storefront/provider/test': { json: { checks } } } });
    await user.click(await screen.findByRole('button', { name: 'Test' }));
    expect(await screen.findByText('It answers 404. Check the issuer.')).toBeTruthy();
    expect(screen.queryByText(/Everything is right/)).toBeNull();
  });

  it('does not send a provider without an issuer', async () => {
    const user = userEvent.setup();
    const { calls } = show('signOn', { answers: { 'GET /storefront/provider': { json: { provider: null } } } });
    const issuer = await screen.findByRole('textbox', { name: /Issuer/ });
    await user.clear(issuer);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect((await screen.findAllByText('Fill this in.')).length).toBe(2);
    expect(sent(calls, 'PUT', '/storefront/provider')).toEqual([]);
  });

  it('shows the store’s own redirect address, and no other once the provider knows it', async () => {
    show('signOn');
    expect(await screen.findByDisplayValue('https://sluice.example/sso/abc123/callback')).toBeTruthy();
    expect(screen.getByDisplayValue('https://sluice.example/sso/abc123/logged-out')).toBeTruthy();
    expect(screen.queryByDisplayValue('https://sluice.example/sso/callback')).toBeNull();
    expect(screen.queryByRole('checkbox', { name: /I have registered/ })).toBeNull();
  });

  it('says until when the shared address works, and moves a provider to the store’s own', async () => {
    const user = userEvent.setup();
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const { calls } = show('signOn', {
      answers: { 'GET /storefront/provider': { json: { provider: { ...provider, shared_until: until } } }, 'PUT /storefront/provider': { json: { provider } } },
    });
    expect(await screen.findByText(/It stops working on/)).toBeTruthy();
    expect(screen.getByDisplayValue('https://sluice.example/sso/callback')).toBeTruthy();
    await user.click(screen.getByRole('checkbox', { name: /I have registered/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront/provider')).toHaveLength(1));
    expect(sent(calls, 'PUT', '/storefront/provider')[0]).toMatchObject({ own_address: true, version: 4 });
  });

  it('says that the shared address is over, or that the provider names itself', async () => {
    const over = { ...provider, shared_until: '2026-01-01T00:00:00Z' };
    const { unmount } = show('signOn', { answers: { 'GET /storefront/provider': { json: { provider: over } } } });
    expect(await screen.findByText(/Nobody can sign in/)).toBeTruthy();
    unmount();
    show('signOn', { answers: { 'GET /storefront/provider': { json: { provider: { ...over, announces_issuer: true } } } } });
    expect(await screen.findByText(/as it does now/)).toBeTruthy();
    expect(screen.queryByText(/Nobody can sign in/)).toBeNull();
  });

  it('names the danger of each choice, and sends what was chosen', async () => {
    const user = userEvent.setup();
    const { calls } = show('signOn', { answers: { 'PUT /storefront/provider': { json: { provider } } } });
    await user.type(await screen.findByRole('textbox', { name: /Place of the e-mail/ }), 'emails[[0]');
    for (const name of [/Take the provider’s e-mail addresses for verified/, /Leave customers the password/, /Bind each sign-in/]) await user.click(screen.getByRole('checkbox', { name }));
    expect(screen.getAllByText(/Danger: /)).toHaveLength(2);
    expect(screen.getByText(/both IPv4 and IPv6/)).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(sent(calls, 'PUT', '/storefront/provider')).toHaveLength(1));
    expect(sent(calls, 'PUT', '/storefront/provider')[0]).toMatchObject({ email_claim: 'emails[0]', trust_email: true, keep_passwords: true, request_ip: true });
  });

  it('does not send a place of the e-mail that is none', async () => {
    const user = userEvent.setup();
    const { calls } = show('signOn');
    await user.type(await screen.findByRole('textbox', { name: /Place of the e-mail/ }), 'emails[[');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText(/Write a name such as email/)).toBeTruthy();
    expect(sent(calls, 'PUT', '/storefront/provider')).toEqual([]);
  });

  it('offers newest first to load after a conflict', async () => {
    const user = userEvent.setup();
    show('signOn', { answers: { 'PUT /storefront/provider': { status: 409, json: { code: 'conflict', detail: 'Somebody else changed it.', status: 409 } } } });
    await user.click(await screen.findByRole('checkbox', { name: /Create customers/ }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByRole('button', { name: 'Load the newest version' })).toBeTruthy();
  });

  it('lists sign-ins', async () => {
    const signIns = [
      { id: '2', at: '2026-11-22T10:00:00Z', method: 'sso', result: 'ok', customer_id: 5, email: 'ana@buyer.example', channel_id: 1, detail: '' },
      { id: '1', at: '2026-11-21T10:00:00Z', method: 'api', result: 'unknown_customer', customer_id: 7, email: '', channel_id: 1, detail: 'Create the customer first.' },
    ];
    show('signIns', { answers: { 'GET /storefront/sign-ins': { json: { sign_ins: signIns, next: '' } } } });
    const table = await screen.findByRole('table', { name: 'Sign-ins' });
    const rows = within(table).getAllByRole('row').slice(1).map((r) => within(r).getAllByRole('cell').slice(1).map((c) => c.textContent));
    expect(rows).toEqual([
      ['ana@buyer.example', 'Single sign-on', 'Signed in', '–', ''],
      ['Customer 7', 'API', 'Refused', 'Create the customer first.', ''],
    ]);
  });

  it('undoes the link of a customer whose sign-in was refused', async () => {
    const user = userEvent.setup();
    const refused = { id: '1', at: '2026-11-21T10:00:00Z', method: 'sso', result: 'subject_conflict', customer_id: 7, email: 'bo@buyer.example', channel_id: 1, detail: 'Another user is linked.' };
    const { calls } = show('signIns', { answers: { 'GET /storefront/sign-ins': { json: { sign_ins: [refused], next: '' } }, 'DELETE /storefront/subject-links/7': { status: 204 } } });
    await user.click(await screen.findByRole('button', { name: 'Undo link of customer 7' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Undo link' }));
    await waitFor(() => expect(calls.filter((c) => c.method === 'DELETE').map((c) => c.path)).toEqual(['/storefront/subject-links/7']));
  });

  it('keeps shoppers’ addresses from who is no admin', async () => {
    const { calls } = show('signIns', { session: { ...session, permissions: { write: false, admin: false, owner: false } } });
    expect(await screen.findByText('Only an admin may see who signed in.')).toBeTruthy();
    expect(calls.some((c) => c.path === '/storefront/sign-ins')).toBe(false);
  });

  it('shows examples with this store’s addresses', () => {
    const all = examples(front);
    expect(all.stencil + all.go).not.toContain('/logout?');
    // Catalyst has no current.jwt: its server asks, and its links name its channel.
    expect(all.catalyst).toContain('https://sluice.example/api/v1/customer-accounts?customer_id=');
    expect(all.catalyst).not.toMatch(/current\.jwt|current-customer|login\.php/);
    expect(all.catalyst).toContain('/sso/abc123/logout?channel_id=CHANNEL_ID&');
    expect(examples(withCatalyst).catalyst).toContain('/sso/abc123/login?channel_id=4&');
    expect(all.curl).toContain('https://sluice.example/api/v1/customer-login');
    expect(Object.values(all).join()).not.toContain('undefined');
  });
});
