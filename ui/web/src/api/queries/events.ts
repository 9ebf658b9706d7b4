// What happens in the store, written into the caches of everything that shows it.

import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { ServerEvent } from '../sse';
import type { ActivityEntry, Flow, Quota, Run } from '../types';
import { activityKeys } from './activity';
import { applyAttention } from './attention';
import { flowKeys } from './flows';
import { overviewKeys } from './overview';
import { quotaKeys } from './quota';
import { isFinal, refreshDetails, runKeys } from './runs';
import { sessionKeys } from './session';

type RunPages = InfiniteData<{ items: Run[]; next: string }, string>;
type ActivityPages = InfiniteData<{ items: ActivityEntry[]; next: string }, string>;

/** Writes one run into every cache that shows it. An answer older than what is known is ignored. */
export function applyRun(qc: QueryClient, run: Run) {
  const known = qc.getQueryData<Run>(runKeys.run(run.id));
  if (known !== undefined && isFinal(known) && Date.parse(known.updated_at) > Date.parse(run.updated_at)) return;
  qc.setQueryData(runKeys.run(run.id), run);
  qc.setQueryData<Run[]>([...runKeys.runs, 'last'], (old) => old && [run, ...old.filter((r) => r.id !== run.id)].sort(newestFirst).slice(0, 5));
  for (const [key, pages] of qc.getQueriesData<RunPages>({ queryKey: [...runKeys.runs, 'pages'] })) {
    const flowId = key[2];
    if (pages && (flowId === '' || flowId === run.flow_id)) qc.setQueryData(key, replaceInPages(pages, run));
  }
  patchActivity(qc, known, run);
  patchFlows(qc, run);
  qc.setQueryData<Flow>(flowKeys.flow(run.flow_id), (old) => old && withLastRun(old, run));
  if (known === undefined && run.trigger === 'schedule') {
    // The flow's next time has moved on.
    void qc.invalidateQueries({ queryKey: flowKeys.flows });
    void qc.invalidateQueries({ queryKey: flowKeys.flow(run.flow_id) });
  }
  // What the first page counts moves when a run begins and when it is over; a sync's health with it.
  if (known?.state !== run.state) {
    void qc.invalidateQueries({ queryKey: overviewKeys.overview });
    void qc.invalidateQueries({ queryKey: flowKeys.flows });
  }
  refreshDetails(qc, known, run);
}

/** Writes a run where it is listed already. A list that does not have it is read again when the run is new or its state is: its filters may let it in. */
function patchActivity(qc: QueryClient, known: Run | undefined, run: Run) {
  for (const [queryKey, old] of qc.getQueriesData<ActivityPages>({ queryKey: activityKeys.activity })) {
    if (!old) continue;
    if (!old.pages.some((p) => p.items.some((e) => e.run?.id === run.id))) {
      if (known?.state !== run.state) void qc.invalidateQueries({ queryKey, exact: true });
      continue;
    }
    qc.setQueryData<ActivityPages>(queryKey, { ...old, pages: old.pages.map((p) => ({ ...p, items: p.items.map((e) => (e.run?.id === run.id ? { ...e, run } : e)) })) });
  }
}

/** Writes a run into the list of flows, which is no newer for it: what was to be read again still is. */
function patchFlows(qc: QueryClient, run: Run) {
  const before = qc.getQueryState<Flow[]>(flowKeys.flows);
  if (!before?.data) return;
  qc.setQueryData<Flow[]>(flowKeys.flows, before.data.map((f) => withLastRun(f, run)), { updatedAt: before.dataUpdatedAt });
  if (before.isInvalidated) void qc.invalidateQueries({ queryKey: flowKeys.flows });
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
  if (event.event === 'store') void qc.invalidateQueries({ queryKey: sessionKeys.session }); // its state or name changed
  if (event.event !== 'run' && event.event !== 'quota' && event.event !== 'attention') return;
  let data: unknown;
  try {
    data = JSON.parse(event.data);
  } catch {
    return;
  }
  if (typeof data !== 'object' || data === null) return;
  if (event.event === 'attention') {
    if ('open' in data && typeof data.open === 'number') applyAttention(qc, data.open);
  } else if (event.event === 'quota') qc.setQueryData<Quota>(quotaKeys.quota, data as Quota);
  else if ('id' in data && 'flow_id' in data) applyRun(qc, data as Run);
}
