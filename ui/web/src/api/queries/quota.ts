import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import { type Range, ranges } from '../../lib/quotaHistory';

export const quotaKeys = {
  quota: ['quota'] as const,
  quotaHistory: (range: Range) => ['quota-history', range] as const,
};

export const quotaQueries = {
  quota: (c: Client) => queryOptions({ queryKey: quotaKeys.quota, queryFn: ({ signal }) => c.quota(signal) }),
  quotaHistory: (c: Client, range: Range) =>
    queryOptions({
      queryKey: quotaKeys.quotaHistory(range),
      queryFn: ({ signal }) => {
        const { minutes, step } = ranges[range];
        const now = Date.now();
        return c.quotaHistory({ from: new Date(now - minutes * 60_000).toISOString(), to: new Date(now).toISOString(), step }, signal);
      },
      placeholderData: keepPreviousData,
      refetchInterval: ranges[range].step < 60 ? 30_000 : 300_000, // no event tells of a new minute
    }),
};
