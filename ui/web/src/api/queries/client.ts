import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '../errors';

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
