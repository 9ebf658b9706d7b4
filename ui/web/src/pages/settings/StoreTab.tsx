import { Grid, Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { quotaQueries } from '../../api/queries/quota';
import { useApp, useSession } from '../../components/app';
import { Fact, Facts } from '../../components/Cells';
import { Loaded } from '../../components/Feedback';
import { QuotaGauge } from '../../components/QuotaGauge';
import { QuotaHistory } from '../../components/QuotaHistory';
import { text } from '../../text';
import { quotaText } from '../../texts/quota';
import { settingsText } from '../../texts/settings';

const t = settingsText.store;

/** What is known of the store, and how much of its request allowance is in use. */
export function StoreTab() {
  const { client, format, live } = useApp();
  const { store, user } = useSession();
  const quota = useQuery({ ...quotaQueries.quota(client), refetchInterval: live ? false : 10_000 });
  return (
    <>
      <Panel header={t.header}>
        <Facts $min={13}>
          <Fact name={t.plan}>{store.plan_name || text.none}</Fact>
          <Fact name={t.domain}>{store.domain || text.none}</Fact>
          <Fact name={t.currency}>{store.currency || text.none}</Fact>
          <Fact name={t.zone}>{store.timezone || text.none}</Fact>
          <Fact name={t.installed}>{format.dateTime(store.installed_at)}</Fact>
          <Fact name={t.code}>{store.hash}</Fact>
          {user?.email ? (
            <Fact name={t.user}>
              {user.email} ({settingsText.users.roles[user.role].toLowerCase()})
            </Fact>
          ) : null}
        </Facts>
      </Panel>
      <Panel description={quotaText.description} header={quotaText.header}>
        <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', desktop: 'minmax(0, 2fr) minmax(0, 3fr)' }} gridGap="2rem">
          <Loaded query={quota}>{(data) => <QuotaGauge quota={data} />}</Loaded>
          <QuotaHistory quota={quota.data} />
        </Grid>
      </Panel>
    </>
  );
}
