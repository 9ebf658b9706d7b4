import { Box, Button, Flex, FlexItem, Panel, Text } from '@bigcommerce/big-design';
import { CheckCircleIcon, RadioButtonUncheckedIcon } from '@bigcommerce/big-design-icons';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import type { Flow, Run } from '../../api/types';
import { useAccess } from '../../components/app';
import { Hidden } from '../../components/Hidden';
import { homeText } from '../../texts/home';

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

/** How far a flow has come. Its runs are those that the page knows: its last, and the last of the store. */
function progressOf(flow: Flow, known: Run[]) {
  const runs = known.filter((r) => r.flow_id === flow.id).concat(flow.last_run ?? []);
  const finished = runs.filter((r) => r.state === 'done');
  const landed = finished.some((r) => !r.dry_run && r.created + r.updated + r.unchanged > 0);
  return {
    flow,
    connected: flow.source.kind !== '',
    mapped: (flow.mapping.fields?.length ?? 0) > 0,
    tried: finished.some((r) => r.dry_run) || runs.some((r) => !r.dry_run),
    landed,
  };
}

type Progress = ReturnType<typeof progressOf>;

const stepsDone = (p: Progress) => [p.connected, p.mapped, p.tried].filter(Boolean).length;

/**
 * What is left to do until a run has brought a feed's records into the store; gone afterwards. A dry run, a failed
 * run, one that could write no row, and runs of feeds that were deleted do not count.
 */
export function NextSteps({ flows, runs }: { flows: Flow[]; runs: Run[] }) {
  const navigate = useNavigate();
  const access = useAccess('write');
  const t = homeText.next;
  const all = flows.map((f) => progressOf(f, runs));
  if (all.some((p) => p.landed)) return null;
  const [at] = all.toSorted((a, b) => stepsDone(b) - stepsDone(a)); // the feed that has come furthest
  const to = (step: string) => (at ? `/syncs/${at.flow.id}/${step}` : '/syncs');
  const steps = [
    { ...t.connect, done: at?.connected ?? false, to: to('source') },
    { ...t.map, done: at?.mapped ?? false, to: to('mapping') },
    { ...t.dryRun, done: at?.tried ?? false, to: to('review') },
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
