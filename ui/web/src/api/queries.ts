import { type InfiniteData, QueryClient, infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Client } from './client';
import { ApiError } from './errors';
import type { ServerEvent } from './sse';
import { type Range, ranges } from '../lib/quotaHistory';
import type { Flow, Quota, Run, Severity } from './types';

export const pageSize = 25;

/** Every query of the panel and the key under which its answer is cached. */
export const keys = {
  session: ['session'] as const,
  quota: ['quota'] as const,
  quotaHistory: (range: Range) => ['quota-history', range] as const,
  fields: ['fields'] as const,
  flows: ['flows'] as const,
  flow: (id: string) => ['flow', id] as const,
  runs: ['runs'] as const,
  schedule: (cron: string) => ['schedule', cron] as const,
  run: (id: string) => ['run', id] as const,
  runDetails: (id: string) => ['run-details', id] as const,
  users: ['users'] as const,
  apiKeys: ['api-keys'] as const,
  audit: ['audit'] as const,
  storefront: ['storefront'] as const,
  provider: ['provider'] as const,
  presets: ['provider-presets'] as const,
  customerGroups: ['customer-groups'] as const,
  signIns: ['sign-ins'] as const,
};

export const queries = {
  session: (c: Client) => queryOptions({ queryKey: keys.session, queryFn: ({ signal }) => c.session(signal), staleTime: 60_000 }),
  quota: (c: Client) => queryOptions({ queryKey: keys.quota, queryFn: ({ signal }) => c.quota(signal) }),
  quotaHistory: (c: Client, range: Range) =>
    queryOptions({
      queryKey: keys.quotaHistory(range),
      queryFn: ({ signal }) => {
        const { minutes, step } = ranges[range];
        const now = Date.now();
        return c.quotaHistory({ from: new Date(now - minutes * 60_000).toISOString(), to: new Date(now).toISOString(), step }, signal);
      },
      placeholderData: keepPreviousData,
      refetchInterval: ranges[range].step < 60 ? 30_000 : 300_000, // no event tells of a new minute
    }),
  fields: (c: Client) => queryOptions({ queryKey: keys.fields, queryFn: ({ signal }) => c.fields(signal), staleTime: Infinity }),
  flows: (c: Client) => queryOptions({ queryKey: keys.flows, queryFn: ({ signal }) => c.flows(signal) }),
  flow: (c: Client, id: string) => queryOptions({ queryKey: keys.flow(id), queryFn: ({ signal }) => c.flow(id, signal), enabled: id !== '' }),
  schedule: (c: Client, cron: string) =>
    queryOptions({ queryKey: keys.schedule(cron), queryFn: ({ signal }) => c.previewSchedule(cron, signal), placeholderData: keepPreviousData, staleTime: 30_000 }),
  lastRuns: (c: Client) => queryOptions({ queryKey: [...keys.runs, 'last'], queryFn: async ({ signal }) => (await c.runs({ limit: 5 }, signal)).items }),
  runs: (c: Client, flowId = '') =>
    infiniteQueryOptions({
      queryKey: [...keys.runs, 'pages', flowId],
      queryFn: ({ signal, pageParam }) => c.runs({ flow_id: flowId, limit: pageSize, before: pageParam }, signal),
      initialPageParam: '',
      getNextPageParam: (last) => last.next || undefined,
    }),
  run: (c: Client, id: string) =>
    queryOptions({
      queryKey: keys.run(id),
      queryFn: async ({ client: qc, signal }) => {
        const run = await c.run(id, signal);
        refreshDetails(qc, qc.getQueryData<Run>(keys.run(id)), run);
        return run;
      },
      enabled: id !== '',
    }),
  issues: (c: Client, runId: string, severity: Severity) =>
    infiniteQueryOptions({
      queryKey: [...keys.runDetails(runId), severity],
      queryFn: ({ signal, pageParam }) => c.issues(runId, { severity, after: pageParam, limit: pageSize }, signal),
      initialPageParam: '',
      getNextPageParam: (last) => last.next || undefined,
    }),
  changes: (c: Client, runId: string) =>
    infiniteQueryOptions({
      queryKey: [...keys.runDetails(runId), 'changes'],
      queryFn: ({ signal, pageParam }) => c.changes(runId, { after: pageParam, limit: pageSize }, signal),
      initialPageParam: '',
      getNextPageParam: (last) => last.next || undefined,
    }),
  users: (c: Client) => queryOptions({ queryKey: keys.users, queryFn: ({ signal }) => c.users(signal) }),
  apiKeys: (c: Client) => queryOptions({ queryKey: keys.apiKeys, queryFn: ({ signal }) => c.apiKeys(signal) }),
  // While a script is being installed nothing else tells of its end.
  storefront: (c: Client) =>
    queryOptions({
      queryKey: keys.storefront,
      queryFn: ({ signal }) => c.storefront(signal),
      refetchInterval: (q) => (q.state.data?.channels.some((ch) => ch.script.state === 'pending') ? 2_000 : false),
    }),
  provider: (c: Client) => queryOptions({ queryKey: keys.provider, queryFn: ({ signal }) => c.provider(signal) }),
  presets: (c: Client) => queryOptions({ queryKey: keys.presets, queryFn: ({ signal }) => c.providerPresets(signal), staleTime: Infinity }),
  customerGroups: (c: Client) => queryOptions({ queryKey: keys.customerGroups, queryFn: ({ signal }) => c.customerGroups(signal), staleTime: 60_000, retry: false }),
  signIns: (c: Client) =>
    infiniteQueryOptions({
      queryKey: keys.signIns,
      queryFn: ({ signal, pageParam }) => c.signIns({ limit: pageSize, before: pageParam }, signal),
      initialPageParam: '',
      getNextPageParam: (last) => last.next || undefined,
    }),
  audit: (c: Client) =>
    infiniteQueryOptions({
      queryKey: keys.audit,
      queryFn: ({ signal, pageParam }) => c.audit({ limit: pageSize, before: pageParam }, signal),
      initialPageParam: '',
      getNextPageParam: (last) => last.next || undefined,
    }),
};

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: false, // events keep the caches fresh
        networkMode: 'always',
        retry: (count, error) => count < 2 && error instanceof ApiError && error.temporary,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

