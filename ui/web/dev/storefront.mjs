// The storefront part of the mock server: channels and scripts, the account card, a provider, sign-ins.

const iso = (ms = Date.now()) => new Date(ms).toISOString();
const app = 'https://sluice.example';

export function newStorefront(q) {
  const script = (state, part = {}) => ({ wanted: state !== 'removed', state, error: '', checked_at: iso(Date.now() - 7_200_000), version_current: true, ...part });
  const empty = q.has('empty');
  return {
    settings: { card_fields: empty ? [] : [{ key: 'terms', label: 'Payment terms', format: 'text' }, { key: 'credit_left', label: 'Credit left', format: 'money' }], consent_category: 'functional', allow_sign_in: true },
    channels: empty ? [] : [
      { channel_id: 1, name: 'Harbour Supplies', type: 'storefront', platform: 'bigcommerce', status: 'active', origins: ['https://harbour.example', 'https://store-abc123.mybigcommerce.com'], script: script('installed') },
      { channel_id: 2, name: 'Trade counter', type: 'storefront', platform: 'catalyst', status: 'active', origins: ['https://trade.harbour.example'], script: script('failed', { error: 'BigCommerce refused the script: the store has 10 scripts of this app already. Remove one that is no longer needed.' }) },
      { channel_id: 3, name: 'Outlet', type: 'storefront', platform: 'bigcommerce', status: 'prelaunch', origins: [], script: script('removed', { checked_at: null }) },
    ],
    missing: q.get('scopes') === 'missing' ? ['store_v2_content', 'store_v2_customers_login'] : [],
    provider: empty ? null : { preset: 'keycloak', issuer: 'https://id.harbour.example/realms/shop', client_id: 'sluice', has_secret: true, scopes: 'openid email profile', enabled: true, create_customers: true, group_id: 3, claims: [{ target: 'company', expression: 'company' }, { target: 'external_id', expression: 'customer_number' }], end_session: true, email_claim: '', trust_email: false, keep_passwords: false, request_ip: false, shared_until: q.get('address') === 'shared' ? iso(Date.now() + 9 * 86_400_000) : null, announces_issuer: false, version: 2 },
    signIns: empty ? [] : [
      { id: 's3', at: iso(Date.now() - 60_000), method: 'sso', result: 'ok', customer_id: 42, email: 'ana@buyer.example', channel_id: 1, detail: '' },
      { id: 's2', at: iso(Date.now() - 3_600_000), method: 'sso', result: 'email_unverified', customer_id: 0, email: 'bo@buyer.example', channel_id: 1, detail: 'The provider has not verified this e-mail address. Verify it there, then let the shopper sign in again.' },
      { id: 's0', at: iso(Date.now() - 7_200_000), method: 'sso', result: 'subject_conflict', customer_id: 7, email: 'cy@buyer.example', channel_id: 1, detail: 'Another user of the provider is linked to this customer. If it is the same person, undo the link.' },
      { id: 's1', at: iso(Date.now() - 86_400_000), method: 'api', result: 'ok', customer_id: 7, email: '', channel_id: 2, detail: '' },
    ],
  };
}

const presets = [
  { preset: 'google', name: 'Google', issuer_template: 'https://accounts.google.com', help: 'Google Cloud console, APIs & Services, Credentials: an OAuth client of type web application.', claims: [], scopes: 'openid email profile' },
  { preset: 'keycloak', name: 'Keycloak', issuer_template: 'https://YOUR-HOST/realms/YOUR-REALM', help: 'A confidential client with the standard flow.', claims: [], scopes: 'openid email profile' },
  { preset: 'custom', name: 'Another provider', issuer_template: '', help: 'Any provider with OpenID Connect discovery.', claims: [], scopes: 'openid email profile' },
];

/** Answers a request below /storefront, or undefined. */
export async function storefrontAPI(f, method, rest, q, read) {
  switch (`${method} ${rest.replace(/channels\/\d+/, 'channels/:id')}`) {
    case 'GET ':
      return {
        body: {
          settings: f.settings, channels: f.channels, missing_scopes: f.missing, scope_help: {}, script: { url: `${app}/storefront/abc123/sluice.js?v=1`, integrity: 'sha384-x', bytes_gzip: 1800 },
          sso: { login_url: `${app}/sso/abc123/login`, logout_url: `${app}/sso/abc123/logout`, callback_url: `${app}/sso/abc123/callback` }, field_keys: ['terms', 'credit_left', 'credit_limit', 'price_tier'],
        },
      };
    case 'PUT ':
      f.settings = await read();
      return { status: 204 };
    case 'POST channels/refresh':
      return { status: 202 };
    case 'PUT channels/:id/script': {
      const channel = f.channels.find((c) => rest.includes(`/${c.channel_id}/`));
      const { wanted } = await read();
      Object.assign(channel.script, { wanted, state: 'pending', error: '' });
      setTimeout(() => Object.assign(channel.script, { state: wanted ? 'installed' : 'removed', checked_at: iso() }), 1500).unref();
      return { status: 202 };
    }
    case 'POST preview': {
      const want = await read();
      const values = { terms: '30 days net', credit_left: '$4,200.00', credit_limit: '$10,000.00', price_tier: 'Gold' };
      return { body: { fields: want.card_fields.map((c) => ({ ...c, value: values[c.key] ?? '' })).filter((c) => c.value), updated_at: iso(Date.now() - 500_000) } };
    }
    case 'GET provider':
      return { body: { provider: f.provider } };
    case 'PUT provider': {
      const { client_secret: secret, own_address: own, ...want } = await read();
      f.provider = { ...want, shared_until: own ? null : (f.provider?.shared_until ?? null), announces_issuer: false, has_secret: secret === null ? (f.provider?.has_secret ?? false) : secret !== '', version: (f.provider?.version ?? 0) + 1 };
      return { body: { provider: f.provider } };
    }
    case 'DELETE provider':
      f.provider = null;
      return { status: 204 };
    case 'GET provider/presets':
      return { body: { presets, targets: ['first_name', 'last_name', 'company', 'phone', 'customer_group_id', 'external_id'], callback_url: `${app}/sso/abc123/callback`, logged_out_url: `${app}/sso/abc123/logged-out`, shared: { callback_url: `${app}/sso/callback`, logged_out_url: `${app}/sso/logged-out` } } };
    case 'GET customer-groups':
      return { body: { groups: [{ id: 2, name: 'Retail', is_default: true }, { id: 3, name: 'Trade', is_default: false }] } };
    case 'DELETE subject-links/7':
      return { status: 204 };
    case 'POST provider/test': {
      const want = await read();
      const good = want.issuer.includes('harbour');
      return {
        body: {
          checks: [
            { name: 'Discovery document', ok: good, message: good ? 'Found.' : `${want.issuer}/.well-known/openid-configuration answers 404. Check the issuer: it ends before /.well-known.` },
            { name: 'Issuer', ok: good, message: good ? 'The document names the same issuer.' : 'Not looked at.' },
            { name: 'Signing keys', ok: good, message: good ? '2 keys.' : 'Not looked at.' },
          ],
        },
      };
    }
    case 'GET sign-ins':
      return { body: { sign_ins: q.get('before') ? [] : f.signIns, next: '' } };
  }
  return undefined;
}
