// What the mock server answers about runs: what they came to, what was wrong, what they changed, and the activity.

import { issues, rows, store } from './data.mjs';

const iso = (ms = Date.now()) => new Date(ms).toISOString();
const hour = 3_600_000;
const day = 24 * hour;
const over = (r) => ['done', 'failed', 'cancelled'].includes(r.state);
const size = 912_331;

/** A run that has not begun. What follows from its numbers is read from it, as the server does. */
export function runOf(id, flow, dry, compare) {
  return {
    id, flow_id: flow.id, flow_name: flow.name, flow_version: flow.version, kind: flow.kind, state: 'queued', phase: '', dry_run: dry, compare, retry_of: '', trigger: 'manual', started_by: 'user:u1',
    snapshot_id: '', format: { type: 'csv', encoding: 'utf-8', delimiter: ',' }, mapping: flow.mapping, options: flow.options,
    incomplete: false, cancel_requested: false, error: '', total: 0, read: 0, bytes_read: 0, bytes_total: 0, to_create: 0, to_update: 0, created: 0, updated: 0, vanished: 0, unchanged: 0, skipped: 0, failed: 0, warnings: 0,
    requests: 0, throttled: 0, planned_requests: 0, planned_seconds: 0, created_at: iso(), started_at: null, finished_at: null, updated_at: iso(), progress: 0, rate_per_second: 0, seconds_left: null,
    get outcome() {
      if (this.state === 'asking' || this.state === 'paused') return this.state;
      if (!over(this)) return 'under_way';
      if (this.state !== 'done') return this.state;
      const changed = this.created + this.updated + (this.dry_run ? this.to_create + this.to_update : 0);
      if (this.read === 0) return 'empty';
      if (this.failed > 0) return changed + this.unchanged > 0 ? 'some' : 'none';
      return changed > 0 ? 'all' : 'unchanged';
    },
    get retry() {
      if (!over(this)) return { allowed: false, reason: 'The run is not over yet.' };
      if (this.failed === 0) return { allowed: false, reason: 'Nothing failed.' };
      const allowed = this.failed < 10;
      return { allowed, reason: allowed ? '' : 'Nothing has changed since: the file and the matching are the same.' };
    },
  };
}

/** Runs of all sorts that were made before those of the seed, oldest last. */
export function olderRuns(flow, next) {
  const at = (days) => ({ created_at: iso(Date.now() - days * day), started_at: iso(Date.now() - days * day), updated_at: iso(Date.now() - days * day + 93_000), finished_at: iso(Date.now() - days * day + 93_000) });
  const read = { total: 2465, read: 2465, bytes_read: size, bytes_total: size, progress: 1, seconds_left: 0, phase: 'finish', state: 'done' };
  const question = {
    guard: 'lost', message: 'The source no longer has many of the products that it had. They stay in the store as they are; what it still has would be written.',
    count: 740, of: 2465, limit: 20, examples: ['BAC-6579C22F', 'BAC-2E852905'], asked_at: iso(Date.now() - 4 * day),
  };
  const of = (dry, part) => Object.assign(runOf(next(), flow, dry, false), part);
  return [
    of(true, { ...at(4), ...read, to_create: 1847, to_update: 100, failed: 147, warnings: 1, unchanged: 371, planned_requests: 1991, planned_seconds: 360, question }),
    of(false, { ...at(5), ...read, failed: 2465 }),
    of(false, { ...at(6), ...read, total: 0, read: 0, bytes_read: 84, bytes_total: 84, warnings: 1 }),
    of(false, { ...at(7), ...read, state: 'cancelled', to_create: 2360, to_update: 100, created: 1180, updated: 50, requests: 1194, planned_requests: 2381 }),
    of(true, { ...at(8), ...read, to_create: 2360, to_update: 100, unchanged: 5, planned_requests: 2381, planned_seconds: 159 }),
    of(false, { ...at(9), ...read, finished_at: null, state: 'asking', phase: 'match', to_create: 1847, to_update: 100, question }),
    // Of a sync that is not listed: one that runs for ever would be in the way of others.
    of(false, { ...at(10), ...read, flow_id: 'flow-0', flow_name: 'Old catalogue', finished_at: null, state: 'running', phase: 'write', to_create: 2360, to_update: 100, created: 1180, updated: 50, requests: 1200, planned_requests: 2381, seconds_left: 77 }),
  ];
}

