import { infiniteQueryOptions } from '@tanstack/react-query';
import type { Client } from '../client';
import type { ActivityFilter } from '../types';
import { byPage, pageSize } from './pages';

export const activityKeys = {
  activity: ['activity'] as const,
};

export const activityQueries = {
  activity: (c: Client, filter: ActivityFilter) =>
    infiniteQueryOptions({
      queryKey: [...activityKeys.activity, filter],
      queryFn: ({ signal, pageParam }) => c.activity({ ...filter, after: pageParam, limit: pageSize }, signal),
      ...byPage,
    }),
};
