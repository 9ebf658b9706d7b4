// The shapes of /api/v1/storefront, exactly as the server sends them. Times are RFC 3339 strings.

export type CardFormat = 'text' | 'number' | 'money' | 'percent' | 'date';
export type ConsentCategory = 'essential' | 'functional' | 'analytics' | 'targeting';

export interface CardField {
  key: string;
  label: string;
  format: CardFormat;
}

export interface StorefrontSettings {
  card_fields: CardField[] | null;
  consent_category: ConsentCategory;
  allow_sign_in: boolean;
  updated_at?: string; // when they were saved; not sent back
}

export type ScriptState = 'installed' | 'pending' | 'failed' | 'removed';

export interface ChannelScript {
  wanted: boolean;
  state: ScriptState | '';
  error: string;
  checked_at: string | null;
  version_current: boolean;
}

export interface StorefrontChannel {
  channel_id: number;
  name: string;
  type: string;
  platform: string;
  status: string;
  origins: string[] | null;
  script: ChannelScript;
}

export interface Storefront {
  settings: StorefrontSettings;
  channels: StorefrontChannel[] | null;
  missing_scopes: string[] | null;
  script: { url: string; integrity: string; bytes_gzip: number };
  sso: { login_url: string; logout_url: string; callback_url: string };
  field_keys: string[] | null;
}

/** One field of an account card as a shopper sees it. */
export interface ShownField {
  key: string;
  label: string;
  format: CardFormat;
  value: string;
}

export interface Card {
  fields: ShownField[] | null;
  updated_at: string | null;
}

/** Whose card a preview shows: exactly one of the three. */
export interface CardOwner {
  email?: string;
  customer_id?: number;
  external_id?: string;
}

export const claimTargets = ['first_name', 'last_name', 'company', 'phone', 'customer_group_id', 'external_id'] as const;
export type ClaimTarget = (typeof claimTargets)[number];

export interface ClaimMapping {
  target: ClaimTarget;
  expression: string;
}

export type ProviderPreset = 'google' | 'entra' | 'okta' | 'auth0' | 'keycloak' | 'custom';

export interface IdentityProvider {
  preset: ProviderPreset;
  issuer: string;
  client_id: string;
  has_secret: boolean;
  scopes: string;
  enabled: boolean;
  create_customers: boolean;
  group_id: number;
  claims: ClaimMapping[] | null;
  end_session: boolean;
  /** Where the provider names the e-mail, such as emails[0]; '' for the claim email. */
  email_claim: string;
  trust_email: boolean;
  keep_passwords: boolean;
  request_ip: boolean;
  /** null when shoppers come back to the store's own address; else until when the shared one works without announces_issuer. */
  shared_until: string | null;
  announces_issuer: boolean;
  version: number;
}

/** What is sent to save or to test a provider. A null secret keeps the stored one, '' clears it. */
export interface ProviderInput extends Omit<IdentityProvider, 'has_secret' | 'claims' | 'shared_until' | 'announces_issuer'> {
  client_secret: string | null;
  claims: ClaimMapping[];
  own_address: boolean;
}

export interface PresetInfo {
  preset: ProviderPreset;
  name: string;
  issuer_template: string;
  help: string;
  claims: ClaimMapping[] | null;
  scopes?: string;
}

/** What the form of a provider needs to know beforehand. */
export interface Presets {
  presets: PresetInfo[];
  /** The store's own, to register with the provider. */
  callback_url: string;
  logged_out_url: string;
  /** Those of providers that were set up before each store had its own. */
  shared: { callback_url: string; logged_out_url: string };
}

export interface CustomerGroup {
  id: number;
  name: string;
  is_default: boolean;
}

export interface ProviderCheck {
  name: string;
  ok: boolean;
  message: string;
}

export interface SignIn {
  id: string;
  at: string;
  method: 'sso' | 'api';
  result: string;
  customer_id: number;
  email: string;
  channel_id: number;
  detail: string;
}
