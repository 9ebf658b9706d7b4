import { type QueryClient, infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import type { ChangeFilter, IssueFilter, Run } from '../types';
import { byPage, pageSize } from './pages';

export const runKeys = {
  runs: ['runs'] as const,
  run: (id: string) => ['run', id] as const,
  runDetails: (id: string) => ['run-details', id] as const,
};

export const runQueries = {
  lastRuns: (c: Client) => queryOptions({ queryKey: [...runKeys.runs, 'last'], queryFn: async ({ signal }) => (await c.runs({ limit: 5 }, signal)).items }),
  runs: (c: Client, flowId = '') =>
    infiniteQueryOptions({
      queryKey: [...runKeys.runs, 'pages', flowId],
      queryFn: ({ signal, pageParam }) => c.runs({ flow_id: flowId, limit: pageSize, before: pageParam }, signal),
      ...byPage,
    }),
  run: (c: Client, id: string) =>
    queryOptions({
      queryKey: runKeys.run(id),
      queryFn: async ({ client: qc, signal }) => {
        const run = await c.run(id, signal);
        refreshDetails(qc, qc.getQueryData<Run>(runKeys.run(id)), run);
        return run;
      },
      enabled: id !== '',
    }),
  problems: (c: Client, runId: string) => queryOptions({ queryKey: [...runKeys.runDetails(runId), 'problems'], queryFn: ({ signal }) => c.problems(runId, signal) }),
  issues: (c: Client, runId: string, filter: IssueFilter) =>
    infiniteQueryOptions({
      queryKey: [...runKeys.runDetails(runId), 'issues', filter],
      queryFn: ({ signal, pageParam }) => c.issues(runId, { ...filter, after: pageParam, limit: pageSize }, signal),
      ...byPage,
    }),
  changedFields: (c: Client, runId: string) => queryOptions({ queryKey: [...runKeys.runDetails(runId), 'fields'], queryFn: ({ signal }) => c.changedFields(runId, signal) }),
  changes: (c: Client, runId: string, filter: ChangeFilter) =>
    infiniteQueryOptions({
      queryKey: [...runKeys.runDetails(runId), 'changes', filter],
      queryFn: ({ signal, pageParam }) => c.changes(runId, { ...filter, after: pageParam, limit: pageSize }, signal),
      ...byPage,
    }),
};

const final = new Set(['done', 'failed', 'cancelled']);

/** True when nothing more happens to the run. */
export function isFinal(run: Pick<Run, 'state'>): boolean {
  return final.has(run.state);
}

/** Fetches a run's errors and changes again when its numbers say that there are others. */
export function refreshDetails(qc: QueryClient, known: Run | undefined, run: Run) {
  const wrote = (r: Run | undefined) => r !== undefined && r.created + r.updated > 0;
  const changed = (['failed', 'warnings', 'state', 'phase'] as const).some((name) => known?.[name] !== run[name]) || wrote(known) !== wrote(run);
  if (!changed) return;
  const details = { queryKey: runKeys.runDetails(run.id) };
  // A first fetch under way would be kept by invalidating alone, and its answer is already old.
  void qc.cancelQueries(details);
  void qc.invalidateQueries(details);
}
