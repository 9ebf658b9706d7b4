import { createAlertsManager } from '@bigcommerce/big-design';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { type DataRouter, RouterProvider } from 'react-router';
import type { Client } from './api/client';
import { useEvents } from './api/useEvents';
import { AppContext } from './components/app';
import { Notice } from './components/Notice';
import { Toasts } from './components/Toasts';
import { Formatter, pickLocale } from './lib/format';
import { text } from './text';

interface Props {
  client: Client;
  queryClient: QueryClient;
  router: DataRouter;
  locale: string;
  ended: boolean;
}

export function App({ client, queryClient, router, locale, ended }: Props) {
  const alerts = useMemo(() => createAlertsManager(), []);
  const live = useEvents(client, queryClient, !ended);
  const format = useMemo(() => new Formatter(pickLocale(locale, navigator.language)), [locale]);
  const app = useMemo(() => ({ client, format, alerts, live }), [client, format, alerts, live]);
  useEffect(() => {
    document.documentElement.lang = format.locale; // of the texts, numbers and dates
  }, [format]);
  if (ended) return <Notice {...text.shell.ended} />;
  return (
    <QueryClientProvider client={queryClient}>
      <AppContext value={app}>
        <RouterProvider router={router} />
        <Toasts manager={alerts} />
      </AppContext>
    </QueryClientProvider>
  );
}