const labels = { sku: 'SKU', name: 'Name', price: 'Price', description: 'Description', inventory_level: 'Stock level', type: 'Type', weight: 'Weight', categories: 'Categories' };
const units = { price: store.currency, weight: 'kg' };

const remedies = {
  price: { action: 'matching', field: 'price', text: 'Choose how the numbers of the file are written, or correct them in the file.' },
  name: { action: 'file', field: 'name', text: 'Shorten it in the file.' },
  sku: { action: 'file', field: 'sku', text: 'Give every row a SKU in the file.' },
  inventory_level: { action: 'matching', field: 'inventory_level', text: 'Change what Stock level comes from, or correct it in the file.' },
  '': { action: 'source', field: '', text: 'Check the system that writes the file.' },
};

/** The causes of what a run has, with how often each is there. */
function causesOf(run) {
  if (run.outcome === 'empty') {
    return [{ line: 0, row: 0, key: '', field: '', label: '', value: '', severity: 'warning', cause: 'empty', message: 'The file has no rows.', count: 1 }];
  }
  const known = issues.map((i, n) => ({ ...i, row: i.line > 400 ? i.line - 12 : i.line, cause: `cause-${n}`, label: labels[i.field] ?? '' }));
  const errors = known.filter((i) => i.severity === 'error').slice(0, run.failed);
  const each = errors.map((e, n) => ({ ...e, count: n === 0 ? run.failed - errors.length + 1 : 1 }));
  return [...each, ...known.filter((i) => i.severity === 'warning').slice(0, run.warnings).map((w) => ({ ...w, count: run.warnings }))];
}

/** A run's own addresses below /runs/:id; undefined if it is none of them. */
export function runAPI(run, rest, q, page) {
  const has = (text) => text.toLowerCase().includes((q.get('q') ?? '').toLowerCase());
  switch (rest) {
    case 'problems': {
      const problems = causesOf(run).map(({ cause, severity, field, label, message, count, line, row, key, value }) => ({
        cause, severity, field, label, message, count, examples: [{ line, row, key, value }],
        remedy: severity === 'warning' && field !== '' ? { action: 'rules', field: 'repeated_names', text: 'Choose what is done with products of the same name.' } : (remedies[field] ?? remedies['']),
      }));
      return { body: { problems: problems.sort((a, b) => b.count - a.count) } };
    }
    case 'issues': {
      const all = causesOf(run)
        .filter((i) => (!q.get('severity') || i.severity === q.get('severity')) && (!q.get('cause') || i.cause === q.get('cause')))
        .flatMap(({ count, ...i }) => Array.from({ length: Math.min(count, 200) }, (_, n) => (n === 0 ? i : { ...i, line: i.line + n, row: i.row + n, key: `${i.key.slice(0, 4)}${1000 + n}` })));
      return page(all.filter((i) => has(i.key)), 'issues', q);
    }
    case 'errors.csv':
      return { raw: 'row,line,key,label,field,message,value,severity\r\n17,17,BAC-4EC7FF5C,Price,price,not a number,"12,50",error\r\n', type: 'text/csv' };
    case 'changes': {
      const fits = (c) => (!q.get('action') || c.action === q.get('action')) && (!q.get('field') || c.changes.some((f) => f.field === q.get('field'))) && has(`${c.key} ${c.name}`);
      return page(changesOf(run).filter(fits), 'changes', q);
    }
    case 'changes/fields': {
      const all = changesOf(run);
      const counts = new Map();
      for (const f of all.flatMap((c) => c.changes)) counts.set(f.field, (counts.get(f.field) ?? 0) + 1);
      const many = Math.max(1, Math.round((run.created + run.to_create) / Math.max(1, all.length)));
      return {
        body: {
          fields: [...counts].map(([field, count]) => ({ field, label: labels[field] ?? field, count: count * many })).sort((a, b) => b.count - a.count),
          created: run.dry_run ? run.to_create : run.created, updated: run.dry_run ? run.to_update : run.updated,
        },
      };
    }
  }
  return undefined;
}

