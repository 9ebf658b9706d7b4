import { queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';

export const overviewKeys = {
  overview: ['overview'] as const,
};

export const overviewQueries = {
  overview: (c: Client) => queryOptions({ queryKey: overviewKeys.overview, queryFn: ({ signal }) => c.overview(signal) }),
};
