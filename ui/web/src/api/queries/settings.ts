import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import { byPage, pageSize } from './pages';

export const settingsKeys = {
  users: ['users'] as const,
  apiKeys: ['api-keys'] as const,
  audit: ['audit'] as const,
};

export const settingsQueries = {
  users: (c: Client) => queryOptions({ queryKey: settingsKeys.users, queryFn: ({ signal }) => c.users(signal) }),
  apiKeys: (c: Client) => queryOptions({ queryKey: settingsKeys.apiKeys, queryFn: ({ signal }) => c.apiKeys(signal) }),
  audit: (c: Client) =>
    infiniteQueryOptions({
      queryKey: settingsKeys.audit,
      queryFn: ({ signal, pageParam }) => c.audit({ limit: pageSize, before: pageParam }, signal),
      ...byPage,
    }),
};
