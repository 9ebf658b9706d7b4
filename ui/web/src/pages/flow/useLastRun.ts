import { useQuery } from '@tanstack/react-query';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Flow, Run } from '../../api/types';
import { useApp } from '../../components/app';

/** The last run of a sync, as live events and polling keep it. */
export function useLastRun(flow: Flow): Run | null {
  const { client, live } = useApp();
  const last = flow.last_run;
  const current = useQuery({
    ...runQueries.run(client, last?.id ?? ''),
    initialData: last ?? undefined,
    refetchInterval: (q) => (live || (q.state.data && isFinal(q.state.data)) ? false : 3_000),
  });
  return last ? (current.data ?? last) : null;
}
