import { Box, Panel, Text } from '@bigcommerce/big-design';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import type { OverviewDay } from '../../api/types';
import { useApp } from '../../components/app';
import { PlainTable } from '../../components/PlainTable';
import { Segments } from '../../components/Segments';
import { homeText } from '../../texts/home';

// Bars are few and their numbers are links: plain elements need no chart library, and can be reached and read by everybody.

const t = homeText.history;
const height = 96;

type Measure = keyof typeof t.measures;
const measures = Object.keys(t.measures) as Measure[];

const Bars = styled.ol`
  align-items: end;
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => theme.spacing.xxSmall};
  grid-template-columns: repeat(14, minmax(0, 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Day = styled.a`
  align-items: flex-end;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  display: flex;
  height: ${height}px;

  &[href]:hover {
    background-color: ${({ theme }) => theme.colors.secondary20};
  }
`;

const Bar = styled.svg`
  display: block;
  height: ${height}px;
  width: 100%;

  .value {
    fill: ${({ theme }) => theme.colors.primary};
  }

  .problems {
    fill: ${({ theme }) => theme.colors.warning50};
  }

  .failed {
    fill: ${({ theme }) => theme.colors.danger};
  }
`;

const Axis = styled.div`
  color: ${({ theme }) => theme.colors.secondary60};
  display: flex;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  justify-content: space-between;
`;

/** What the store's runs did on each of 14 days. A day leads to its runs. */
export function HistoryChart({ days }: { days: OverviewDay[] }) {
  const { format } = useApp();
  const navigate = useNavigate();
  const [measure, setMeasure] = useState<Measure>('changed');
  const most = Math.max(0, ...days.map((d) => d[measure]));
  const value = (d: OverviewDay) => (measure === 'seconds' ? format.duration(d.seconds) : format.number(d[measure]));
  const name = (d: OverviewDay) => {
    const day = format.day(d.date);
    if (d.runs === 0) return t.noRun(day);
    const said = measure === 'seconds' ? t.day.seconds(day, value(d)) : t.day[measure](day, value(d), d[measure]);
    return d.failed > 0 ? `${said}, ${t.failed(format.number(d.failed), d.failed)}` : said;
  };
  const first = days[0];
  const last = days.at(-1);
  return (
    <Panel header={t.header}>
      <Box marginBottom="small">
        <Segments active={measure} items={measures.map((id) => ({ id, text: t.measures[id] }))} label={t.choose} onChange={setMeasure} />
      </Box>
      {days.every((d) => d.runs === 0) ? (
        <Text color="secondary60">{t.none}</Text>
      ) : (
        <>
          <Text as="small" color="secondary60" marginBottom="none">
            {t.most(measure === 'seconds' ? format.duration(most) : format.compact(most))}
          </Text>
          <Bars aria-label={t.chart[measure]}>
            {days.map((d) => {
              const to = `/activity?from=${d.date}&to=${d.date}`;
              const follow = (e: React.MouseEvent) => {
                e.preventDefault();
                void navigate(to);
              };
              const bar = <DayBar day={d} measure={measure} most={most} />;
              return (
                <li key={d.date}>
                  {d.runs > 0 ? (
                    <Day aria-label={name(d)} href={`#${to}`} onClick={follow} title={name(d)}>
                      {bar}
                    </Day>
                  ) : (
                    <Day aria-label={name(d)} as="span" role="img" title={name(d)}>
                      {bar}
                    </Day>
                  )}
                </li>
              );
            })}
          </Bars>
          {first && last ? (
            <Axis aria-hidden>
              <span>{format.day(first.date)}</span>
              <span>{format.day(last.date)}</span>
            </Axis>
          ) : null}
          <PlainTable
            caption={t.table.caption}
            columns={[t.table.day, t.table.runs, t.table.changed, t.table.problems, t.table.failed, t.table.seconds]}
            rows={() =>
              days.toReversed().map((d) => ({
                id: d.date,
                cells: [format.day(d.date), format.number(d.runs), format.number(d.changed), format.number(d.problems), format.number(d.failed), format.duration(d.seconds)],
              }))
            }
            show={t.table.show}
          />
        </>
      )}
    </Panel>
  );
}

/** A day that is not 0 has a bar that can be seen; one on which a run failed has a red foot. */
function DayBar({ day, measure, most }: { day: OverviewDay; measure: Measure; most: number }) {
  const share = most > 0 ? day[measure] / most : 0;
  const tall = day[measure] > 0 ? Math.max(3, share * height) : day.runs > 0 ? 1 : 0;
  return (
    <Bar aria-hidden preserveAspectRatio="none" viewBox={`0 0 10 ${height}`}>
      <rect className={measure === 'problems' ? 'problems' : 'value'} height={tall} width="10" y={height - tall} />
      {day.failed > 0 ? <rect className="failed" height="4" width="10" y={height - 4} /> : null}
    </Bar>
  );
}
