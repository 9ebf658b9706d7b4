import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import { byPage, pageSize } from './pages';

export const storefrontKeys = {
  storefront: ['storefront'] as const,
  provider: ['provider'] as const,
  presets: ['provider-presets'] as const,
  customerGroups: ['customer-groups'] as const,
  signIns: ['sign-ins'] as const,
};

export const storefrontQueries = {
  // While a script is being installed nothing else tells of its end.
  storefront: (c: Client) =>
    queryOptions({
      queryKey: storefrontKeys.storefront,
      queryFn: ({ signal }) => c.storefront(signal),
      refetchInterval: (q) => (q.state.data?.channels.some((ch) => ch.script.state === 'pending') ? 2_000 : false),
    }),
  provider: (c: Client) => queryOptions({ queryKey: storefrontKeys.provider, queryFn: ({ signal }) => c.provider(signal) }),
  presets: (c: Client) => queryOptions({ queryKey: storefrontKeys.presets, queryFn: ({ signal }) => c.providerPresets(signal), staleTime: Infinity }),
  customerGroups: (c: Client) => queryOptions({ queryKey: storefrontKeys.customerGroups, queryFn: ({ signal }) => c.customerGroups(signal), staleTime: 60_000, retry: false }),
  signIns: (c: Client) =>
    infiniteQueryOptions({
      queryKey: storefrontKeys.signIns,
      queryFn: ({ signal, pageParam }) => c.signIns({ limit: pageSize, before: pageParam }, signal),
      ...byPage,
    }),
};
