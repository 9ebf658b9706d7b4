// A stand-in for the server, to look at the panel without one: `npm run dev:mock`, then open the
// address it prints. It serves dist under the panel's strict CSP, in a frame of another origin when
// asked (/frame), and keeps a made-up store in memory, with runs that progress.
//
// ?role=viewer, ?state=needs_reinstall, ?scopes=missing, ?empty=1, ?quota=7000000, ?broken=1 (every answer but
// the session's is a failure), ?slow=1 (none but it comes) and ?link=/activity on /load change the scene.

import { randomBytes } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { upcoming } from './cron.mjs';
import { attentionAPI, healthOf, newAlerts, newAttention, overviewOf, problemsOf, readyOf } from './home.mjs';
import { activityOf, olderRuns, runAPI, runOf } from './runs.mjs';
import { newStorefront, storefrontAPI } from './storefront.mjs';
import { check, fields, preview } from './matching.mjs';
import { expressions, header, kinds, quotaHistory, quotaMinutes, rows, store, suggested, users } from './data.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const types = { '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.woff': 'font/woff' };

// How the file at an address is written, by words in the address: sheets, document, archive.
const choice = (name, examples, count = 0, hidden = false) => ({ name, hidden, count, examples });
const written = (url, chosen) => {
  if (url.includes('sheets')) {
    const sheets = [choice('Goods', header.slice(0, 5)), choice('Groups', ['Group', 'Parent']), choice('Old prices', header.slice(0, 5), 0, true)];
    return { sheets, format: { type: 'xlsx', encoding: 'utf-8', ...chosen }, ...(chosen.sheet ? {} : { ask: 'sheet' }) };
  }
  if (url.includes('document')) {
    const paths = [choice('catalog/products/product', header.slice(0, 5), 2460), choice('catalog/groups/group', ['@id', 'name'], 12)];
    return { paths, format: { type: 'xml', encoding: 'utf-8', path: paths[0].name, ...chosen } };
  }
  if (url.includes('archive')) {
    const members = ['products.csv', 'stock.csv', 'prices.csv', 'texts-de.csv', 'texts-en.csv'].map((name) => choice(name, []));
    return { members, format: { type: 'csv', encoding: 'utf-8', delimiter: ',', archive: 'zip', ...chosen }, ...(chosen.member ? {} : { ask: 'member' }) };
  }
  return { format: { type: 'csv', encoding: 'utf-8', delimiter: ',', ...chosen } };
};
const iso = (ms = Date.now()) => new Date(ms).toISOString();

