import type { ClaimMapping, Preset, Provider, ProviderChange, ProviderPreset } from '../../../api/types';

/** A claim mapping under edit; the id keeps its row when others go. */
export interface ClaimLine extends ClaimMapping {
  id: number;
}

export interface ProviderDraft extends Omit<Required<ProviderChange>, 'client_secret' | 'claims' | 'group_id'> {
  secret: string; // typed now; '' keeps what is stored
  clearSecret: boolean;
  group: string; // as typed
  claims: ClaimLine[];
}

let nextId = 1;

export function newClaim(claim: ClaimMapping): ClaimLine {
  return { ...claim, id: nextId++ };
}

/** A draft of what is stored, or of a new provider as its preset suggests. */
export function draftOf(provider: Provider | null, presets: Preset[]): ProviderDraft {
  if (!provider) {
    const first = presets[0]?.preset ?? 'custom';
    const empty: ProviderDraft = {
      preset: first, issuer: '', client_id: '', scopes: '', enabled: true, create_customers: false, end_session: true, version: 0, secret: '', clearSecret: false, group: '0', claims: [],
      email_claim: '', trust_email: false, keep_passwords: false, request_ip: false, own_address: true,
    };
    return withPreset(empty, first, presets);
  }
  const { preset, issuer, client_id, scopes, enabled, create_customers, end_session, email_claim, trust_email, keep_passwords, request_ip, version } = provider;
  return {
    preset, issuer, client_id, scopes, enabled, create_customers, end_session, email_claim, trust_email, keep_passwords, request_ip, version,
    own_address: provider.shared_until === null,
    secret: '', clearSecret: false, group: String(provider.group_id), claims: (provider.claims ?? []).map(newClaim),
  };
}

/** The draft with what a preset suggests in place of what was there before. */
export function withPreset(draft: ProviderDraft, preset: ProviderPreset, presets: Preset[]): ProviderDraft {
  const info = presets.find((p) => p.preset === preset);
  return {
    ...draft,
    preset,
    issuer: info?.issuer_template ?? '',
    scopes: info?.scopes ?? 'openid email profile',
    claims: (info?.claims ?? []).map(newClaim),
    email_claim: '',
    trust_email: false, // it was said of another provider
  };
}

export function inputOf(d: ProviderDraft): ProviderChange {
  const { secret, clearSecret, group, claims, ...rest } = d;
  return {
    ...rest,
    issuer: d.issuer.trim(),
    client_id: d.client_id.trim(),
    email_claim: d.email_claim.trim(),
    scopes: d.scopes.trim().split(/\s+/).join(' '),
    client_secret: clearSecret ? '' : secret === '' ? null : secret,
    group_id: Number(group) || 0,
    claims: claims.map(({ target, expression }) => ({ target, expression: expression.trim() })),
  };
}

export function sameProvider(a: ProviderDraft, b: ProviderDraft): boolean {
  return JSON.stringify(inputOf(a)) === JSON.stringify(inputOf(b));
}

/** The form of a claim's place; the server says the same, with its limits. */
const claimPath = /^([A-Za-z_][\w-]*|\["[^\s"\\]+"\])(\.[A-Za-z_][\w-]*|\.\d{1,2}(?![\w-])|\[\d{1,2}\]|\["[^\s"\\]+"\])*$/;

/** What is missing before the draft can be saved or tested, by field. */
export function providerErrors(d: ProviderDraft): Map<'issuer' | 'client_id' | 'claims' | 'email_claim', 'required' | 'issuerScheme' | 'claimPath'> {
  const errors = new Map<'issuer' | 'client_id' | 'claims' | 'email_claim', 'required' | 'issuerScheme' | 'claimPath'>();
  if (d.issuer.trim() === '') errors.set('issuer', 'required');
  else if (!/^https?:\/\//.test(d.issuer.trim())) errors.set('issuer', 'issuerScheme');
  if (d.client_id.trim() === '') errors.set('client_id', 'required');
  if (d.email_claim.trim() !== '' && !claimPath.test(d.email_claim.trim())) errors.set('email_claim', 'claimPath');
  if (d.claims.some((c) => c.expression.trim() === '')) errors.set('claims', 'required');
  return errors;
}
