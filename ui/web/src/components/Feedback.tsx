import { Box, Button, Flex, ProgressCircle, Text } from '@bigcommerce/big-design';
import type { ReactNode } from 'react';
import { text } from '../text';
import { FailedState } from './states/FailedState';
import { Skeleton } from './states/Skeleton';

/** Something that takes a while and says what it is. */
export function Working({ label }: { label: string }) {
  return (
    <Flex alignItems="center" flexDirection="column" flexGap="0.75rem" justifyContent="center" paddingVertical="xxLarge" role="status">
      <ProgressCircle size="small" />
      <Text color="secondary60">{label}</Text>
    </Flex>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** Shows a query's answer, or that it is loading, or why it failed. Old data stays during a failed refresh. */
export function Loaded<T>({ query, children, lines }: { query: QueryLike<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <FailedState error={query.error} header={text.errors.loading} retry={() => void query.refetch()} />;
  return <Skeleton lines={lines} />;
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
