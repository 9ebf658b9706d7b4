// The shapes of /api/v1, exactly as the server sends them. Times are RFC 3339 strings, durations are
// milliseconds where the name ends in _ms and whole seconds where it ends in _seconds.

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

export type Role = 'owner' | 'admin' | 'viewer';
export type StoreState = 'active' | 'needs_reinstall' | 'uninstalled';

export interface Store {
  hash: string;
  name: string;
  domain: string;
  secure_url: string;
  plan_name: string;
  timezone: string;
  currency: string;
  state: StoreState;
  state_reason: string;
  installed_at: string;
}

export interface Session {
  store: Store;
  /** null for an API key. */
  user: { id: string; email: string; role: Role; locale: string } | null;
  channel_id: number | null;
  deep_link: string;
  missing_scopes: string[] | null;
  /** Until when shoppers may sign in by the redirect address that all stores share; null: no worry. */
  shared_address_until: string | null;
  permissions: { write: boolean; admin: boolean; owner: boolean };
  version: string;
  sandbox: boolean;
  /** Where a merchant finds help: https: or mailto:, '' for nowhere. */
  support_url?: string;
}

export interface Quota {
  known: boolean;
  quota: number;
  left: number;
  /** Requests sent and not answered yet. */
  out: number;
  window_ms: number;
  reset_ms: number;
  waiting: number;
  delayed: number;
  in_flight: number;
  paused: boolean;
  at: string;
}

/** What the quota did in one step of a history. */
export interface QuotaPoint {
  at: string;
  used: number;
  /** Requests of other apps, as far as the answers to ours told. */
  others: number;
  /** The fewest requests left in a window; null when no answer told. */
  left_min: number | null;
  /** Requests a window; 0 when no answer told. */
  quota: number;
  window_ms: number;
  throttled_quota: number;
  throttled_concurrency: number;
  throttled_load: number;
}

/** Oldest first. Steps without a request of ours have no point. */
export interface QuotaHistory {
  points: QuotaPoint[];
  step_minutes: number;
  from: string;
  to: string;
}

export interface TargetField {
  name: string;
  label: string;
  type: string;
  required: boolean;
  read_only: boolean;
  max_length?: number | null;
  minimum?: number | null;
  maximum?: number | null;
  enum?: string[] | null;
  help?: string;
}

export interface Format {
  type?: string;
  encoding?: string;
  delimiter?: string;
}

export interface FieldMapping {
  target: string;
  expression: string;
}

export interface Mapping {
  fields: FieldMapping[] | null;
}

export type SourceKind = 'url' | 'upload' | '';

export interface Source {
  kind: SourceKind;
  url: string;
  has_secret: boolean;
  snapshot_id: string;
  filename: string;
  size: number;
}

/** authorization: "" keeps the stored secret; null with clear_authorization deletes it. */
export interface SourceInput {
  kind: SourceKind;
  url: string;
  authorization?: string | null;
  clear_authorization?: true;
  snapshot_id: string;
}

export type RepeatedNames = 'append_sku' | 'fail';

export interface FlowOptions {
  repeated_names?: RepeatedNames | '';
}

export interface ScheduleInput {
  /** Five fields; "" for none. */
  cron: string;
  enabled: boolean;
}

export interface Schedule extends ScheduleInput {
  /** null unless enabled. */
  next_run_at: string | null;
  /** The store's; UTC when BigCommerce names none that is known. */
  time_zone: string;
}

export interface SchedulePreview {
  next: string[];
  time_zone: string;
  /** What is wrong with the expression; "" when nothing is. */
  error: string;
}

export interface Flow {
  id: string;
  kind: string;
  name: string;
  source: Source;
  format: Format;
  mapping: Mapping;
  options: FlowOptions;
  schedule: Schedule;
  version: number;
  created_at: string;
  updated_at: string;
  last_run: Run | null;
}

export interface FlowInput {
  version: number;
  name: string;
  source: SourceInput;
  format: Format;
  mapping: Mapping;
  options: FlowOptions;
  /** Absent keeps it. */
  schedule?: ScheduleInput;
}

export type RunState = 'queued' | 'running' | 'paused' | 'cancelling' | 'done' | 'failed' | 'cancelled';
export type RunPhase = 'fetch' | 'plan' | 'match' | 'write' | 'finish';

export interface Run {
  id: string;
  flow_id: string;
  flow_name: string;
  kind: string;
  state: RunState;
  phase: RunPhase | '';
  dry_run: boolean;
  retry_of?: string | null;
  trigger: string;
  started_by: string;
  incomplete: boolean;
  cancel_requested: boolean;
  error?: string;
  total: number;
  read: number;
  to_create: number;
  to_update: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: number;
  warnings: number;
  requests: number;
  throttled: number;
  planned_requests: number;
  planned_seconds: number;
  created_at: string;
  started_at?: string | null;
  finished_at?: string | null;
  updated_at: string;
  /** 0 to 1. */
  progress: number;
  /** API requests per second. */
  rate_per_second: number;
  seconds_left: number | null;
}

export type Severity = 'error' | 'warning';

export interface RunIssue {
  line: number;
  key: string;
  field: string;
  message: string;
  value: string;
  severity: Severity;
}

export interface RecordChange {
  line: number;
  key: string;
  action: 'create' | 'update';
  target_id: number;
  changes: FieldChange[] | null;
}

export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
  unknown?: boolean; // BigCommerce did not show the field: before says nothing
}

export interface FieldProblem {
  field: string;
  message: string;
}

export interface RowProblem {
  line: number;
  field: string;
  message: string;
  value: string;
}

export interface Inspection {
  snapshot_id: string;
  format: Format;
  header: string[] | null;
  rows: string[][] | null;
  row_errors: RowProblem[] | null;
  size: number;
  suggested_mapping: Mapping;
}

export interface PreviewRow {
  line: number;
  key: string;
  source: Record<string, unknown> | null;
  document: Record<string, unknown> | null;
  errors: FieldProblem[] | null;
}

export interface Preview {
  rows: PreviewRow[] | null;
  /** Expressions that do not compile; field is the target. */
  errors: FieldProblem[] | null;
}

export interface Upload {
  snapshot_id: string;
  filename: string;
  size: number;
  sha256: string;
}

export interface User {
  id: string;
  user_id: number;
  email: string;
  role: Role;
  last_seen_at?: string | null;
}

export interface APIKey {
  id: string;
  name: string;
  prefix: string;
  /** A list; space-separated in older servers. */
  scopes: string[] | string | null;
  created_at: string;
  last_used_at?: string | null;
  expires_at?: string | null;
  revoked_at?: string | null;
  /** What revoked it; absent if somebody did by hand. */
  revoked_because?: 'maker_removed' | 'maker_demoted' | 'uninstalled';
  /** Only the owner makes such a key nowadays: the owner has yet to say whether this one goes on. */
  needs_review?: boolean;
}

export interface CreatedAPIKey extends APIKey {
  secret: string;
}

export interface AuditEntry {
  id: string;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  /** Where the actor called from; '' if nobody called. */
  address: string;
  created_at: string;
}

/** RFC 9457, as the server writes it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: FieldProblem[] | null;
  request_id?: string;
}
