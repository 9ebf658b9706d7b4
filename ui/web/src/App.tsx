import { AlertsManager, createAlertsManager, Flex, GlobalStyles, Link, Panel, StatusMessage, Text } from '@bigcommerce/big-design';
import { createTheme } from '@bigcommerce/big-design-theme';
import { type QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Component, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { MemoryRouter, Outlet, Route, Routes, useLocation } from 'react-router';
import styled, { createGlobalStyle, ThemeProvider } from 'styled-components';
import type { Client } from './api/client';
import { followEvents } from './api/events';
import { applyEvent, queries } from './api/queries';
import { AppContext, SessionContext, useApp } from './components/app';
import { Failure, Loading } from './components/Feedback';
import { TextLink } from './components/TextLink';
import { firstRoute } from './lib/boot';
import { Formatter, pickLocale } from './lib/format';
import { FlowPage } from './pages/flow/FlowPage';
import { NotFoundPage } from './pages/NotFoundPage';
import { OverviewPage } from './pages/OverviewPage';
import { ProductsPage } from './pages/ProductsPage';
import { RunPage } from './pages/RunPage';
import { RunsPage } from './pages/RunsPage';
import { SettingsPage } from './pages/SettingsPage';
import { StorefrontPage } from './pages/StorefrontPage';
import { text } from './text';

const theme = createTheme();

const PanelStyles = createGlobalStyle`
  body {
    background-color: ${theme.colors.secondary10};
    color: ${theme.colors.secondary70};
    margin: 0;
  }

  *, *::before, *::after {
    box-sizing: border-box;
  }

  main:focus {
    outline: none;
  }
`;

/** Theme and global styles, for the panel and for the pages that stand in its place. */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <ThemeProvider theme={theme}>
      <GlobalStyles />
      <PanelStyles />
      <Boundary>{children}</Boundary>
    </ThemeProvider>
  );
}

/** A page without a session: where to open the panel, or that the session is over. */
export function Notice({ heading, message }: { heading: string; message: string }) {
  return (
    <Flex flexDirection="row" as="main" justifyContent="center" padding="xxLarge">
      <StatusMessage heading={heading} message={message} size="page" variant="unauthorized" />
    </Flex>
  );
}

class Boundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return <Notice heading={text.shell.crashed.heading} message={text.shell.crashed.message} />;
  }
}

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
              <Route element={<ProductsPage />} path="products" />
              <Route element={<FlowPage />} path="products/:id" />
              <Route element={<FlowPage />} path="products/:id/:step" />
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

/** Keeps the caches fresh from the server's events; says whether they arrive. */
function useEvents(client: Client, queryClient: QueryClient, wanted: boolean): boolean {
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

const Bar = styled.header`
  background-color: ${({ theme }) => theme.colors.white};
  border-bottom: ${({ theme }) => theme.border.box};
`;

const Nav = styled.nav`
  display: flex;
  gap: ${({ theme }) => theme.spacing.xSmall};
  margin: 0 auto;
  max-width: ${({ theme }) => theme.helpers.remCalc(1184)};
  overflow-x: auto;
  padding: 0 ${({ theme }) => theme.spacing.xSmall};

  ${({ theme }) => theme.breakpoints.tablet} {
    padding: 0 ${({ theme }) => theme.spacing.large};
  }
`;

const NavLink = styled(TextLink)`
  border-bottom: 4px solid transparent;
  border-radius: 0;
  border-top: 4px solid transparent;
  color: ${({ theme }) => theme.colors.secondary60};
  font-size: ${({ theme }) => theme.typography.fontSize.medium};
  padding: ${({ theme }) => `${theme.spacing.small} ${theme.spacing.small}`};
  white-space: nowrap;

  &:hover {
    color: ${({ theme }) => theme.colors.primary};
    text-decoration: none;
  }

  &:focus-visible {
    outline-offset: -4px;
  }

  &[aria-current='page'] {
    border-bottom-color: ${({ theme }) => theme.colors.primary};
    color: ${({ theme }) => theme.colors.secondary70};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }
`;

const Skip = styled.a`
  background-color: ${({ theme }) => theme.colors.white};
  left: 0;
  padding: ${({ theme }) => theme.spacing.small};
  position: absolute;
  top: -10rem;
  z-index: ${({ theme }) => theme.zIndex.fixed + 1};

  &:focus {
    top: 0;
  }
`;

const Column = styled.div`
  display: flex;
  flex-direction: column;
  min-height: 100dvh;

  main {
    display: flex;
    flex: 1;
    flex-direction: column;
  }

  main > div:first-child {
    flex: 1;
  }
`;

const Foot = styled.footer`
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => theme.spacing.medium};
  justify-content: center;
  padding: ${({ theme }) => theme.spacing.medium};
`;

const sections = [
  { to: '/', name: text.nav.overview },
  { to: '/products', name: text.nav.products },
  { to: '/runs', name: text.nav.runs },
  { to: '/storefront', name: text.nav.storefront },
  { to: '/settings', name: text.nav.settings },
];

function Shell() {
  const { client } = useApp();
  const session = useQuery(queries.session(client));
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const section = pathname.split('/')[1] ?? '';
  const first = useRef(true);
  const page = pathname.split('/').slice(0, 3).join('/');
  useEffect(() => {
    // A new page starts at its top, for eyes and screen readers; steps and tabs of a page do not.
    if (first.current) first.current = false;
    else {
      window.scrollTo(0, 0);
      main.current?.focus();
    }
  }, [page]);
  return (
    <Column>
      <Skip
        href="#main"
        onClick={(e) => {
          e.preventDefault();
          main.current?.focus();
        }}
      >
        {text.nav.skip}
      </Skip>
      <Bar>
        <Nav aria-label={text.nav.label}>
          {sections.map((s) => (
            <NavLink aria-current={s.to === `/${section}` ? 'page' : undefined} key={s.to} to={s.to}>
              {s.name}
            </NavLink>
          ))}
        </Nav>
      </Bar>
      <main id="main" ref={main} tabIndex={-1}>
        {session.data ? (
          <SessionContext value={session.data}>
            <Outlet />
          </SessionContext>
        ) : (
          <Flex flexDirection="column" padding="xLarge">
            <Panel>
              {session.error ? <Failure error={session.error} header={text.errors.loading} retry={() => void session.refetch()} /> : <Loading />}
            </Panel>
          </Flex>
        )}
      </main>
      {session.data ? (
        <Foot>
          <Text as="small" color="secondary60" marginBottom="none">
            {text.version(session.data.version)}
          </Text>
          <Text as="small" color="secondary60" marginBottom="none">
            {text.store(session.data.store.hash)}
          </Text>
          {session.data.support_url ? (
            <Link href={session.data.support_url} rel="noreferrer" target="_blank">
              <Text as="small" color="primary" marginBottom="none">
                {text.support}
              </Text>
            </Link>
          ) : null}
        </Foot>
      ) : null}
    </Column>
  );
}
