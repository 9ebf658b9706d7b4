import { type QueryClient, infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import type { Session } from '../types';
import { byPage } from './pages';
import { sessionKeys } from './session';

export const attentionKeys = {
  attention: ['attention'] as const,
  alerts: ['alerts'] as const,
};

export const attentionQueries = {
  /** The newest few that are not muted. */
  first: (c: Client) => queryOptions({ queryKey: [...attentionKeys.attention, 'first'], queryFn: ({ signal }) => c.attention({ muted: 'false', limit: 5 }, signal) }),
  problems: (c: Client, flowId: string, muted: boolean) =>
    infiniteQueryOptions({
      queryKey: [...attentionKeys.attention, 'pages', flowId, muted],
      queryFn: ({ signal, pageParam }) => c.attention({ flow_id: flowId, muted: muted ? 'true' : 'false', limit: 100, after: pageParam }, signal),
      ...byPage,
    }),
  alerts: (c: Client) => queryOptions({ queryKey: attentionKeys.alerts, queryFn: ({ signal }) => c.alerts(signal) }),
};

/** The number of open problems moved: the bell shows it at once, the lists are asked for again. */
export function applyAttention(qc: QueryClient, open: number) {
  qc.setQueryData<Session>(sessionKeys.session, (old) => old && { ...old, attention: open });
  void qc.invalidateQueries({ queryKey: attentionKeys.attention });
}
