import type { QuotaHistory, QuotaPoint } from '../api/types';

// From the history that the server sends to what a chart draws. Steps in which Sluice sent nothing have
// no point; here they get one.

export type Range = '3h' | '24h' | '7d' | '30d';

/** How far back a range goes and how long its steps are, both in minutes. */
export const ranges: Record<Range, { minutes: number; step: number }> = {
  '3h': { minutes: 180, step: 1 },
  '24h': { minutes: 1440, step: 5 },
  '7d': { minutes: 7 * 1440, step: 60 },
  '30d': { minutes: 30 * 1440, step: 60 },
};

/** A minute is in the database this long after its end, in ms: until then, no point means nothing. */
export const settling = 90_000;

/** A quota line so far above everything else would press it flat: then it is left out of the chart. */
const farAbove = 6;

export interface Chart {
  /** Seconds since 1970 at which each step begins; one more at the end, where the last step ends. */
  at: number[];
  used: (number | null)[];
  /** used and others: the upper edge of the stack. */
  total: (number | null)[];
  /** Requests that the quota allows in a step. */
  capacity: (number | null)[];
  /** total where requests were refused, null elsewhere: where to put a mark. */
  refused: (number | null)[];
  /** What was sent for each step; undefined where nothing was. */
  points: (QuotaPoint | undefined)[];
  /** The upper end of the scale. */
  top: number;
  /** False when the quota is far above what was used, and so above the chart. */
  showsCapacity: boolean;
}

export function refusedOf(p: QuotaPoint): number {
  return p.throttled_quota + p.throttled_concurrency + p.throttled_load;
}

/** Requests that the quota allows in a step of so many minutes; null while it is not known. */
export function capacityOf(p: QuotaPoint, stepMinutes: number): number | null {
  return p.quota > 0 && p.window_ms > 0 ? (p.quota * stepMinutes * 60_000) / p.window_ms : null;
}

export function toChart(history: QuotaHistory, now = Date.now()): Chart {
  const step = history.step_minutes * 60;
  const from = Date.parse(history.from) / 1000;
  const n = Math.max(0, Math.round((Date.parse(history.to) / 1000 - from) / step));
  const points = new Array<QuotaPoint | undefined>(n).fill(undefined);
  for (const p of history.points) {
    const i = Math.round((Date.parse(p.at) / 1000 - from) / step);
    if (i >= 0 && i < n) points[i] = p;
  }
  const known = history.points.find((p) => capacityOf(p, history.step_minutes) !== null);
  let capacity = known ? capacityOf(known, history.step_minutes) : null;
  const chart: Chart = { at: [], used: [], total: [], capacity: [], refused: [], points, top: 0, showsCapacity: false };
  let peak = 0;
  points.forEach((p, i) => {
    const begins = from + i * step;
    const settled = (begins + step) * 1000 <= now - settling;
    capacity = (p && capacityOf(p, history.step_minutes)) ?? capacity;
    const total = p ? p.used + p.others : settled ? 0 : null;
    peak = Math.max(peak, total ?? 0);
    chart.at.push(begins);
    chart.used.push(p ? p.used : total);
    chart.total.push(total);
    chart.capacity.push(capacity);
    chart.refused.push(p && refusedOf(p) > 0 ? total : null);
  });
  // The lines of the last step go on to its end.
  chart.at.push(from + n * step);
  for (const line of [chart.used, chart.total, chart.capacity]) line.push(line.at(-1) ?? null);
  chart.refused.push(null);
  const highest = Math.max(0, ...chart.capacity.map((c) => c ?? 0));
  chart.showsCapacity = highest > 0 && (highest <= peak * farAbove || peak === 0);
  chart.top = Math.max(1, chart.showsCapacity ? Math.max(highest, peak) : peak) * 1.12;
  return chart;
}

export interface Totals {
  used: number;
  others: number;
  byQuota: number;
  byConcurrency: number;
  byLoad: number;
  /** Of the step in which the fewest were left. */
  lowest: { left: number; quota: number } | undefined;
}

export function totals(points: QuotaPoint[]): Totals {
  const sum: Totals = { used: 0, others: 0, byQuota: 0, byConcurrency: 0, byLoad: 0, lowest: undefined };
  for (const p of points) {
    sum.used += p.used;
    sum.others += p.others;
    sum.byQuota += p.throttled_quota;
    sum.byConcurrency += p.throttled_concurrency;
    sum.byLoad += p.throttled_load;
    if (p.left_min !== null && p.quota > 0 && (sum.lowest === undefined || p.left_min < sum.lowest.left)) {
      sum.lowest = { left: p.left_min, quota: p.quota };
    }
  }
  return sum;
}
