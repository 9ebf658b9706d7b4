import { Flex, Link, Panel, Text } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useRef } from 'react';
import { Outlet, useLocation } from 'react-router';
import styled from 'styled-components';
import { sessionQueries } from '../api/queries/session';
import { text } from '../text';
import { SessionContext, useApp } from './app';
import { FailedState } from './states/FailedState';
import { PageSkeleton } from './states/Skeleton';
import { UnsavedGuard } from './states/Unsaved';
import { TextLink } from './TextLink';

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
  { to: '/', name: text.nav.home },
  { to: '/syncs', name: text.nav.syncs },
  { to: '/activity', name: text.nav.activity },
  { to: '/connections', name: text.nav.connections },
  { to: '/settings', name: text.nav.settings },
];

/** What stands around every page: sections above, versions and help below. */
export function Shell() {
  const { client } = useApp();
  const session = useQuery(sessionQueries.session(client));
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
            <UnsavedGuard>
              <Suspense fallback={<PageSkeleton />}>
                <Outlet />
              </Suspense>
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
