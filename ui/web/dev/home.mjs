// What the mock server answers about the whole store: the overview, problems, alerts.

const day = 86_400_000;
const iso = (ms) => new Date(ms).toISOString();
const over = (r) => ['done', 'failed', 'cancelled'].includes(r.state);

/** How a sync does, from its last run. */
export function healthOf(f, runs) {
  const run = runs.find((r) => r.flow_id === f.id);
  const since = run?.finished_at ?? run?.created_at ?? null;
  if (!readyOf(f)) return { state: 'draft', since: null, message: f.source.kind === '' ? 'It has no data yet.' : 'Its matching lacks a field.' };
  if (!f.enabled) return { state: 'off', since: f.updated_at, message: 'Somebody switched it off.' };
  if (!run) return { state: 'never', since: null, message: 'Ready. It has not run yet.' };
  if (run.state === 'asking') return { state: 'asking', since, message: 'Its run asks before it goes on.' };
  if (!over(run)) return { state: 'running', since: run.created_at, message: 'A run is under way.' };
  if (run.state === 'failed') return { state: 'failing', since, message: run.error };
  if (run.failed > 0) return { state: 'attention', since, message: `${run.failed} records were left out.` };
  return { state: 'ok', since, message: 'Everything is in step.' };
}

export const readyOf = (f) => f.source.kind !== '' && (f.mapping.fields?.length ?? 0) > 0;

export function problemsOf(f) {
  if (f.source.kind === '') return [{ part: 'source', field: '', label: '', message: 'It has no data yet: give it a file, or the address of one.' }];
  return readyOf(f) ? [] : [{ part: 'mapping', field: 'sku', label: 'SKU', message: 'SKU is not matched: choose the column that has it.' }];
}

const worst = ['failing', 'attention', 'running', 'ok', 'none'];
const asKind = { failing: 'failing', attention: 'attention', asking: 'attention', running: 'running', ok: 'ok' };

export function overviewOf(s, kinds, next) {
  const furthest = s.flows.toSorted((a, b) => Number(readyOf(b)) - Number(readyOf(a)))[0];
  const run = s.runs.find((r) => r.flow_id === furthest?.id);
  const real = s.runs.filter((r) => !r.dry_run);
  const noise = (n) => ((Math.imul(n ^ (n >>> 3), 0x9e3779b1) >>> 0) % 1000) / 1000;
  return {
    kinds: kinds.map((k) => {
      const flows = s.flows.filter((f) => f.kind === k.name);
      const states = flows.map((f) => asKind[healthOf(f, s.runs).state] ?? 'none');
      const good = real.find((r) => r.kind === k.name && r.state === 'done');
      return {
        kind: k.name, label: k.plural[0].toUpperCase() + k.plural.slice(1), flows: flows.length, state: worst.find((w) => states.includes(w)) ?? 'none',
        records: good ? 2460 : 0, last_success_at: good?.finished_at ?? null, problems: real.find((r) => r.kind === k.name)?.failed ?? 0,
      };
    }),
    history: Array.from({ length: 14 }, (_, i) => {
      const quiet = real.length === 0 || i % 7 === 5;
      return {
        date: iso(Date.now() - (13 - i) * day).slice(0, 10), runs: quiet ? 0 : 1 + (i % 3), changed: quiet ? 0 : Math.round(2400 * noise(i + 1) ** 3), problems: i % 5 === 2 && !quiet ? 5 : 0,
        failed: i === 13 && !quiet ? 1 : 0, seconds: quiet ? 0 : Math.round(60 + 300 * noise(i + 9)),
      };
    }),
    next,
    guide: {
      connected: s.flows.some((f) => f.source.kind !== ''), matched: s.flows.some(readyOf), previewed: s.runs.some((r) => r.dry_run && r.state === 'done'),
      landed: real.some((r) => r.state === 'done' && r.created + r.updated > 0 && r.failed === 0), flow_id: furthest?.id ?? '', run_id: run?.id ?? '', under_way: run ? !over(run) : false,
    },
  };
}

