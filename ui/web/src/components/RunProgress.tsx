import { Box, Flex, ProgressBar, Text } from '@bigcommerce/big-design';
import { useEffect, useRef, useState } from 'react';
import styled from 'styled-components';
import { isFinal } from '../api/queries/runs';
import type { Run } from '../api/types';
import { text } from '../text';
import { activityText } from '../texts/activity';
import { runText } from '../texts/run';
import { scheduleText } from '../texts/schedule';
import { ActorName } from './ActorName';
import { useApp } from './app';
import { Fact, Facts } from './Cells';
import { Hidden } from './Hidden';
import { phaseText, runSeconds, wouldWrite } from './runs';

const announceEvery = 10_000; // ms: a screen reader must be able to finish the sentence

const Tall = styled.div`
  > div {
    border-radius: ${({ theme }) => theme.borderRadius.normal};
    height: ${({ theme }) => theme.spacing.xSmall};
  }
`;

const Counts = styled.dl`
  display: grid;
  gap: ${({ theme }) => theme.spacing.small};
  grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr));
  margin: ${({ theme }) => theme.spacing.large} 0;
`;

const Count = styled.div<{ $tone?: 'danger' | 'warning' }>`
  display: flex;
  flex-direction: column-reverse;
  justify-content: flex-end;

  dt {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }

  dd {
    color: ${({ theme, $tone }) => ($tone === 'danger' ? theme.colors.danger50 : $tone === 'warning' ? theme.colors.warning70 : theme.colors.secondary70)};
    font-size: ${({ theme }) => theme.typography.fontSize.xLarge};
    font-variant-numeric: tabular-nums;
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
    line-height: ${({ theme }) => theme.lineHeight.xLarge};
    margin: 0;
  }

  dd small {
    color: ${({ theme }) => theme.colors.secondary60};
    display: block;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    font-weight: ${({ theme }) => theme.typography.fontWeight.regular};
    line-height: ${({ theme }) => theme.lineHeight.small};
  }
`;

/** Where a run stands: bar, phase, counts, and what it costs. */
export function RunProgress({ run }: { run: Run }) {
  const { format } = useApp();
  const t = runText;
  const over = isFinal(run);
  const fraction = over && run.state === 'done' ? 1 : run.progress;
  const indeterminate = run.state === 'running' && (run.phase === 'fetch' || run.phase === '') && run.progress === 0;
  const phase = phaseText(run);
  const announcement = useAnnouncement(t.announce(phase, format.percent(fraction)), over);
  const would = wouldWrite(run);
  const seconds = runSeconds(run);
  return (
    <>
      <Flex flexDirection="row" alignItems="baseline" justifyContent="space-between" flexGap="1rem" marginBottom="xSmall">
        <Text bold marginBottom="none">
          {phase}
        </Text>
        {indeterminate ? null : (
          <Text color="secondary60" marginBottom="none">
            {format.percent(fraction)}
          </Text>
        )}
      </Flex>
      <Tall aria-label={t.progressLabel} role="group">
        <ProgressBar percent={indeterminate ? undefined : Math.floor(fraction * 100)} />
      </Tall>
      <Hidden aria-live="polite" role="status">
        {announcement}
      </Hidden>
      <Counts>
        <Count>
          <dt>{t.counts.read}</dt>
          <dd>
            {format.number(run.read)}
            {run.total > 0 && run.total !== run.read ? <small>{t.of('', format.number(run.total)).trim()}</small> : null}
          </dd>
        </Count>
        {run.dry_run ? (
          <>
            <CountOf name={t.counts.toCreate} value={format.number(would.create)} />
            <CountOf name={t.counts.toUpdate} value={format.number(would.update)} />
          </>
        ) : (
          <>
            <CountOf name={t.counts.created} value={format.number(run.created)} />
            <CountOf name={t.counts.updated} value={format.number(run.updated)} />
          </>
        )}
        <CountOf name={t.counts.unchanged} value={format.number(run.unchanged)} />
        <CountOf name={t.counts.failed} tone={run.failed > 0 ? 'danger' : undefined} value={format.number(run.failed)} />
        <CountOf name={t.counts.warnings} tone={run.warnings > 0 ? 'warning' : undefined} value={format.number(run.warnings)} />
      </Counts>
      <Box borderTop="box" paddingTop="medium">
        <Facts $min={11}>
          <Fact name={t.requests}>
            {run.planned_requests > 0 && !over && !run.dry_run
              ? t.requestsPlanned(format.number(run.requests), format.number(run.planned_requests))
              : format.number(run.requests)}
          </Fact>
          {run.throttled > 0 ? <Fact name={t.throttled}>{format.number(run.throttled)}</Fact> : null}
          {over ? null : (
            <>
              <Fact name={t.rate}>{run.rate_per_second > 0 ? t.rateValue(format.rate(run.rate_per_second)) : text.none}</Fact>
              <Fact name={t.timeLeft}>
                {run.state !== 'running' ? text.none : run.seconds_left === null ? t.timeLeftUnknown : format.duration(run.seconds_left)}
              </Fact>
            </>
          )}
          {over && seconds !== undefined ? <Fact name={t.duration}>{format.duration(seconds)}</Fact> : null}
          <Fact name={activityText.started}>{format.dateTime(run.started_at ?? run.created_at)}</Fact>
          {run.trigger === 'schedule' ? <Fact name={activityText.by}>{scheduleText.starter}</Fact> : null}
          {run.started_by ? <Fact name={activityText.by}><ActorName actor={run.started_by} /></Fact> : null}
        </Facts>
      </Box>
    </>
  );
}

function CountOf({ name, value, tone }: { name: string; value: string; tone?: 'danger' | 'warning' }) {
  return (
    <Count $tone={tone}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </Count>
  );
}

/** Passes on a message at most every ten seconds, and the last one at once. */
function useAnnouncement(message: string, last: boolean): string {
  const [spoken, setSpoken] = useState(message);
  const latest = useRef(message);
  useEffect(() => {
    latest.current = message;
  }, [message]);
  useEffect(() => {
    if (last) return undefined;
    const timer = setInterval(() => setSpoken(latest.current), announceEvery);
    return () => clearInterval(timer);
  }, [last]);
  return last ? message : spoken;
}
