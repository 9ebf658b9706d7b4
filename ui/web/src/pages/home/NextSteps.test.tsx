import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import type { Flow, Run } from '../../api/types';
import { renderInPanel, run } from '../../test/render';
import { homeText } from '../../texts/home';
import { NextSteps } from './NextSteps';

const t = homeText.next;
const done: Run = { ...run, state: 'done', created: 3, updated: 2, unchanged: 0 };
const nothing = { created: 0, updated: 0, unchanged: 0 };
const flow: Flow = {
  id: 'flow-1', kind: 'products', name: 'ERP catalogue', source: { kind: 'url', url: 'https://erp.example/p.csv', has_secret: false, snapshot_id: '', filename: '', size: 0 },
  format: {}, mapping: { fields: [{ target: 'sku', expression: 'SKU' }] }, options: {}, schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' },
  compare_schedule: { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' },
  version: 1, created_at: '2026-11-20T09:00:00Z', updated_at: '2026-11-20T09:00:00Z', last_run: null, paused: '', enabled: true, ready: true, problems: [], health: { state: 'never', since: null, message: '' }, notice: '',
};
const empty: Flow = { ...flow, id: 'flow-2', source: { ...flow.source, kind: '' }, mapping: { fields: null } };

describe('NextSteps', () => {
  it.each<[string, Flow[], Run[], string | undefined]>([
    ['no feed', [], [], t.connect.title],
    ['a feed without a source', [empty], [], t.connect.title],
    ['a feed without a mapping', [{ ...flow, mapping: { fields: [] } }], [], t.map.title],
    ['never run', [flow], [], t.dryRun.title],
    ['the feed that has come furthest', [empty, flow], [], t.dryRun.title],
    ['a source here and a mapping there make no feed', [empty, { ...empty, id: 'flow-3', source: flow.source }, { ...empty, mapping: flow.mapping }], [], t.map.title],
    ['a failed dry run', [flow], [{ ...done, dry_run: true, state: 'failed' }], t.dryRun.title],
    ['a dry run', [flow], [{ ...done, dry_run: true }], t.run.title],
    ['under way', [{ ...flow, last_run: run }], [], t.run.title],
    ['failed', [flow], [{ ...done, state: 'failed' }], t.run.title],
    ['cancelled', [flow], [{ ...done, state: 'cancelled' }], t.run.title],
    ['no row could be written', [flow], [{ ...done, ...nothing, failed: 5 }], t.run.title],
    ['an empty feed', [{ ...flow, last_run: { ...done, ...nothing } }], [], t.run.title],
    ['written, by a feed that was deleted', [flow], [{ ...done, flow_id: 'gone', flow_name: '' }], t.dryRun.title],
    ['written', [flow], [done], undefined],
    ['written, and a dry run since', [empty, { ...flow, last_run: { ...done, id: 'run-2', dry_run: true } }], [done], undefined],
    ['all was in the store already', [{ ...flow, last_run: { ...done, ...nothing, unchanged: 5 } }], [], undefined],
  ])('%s', (_, flows, runs, want) => {
    const { container } = renderInPanel(<NextSteps flows={flows} runs={runs} />);
    expect(container.querySelector('[aria-current="step"] h4, [aria-current="step"] p')?.textContent.split(',')[0]).toBe(want);
    if (want === undefined) expect(screen.queryByText(t.header)).toBeNull();
  });
});