type RunPages = InfiniteData<{ items: Run[]; next: string }, string>;

const final = new Set(['done', 'failed', 'cancelled']);

/** True when nothing more happens to the run. */
export function isFinal(run: Pick<Run, 'state'>): boolean {
  return final.has(run.state);
}

/** Writes one run into every cache that shows it. An answer older than what is known is ignored. */
export function applyRun(qc: QueryClient, run: Run) {
  const known = qc.getQueryData<Run>(keys.run(run.id));
  if (known !== undefined && isFinal(known) && Date.parse(known.updated_at) > Date.parse(run.updated_at)) return;
  qc.setQueryData(keys.run(run.id), run);
  qc.setQueryData<Run[]>([...keys.runs, 'last'], (old) => old && [run, ...old.filter((r) => r.id !== run.id)].sort(newestFirst).slice(0, 5));
  for (const [key, pages] of qc.getQueriesData<RunPages>({ queryKey: [...keys.runs, 'pages'] })) {
    const flowId = key[2];
    if (pages && (flowId === '' || flowId === run.flow_id)) qc.setQueryData(key, replaceInPages(pages, run));
  }
  qc.setQueryData<Flow[]>(keys.flows, (old) => old?.map((f) => withLastRun(f, run)));
  qc.setQueryData<Flow>(keys.flow(run.flow_id), (old) => old && withLastRun(old, run));
  if (known === undefined && run.trigger === 'schedule') {
    // The flow's next time has moved on.
    void qc.invalidateQueries({ queryKey: keys.flows });
    void qc.invalidateQueries({ queryKey: keys.flow(run.flow_id) });
  }
  refreshDetails(qc, known, run);
}

/** Fetches a run's errors and changes again when its numbers say that there are others. */
function refreshDetails(qc: QueryClient, known: Run | undefined, run: Run) {
  const changed = (['failed', 'warnings', 'state', 'phase'] as const).some((name) => known?.[name] !== run[name]);
  if (!changed) return;
  const details = { queryKey: keys.runDetails(run.id) };
  // A first fetch under way would be kept by invalidating alone, and its answer is already old.
  void qc.cancelQueries(details);
  void qc.invalidateQueries(details);
}

function newestFirst(a: Run, b: Run): number {
  return a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;
}

function replaceInPages(old: RunPages, run: Run): RunPages {
  const found = old.pages.some((p) => p.items.some((r) => r.id === run.id));
  return {
    ...old,
    pages: old.pages.map((p, i) => {
      if (found) return { ...p, items: p.items.map((r) => (r.id === run.id ? run : r)) };
      return i === 0 ? { ...p, items: [run, ...p.items] } : p;
    }),
  };
}

function withLastRun(flow: Flow, run: Run): Flow {
  if (flow.id !== run.flow_id) return flow;
  const last = flow.last_run;
  if (last && last.id !== run.id && last.created_at > run.created_at) return flow;
  return { ...flow, last_run: run };
}

/** Feeds one event of /events into the caches; unknown events and broken data are ignored. */
export function applyEvent(qc: QueryClient, event: ServerEvent) {
  if (event.event === 'store') void qc.invalidateQueries({ queryKey: keys.session }); // its state or name changed
  if (event.event !== 'run' && event.event !== 'quota') return;
  let data: unknown;
  try {
    data = JSON.parse(event.data);
  } catch {
    return;
  }
  if (typeof data !== 'object' || data === null) return;
  if (event.event === 'quota') qc.setQueryData<Quota>(keys.quota, data as Quota);
  else if ('id' in data && 'flow_id' in data) applyRun(qc, data as Run);
}