function changesOf(run) {
  if (run.created + run.updated + (run.dry_run ? run.to_create + run.to_update : 0) === 0) return [];
  return rows.map((v, i) => {
    const price = Number(v[5].replace(',', '.'));
    const edit = i % 3 === 0 || run.created + run.to_create === 0;
    const fields = edit
      ? [['price', price - 10, price], ['inventory_level', 9, Number(v[6])]]
      : [['name', null, v[1]], ['sku', null, v[0]], ['type', null, 'physical'], ['weight', null, 0.5], ['price', null, price], ['description', null, v[2]], ['inventory_level', null, Number(v[6])], ['categories', null, [23, 24]]];
    const id = edit || !run.dry_run ? 100 + i : 0;
    return {
      ...(run.dry_run ? { line: i + 2 } : {}), row: i + 2, key: v[0], name: v[1], image_url: id > 0 && i % 3 < 2 ? picture(i) : '', action: edit ? 'update' : 'create', target_id: id,
      store_url: id > 0 ? `https://store-${store.hash}.mybigcommerce.com/manage/products/edit/${id}` : '',
      changes: fields.map(([field, before, after]) => ({ field, label: labels[field], unit: units[field] ?? '', before, after })),
    };
  });
}

/** A made-up picture, as a store's thumbnail is. */
function picture(i) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="hsl(${(i * 67) % 360} 35% 92%)"/><path d="M14 15v-2a6 6 0 0 1 12 0v2h4l2 17H8l2-17z" fill="hsl(${(i * 67) % 360} 40% 45%)"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const resultOf = { all: 'done', unchanged: 'done', some: 'problems', none: 'problems', empty: 'problems' };

/** GET /activity: runs at their creation and what people did, newest first. */
export function activityOf(s, q, users, page) {
  const actor = (by, trigger) => {
    const [type, id = ''] = trigger === 'schedule' ? ['schedule'] : by.split(':');
    const name = type === 'user' ? users.find((u) => u.id === id)?.email : type === 'key' ? s.keys.find((k) => k.id === id)?.name : '';
    return { type, id, name: name ?? '' };
  };
  const runs = s.runs.map((run) => ({ id: run.id, at: run.created_at, type: 'run', actor: actor(run.started_by, run.trigger), run, action: '', subject: '', subject_name: '', detail: '' }));
  const changes = s.audit
    .filter((a) => !a.action.startsWith('run.'))
    .map((a) => ({ id: a.id, at: a.created_at, type: 'change', actor: actor(a.actor, ''), run: null, action: a.action, subject: a.subject, subject_name: s.flows.find((f) => f.id === a.subject)?.name ?? '', detail: a.detail }));
  const from = q.get('from') ?? '';
  const to = q.get('to') ?? '';
  const fits = (e) =>
    (!q.get('flow_id') || (e.run?.flow_id ?? e.subject) === q.get('flow_id')) &&
    (!q.get('kind') || (q.get('kind') === 'change' ? e.type === 'change' : e.run?.kind === q.get('kind'))) &&
    (!q.get('result') || (e.run && (resultOf[e.run.outcome] ?? e.run.outcome) === q.get('result'))) &&
    (!q.get('actor') || q.get('actor') === e.actor.type || q.get('actor') === `${e.actor.type}:${e.actor.id}`) &&
    (from === '' || e.at.slice(0, 10) >= from) && (to === '' || e.at.slice(0, 10) <= to) &&
    `${e.run?.flow_name ?? e.subject_name} ${e.actor.name} ${e.action}`.toLowerCase().includes((q.get('q') ?? '').toLowerCase());
  const all = [...runs, ...(s.role === 'viewer' ? [] : changes)].filter(fits).sort((a, b) => (a.at < b.at ? 1 : -1));
  return page(all, 'entries', q);
}
