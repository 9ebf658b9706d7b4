import 'uplot/dist/uPlot.min.css';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import styled, { useTheme } from 'styled-components';
import uPlot from 'uplot';
import type { Chart } from '../lib/quotaHistory';
import { quotaText } from '../texts/quota';
import { useApp } from './app';

// uPlot draws on a canvas and sets the styles of its few elements through the CSSOM, which the panel's
// Content-Security-Policy allows; its style sheet is part of ours.

const height = 248;

const Frame = styled.div`
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  height: ${height}px;
  min-width: 0;
  overflow: hidden;

  .u-cursor-x {
    border-right: 1px solid ${({ theme }) => theme.colors.secondary50};
  }
`;

interface Props {
  chart: Chart;
  /** Steps are an hour or more: days on the axis instead of times. */
  days: boolean;
  /** The step under the pointer or the keyboard's cursor; undefined: none. */
  selected: number | undefined;
  onSelect: (index: number | undefined) => void;
  /** The selected step in words. */
  valueText: string;
}

/** The stack of used and others with the quota's line above and refusals marked. */
export function QuotaChart({ chart, days, selected, onSelect, valueText }: Props) {
  const { format } = useApp();
  const theme = useTheme();
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const select = useRef(onSelect);
  const latest = useRef(chart);
  useEffect(() => {
    select.current = onSelect;
    latest.current = chart;
  });

  useEffect(() => {
    const root = frame.current;
    if (!root) return undefined;
    const { colors, typography } = theme;
    const time = new Intl.DateTimeFormat(format.locale, { hour: 'numeric', minute: '2-digit' });
    const day = new Intl.DateTimeFormat(format.locale, { month: 'short', day: 'numeric' });
    const label = (seconds: number) => {
      const at = new Date(seconds * 1000);
      return days || (at.getHours() === 0 && at.getMinutes() === 0) ? day.format(at) : time.format(at);
    };
    const axis: uPlot.Axis = {
      font: `12px ${typography.fontFamily}`,
      grid: { stroke: colors.secondary20, width: 1 },
      stroke: colors.secondary60,
      ticks: { show: false },
    };
    const stepped = uPlot.paths.stepped?.({ align: 1 });
    const area = (color: string): uPlot.Series => ({ fill: color, paths: stepped, points: { show: false }, stroke: color, width: 1 });
    const options: uPlot.Options = {
      axes: [
        { ...axis, gap: 6, size: 28, space: 72, values: (_, splits) => splits.map(label) },
        {
          ...axis,
          gap: 8,
          // Without values at first, whatever its type says.
          size: (_, values: string[] | null) => Math.max(28, ...(values ?? []).map((v) => v.length * 7 + 14)),
          space: 40,
          values: (_, splits) => splits.map((v) => (Number.isInteger(v) ? format.compact(v) : '')),
        },
      ],
      cursor: {
        drag: { setScale: false, x: false, y: false },
        points: { show: false },
        y: false,
      },
      height,
      hooks: {
        setCursor: [
          (u) => {
            const i = u.cursor.idx;
            const inside = (u.cursor.left ?? -1) >= 0 && typeof i === 'number';
            select.current(inside ? Math.min(i, latest.current.points.length - 1) : undefined);
          },
        ],
      },
      legend: { show: false },
      padding: [8, 24, 0, 0],
      scales: { x: { time: true }, y: { range: () => [0, latest.current.top] } },
      series: [
        {},
        area(colors.secondary50), // the whole stack: what shows above ours is the others'
        area(colors.primary),
        { dash: [6, 4], paths: stepped, points: { show: false }, stroke: colors.secondary70, width: 1.5 },
        { paths: () => null, points: { fill: colors.danger, show: true, size: 9, stroke: colors.white, width: 1.5 }, stroke: colors.danger },
      ],
      width: Math.max(1, root.clientWidth),
    };
    const u = new uPlot(options, dataOf(latest.current), root);
    plot.current = u;
    const watch = new ResizeObserver(() => {
      if (root.clientWidth > 0) u.setSize({ height, width: root.clientWidth });
    });
    watch.observe(root);
    return () => {
      watch.disconnect();
      u.destroy();
      plot.current = undefined;
    };
  }, [days, format, theme]);

  useEffect(() => plot.current?.setData(dataOf(chart)), [chart]);

  const last = chart.points.length - 1;
  const moveTo = (index: number) => {
    const u = plot.current;
    const at = chart.at[Math.min(last, Math.max(0, index))];
    if (u && at !== undefined) u.setCursor({ left: u.valToPos(at, 'x'), top: 1 });
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const from = selected ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - 12, PageDown: from + 12, Home: 0, End: last }[e.key];
    if (e.key === 'Escape') plot.current?.setCursor({ left: -10, top: -10 });
    if (to === undefined) return;
    e.preventDefault();
    moveTo(to);
  };
  return (
    <Frame
      aria-label={quotaText.history.chart}
      aria-valuemax={Math.max(0, last)}
      aria-valuemin={0}
      aria-valuenow={selected ?? Math.max(0, last)}
      aria-valuetext={valueText}
      onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      onKeyDown={onKeyDown}
      ref={frame}
      role="slider"
      tabIndex={0}
    />
  );
}

function dataOf({ at, total, used, capacity, refused, showsCapacity }: Chart): uPlot.AlignedData {
  return [at, total, used, showsCapacity ? capacity : capacity.map(() => null), refused];
}
