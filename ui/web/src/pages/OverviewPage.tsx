import { Box, Button, Flex, FlexItem, Grid, Panel, Text } from '@bigcommerce/big-design';
import { CheckCircleIcon, RadioButtonUncheckedIcon } from '@bigcommerce/big-design-icons';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import { flowQueries } from '../api/queries/flows';
import { quotaQueries } from '../api/queries/quota';
import { runQueries } from '../api/queries/runs';
import type { Flow, Run } from '../api/types';
import { useAccess, useApp, useSession } from '../components/app';
import { Fact, Facts } from '../components/Cells';
import { Hidden, Loaded, Quiet } from '../components/Feedback';
import { NextRun, soonest } from '../components/NextRun';
import { Page } from '../components/Page';
import { QuotaGauge } from '../components/QuotaGauge';
import { QuotaHistory } from '../components/QuotaHistory';
import { RunTable } from '../components/RunTable';
import { TextLink } from '../components/TextLink';
import { text } from '../text';

export function OverviewPage() {
  const { client, format, live } = useApp();
  const session = useSession();
  const navigate = useNavigate();
  const quota = useQuery({ ...quotaQueries.quota(client), refetchInterval: live ? false : 10_000 });
  const flows = useQuery(flowQueries.flows(client));
  const runs = useQuery({ ...runQueries.lastRuns(client), refetchInterval: live ? false : 10_000 });
  const t = text.overview;
  const { store } = session;
  const next = soonest(flows.data ?? []);
  return (
    <Page
      badges={session.sandbox ? [{ label: text.sandbox, variant: 'secondary' }] : []}
      description={t.description}
      title={store.name || t.title}
    >
      {flows.data && runs.data ? <NextSteps flows={flows.data} runs={runs.data} /> : null}
      <Panel description={t.quota.description} header={t.quota.header}>
        <Grid gridColumns={{ mobile: 'minmax(0, 1fr)', desktop: 'minmax(0, 2fr) minmax(0, 3fr)' }} gridGap="2rem">
          <Loaded query={quota}>{(data) => <QuotaGauge quota={data} />}</Loaded>
          <QuotaHistory quota={quota.data} />
        </Grid>
      </Panel>
      <Panel action={{ text: t.runs.all, variant: 'secondary', onClick: () => void navigate('/runs') }} header={t.runs.header}>
        <Loaded query={runs}>{(data) => (data.length > 0 ? <RunTable caption={t.runs.header} runs={data} /> : <Quiet>{t.runs.empty}</Quiet>)}</Loaded>
      </Panel>
      <Panel header={t.store}>
        <Facts $min={13}>
          {flows.data ? (
            <Fact name={text.schedule.nextRun}>
              {next ? (
                <>
                  <TextLink to={`/products/${next.id}`}>{next.name}</TextLink>: <NextRun schedule={next.schedule} />
                </>
              ) : (
                text.schedule.none
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
              {session.user.email} ({text.settings.users.roles[session.user.role].toLowerCase()})
            </Fact>
          ) : null}
        </Facts>
      </Panel>
    </Page>
  );
}

const Steps = styled.ol`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Step = styled.li<{ $current: boolean }>`
  border: ${({ theme, $current }) => ($current ? `1px solid ${theme.colors.primary40}` : theme.border.box)};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  display: flex;
  flex-direction: column;
  padding: ${({ theme }) => theme.spacing.medium};
`;

/** What is left to do until the first run is done; gone afterwards. */
export function NextSteps({ flows, runs }: { flows: Flow[]; runs: Run[] }) {
  const navigate = useNavigate();
  const access = useAccess('write');
  const t = text.overview.next;
  const last = flows.flatMap((f) => (f.last_run ? [f.last_run] : [])).concat(runs);
  if (last.some((r) => !r.dry_run && r.state === 'done')) return null;
  const connected = flows.find((f) => f.source.kind !== '');
  const mapped = flows.find((f) => (f.mapping.fields?.length ?? 0) > 0);
  const tried = last.some((r) => r.dry_run && r.state === 'done') || last.some((r) => !r.dry_run);
  const flow = mapped ?? connected ?? flows[0];
  const to = (step: string) => (flow ? `/products/${flow.id}/${step}` : '/products');
  const steps = [
    { ...t.connect, done: connected !== undefined, to: flow ? to('source') : '/products' },
    { ...t.map, done: mapped !== undefined, to: to('mapping') },
    { ...t.dryRun, done: tried, to: to('review') },
    { ...t.run, done: false, to: to('review') },
  ];
  const current = steps.findIndex((s) => !s.done);
  return (
    <Panel description={t.description} header={t.header}>
      <Steps>
        {steps.map((s, i) => (
          <Step $current={i === current} aria-current={i === current ? 'step' : undefined} key={s.title}>
            <Flex flexDirection="row" alignItems="center" flexGap="0.5rem" marginBottom="xxSmall">
              <FlexItem flexShrink={0}>
                {s.done ? <CheckCircleIcon aria-hidden color="success" /> : <RadioButtonUncheckedIcon aria-hidden color={i === current ? 'primary' : 'secondary50'} />}
              </FlexItem>
              <Text bold marginBottom="none">
                {s.title}
                <Hidden>, {s.done ? t.done : t.open}</Hidden>
              </Text>
            </Flex>
            <Text color="secondary60" marginBottom={i === current ? 'small' : 'none'}>
              {s.help}
            </Text>
            {i === current ? (
              <Box marginTop="auto">
                <Button disabled={!access.allowed} mobileWidth="auto" onClick={() => void navigate(s.to)} title={access.reason}>
                  {s.action}
                </Button>
              </Box>
            ) : null}
          </Step>
        ))}
      </Steps>
    </Panel>
  );
}
