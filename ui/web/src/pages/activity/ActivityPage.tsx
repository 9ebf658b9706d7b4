import { Panel } from '@bigcommerce/big-design';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { activityQueries } from '../../api/queries/activity';
import { useAccess, useApp } from '../../components/app';
import { Loaded, More, Quiet } from '../../components/Feedback';
import { Page } from '../../components/Page';
import { EmptyState } from '../../components/states/EmptyState';
import { activityText as t } from '../../texts/activity';
import { ActivityFilters } from './ActivityFilters';
import { ActivityList } from './ActivityList';
import { useFilters } from './filters';

/** Runs and what people changed, in one list. */
export function ActivityPage() {
  const { client, live } = useApp();
  const navigate = useNavigate();
  const admin = useAccess('admin');
  const write = useAccess('write');
  const state = useFilters();
  const query = useInfiniteQuery({ ...activityQueries.activity(client, state.filters), refetchInterval: live ? false : 10_000 });
  const nothing = query.data?.pages.every((p) => p.items.length === 0) === true;
  if (nothing && state.count === 0) {
    return (
      <Page description={admin.granted ? t.description : t.descriptionRuns} title={t.title}>
        <EmptyState action={write.granted ? { text: t.empty.action, onClick: () => void navigate('/syncs/new') } : undefined} heading={t.empty.heading} message={t.empty.message} />
      </Page>
    );
  }
  return (
    <Page description={admin.granted ? t.description : t.descriptionRuns} title={t.title}>
      <Panel>
        <ActivityFilters {...state} />
        <Loaded query={query}>
          {(data) => {
            const entries = data.pages.flatMap((p) => p.items);
            return entries.length === 0 ? (
              <Quiet>{t.noMatch}</Quiet>
            ) : (
              <>
                <ActivityList entries={entries} />
                <More query={query} />
              </>
            );
          }}
        </Loaded>
      </Panel>
    </Page>
  );
}
