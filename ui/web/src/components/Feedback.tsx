import { Box, Button, Flex, InlineMessage, Panel, ProgressCircle, StatusMessage, Text } from '@bigcommerce/big-design';
import type { ReactNode } from 'react';
import styled from 'styled-components';
import { text } from '../text';
import { messagesOf } from './app';

/** Read by screen readers only. */
export const Hidden = styled.span`
  clip-path: inset(50%);
  height: 1px;
  overflow: hidden;
  position: absolute;
  white-space: nowrap;
  width: 1px;
`;

export function Loading({ label = text.loading }: { label?: string }) {
  return (
    <Flex alignItems="center" flexDirection="column" flexGap="0.75rem" justifyContent="center" paddingVertical="xxLarge" role="status">
      <ProgressCircle size="small" />
      {label === text.loading ? <Hidden>{label}</Hidden> : <Text color="secondary60">{label}</Text>}
    </Flex>
  );
}

interface FailureProps {
  error: unknown;
  header?: string;
  retry?: () => void;
}

/** An error where the thing it is about would stand. */
export function Failure({ error, header = text.errors.header, retry }: FailureProps) {
  return (
    <InlineMessage
      actions={retry ? [{ text: text.tryAgain, onClick: retry }] : undefined}
      header={header}
      marginBottom="medium"
      messages={messagesOf(error)}
      type="error"
    />
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Shows a query's answer, or that it is loading, or why it failed. Old data stays during a failed refresh. */
export function Loaded<T>({ query, children, label }: { query: QueryLike<T>; children: (data: T) => ReactNode; label?: string }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failure error={query.error} header={text.errors.loading} retry={() => void query.refetch()} />;
  return <Loading label={label} />;
}

interface EmptyProps {
  heading: string;
  message: string;
  action?: { text: string; onClick: () => void; disabled?: boolean; reason?: string };
}

export function Empty({ heading, message, action }: EmptyProps) {
  return (
    <Panel>
      <StatusMessage
        actions={
          action ? (
            <Button disabled={action.disabled} onClick={action.onClick} title={action.disabled ? action.reason : undefined}>
              {action.text}
            </Button>
          ) : undefined
        }
        heading={heading}
        message={message}
        variant="info"
      />
    </Panel>
  );
}

export function Quiet({ children }: { children: ReactNode }) {
  return (
    <Box paddingVertical="medium">
      <Text color="secondary60" marginBottom="none">
        {children}
      </Text>
    </Box>
  );
}

interface Paging {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

interface PagedProps<T> {
  query: QueryLike<{ pages: { items: T[] }[] }> & Paging;
  none: string;
  children: (items: T[]) => ReactNode;
}

/** A paged list: what has been loaded of it with "Show more" under it, or, if there is nothing, a word about that. */
export function Paged<T>({ query, none, children }: PagedProps<T>) {
  return (
    <Loaded query={query}>
      {(data) => {
        const items = data.pages.flatMap((p) => p.items);
        if (items.length === 0) return <Quiet>{none}</Quiet>;
        return (
          <>
            {children(items)}
            <More query={query} />
          </>
        );
      }}
    </Loaded>
  );
}

/** "Show more" under a paged list. */
export function More({ query }: { query: Paging }) {
  if (!query.hasNextPage) return null;
  return (
    <Flex flexDirection="row" justifyContent="center" marginTop="medium">
      <Button isLoading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()} variant="secondary">
        {text.loadMore}
      </Button>
    </Flex>
  );
}
