import { queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';

export const sessionKeys = {
  session: ['session'] as const,
};

export const sessionQueries = {
  session: (c: Client) => queryOptions({ queryKey: sessionKeys.session, queryFn: ({ signal }) => c.session(signal), staleTime: 60_000 }),
};
