import { Flex, FlexItem, H4, Text } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { Suspense, useMemo, useState } from 'react';
import styled from 'styled-components';
import { quotaQueries } from '../api/queries/quota';
import type { Quota, QuotaHistory as History } from '../api/types';
import { type Range, ranges, refusedOf, toChart, totals } from '../lib/quotaHistory';
import { chunk } from '../lib/chunk';
import { text } from '../text';
import { quotaText } from '../texts/quota';
import { useApp } from './app';
import { Loaded, Quiet } from './Feedback';
import { QuotaTable } from './QuotaTable';
import { Segments } from './Segments';

const QuotaChart = chunk(async () => (await import('./QuotaChart')).QuotaChart);

/** As high as the chart that comes. */
const ChartPlace = styled.div`
  height: 248px;
`;

const Legend = styled.ul`
  color: ${({ theme }) => theme.colors.secondary60};
  display: flex;
  flex-wrap: wrap;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  font-variant-numeric: tabular-nums;
  gap: ${({ theme }) => `0 ${theme.spacing.medium}`};
  line-height: ${({ theme }) => theme.lineHeight.medium};
  list-style: none;
  margin: 0;
  padding: 0;

  li {
    align-items: center;
    display: inline-flex;
    gap: ${({ theme }) => theme.spacing.xSmall};
  }

  b {
    color: ${({ theme }) => theme.colors.secondary70};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }
`;

const Swatch = styled.svg`
  flex-shrink: 0;
  height: 12px;
  width: 16px;

  .used {
    fill: ${({ theme }) => theme.colors.primary};
  }

  .others {
    fill: ${({ theme }) => theme.colors.secondary50};
  }

  .quota {
    stroke: ${({ theme }) => theme.colors.secondary70};
    stroke-dasharray: 6 4;
    stroke-width: 1.5;
  }

  .refused {
    fill: ${({ theme }) => theme.colors.danger};
  }
`;

const marks = {
  used: <rect className="used" height="12" rx="2" width="12" x="2" />,
  others: <rect className="others" height="12" rx="2" width="12" x="2" />,
  quota: <line className="quota" x1="0" x2="16" y1="6" y2="6" />,
  refused: <circle className="refused" cx="8" cy="6" r="4" />,
};

function Key({ mark, name, value }: { mark: keyof typeof marks; name: string; value?: string }) {
  return (
    <li>
      <Swatch aria-hidden viewBox="0 0 16 12">
        {marks[mark]}
      </Swatch>
      <span>{name}</span>
      {value === undefined ? null : <b>{value}</b>}
    </li>
  );
}

/** What the store's quota did: a chart to choose the time of, its numbers in words, and as a table. */
export function QuotaHistory({ quota }: { quota: Quota | undefined }) {
  const { client } = useApp();
  const [range, setRange] = useState<Range>('3h');
  const history = useQuery(quotaQueries.quotaHistory(client, range));
  const t = quotaText.history;
  return (
    <section aria-label={t.header}>
      <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" flexWrap="wrap" justifyContent="space-between" marginBottom="small">
        <FlexItem>
          <H4 marginBottom="none">{t.header}</H4>
        </FlexItem>
        <Segments
          active={range}
          items={(Object.keys(ranges) as Range[]).map((r) => ({ id: r, text: t.ranges[r] }))}
          label={t.chooseRange}
          onChange={setRange}
        />
      </Flex>
      <Loaded query={history}>
        {(data) =>
          data.points.length > 0 ? (
            <Shown history={data} range={range} stale={history.isPlaceholderData} />
          ) : (
            <Quiet>{range === '3h' && quota && !quota.known ? t.emptyNew : t.empty}</Quiet>
          )
        }
      </Loaded>
    </section>
  );
}

const Body = styled.div<{ $stale: boolean }>`
  opacity: ${({ $stale }) => ($stale ? 0.6 : 1)};
  transition: opacity 0.15s;
`;

function Shown({ history, range, stale }: { history: History; range: Range; stale: boolean }) {
  const { format } = useApp();
  const t = quotaText.history;
  const [selected, setSelected] = useState<number>();
  const chart = useMemo(() => toChart(history), [history]);
  const sum = useMemo(() => totals(history.points), [history]);
  const at = selected === undefined ? undefined : Math.min(selected, chart.points.length - 1);
  const point = at === undefined ? undefined : chart.points[at];
  const when = format.dateTime(new Date((chart.at[at ?? chart.points.length - 1] ?? 0) * 1000).toISOString());
  const capacity = chart.capacity[at ?? chart.capacity.length - 1] ?? null;
  const quota = capacity === null ? t.unknown : format.compact(capacity);
  // Nothing selected: the whole time. A step that has not arrived yet has no numbers.
  const unknown = at !== undefined && chart.total[at] === null;
  const number = (n: number) => (unknown ? text.none : format.number(n));
  const refused = at === undefined ? sum.byQuota + sum.byConcurrency + sum.byLoad : point ? refusedOf(point) : 0;
  const used = number(at === undefined ? sum.used : (point?.used ?? 0));
  const others = number(at === undefined ? sum.others : (point?.others ?? 0));
  return (
    <Body $stale={stale}>
      <Text as="small" color="secondary60" marginBottom="none">
        {at === undefined ? t.per[history.step_minutes] : t.at(when)}
      </Text>
      <Legend>
        <Key mark="used" name={t.used} value={at === undefined ? undefined : used} />
        <Key mark="others" name={t.others} value={at === undefined ? undefined : others} />
        <Key mark="quota" name={t.quota} value={chart.showsCapacity ? (at === undefined ? undefined : quota) : capacity === null ? t.unknown : t.beyond(quota)} />
        <Key mark="refused" name={t.refused} value={at === undefined ? undefined : number(refused)} />
      </Legend>
      <Suspense fallback={<ChartPlace />}>
        <QuotaChart
          chart={chart}
          days={history.step_minutes >= 60}
          onSelect={setSelected}
          selected={at}
          valueText={at === undefined ? '' : t.value(when, used, others, quota, refused > 0 ? format.number(refused) : '')}
        />
      </Suspense>
      <Text color="secondary60" marginBottom="xSmall" marginTop="xSmall">
        <Summary range={range} sum={sum} />
      </Text>
      <QuotaTable points={history.points} />
    </Body>
  );
}

function Summary({ range, sum }: { range: Range; sum: ReturnType<typeof totals> }) {
  const { format } = useApp();
  const t = quotaText.history;
  const refused = sum.byQuota + sum.byConcurrency + sum.byLoad;
  const kinds = [
    sum.byQuota > 0 ? t.byQuota(format.number(sum.byQuota)) : '',
    sum.byConcurrency > 0 ? t.byConcurrency(format.number(sum.byConcurrency)) : '',
    sum.byLoad > 0 ? t.byLoad(format.number(sum.byLoad)) : '',
  ].filter((kind) => kind !== '');
  const others = format.number(sum.others);
  return [
    t.summary(t.rangeNames[range], t.requests(format.number(sum.used), sum.used), sum.others > 0 ? t.atLeast(others) : others),
    refused > 0 ? t.someRefused(t.requests(format.number(refused), refused), kinds.join(', ')) : t.noneRefused,
    sum.lowest ? t.lowest(format.number(sum.lowest.left), format.number(sum.lowest.quota)) : '',
  ].join(' ');
}

