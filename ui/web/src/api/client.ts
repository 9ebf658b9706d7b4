import { Contact } from './contact';
import { ApiError, networkError, problemFrom } from './errors';
import type {
  ActivityFilter, ActivityList, Alerts, AlertsChange, AlertTestResult, APIKey, Attention, AttentionChange, AttentionList, BootSession, CardField, CardOwner, CardPreview,
  CardPreviewRequest, ChangedFields, ChangeFilter, ChangeList, CheckRequest, CreatedAPIKey, CustomerGroups, Expressions, Flow, FlowChange, InspectRequest, Inspection, IssueFilter, IssueList, KindList,
  MappingCheck, NewAPIKey, NewFlow, NewRun, Overview, Presets, Preview, PreviewRequest, ProviderAnswer, ProviderChange, ProviderChecks, Quota, QuotaHistory, RenewedSession, RoleChange, Run, RunList,
  RunProblems, SchedulePreview, SchedulePreviewRequest, ScriptChange, Session, SignInList, Storefront, StorefrontChange, StorefrontSettings, TargetFields, Upload, User,
} from './types';

const base = '/api/v1';
const renewBefore = 2 * 60_000; // ms before expiry at which the token is renewed
const minimumRenewDelay = 5_000;

export interface ClientOptions {
  session: Pick<BootSession, 'token' | 'expires_at'>;
  /** The session is over: called once. */
  onEnded: () => void;
  fetch?: typeof fetch;
  now?: () => number;
}

/** What stands before a server that does not answer says these. */
const gatewayErrors = [502, 503, 504];

type Query = Partial<Record<string, string | number>>;

/**
 * Calls /api/v1 with the session's token, which lives in this object and nowhere else. It renews the
 * token while the panel is open, and reports the end of the session once.
 */
export class Client {
  readonly contact: Contact;
  #token: string;
  #expires: number;
  #ended = false;
  #renewing: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #onEnded: () => void;
  readonly #fetch: typeof fetch;
  readonly #now: () => number;