/** Starts the mock; port 0 picks one. Resolves to {url, frameURL, reports, close}. */
export async function startMock({ port = 0, speed = 1 } = {}) {
  const scenes = new Map(); // token → scene
  const reports = [];
  let origin = '';

  function newScene(q) {
    const s = {
      role: q.get('role') ?? 'owner', broken: q.has('broken'), slow: q.has('slow'),
      state: q.get('state') ?? 'active',
      missing: q.get('scopes') === 'missing' ? ['store_v2_products', 'store_v2_information_read_only'] : [],
      flows: [], runs: [], attention: [], keys: [], audit: [], streams: new Set(), timers: new Set(), nextId: 1,
      quota: { known: true, quota: 450, left: 450, out: 0, window_ms: 30_000, reset_ms: 30_000, waiting: 0, delayed: 0, in_flight: 0, paused: false, at: iso() },
    };
    s.front = newStorefront(q);
    s.minutes = q.has('empty') ? [] : quotaMinutes({ quota: Number(q.get('quota') ?? 450) });
    audit(s, 'bigcommerce', 'store.installed', store.name);
    s.alerts = newAlerts();
    if (!q.has('empty')) seed(s);
    else s.quota = { ...s.quota, known: false, quota: 0, left: 0, window_ms: 0, reset_ms: 0 };
    return s;
  }

  function seed(s) {
    const flow = newFlow(s, 'ERP catalogue');
    Object.assign(flow, { schedule: { cron: '0 2 * * *', enabled: true }, source: { kind: 'url', url: 'https://erp.harbour.example/export/products.csv', has_secret: true, snapshot_id: '', filename: '', size: 0 }, mapping: suggested });
    const second = newFlow(s, 'Clearance prices');
    Object.assign(second, { source: { kind: 'upload', url: '', has_secret: false, snapshot_id: 'snap-0', filename: 'clearance-november.csv', size: 48_213 }, mapping: suggested });
    const past = (age, part) => {
      const r = newRun(s, flow, false);
      Object.assign(r, { state: 'done', phase: 'finish', progress: 1, total: 2465, read: 2465, bytes_read: 912_331, bytes_total: 912_331, seconds_left: 0, created_at: iso(Date.now() - age), started_at: iso(Date.now() - age), finished_at: iso(Date.now() - age + 93_000), updated_at: iso(Date.now() - age + 93_000), ...part });
      return r;
    };
    past(3 * 86_400_000, { created: 2460, failed: 5, warnings: 1, requests: 2531, planned_requests: 2540 });
    past(86_400_000, { unchanged: 2465, requests: 1, trigger: 'schedule' });
    past(3_600_000, { updated: 100, unchanged: 2365, requests: 12 });
    past(1_800_000, { state: 'failed', read: 0, total: 0, error: 'The address answered 404 Not Found. Check it, then run the sync again.', requests: 0 });
    s.keys.push({ id: 'k1', name: 'Nightly ERP job', prefix: 'sluice_9f2c', scopes: 'flows:read flows:write', created_at: iso(Date.now() - 9e8), last_used_at: iso(Date.now() - 4e7), expires_at: null, revoked_at: null });
    audit(s, 'user:u1', 'flow.created', flow.name, flow.id);
    audit(s, 'user:u2', 'flow.scheduled', `${flow.name}: 0 2 * * * in ${store.timezone}`, flow.id);
    audit(s, 'system', 'run.skipped', `${second.name}: the run scheduled for 02:00 did not start. It has no file.`, second.id);
    audit(s, 'user:u1', 'shopping_list.tidied', '', '');
    s.runs.push(...olderRuns(flow, () => id(s, 'run')));
    s.attention = newAttention(s.flows, s.runs);
  }

  const id = (s, p) => `${p}-${s.nextId++}`;
  function newFlow(s, name) {
    const f = { id: id(s, 'flow'), kind: 'products', name, source: { kind: '', url: '', has_secret: false, snapshot_id: '', filename: '', size: 0 }, format: {}, mapping: { fields: [] }, options: { repeated_names: 'append_sku' }, schedule: { cron: '', enabled: false }, compare_schedule: { cron: '', enabled: false }, enabled: true, notice: '', paused: '', version: 1, created_at: iso(), updated_at: iso() };
    s.flows.push(f);
    return f;
  }
  function newRun(s, flow, dry, compare = false) {
    const r = runOf(id(s, 'run'), flow, dry, compare);
    s.runs.unshift(r);
    return r;
  }
  const scheduled = ({ cron, enabled }) => ({ cron, enabled, next_run_at: (enabled && upcoming(cron, store.timezone, 1).next.map((at) => iso(Date.parse(at) + 247_000))[0]) || null, time_zone: store.timezone });
  const view = (s, f) => ({ ...f, schedule: scheduled(f.schedule), compare_schedule: scheduled(f.compare_schedule), last_run: s.runs.find((r) => r.flow_id === f.id) ?? null, ready: readyOf(f), problems: problemsOf(f), health: healthOf(f, s.runs) });
  function audit(s, actor, action, detail, subject = '') {
    s.audit.unshift({ id: `a-${s.audit.length}`, actor, action, subject, detail, created_at: iso() });
  }
  function emit(s, event, data) {
    for (const res of s.streams) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Moves a run on, four times a second, until it is over. */
  function progress(s, r) {
    const total = 2465;
    const timer = setInterval(() => {
      const set = (part) => Object.assign(r, part, { updated_at: iso() });
      if (r.cancel_requested) set({ state: 'cancelled', finished_at: iso(), progress: 1 });
      else if (r.state === 'queued') set({ state: 'running', phase: 'fetch', started_at: iso() });
      else if (r.phase === 'fetch') set({ phase: 'plan', bytes_total: 912_331, progress: 0.02 });
      else if (r.phase === 'plan') {
        const read = Math.min(total, r.read + 620);
        set({ read, bytes_read: Math.round((912_331 * read) / total), failed: Math.min(5, Math.floor(read / 490)), warnings: read > 800 ? 1 : 0, progress: 0.02 + 0.08 * (read / total) });
        if (read === total) set({ phase: 'match', total, progress: 0.1, requests: 10 });
      } else if (r.phase === 'match') {
        set({ to_create: 2360, to_update: 100, planned_requests: 2381, planned_seconds: 159, phase: r.dry_run ? 'finish' : 'write', progress: 0.15 });
      } else if (r.phase === 'write') {
        const created = Math.min(2360, r.created + Math.ceil(60 * speed));
        const updated = Math.min(100, Math.floor((created / 2360) * 100));
        const requests = 10 + created + Math.floor(updated / 10);
        set({ created, updated, requests, progress: 0.15 + (0.85 * (created + updated)) / 2460, rate_per_second: 15.2, seconds_left: Math.ceil((2360 - created) / 15) });
        if (created === 2360) set({ phase: 'finish', progress: 1 });
      } else set({ state: 'done', finished_at: iso(), progress: 1, seconds_left: 0 });
      emit(s, 'run', r);
      s.quota = { ...s.quota, known: true, quota: 450, window_ms: 30_000, left: 450 - ((r.requests * 3) % 450), out: r.state === 'running' ? 3 : 0, in_flight: r.state === 'running' ? 1 : 0, waiting: r.state === 'running' ? 1 : 0, reset_ms: 30_000 - (Date.now() % 30_000), at: iso() };
      emit(s, 'quota', s.quota);
      if (['done', 'failed', 'cancelled'].includes(r.state)) {
        clearInterval(timer);
        s.timers.delete(timer);
      }
    }, 250);
    s.timers.add(timer);
  }

  const problem = (status, code, detail, errors) => ({ status, body: { type: 'about:blank', title: code, status, code, detail, errors, request_id: 'req-mock-1' }, type: 'application/problem+json' });
  const page = (items, name, q) => {
    const from = Number(q.get('after') ?? q.get('before') ?? 0);
    const limit = Number(q.get('limit') ?? 50);
    return { body: { [name]: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : '' } };
  };

  async function api(s, method, path, q, read) {
    const parts = path.split('/').filter(Boolean);
    const [a, b, c] = parts;
    const write = s.role !== 'viewer';
    if (method !== 'GET' && a !== 'session' && a !== 'schedules' && !write) return problem(403, 'forbidden', 'Your role is viewer.');
    const flow = a === 'flows' ? s.flows.find((f) => f.id === b) : undefined;
    const run = a === 'runs' ? s.runs.find((r) => r.id === b) : undefined;
    if ((a === 'flows' && b && !flow) || (a === 'runs' && b && !run)) return problem(404, 'not_found', 'This does not exist.');
    switch (`${method} ${a}${b ? '/' + (flow || run ? ':id' : b) : ''}${c ? '/' + c : ''}`) {
      case 'GET session':
        return { body: { store: { ...store, state: s.state, state_reason: s.state === 'active' ? '' : 'BigCommerce refused the access token on 22 November: the app’s permissions have changed.' }, user: { ...users.find((u) => u.role === s.role), locale: 'en-US' }, channel_id: null, deep_link: '/', missing_scopes: s.missing, attention: s.attention.filter((p) => p.muted_until === null).length, shared_address_until: s.front?.provider?.shared_until ?? null, permissions: { write, admin: write, owner: s.role === 'owner' }, version: '1.0.0-mock', sandbox: true, support_url: 'https://sluice.example/help' } };
      case 'POST session/renew':
        return { body: { token: s.token, expires_at: iso(Date.now() + 900_000) } };
      case 'GET overview': {
        const next = s.flows.map((f) => ({ flow_id: f.id, flow_name: f.name, at: scheduled(f.schedule).next_run_at, compare: false })).filter((n) => n.at);
        return { body: overviewOf(s, kinds, next) };
      }
      case 'GET quota':
        return { body: s.quota };
      case 'GET quota/history':
        return { body: quotaHistory(s.minutes, q) };
      case 'GET expressions':
        return { body: expressions };
      case 'GET kinds':
        return { body: { kinds } };
      case 'GET kinds/products/fields':
        return { body: { fields } };
      case 'GET flows':
        return { body: { flows: s.flows.map((f) => view(s, f)) } };
      case 'POST flows':
        return { status: 201, body: view(s, newFlow(s, (await read()).name)) };
      case 'GET flows/:id':
        return { body: view(s, flow) };
      case 'PUT flows/:id': {
        const want = await read();
        if (want.version !== flow.version || want.name === 'Theirs') return problem(409, 'conflict', 'Somebody else changed this sync meanwhile.');
        const { authorization, clear_authorization: clear, ...source } = want.source;
        const secret = clear ? false : authorization ? true : flow.source.has_secret;
        Object.assign(flow, want, { version: flow.version + 1, source: { ...flow.source, ...source, has_secret: secret }, updated_at: iso() });
        return { body: view(s, flow) };
      }
      case 'PUT flows/:id/enabled':
        Object.assign(flow, await read(), { version: flow.version + 1, updated_at: iso() });
        return { body: view(s, flow) };
      case 'POST flows/:id/duplicate': {
        const { name } = await read();
        const copy = Object.assign(newFlow(s, name || `${flow.name} (copy)`), { source: { ...flow.source }, mapping: flow.mapping });
        return { status: 201, body: view(s, copy) };
      }
      case 'DELETE flows/:id':
        s.flows = s.flows.filter((f) => f !== flow);
        return { status: 204 };
      case 'POST flows/:id/runs': {
        if (s.runs.some((r) => r.flow_id === flow.id && ['queued', 'running', 'cancelling'].includes(r.state))) return problem(409, 'conflict', 'A run of this feed is going on. Wait for its end, or cancel it.');
        const want = await read();
        const r = newRun(s, flow, want.dry_run, want.compare === true);
        progress(s, r);
        return { status: 201, body: r };
      }
      case 'POST uploads':
        return { status: 201, body: { snapshot_id: id(s, 'snap'), filename: q.get('filename'), size: (await read(true)).length, sha256: '' } };
      case 'POST sources/inspect': {
        const { source, format: chosen } = await read();
        if (source.url.includes('404')) return problem(422, 'invalid', 'The address answered 404 Not Found. Check it, then try again.', [{ field: 'source.url', message: '404 Not Found' }]);
        return { body: { snapshot_id: 'snap-1', ...written(source.url, chosen), header, expressions: header, rows, row_errors: [], questions: [], size: 912_331, row_count: source.url.includes('empty') ? 0 : 2460, suggested_mapping: { fields: suggested.fields.map((f) => ({ ...f, guessed: !/[A-Za-z]{3}/.test(f.expression.replace(/"physical"/, '')) })) } } };
      }
      case 'POST schedules/preview':
        return { body: upcoming((await read()).cron, store.timezone, 3) };
      case 'POST mappings/preview':
        return { body: preview((await read()).mapping) };
      case 'POST mappings/check':
        return { body: check((await read()).mapping) };
      case 'GET runs':
        return page(s.runs.filter((r) => !q.get('flow_id') || r.flow_id === q.get('flow_id')), 'runs', q);
      case 'GET runs/:id':
        return { body: run };
      case 'POST runs/:id/cancel':
        Object.assign(run, { cancel_requested: true, state: 'cancelling', updated_at: iso() });
        return { body: run };
      case 'POST runs/:id/retry': {
        const r = Object.assign(newRun(s, s.flows[0], false), { retry_of: run.id });
        progress(s, r);
        return { status: 201, body: r };
      }
      case 'GET activity':
        return activityOf(s, q, users, page);
      case 'GET users':
        return { body: { users } };
      case 'GET api-keys':
        return { body: { api_keys: s.keys } };
      case 'POST api-keys': {
        const want = await read();
        const key = { id: id(s, 'key'), name: want.name, prefix: 'sluice_7ab1', scopes: want.scopes.join(' '), created_at: iso(), last_used_at: null, expires_at: null, revoked_at: null };
        s.keys.push(key);
        return { status: 201, body: { ...key, secret: `sluice_7ab1${randomBytes(16).toString('hex')}` } };
      }
    }
    if (a === 'attention' || a === 'alerts') {
      const answer = await attentionAPI(s, method, parts.join('/'), q, read);
      if (answer) return answer;
    }
    if (method === 'GET' && run) {
      const answer = runAPI(run, parts.slice(2).join('/'), q, page);
      if (answer) return answer;
    }
    if (a === 'storefront') {
      const answer = await storefrontAPI(s.front, method, path.split('/').slice(2).join('/'), q, read);
      if (answer) return answer;
    }
    if (method === 'PUT' && a === 'users') {
      const user = users.find((u) => u.id === b);
      user.role = (await read()).role;
      return { body: user };
    }
    if (method === 'DELETE' && a === 'api-keys') {
      s.keys.find((k) => k.id === b).revoked_at = iso();
      return { status: 204 };
    }
    return problem(404, 'not_found', 'No such address.');
  }

  function send(res, answer) {
    res.writeHead(answer.status ?? 200, { 'Content-Type': answer.type ?? 'application/json' });
    res.end(answer.raw ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body)));
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error) => {
      console.error(error);
      res.destroy();
    });
  });
  async function handle(req, res) {
    const url = new URL(req.url, 'http://mock');
    const body = async (raw) => {
      const chunks = [];
      for await (const c of req) chunks.push(c);
      const all = Buffer.concat(chunks);
      return raw ? all : JSON.parse(all.toString() || '{}');
    };
    if (url.pathname === '/csp-report') {
      reports.push((await body(true)).toString());
      res.writeHead(204).end();
    } else if (url.pathname === '/load') {
      const s = newScene(url.searchParams);
      s.token = randomBytes(16).toString('hex');
      scenes.set(s.token, s);
      const nonce = randomBytes(16).toString('hex');
      const session = { token: s.token, expires_at: iso(Date.now() + 900_000), store_hash: store.hash, deep_link: url.searchParams.get('link') ?? '/', channel_id: null, locale: url.searchParams.get('locale') ?? 'en-US', version: '1.0.0-mock' };
      const html = readFileSync(join(dist, 'index.html'), 'utf8')
        .replaceAll('__CSP_NONCE__', nonce)
        .replace('<!--SLUICE_SESSION-->', `<script type="application/json" id="sluice-session" nonce="${nonce}">${JSON.stringify(session).replaceAll('<', '\\u003c')}</script>`);
      res.writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'no-store',
        'Content-Security-Policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *; report-uri /csp-report`,
      });
      res.end(html);
    } else if (url.pathname === '/frame') {
      const src = `${origin}/load${url.search}`.replaceAll('&', '&amp;').replaceAll('"', '');
      res.writeHead(200, { 'Content-Type': 'text/html' });
      res.end(`<!doctype html><title>Control panel</title><body style="margin:0"><iframe src="${src}" style="border:0;width:100%;height:100vh"></iframe>`);
    } else if (url.pathname.startsWith('/assets/')) {
      const file = normalize(join(dist, url.pathname));
      if (!file.startsWith(dist)) return void res.writeHead(404).end();
      res.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).on('error', () => res.destroy()).pipe(res);
    } else if (url.pathname.startsWith('/api/v1/')) {
      const s = scenes.get((req.headers.authorization ?? '').replace('Bearer ', ''));
      const path = url.pathname.slice('/api/v1'.length);
      if (!s) {
        const p = problem(401, 'unauthenticated', 'Your session has ended.');
        return void res.writeHead(401, { 'Content-Type': p.type }).end(JSON.stringify(p.body));
      }
      if (path === '/events') {
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        res.write(': hello\n\n');
        s.streams.add(res);
        const ping = setInterval(() => res.write('event: ping\ndata: {}\n\n'), 15_000);
        req.on('close', () => {
          clearInterval(ping);
          s.streams.delete(res);
        });
        return;
      }
      if (path !== '/session') {
        if (s.slow) return;
        if (s.broken) return void send(res, problem(500, 'internal', 'Something went wrong in Sluice. Try again in a minute.'));
      }
      const answer = await api(s, req.method, path, url.searchParams, body);
      send(res, answer);
    } else res.writeHead(url.pathname === '/favicon.ico' ? 204 : 404).end();
  }
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const at = server.address().port;
  origin = `http://127.0.0.1:${at}`;
  return {
    url: origin,
    frameURL: `http://localhost:${at}/frame`, // another site than 127.0.0.1: its frame is a third party
    reports,
    endSessions: () => scenes.clear(),
    dropStreams: () => scenes.forEach((s) => s.streams.forEach((r) => r.destroy())),
    close: () => {
      scenes.forEach((s) => {
        s.timers.forEach(clearInterval);
        s.streams.forEach((r) => r.destroy());
      });
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ port: Number(process.env.PORT ?? 5180) });
  console.log(`The panel:             ${mock.url}/load\nIn a third-party frame: ${mock.frameURL}`);
}
