import { AlertsManager, createAlertsManager } from '@bigcommerce/big-design';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { MemoryRouter, Route, Routes } from 'react-router';
import type { Client } from './api/client';
import { useEvents } from './api/useEvents';
import { AppContext } from './components/app';
import { Notice } from './components/Notice';
import { Shell } from './components/Shell';
import { firstRoute } from './lib/boot';
import { Formatter, pickLocale } from './lib/format';
import { FlowPage } from './pages/flow/FlowPage';
import { FlowsPage } from './pages/FlowsPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { OverviewPage } from './pages/OverviewPage';
import { RunPage } from './pages/RunPage';
import { RunsPage } from './pages/RunsPage';
import { SettingsPage } from './pages/SettingsPage';
import { StorefrontPage } from './pages/StorefrontPage';
import { text } from './text';

interface Props {
  client: Client;
  queryClient: QueryClient;
  deepLink: string;
  locale: string;
  ended: boolean;
}

export function App({ client, queryClient, deepLink, locale, ended }: Props) {
  const alerts = useMemo(() => createAlertsManager(), []);
  const live = useEvents(client, queryClient, !ended);
  const format = useMemo(() => new Formatter(pickLocale(locale, navigator.language)), [locale]);
  const app = useMemo(() => ({ client, format, alerts, live }), [client, format, alerts, live]);
  useEffect(() => {
    document.documentElement.lang = 'en'; // the texts; numbers and dates are the user's
  }, []);
  if (ended) return <Notice {...text.shell.ended} />;
  return (
    <QueryClientProvider client={queryClient}>
      <AppContext value={app}>
        <MemoryRouter initialEntries={[firstRoute(deepLink)]}>
          <Routes>
            <Route element={<Shell />}>
              <Route element={<OverviewPage />} index />
              <Route element={<FlowsPage />} path="flows" />
              <Route element={<FlowPage />} path="flows/:id" />
              <Route element={<FlowPage />} path="flows/:id/:step" />
              <Route element={<RunsPage />} path="runs" />
              <Route element={<RunPage />} path="runs/:id" />
              <Route element={<StorefrontPage />} path="storefront" />
              <Route element={<StorefrontPage />} path="storefront/:tab" />
              <Route element={<SettingsPage />} path="settings" />
              <Route element={<SettingsPage />} path="settings/:tab" />
              <Route element={<NotFoundPage />} path="*" />
            </Route>
          </Routes>
        </MemoryRouter>
        <AlertsManager manager={alerts} />
      </AppContext>
    </QueryClientProvider>
  );
}
