import { type QueryClient, infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import type { Run, Severity } from '../types';
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
  issues: (c: Client, runId: string, severity: Severity) =>
    infiniteQueryOptions({
      queryKey: [...runKeys.runDetails(runId), severity],
      queryFn: ({ signal, pageParam }) => c.issues(runId, { severity, after: pageParam, limit: pageSize }, signal),
      ...byPage,
    }),
  changes: (c: Client, runId: string) =>
    infiniteQueryOptions({
      queryKey: [...runKeys.runDetails(runId), 'changes'],
      queryFn: ({ signal, pageParam }) => c.changes(runId, { after: pageParam, limit: pageSize }, signal),
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
  const changed = (['failed', 'warnings', 'state', 'phase'] as const).some((name) => known?.[name] !== run[name]);
  if (!changed) return;
  const details = { queryKey: runKeys.runDetails(run.id) };
  // A first fetch under way would be kept by invalidating alone, and its answer is already old.
  void qc.cancelQueries(details);
  void qc.invalidateQueries(details);
}
