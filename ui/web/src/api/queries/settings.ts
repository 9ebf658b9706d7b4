import { queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';

export const settingsKeys = {
  users: ['users'] as const,
  apiKeys: ['api-keys'] as const,
};

export const settingsQueries = {
  users: (c: Client) => queryOptions({ queryKey: settingsKeys.users, queryFn: ({ signal }) => c.users(signal) }),
  apiKeys: (c: Client) => queryOptions({ queryKey: settingsKeys.apiKeys, queryFn: ({ signal }) => c.apiKeys(signal) }),
};