  constructor(options: ClientOptions) {
    this.#token = options.session.token;
    this.#expires = Date.parse(options.session.expires_at);
    this.#onEnded = options.onEnded;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#now = options.now ?? Date.now;
    this.contact = new Contact(this.#now);
  }

  /** Renews the token before each expiry until stop is called. */
  keepAlive(): () => void {
    const onVisible = () => {
      // Timers sleep with the computer: look at the clock when the panel is seen again.
      if (document.visibilityState === 'visible') this.#schedule();
    };
    document.addEventListener('visibilitychange', onVisible);
    this.#schedule();
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      clearTimeout(this.#timer);
    };
  }

  #schedule(floor = 0) {
    clearTimeout(this.#timer);
    if (this.#ended || Number.isNaN(this.#expires)) return;
    const delay = Math.max(floor, this.#expires - renewBefore - this.#now());
    this.#timer = setTimeout(() => {
      this.renew().then(
        () => this.#schedule(minimumRenewDelay),
        () => this.#schedule(minimumRenewDelay), // the server may be restarting: try again until the token is refused
      );
    }, delay);
  }

  /** Replaces the token; calls that overlap share one request. */
  renew(): Promise<void> {
    this.#renewing ??= this.#call<RenewedSession>('POST', '/session/renew')
      .then((s) => {
        this.#token = s.token;
        this.#expires = Date.parse(s.expires_at);
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  #end() {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#token = '';
    this.#onEnded();
  }

  /** Ends the session: here at once, whether or not the server can be told, and there for every token of it. */
  async signOut(): Promise<void> {
    // keepalive: the control panel may be leaving the page.
    const told = this.request('POST', '/session/sign-out', { keepalive: true });
    this.#end();
    await told.catch(() => undefined);
  }

  /** Sends a request and returns its answer when it is a success; throws ApiError otherwise. */
  async request(method: string, path: string, init: { query?: Query; body?: BodyInit; headers?: Record<string, string>; signal?: AbortSignal; keepalive?: boolean } = {}): Promise<Response> {
    if (this.#ended) throw new ApiError({ status: 401, code: 'unauthenticated', message: '' });
    let response: Response;
    try {
      response = await this.#fetch(url(path, init.query), {
        method,
        body: init.body,
        headers: { Accept: 'application/json', ...init.headers, Authorization: `Bearer ${this.#token}` },
        signal: init.signal,
        keepalive: init.keepalive,
        credentials: 'omit',
        cache: 'no-store',
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      this.contact.lost();
      throw networkError();
    }
    if (gatewayErrors.includes(response.status)) this.contact.lost();
    else this.contact.heard();
    if (response.ok) return response;
    const error = problemFrom(response.status, await response.text().catch(() => ''));
    if (response.status === 401) this.#end();
    throw error;
  }

  async #call<T>(method: string, path: string, options: { query?: Query; json?: unknown; signal?: AbortSignal } = {}): Promise<T> {
    const response = await this.request(method, path, {
      query: options.query,
      signal: options.signal,
      ...(options.json === undefined ? {} : { body: JSON.stringify(options.json), headers: { 'Content-Type': 'application/json' } }),
    });
    if (response.status === 204) return undefined as T;
    try {
      const body = await response.text();
      return (body === '' ? undefined : JSON.parse(body)) as T; // 202 says no more than that
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw networkError(); // cut half-way
    }
  }

  /**
   * Every item of a list that the server answers in pages. Lists that are read whole have a limit of their own (docs/operators.md);
   * a list whose cursor does not move is taken for ended.
   */
  async #all<T>(path: string, cursor: 'after' | 'before', items: (page: Record<string, unknown>) => unknown, signal?: AbortSignal): Promise<T[]> {
    const all: T[] = [];
    for (let at = ''; ; ) {
      const page = await this.#call<Record<string, unknown>>('GET', path, { query: { [cursor]: at }, signal });
      all.push(...((items(page) as T[] | null | undefined) ?? []));
      const next = typeof page.next === 'string' ? page.next : '';
      if (next === '' || next === at) return all;
      at = next;
    }
  }

  session = (signal?: AbortSignal) => this.#call<Session>('GET', '/session', { signal });
  overview = (signal?: AbortSignal) => this.#call<Overview>('GET', '/overview', { signal });
  quota = (signal?: AbortSignal) => this.#call<Quota>('GET', '/quota', { signal });
  quotaHistory = (query: { from: string; to: string; step: number }, signal?: AbortSignal) =>
    this.#call<QuotaHistory>('GET', '/quota/history', { query, signal });
  kinds = async (signal?: AbortSignal) => (await this.#call<KindList>('GET', '/kinds', { signal })).kinds;
  fields = async (kind: string, signal?: AbortSignal) => (await this.#call<TargetFields>('GET', `/kinds/${seg(kind)}/fields`, { signal })).fields;
  expressions = (signal?: AbortSignal) => this.#call<Expressions>('GET', '/expressions', { signal });

  flows = (signal?: AbortSignal) => this.#all<Flow>('/flows', 'after', (page) => page.flows, signal);
  flow = (id: string, signal?: AbortSignal) => this.#call<Flow>('GET', `/flows/${seg(id)}`, { signal });
  createFlow = (input: NewFlow) => this.#call<Flow>('POST', '/flows', { json: input });
  updateFlow = (id: string, input: FlowChange) => this.#call<Flow>('PUT', `/flows/${seg(id)}`, { json: input });
  deleteFlow = (id: string) => this.#call<undefined>('DELETE', `/flows/${seg(id)}`);
  setFlowEnabled = (id: string, enabled: boolean) => this.#call<Flow>('PUT', `/flows/${seg(id)}/enabled`, { json: { enabled } });
  duplicateFlow = (id: string) => this.#call<Flow>('POST', `/flows/${seg(id)}/duplicate`, { json: {} });

  previewSchedule = (cron: string, signal?: AbortSignal) => this.#call<SchedulePreview>('POST', '/schedules/preview', { json: { cron } satisfies SchedulePreviewRequest, signal });

  inspect = (input: InspectRequest, signal?: AbortSignal) => this.#call<Inspection>('POST', '/sources/inspect', { json: input, signal });
  preview = (input: PreviewRequest, signal?: AbortSignal) => this.#call<Preview>('POST', '/mappings/preview', { json: input, signal });
  checkMapping = (input: CheckRequest, signal?: AbortSignal) => this.#call<MappingCheck>('POST', '/mappings/check', { json: input, signal });

  startRun = (flowId: string, how: NewRun) => this.#call<Run>('POST', `/flows/${seg(flowId)}/runs`, { json: how });
  runs = async (query: { flow_id?: string; limit?: number; before?: string }, signal?: AbortSignal) => {
    const page = await this.#call<RunList>('GET', '/runs', { query, signal });
    return { items: page.runs, next: page.next };
  };
  run = (id: string, signal?: AbortSignal) => this.#call<Run>('GET', `/runs/${seg(id)}`, { signal });
  cancelRun = (id: string) => this.#call<Run>('POST', `/runs/${seg(id)}/cancel`);
  answerRun = (id: string, said: { guard: string; answer: 'proceed' | 'stop' }) => this.#call<Run>('POST', `/runs/${seg(id)}/answer`, { json: said });
  retryRun = (id: string) => this.#call<Run>('POST', `/runs/${seg(id)}/retry`);
  problems = async (runId: string, signal?: AbortSignal) => (await this.#call<RunProblems>('GET', `/runs/${seg(runId)}/problems`, { signal })).problems;
  issues = async (runId: string, query: IssueFilter & { after?: string; limit?: number }, signal?: AbortSignal) => {
    const page = await this.#call<IssueList>('GET', `/runs/${seg(runId)}/issues`, { query: { ...query }, signal });
    return { items: page.issues, next: page.next };
  };
  changedFields = (runId: string, signal?: AbortSignal) => this.#call<ChangedFields>('GET', `/runs/${seg(runId)}/changes/fields`, { signal });
  changes = async (runId: string, query: ChangeFilter & { after?: string; limit?: number }, signal?: AbortSignal) => {
    const page = await this.#call<ChangeList>('GET', `/runs/${seg(runId)}/changes`, { query: { ...query }, signal });
    return { items: page.changes, next: page.next };
  };
  errorsCSV = async (runId: string): Promise<Blob> => {
    const response = await this.request('GET', `/runs/${seg(runId)}/errors.csv`, { headers: { Accept: 'text/csv' } });
    return response.blob().catch(() => {
      throw networkError();
    });
  };

  activity = async (query: ActivityFilter & { after?: string; limit?: number }, signal?: AbortSignal) => {
    const page = await this.#call<ActivityList>('GET', '/activity', { query: { ...query }, signal });
    return { items: page.entries, next: page.next };
  };
  attention = async (query: { flow_id?: string; muted?: 'true' | 'false'; limit?: number; after?: string }, signal?: AbortSignal) => {
    const page = await this.#call<AttentionList>('GET', '/attention', { query, signal });
    return { items: page.problems, next: page.next, open: page.open };
  };
  changeAttention = (id: string, change: AttentionChange) => this.#call<Attention>('PUT', `/attention/${seg(id)}`, { json: change });
  alerts = (signal?: AbortSignal) => this.#call<Alerts>('GET', '/alerts', { signal });
  saveAlerts = (change: AlertsChange) => this.#call<Alerts>('PUT', '/alerts', { json: change });
  testAlert = (channelId: string) => this.#call<AlertTestResult>('POST', '/alerts/test', { json: { channel_id: channelId } });

  users = (signal?: AbortSignal) => this.#all<User>('/users', 'after', (page) => page.users, signal);
  setRole = (id: string, role: RoleChange['role']) => this.#call<User>('PUT', `/users/${seg(id)}`, { json: { role } satisfies RoleChange });
  apiKeys = (signal?: AbortSignal) => this.#all<APIKey>('/api-keys', 'before', (page) => page.api_keys, signal);
  createAPIKey = (input: NewAPIKey) => this.#call<CreatedAPIKey>('POST', '/api-keys', { json: input });
  keepAPIKey = (id: string) => this.#call<undefined>('POST', `/api-keys/${seg(id)}/keep`);
  revokeAPIKey = (id: string) => this.#call<undefined>('DELETE', `/api-keys/${seg(id)}`);

  storefront = (signal?: AbortSignal) => this.#call<Storefront>('GET', '/storefront', { signal });
  /** Sends what can be set and no more: the server refuses what it does not know. */
  saveStorefront = ({ card_fields, consent_category, allow_sign_in }: StorefrontSettings) =>
    this.#call<undefined>('PUT', '/storefront', { json: { card_fields, consent_category, allow_sign_in } satisfies StorefrontChange });
  refreshChannels = () => this.#call<undefined>('POST', '/storefront/channels/refresh');
  setScript = (channelId: number, wanted: boolean) => this.#call<undefined>('PUT', `/storefront/channels/${channelId}/script`, { json: { wanted } satisfies ScriptChange });
  previewCard = (fields: CardField[], owner: CardOwner, signal?: AbortSignal) =>
    this.#call<CardPreview>('POST', '/storefront/preview', { json: { card_fields: fields, ...owner } satisfies CardPreviewRequest, signal });
  provider = async (signal?: AbortSignal) => (await this.#call<ProviderAnswer>('GET', '/storefront/provider', { signal })).provider;
  providerPresets = (signal?: AbortSignal) => this.#call<Presets>('GET', '/storefront/provider/presets', { signal });
  customerGroups = async (signal?: AbortSignal) => (await this.#call<CustomerGroups>('GET', '/storefront/customer-groups', { signal })).groups ?? [];
  unlinkCustomer = (customerId: number) => this.#call<undefined>('DELETE', `/storefront/subject-links/${customerId}`);
  saveProvider = (input: ProviderChange) => this.#call<unknown>('PUT', '/storefront/provider', { json: input });
  deleteProvider = () => this.#call<undefined>('DELETE', '/storefront/provider');
  testProvider = async (input: ProviderChange, signal?: AbortSignal) =>
    (await this.#call<ProviderChecks>('POST', '/storefront/provider/test', { json: input, signal })).checks;
  signIns = async (query: { limit?: number; before?: string }, signal?: AbortSignal) => {
    const page = await this.#call<SignInList>('GET', '/storefront/sign-ins', { query, signal });
    return { items: page.sign_ins, next: page.next };
  };

  /** Uploads a file; XMLHttpRequest because fetch cannot say how much has been sent. onProgress gets 0 to 1. */
  upload(file: File, onProgress: (fraction: number) => void, signal?: AbortSignal): Promise<Upload> {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      xhr.open('POST', url('/uploads', { filename: file.name }));
      xhr.setRequestHeader('Authorization', `Bearer ${this.#token}`);
      xhr.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
      xhr.upload.onprogress = (e) => {
        if (e.lengthComputable && e.total > 0) onProgress(e.loaded / e.total);
      };
      xhr.onload = () => {
        if (xhr.status >= 200 && xhr.status < 300) {
          try {
            resolve(JSON.parse(xhr.responseText) as Upload);
          } catch {
            reject(networkError());
          }
          return;
        }
        if (xhr.status === 401) this.#end();
        reject(problemFrom(xhr.status, xhr.responseText));
      };
      xhr.onerror = () => reject(networkError());
      xhr.onabort = () => reject(new DOMException('aborted', 'AbortError'));
      signal?.addEventListener('abort', () => xhr.abort());
      xhr.send(file);
    });
  }
}

function seg(id: string): string {
  return encodeURIComponent(id);
}

function url(path: string, query?: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== '') params.set(name, String(value));
  }
  const q = params.toString();
  return base + path + (q ? `?${q}` : '');
}
