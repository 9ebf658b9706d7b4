import { describe, expect, it } from 'vitest';
import type { QuotaHistory, QuotaPoint } from '../api/types';
import { capacityOf, ranges, toChart, totals } from './quotaHistory';

const start = Date.parse('2026-11-22T10:00:00Z');
const iso = (minute: number) => new Date(start + minute * 60_000).toISOString();
const point = (minute: number, part: Partial<QuotaPoint> = {}): QuotaPoint => ({
  at: iso(minute), used: 100, others: 20, left_min: 30, quota: 150, window_ms: 30_000, throttled_quota: 0, throttled_concurrency: 0, throttled_load: 0, ...part,
});
const history = (minutes: number, points: QuotaPoint[], step: QuotaHistory['step_minutes'] = 1): QuotaHistory => ({ points, step_minutes: step, from: iso(0), to: iso(minutes) });
const later = start + 86_400_000;

describe('toChart', () => {
  it('fills the steps that have no point', () => {
    const chart = toChart(history(4, [point(1), point(3, { used: 50, others: 0 })]), later);
    expect(chart.at).toEqual([0, 60, 120, 180, 240].map((s) => start / 1000 + s));
    expect(chart.used).toEqual([0, 100, 0, 50, 50]);
    expect(chart.total).toEqual([0, 120, 0, 50, 50]);
    expect(chart.points.map((p) => p?.used)).toEqual([undefined, 100, undefined, 50]);
  });

  it('leaves out what may not have arrived yet, but not what has', () => {
    const now = start + 4 * 60_000 + 20_000;
    expect(toChart(history(5, [point(0)]), now).total).toEqual([120, 0, null, null, null, null]);
    expect(toChart(history(5, [point(3)]), now).total).toEqual([0, 0, null, 120, null, null]);
  });

  it('carries the quota over steps that do not tell it, and back to the beginning', () => {
    const silent = { quota: 0, window_ms: 0, left_min: null };
    const chart = toChart(history(5, [point(0, silent), point(1), point(3, { quota: 450 }), point(4, silent)]), later);
    expect(chart.capacity).toEqual([300, 300, 300, 900, 900, 900]);
    expect(toChart(history(2, [point(0, silent)]), later).capacity).toEqual([null, null, null]);
  });

  it('scales the quota to the step', () => {
    expect(toChart(history(60, [point(0, { used: 15_000 })], 60), later).capacity).toEqual([18_000, 18_000]);
    expect(capacityOf(point(0, { quota: 40, window_ms: 1000 }), 5)).toBe(12_000);
    expect(capacityOf(point(0, { window_ms: 0 }), 5)).toBeNull();
  });

  it('marks refused requests of every kind where the stack ends', () => {
    const chart = toChart(history(4, [point(0, { throttled_quota: 1 }), point(1, { throttled_concurrency: 2 }), point(2, { throttled_load: 3 }), point(3)]), later);
    expect(chart.refused).toEqual([120, 120, 120, null, null]);
  });

  it('keeps a quota that is far above from pressing the rest flat', () => {
    const near = toChart(history(1, [point(0)]), later);
    expect([near.showsCapacity, near.top]).toEqual([true, 300 * 1.12]);
    const far = toChart(history(1, [point(0, { quota: 7_000_000 })]), later);
    expect([far.showsCapacity, far.top]).toEqual([false, 120 * 1.12]);
    expect(toChart(history(1, [point(0, { others: 900 })]), later).top).toBe(1000 * 1.12);
  });

  it('draws an empty history', () => {
    const chart = toChart(history(2, []), later);
    expect(chart.total).toEqual([0, 0, 0]);
    expect(chart.showsCapacity).toBe(false);
    expect(chart.top).toBeGreaterThan(0);
  });

  it('ignores points outside of its range', () => {
    expect(toChart(history(2, [point(-1), point(2)]), later).total).toEqual([0, 0, 0]);
  });
});

describe('totals', () => {
  it('adds up, and finds the lowest', () => {
    const sum = totals([
      point(0, { throttled_quota: 1, left_min: 9 }),
      point(1, { throttled_concurrency: 2, left_min: 5, quota: 450 }),
      point(2, { throttled_load: 3, left_min: null, quota: 0 }),
    ]);
    expect(sum).toEqual({ used: 300, others: 60, byQuota: 1, byConcurrency: 2, byLoad: 3, lowest: { left: 5, quota: 450 } });
    expect(totals([]).lowest).toBeUndefined();
  });
});

describe('ranges', () => {
  it.each(Object.entries(ranges))('%s is no more points than the server sends', (_, { minutes, step }) => {
    expect(minutes % step).toBe(0);
    expect(minutes / step + 1).toBeLessThanOrEqual(1500);
  });
});