/** The problems of the seeded store. */
export function newAttention(flows, runs) {
  const [first, second] = flows;
  const failed = runs.find((r) => r.state === 'failed');
  const about = (flow, part) => ({ kind: flow?.kind ?? '', flow_id: flow?.id ?? '', flow_name: flow?.name ?? '', run_id: '', count: 0, since: iso(Date.now() - 3 * day), last_seen_at: iso(Date.now() - 3_600_000), assigned_to: '', muted_until: null, ...part });
  return [
    about(first, { id: 'p1', cause: 'run_failed', run_id: failed?.id ?? '', count: 4, message: 'The file was not found (404).', remedy: { action: 'source', text: 'Check the address of the file.', field: '' } }),
    about(second, { id: 'p2', cause: 'run_failed', run_id: failed?.id ?? '', count: 1, message: 'The file has no column “PartNum”.', remedy: { action: 'run', text: 'Open the run and see what the file has instead.', field: '' } }),
    about(first, { id: 'p3', cause: 'problems', run_id: runs[0]?.id ?? '', count: 147, message: '147 products lack a weight.', since: iso(Date.now() - 2 * 3_600_000), remedy: { action: 'run', text: 'See the records, and set a default for the weight.', field: 'weight' } }),
    about(second, { id: 'p4', cause: 'secret_age', count: 0, message: 'The password has not been changed for 180 days.', assigned_to: 'u2', remedy: { action: 'source', text: 'Give Sluice a new one.', field: '' } }),
  ];
}

const rule = (name, label, help, enabled, ...fields) => ({ name, label, help, enabled, params: Object.fromEntries(fields.map((f) => [f.name, f.default])), fields });
const number = (name, label, unit, standard, min, max) => ({ name, label, unit, default: standard, min, max });

export function newAlerts() {
  return {
    rules: [
      rule('run_failed', 'A run failed', 'It ended before its end, or nothing could be read.', true),
      rule('problems', 'Records were left out', 'More than a number of them, or more than a share of the file.', true, number('count', 'More than', 'records', 0, 0, 1_000_000), number('percent', 'Or more than', '%', 5, 0, 100)),
      rule('late', 'A sync is late', 'A scheduled run has not finished in time.', true, number('minutes', 'Late by more than', 'minutes', 60, 5, 10_080)),
      rule('no_data', 'No new data', 'The file has been the same for a long time.', false, number('hours', 'For more than', 'hours', 48, 1, 8_760)),
      rule('asking', 'A run asks', 'It goes on when somebody answers.', true),
    ],
    channels: [
      { id: 'ch1', kind: 'mail', to: 'owner@harbour.example', enabled: true, has_secret: false, failure: '' },
      { id: 'ch2', kind: 'slack', to: 'https://hooks.slack.com/…x7Qd', enabled: true, has_secret: false, failure: 'Slack answered 404: the webhook was removed.' },
    ],
    quiet: { enabled: true, from: '22:00', to: '07:00' }, digest: { enabled: false, at: '08:00' }, mail_available: true, time_zone: 'America/New_York', version: 1,
  };
}

/** Answers what stands under /attention and /alerts; undefined: no such address. */
export async function attentionAPI(s, method, path, q, read) {
  const [a, id] = path.split('/');
  const open = () => s.attention.filter((p) => p.muted_until === null).length;
  switch (`${method} ${a}${id ? '/x' : ''}`) {
    case 'GET attention': {
      const muted = q.get('muted');
      const shown = s.attention.filter((p) => (muted === null || (muted === 'true') === (p.muted_until !== null)) && (!q.get('flow_id') || p.flow_id === q.get('flow_id')));
      return { body: { problems: shown.slice(0, Number(q.get('limit') ?? 50)), next: '', open: open() } };
    }
    case 'PUT attention/x': {
      const p = s.attention.find((other) => other.id === id);
      if (!p) return undefined;
      Object.assign(p, await read());
      for (const res of s.streams) res.write(`event: attention\ndata: ${JSON.stringify({ open: open() })}\n\n`);
      return { body: p };
    }
    case 'GET alerts':
      return { body: s.alerts };
    case 'PUT alerts': {
      const want = await read();
      for (const r of s.alerts.rules) Object.assign(r, want.rules.find((w) => w.name === r.name));
      const made = [];
      const channels = want.channels.map((w, i) => {
        const known = s.alerts.channels.find((c) => c.id === w.id);
        const c = { failure: '', has_secret: w.kind === 'webhook', ...known, kind: w.kind, to: w.to, enabled: w.enabled, id: known?.id ?? `ch-${Date.now()}-${i}` };
        made.push(w.kind === 'webhook' && (!known || w.new_secret) ? { ...c, secret: 'whsec_bWFkZS11cC1zZWNyZXQ' } : c);
        return c;
      });
      Object.assign(s.alerts, { channels, quiet: want.quiet, digest: want.digest, version: s.alerts.version + 1 });
      return { body: { ...s.alerts, channels: made } };
    }
    case 'POST alerts/x': {
      const c = s.alerts.channels.find((other) => other.id === undefined || other.failure !== undefined);
      const { channel_id: wanted } = await read();
      const to = s.alerts.channels.find((other) => other.id === wanted) ?? c;
      return { body: to.failure ? { delivered: false, message: to.failure } : { delivered: true, message: `The mail server took the message for ${to.to}.` } };
    }
  }
  return undefined;
}
