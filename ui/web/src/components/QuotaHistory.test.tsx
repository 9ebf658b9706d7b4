import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Quota, QuotaPoint } from '../api/types';
import { renderInPanel } from '../test/render';
import { text } from '../text';
import { quotaText } from '../texts/quota';
import { QuotaHistory } from './QuotaHistory';

const t = quotaText.history;
const quota: Quota = { known: true, quota: 150, left: 150, out: 0, window_ms: 30_000, reset_ms: 0, waiting: 0, delayed: 0, in_flight: 0, paused: false, at: '' };
const point = (at: string, part: Partial<QuotaPoint> = {}): QuotaPoint => ({
  at, used: 1000, others: 20, left_min: 3, quota: 150, window_ms: 30_000, throttled_quota: 0, throttled_concurrency: 0, throttled_load: 0, ...part,
});
const history = (...points: QuotaPoint[]) => ({ 'GET /quota/history': { json: { points, step_minutes: 1, from: '2026-11-22T09:00:00Z', to: '2026-11-22T12:00:00Z' } } });

describe('QuotaHistory', () => {
  it('says what the chart shows, and lists it when asked', async () => {
    renderInPanel(<QuotaHistory quota={quota} />, {
      answers: history(point('2026-11-22T10:00:00Z', { throttled_quota: 2, throttled_load: 1 }), point('2026-11-22T10:01:00Z', { used: 234, left_min: null })),
    });
    expect(await screen.findByText(/^Last 3 hours: 1,234 requests by Sluice, at least 40 by other apps\. 3 requests refused: 2 because the allowance was used up, 1 because BigCommerce was busy\./)).toBeTruthy();
    expect(screen.getByText(/At the lowest, 3 of 150 requests were left\./)).toBeTruthy();
    expect((await screen.findByRole('slider', { name: t.chart })).tabIndex).toBe(0);
    expect(screen.queryByRole('table')).toBeNull();
    const details = document.querySelector('details');
    if (!details) throw new Error('no details');
    details.open = true; // jsdom does not open them by a click
    details.dispatchEvent(new Event('toggle'));
    const rows = await screen.findAllByRole('row');
    expect(rows.map((r) => [...r.querySelectorAll('td')].map((c) => c.textContent))).toEqual([
      [], ['234', '20', text.none, '150 in 30 sec', '0', '0', '0'], ['1,000', '20', '3', '150 in 30 sec', '2', '0', '1'],
    ]);
  });

  it('asks for the time that a button says', async () => {
    const user = userEvent.setup();
    renderInPanel(<QuotaHistory quota={quota} />, { answers: history(point('2026-11-22T10:00:00Z')) });
    await screen.findByText(/^Last 3 hours:.* None was refused\./);
    const week = screen.getByRole('button', { name: '7 days' });
    expect(week.getAttribute('aria-pressed')).toBe('false');
    await user.click(week);
    expect(await screen.findByText(/^Last 7 days:/)).toBeTruthy();
    expect(week.getAttribute('aria-pressed')).toBe('true');
  });

  it('tells a new store from a quiet one', async () => {
    const fresh = renderInPanel(<QuotaHistory quota={{ ...quota, known: false }} />, { answers: history() });
    expect(await screen.findByText(t.emptyNew)).toBeTruthy();
    fresh.unmount();
    renderInPanel(<QuotaHistory quota={quota} />, { answers: history() });
    expect(await screen.findByText(t.empty)).toBeTruthy();
  });
});
