import { Grid, Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { flowQueries } from '../../api/queries/flows';
import { quotaQueries } from '../../api/queries/quota';
import { runQueries } from '../../api/queries/runs';
import { useApp, useSession } from '../../components/app';
import { Fact, Facts } from '../../components/Cells';
import { Loaded, Quiet } from '../../components/Feedback';
import { NextRun, soonest } from '../../components/NextRun';
import { Page } from '../../components/Page';
import { QuotaGauge } from '../../components/QuotaGauge';
import { QuotaHistory } from '../../components/QuotaHistory';
import { RunTable } from '../../components/RunTable';
import { TextLink } from '../../components/TextLink';
import { text } from '../../text';
import { homeText } from '../../texts/home';
import { quotaText } from '../../texts/quota';
import { scheduleText } from '../../texts/schedule';
import { settingsText } from '../../texts/settings';
import { NextSteps } from './NextSteps';

export function HomePage() {
  const { client, format, live } = useApp();
  const session = useSession();
  const navigate = useNavigate();
  const quota = useQuery({ ...quotaQueries.quota(client), refetchInterval: live ? false : 10_000 });
  const flows = useQuery(flowQueries.flows(client));
  const runs = useQuery({ ...runQueries.lastRuns(client), refetchInterval: live ? false : 10_000 });
  const t = homeText;
  const { store } = session;
  const next = soonest(flows.data ?? []);
  // A list from before a feed was made or run would show steps that are done.
  const current = !flows.isFetching || !flows.isStale;
  return (
    <Page
      badges={session.sandbox ? [{ label: text.sandbox, variant: 'secondary' }] : []}
      description={t.description}
      title={store.name || t.title}
    >
      {flows.data && runs.data && current ? <NextSteps flows={flows.data} runs={runs.data} /> : null}
      <Panel description={quotaText.quota.description} header={quotaText.quota.header}>
        <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', desktop: 'minmax(0, 2fr) minmax(0, 3fr)' }} gridGap="2rem">
          <Loaded query={quota}>{(data) => <QuotaGauge quota={data} />}</Loaded>
          <QuotaHistory quota={quota.data} />
        </Grid>
      </Panel>
      <Panel action={{ text: t.runs.all, variant: 'secondary', onClick: () => void navigate('/activity') }} header={t.runs.header}>
        <Loaded query={runs}>{(data) => (data.length > 0 ? <RunTable caption={t.runs.header} runs={data} /> : <Quiet>{t.runs.empty}</Quiet>)}</Loaded>
      </Panel>
      <Panel header={t.store}>
        <Facts $min={13}>
          {flows.data ? (
            <Fact name={scheduleText.nextRun}>
              {next ? (
                <>
                  <TextLink to={`/syncs/${next.id}`}>{next.name}</TextLink>: <NextRun schedule={next.schedule} />
                </>
              ) : (
                scheduleText.none
              )}
            </Fact>
          ) : null}
          <Fact name={t.plan}>{store.plan_name || text.none}</Fact>
          <Fact name={t.domain}>{store.domain || text.none}</Fact>
          <Fact name={t.currency}>{store.currency || text.none}</Fact>
          <Fact name={t.installed}>{format.dateTime(store.installed_at)}</Fact>
          <Fact name={t.hash}>{store.hash}</Fact>
          {session.user?.email ? (
            <Fact name={t.user}>
              {session.user.email} ({settingsText.users.roles[session.user.role].toLowerCase()})
            </Fact>
          ) : null}
        </Facts>
      </Panel>
    </Page>
  );
}
