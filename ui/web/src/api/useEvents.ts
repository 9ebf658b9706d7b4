import type { QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Client } from './client';
import { followEvents } from './events';
import { applyEvent } from './queries/events';

/** Keeps the caches fresh from the server's events; says whether they arrive. */
export function useEvents(client: Client, queryClient: QueryClient, wanted: boolean): boolean {
  const [live, setLive] = useState(false);
  useEffect(() => {
    if (!wanted) return undefined;
    const stop = new AbortController();
    let seen = false;
    void followEvents(client, {
      onEvent: (event) => applyEvent(queryClient, event),
      onConnected: (connected) => {
        setLive(connected);
        // What happened while nobody listened is fetched once.
        if (connected && seen) void queryClient.invalidateQueries();
        seen = true;
      },
      signal: stop.signal,
    });
    return () => stop.abort();
  }, [client, queryClient, wanted]);
  return live;
}
