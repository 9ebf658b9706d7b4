// What the server sends and takes, as internal/openapi/openapi.yaml describes it, and names for the parts
// of it that the panel speaks of. Times are RFC 3339; durations are milliseconds where the name ends in
// _ms and whole seconds where it ends in _seconds.

import type {
  Change, CardField, CardPreviewRequest, ChannelScript, ClaimMapping, Issue, ProviderChange, ProviderChecks, CustomerGroups, Run, Session, Source, StorefrontSettings, User,
} from './schema';

export type * from './schema';

/** What the server writes into the page that answers /load and /auth. */
export interface BootSession {
  token: string;
  expires_at: string;
  store_hash: string;
  deep_link: string;
  channel_id: number | null;
  locale: string;
  version: string;
}

export type Role = User['role'];
export type StoreState = Session['store']['state'];
export type SourceKind = Source['kind'];
export type RunState = Run['state'];
export type RunPhase = Exclude<Run['phase'], ''>;
export type Severity = Issue['severity'];
export type RunOutcome = Run['outcome'];
/** What a list of a run's errors and warnings is narrowed to; empty narrows nothing. */
export interface IssueFilter {
  severity?: Severity | '';
  cause?: string;
  q?: string;
}
export interface ChangeFilter {
  action?: Change['action'] | '';
  field?: string;
  q?: string;
}
export interface ActivityFilter {
  flow_id?: string;
  kind?: string;
  result?: string;
  actor?: string;
  from?: string;
  to?: string;
  q?: string;
}
export type CardFormat = CardField['format'];
export type ConsentCategory = StorefrontSettings['consent_category'];
export type ScriptState = ChannelScript['state'];
export type ClaimTarget = ClaimMapping['target'];
export type ProviderPreset = NonNullable<ProviderChange['preset']>;
export type ProviderCheck = ProviderChecks['checks'][number];
export type CustomerGroup = NonNullable<CustomerGroups['groups']>[number];
/** Whose card a preview shows: exactly one of the three. */
export type CardOwner = Omit<CardPreviewRequest, 'card_fields'>;
