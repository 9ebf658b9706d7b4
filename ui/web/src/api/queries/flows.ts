import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';

export const flowKeys = {
  kinds: ['kinds'] as const,
  fields: (kind: string) => ['fields', kind] as const,
  expressions: ['expressions'] as const,
  flows: ['flows'] as const,
  flow: (id: string) => ['flow', id] as const,
  schedule: (cron: string) => ['schedule', cron] as const,
};

export const flowQueries = {
  kinds: (c: Client) => queryOptions({ queryKey: flowKeys.kinds, queryFn: ({ signal }) => c.kinds(signal), staleTime: Infinity }),
  fields: (c: Client, kind: string) => queryOptions({ queryKey: flowKeys.fields(kind), queryFn: ({ signal }) => c.fields(kind, signal), staleTime: Infinity }),
  expressions: (c: Client) => queryOptions({ queryKey: flowKeys.expressions, queryFn: ({ signal }) => c.expressions(signal), staleTime: Infinity }),
  flows: (c: Client) => queryOptions({ queryKey: flowKeys.flows, queryFn: ({ signal }) => c.flows(signal) }),
  flow: (c: Client, id: string) => queryOptions({ queryKey: flowKeys.flow(id), queryFn: ({ signal }) => c.flow(id, signal), enabled: id !== '' }),
  schedule: (c: Client, cron: string) =>
    queryOptions({ queryKey: flowKeys.schedule(cron), queryFn: ({ signal }) => c.previewSchedule(cron, signal), placeholderData: keepPreviousData, staleTime: 30_000 }),
};
