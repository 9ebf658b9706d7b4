import type { Flow, Overview } from '../api/types';

const days = Array.from({ length: 14 }, (_, i) => ({ date: `2026-11-${String(i + 9).padStart(2, '0')}`, runs: 0, changed: 0, problems: 0, failed: 0, seconds: 0 }));

/** Of a new store. */
export const overview: Overview = {
  kinds: [
    { kind: 'products', label: 'Products', flows: 0, state: 'none', records: 0, last_success_at: null, problems: 0 },
    { kind: 'levels', label: 'Stock levels', flows: 0, state: 'none', records: 0, last_success_at: null, problems: 0 },
  ],
  history: days,
  next: [],
  guide: { connected: false, matched: false, previewed: false, landed: false, flow_id: '', run_id: '', under_way: false },
};

const off = { cron: '', enabled: false, next_run_at: null, time_zone: 'UTC' };

export const flow: Flow = {
  id: 'flow-1', kind: 'products', name: 'ERP catalogue', source: { kind: 'url', url: 'https://erp.example/files/products.csv', has_secret: false, snapshot_id: '', filename: '', size: 0 }, format: {},
  mapping: { fields: [{ target: 'sku', expression: 'SKU' }] }, options: {}, schedule: off, compare_schedule: off, paused: '', enabled: true, ready: true, problems: [],
  health: { state: 'never', since: null, message: 'Ready. It has not run yet.' }, notice: '', version: 1, created_at: '2026-11-22T10:00:00Z', updated_at: '2026-11-22T10:00:00Z', last_run: null,
};
