import { Grid, Panel, Text } from '@bigcommerce/big-design';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import { attentionQueries } from '../../api/queries/attention';
import { overviewQueries } from '../../api/queries/overview';
import { runQueries } from '../../api/queries/runs';
import type { OverviewNext, Run } from '../../api/types';
import { useAccess, useApp, useSession } from '../../components/app';
import { Loaded, Quiet } from '../../components/Feedback';
import { Page } from '../../components/Page';
import { RunTable } from '../../components/RunTable';
import { Permitted } from '../../components/states/ReadOnly';
import { Skeleton } from '../../components/states/Skeleton';
import { TextLink } from '../../components/TextLink';
import { homeText } from '../../texts/home';
import { scheduleText } from '../../texts/schedule';
import { Guide } from './Guide';
import { HistoryChart } from './HistoryChart';
import { KindHealth } from './KindHealth';
import { Needs } from './Needs';

const t = homeText;

/** Is it right, what needs me, what next: for a store in use; for a new one the way to its first records. */
export function HomePage() {
  const { client, live } = useApp();
  const { store } = useSession();
  const navigate = useNavigate();
  const access = useAccess();
  const overview = useQuery({ ...overviewQueries.overview(client), refetchInterval: live ? 60_000 : 10_000 });
  // All parts at once: one that comes later would push the others down.
  const needs = useQuery({ ...attentionQueries.first(client), refetchInterval: live ? false : 10_000 });
  const runs = useQuery({ ...runQueries.lastRuns(client), refetchInterval: live ? false : 10_000 });
  const waits = needs.isPending || runs.isPending;
  const landed = overview.data?.guide.landed ?? false;
  const create = { text: t.create, onClick: () => void navigate('/syncs/new') };
  return (
    <Page actions={landed && access.granted ? [create] : []} title={store.name || t.title}>
      <Loaded query={overview}>
        {(data) =>
          data.guide.landed && waits ? (
            <Skeleton lines={14} />
          ) : data.guide.landed ? (
            <>
              <Loaded query={needs}>{(found) => <Needs open={found.open} problems={found.items} />}</Loaded>
              <KindHealth kinds={data.kinds} />
              <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', desktop: 'minmax(0, 3fr) minmax(0, 2fr)' }} gridGap="0 1.5rem">
                <HistoryChart days={data.history} />
                <Next runs={data.next} />
              </Grid>
              <Last runs={runs} />
              <Permitted>
                <Shoppers />
              </Permitted>
            </>
          ) : (
            <Guide guide={data.guide} kinds={data.kinds} />
          )
        }
      </Loaded>
    </Page>
  );
}

const Upcoming = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;

  li {
    margin-bottom: ${({ theme }) => theme.spacing.small};
  }

  li:last-child {
    margin-bottom: 0;
  }
`;

function Next({ runs }: { runs: OverviewNext[] }) {
  const { format } = useApp();
  const { store } = useSession();
  return (
    <Panel header={t.next.header}>
      {runs.length === 0 ? (
        <Text>
          {t.next.none} <TextLink to="/syncs">{t.next.choose}</TextLink>
        </Text>
      ) : (
        <Upcoming>
          {runs.map((r) => (
            <li key={`${r.flow_id} ${r.at}`}>
              <TextLink to={`/syncs/${r.flow_id}`}>{r.flow_name}</TextLink>
              <Text color="secondary60" marginBottom="none">
                {format.isPast(r.at) ? scheduleText.due : format.dateTimeIn(r.at, store.timezone)}
                {r.compare ? `, ${t.next.compare}` : ''}
              </Text>
            </li>
          ))}
        </Upcoming>
      )}
    </Panel>
  );
}

function Last({ runs }: { runs: UseQueryResult<Run[]> }) {
  const navigate = useNavigate();
  return (
    <Panel action={{ text: t.last.all, variant: 'secondary', onClick: () => void navigate('/activity') }} header={t.last.header}>
      <Loaded query={runs}>{(data) => (data.length > 0 ? <RunTable caption={t.last.header} runs={data} /> : <Quiet>{t.last.none}</Quiet>)}</Loaded>
    </Panel>
  );
}

/** Sign-on and the account card: set up once, so no page of every day. */
function Shoppers() {
  const navigate = useNavigate();
  return (
    <Panel action={{ text: t.shoppers.action, variant: 'secondary', onClick: () => void navigate('/settings/shoppers') }} header={t.shoppers.header}>
      <Text>{t.shoppers.message}</Text>
    </Panel>
  );
}
