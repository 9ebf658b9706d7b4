import { Flex, Link, Panel, Text } from '@bigcommerce/big-design';
import { BaselineHelpIcon, NotificationsIcon } from '@bigcommerce/big-design-icons';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useRef, useState } from 'react';
import { Outlet, useLocation } from 'react-router';
import styled from 'styled-components';
import { sessionQueries } from '../api/queries/session';
import type { Session } from '../api/types';
import { chunk } from '../lib/chunk';
import { text } from '../text';
import { SessionContext, useApp } from './app';
import { Chunk } from './Chunk';
import { useHeadingLevels } from './headings';
import { Hidden } from './Hidden';
import { FailedState } from './states/FailedState';
import { PageSkeleton } from './states/Skeleton';
import { UnsavedGuard } from './states/Unsaved';
import { TextLink } from './TextLink';

const HelpDrawer = chunk(async () => (await import('./HelpDrawer')).HelpDrawer);

const Bar = styled.header`
  background-color: ${({ theme }) => theme.colors.white};
  border-bottom: ${({ theme }) => theme.border.box};
`;

const Row = styled.div`
  align-items: center;
  column-gap: ${({ theme }) => theme.spacing.medium};
  display: grid;
  grid-template-areas: 'name tools' 'nav nav';
  grid-template-columns: minmax(0, 1fr) auto;
  margin: 0 auto;
  max-width: ${({ theme }) => theme.helpers.remCalc(1184)};
  padding: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.medium} 0`};

  @media (min-width: 60rem) {
    grid-template-areas: 'name nav tools';
    grid-template-columns: 12rem minmax(0, 1fr) auto; /* the store's name comes later and moves nothing */
    padding: 0 ${({ theme }) => theme.spacing.large};
  }
`;

const AppName = styled.div`
  grid-area: name;
  min-width: 0;

  strong {
    color: ${({ theme }) => theme.colors.secondary70};
    font-size: ${({ theme }) => theme.typography.fontSize.large};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }

  span {
    color: ${({ theme }) => theme.colors.secondary60};
    display: block;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    line-height: ${({ theme }) => theme.lineHeight.small};
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
`;

const Nav = styled.nav`
  display: flex;
  flex-wrap: wrap;
  grid-area: nav;
`;

const NavLink = styled(TextLink)`
  border-bottom: 4px solid transparent;
  border-radius: 0;
  border-top: 4px solid transparent;
  color: ${({ theme }) => theme.colors.secondary60};
  font-size: ${({ theme }) => theme.typography.fontSize.medium};
  padding: ${({ theme }) => `${theme.spacing.small} ${theme.spacing.xSmall}`};
  white-space: nowrap;

  ${({ theme }) => theme.breakpoints.tablet} {
    padding: ${({ theme }) => theme.spacing.small};
  }

  &:hover {
    color: ${({ theme }) => theme.colors.primary};
    text-decoration: none;
  }

  &[aria-current='page'] {
    border-bottom-color: ${({ theme }) => theme.colors.primary};
    color: ${({ theme }) => theme.colors.secondary70};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }
`;

const Tools = styled.div`
  align-items: center;
  display: flex;
  gap: ${({ theme }) => theme.spacing.xSmall};
  grid-area: tools;
`;

const Bell = styled(TextLink)<{ $open: boolean }>`
  align-items: center;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme, $open }) => ($open ? theme.colors.danger60 : theme.colors.secondary60)};
  display: inline-flex;
  font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  gap: ${({ theme }) => theme.spacing.xxSmall};
  padding: ${({ theme }) => theme.spacing.xSmall};
`;

const Help = styled.button`
  align-items: center;
  background: none;
  border: 0;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.secondary60};
  cursor: pointer;
  display: inline-flex;
  font: inherit;
  gap: ${({ theme }) => theme.spacing.xxSmall};
  padding: ${({ theme }) => theme.spacing.xSmall};
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

  /* The foot stands below the first window, so that what is loaded does not push it through it. */
  main {
    display: flex;
    flex-direction: column;
    min-height: 100dvh;
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
  { to: '/', name: text.nav.home },
  { to: '/syncs', name: text.nav.syncs },
  { to: '/activity', name: text.nav.activity },
  { to: '/connections', name: text.nav.connections },
  { to: '/settings', name: text.nav.settings },
];

/** What stands around every page: the app and its store, sections, what needs attention, help; versions below. */
export function Shell() {
  const { client } = useApp();
  const session = useQuery(sessionQueries.session(client));
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const section = pathname.split('/')[1] ?? '';
  const first = useRef(true);
  const page = pathname.split('/').slice(0, 3).join('/');
  useHeadingLevels();
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
        <Row>
          <AppName>
            <strong>{text.appName}</strong>
            <span>{session.data?.store.name ?? '\u00a0'}</span>
          </AppName>
          <Nav aria-label={text.nav.label}>
            {sections.map((s) => (
              <NavLink aria-current={s.to === `/${section}` ? 'page' : undefined} key={s.to} to={s.to}>
                {s.name}
              </NavLink>
            ))}
          </Nav>
          <Tools>
            <AttentionBell open={session.data?.attention ?? 0} />
            <HelpButton section={section} session={session.data} />
          </Tools>
        </Row>
      </Bar>
      <main id="main" ref={main} tabIndex={-1}>
        {session.data ? (
          <SessionContext value={session.data}>
            <UnsavedGuard>
              <Chunk key={page}>
                <Suspense fallback={<PageSkeleton />}>
                  <Outlet />
                </Suspense>
              </Chunk>
            </UnsavedGuard>
          </SessionContext>
        ) : session.error ? (
          <Flex flexDirection="column" padding="xLarge">
            <Panel>
              <FailedState error={session.error} header={text.errors.loading} retry={() => void session.refetch()} />
            </Panel>
          </Flex>
        ) : (
          <PageSkeleton />
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

/** How many problems wait for somebody, and the way to them. */
function AttentionBell({ open }: { open: number }) {
  const { format } = useApp();
  return (
    <Bell $open={open > 0} to="/attention">
      <NotificationsIcon aria-hidden />
      <Hidden>{open > 0 ? text.nav.attention : text.nav.noAttention}</Hidden>{' '}
      {open > 0 ? format.number(open) : null}
    </Bell>
  );
}

/** Help about the page that is open, beside it. */
function HelpButton({ section, session }: { section: string; session: Session | undefined }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <Help aria-expanded={open} onClick={() => setOpen(!open)} ref={button} type="button">
        <BaselineHelpIcon aria-hidden />
        {text.nav.help}
      </Help>
      {open ? (
        <Chunk>
          <Suspense fallback={null}>
            <HelpDrawer onClose={close} section={section} supportURL={session?.support_url ?? ''} />
          </Suspense>
        </Chunk>
      ) : null}
    </>
  );
}
