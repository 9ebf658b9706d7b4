import { createAlertsManager } from '@bigcommerce/big-design';
import { theme } from '@bigcommerce/big-design-theme';
import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { createMemoryRouter, Outlet, RouterProvider } from 'react-router';
import { ThemeProvider } from 'styled-components';
import { Client } from '../api/client';
import { newQueryClient } from '../api/queries/client';
import type { Kind, Run, Session } from '../api/types';
import { AppContext, SessionContext } from '../components/app';
import { UnsavedGuard } from '../components/states/Unsaved';
import { Formatter } from '../lib/format';

export const session: Session = {
  store: {
    hash: 'abc123', name: 'Test store', domain: 'test.example', secure_url: 'https://test.example', plan_name: 'Pro', timezone: 'UTC', currency: 'USD',
    state: 'active', state_reason: '', origin: 'marketplace', scopes: '', installed_at: '2026-11-01T00:00:00Z',
  },
  user: { id: 'u1', user_id: 9, email: 'owner@example.com', role: 'owner', locale: 'en-US', created_at: '2026-11-01T00:00:00Z' },
  channel_id: null, deep_link: '/', locale: 'en-US', missing_scopes: [], shared_address_until: null, attention: 0, permissions: { write: true, admin: true, owner: true }, version: 'test', sandbox: false, support_url: '',
};

export const run: Run = {
  id: 'run-1', flow_id: 'flow-1', flow_name: 'ERP catalogue', flow_version: 1, kind: 'products', outcome: 'under_way', state: 'running', phase: 'write', dry_run: false, compare: false, retry_of: '', trigger: 'manual',
  started_by: 'system', snapshot_id: '', format: {}, mapping: {}, options: {}, incomplete: false, cancel_requested: false, error: '', total: 2465, read: 2465, bytes_read: 912_331, bytes_total: 912_331, to_create: 2360, to_update: 100, created: 1180, updated: 50,
  vanished: 0, unchanged: 0, skipped: 0, failed: 0, warnings: 0, requests: 1200, throttled: 0, planned_requests: 2381, planned_seconds: 159, created_at: '2026-11-22T10:00:00Z',
  started_at: '2026-11-22T10:00:01Z', updated_at: '2026-11-22T10:01:00Z', progress: 0.575, rate_per_second: 15.2, seconds_left: 77,
  retry: { allowed: false, reason: 'The run is not over yet.' },
};

/** Two kinds of flows: that of products, and one that has every type of option. */
export const kinds: Kind[] = [
  {
    name: 'products', singular: 'product', plural: 'products',
    options: [{
      name: 'repeated_names', type: 'choice', label: 'Products with the same name', help: 'What to do with one.', default: 'append_sku',
      values: [{ name: 'append_sku', label: 'Add the SKU to the name' }, { name: 'fail', label: 'Refuse the record' }],
    }],
    phases: [{ name: 'fetch', share: 15 }, { name: 'write', share: 85 }],
  },
  {
    name: 'levels', singular: 'stock level', plural: 'stock levels',
    options: [
      { name: 'unknown', type: 'choice', label: 'Unknown items', help: 'What to do with one.', default: 'warn', values: ['warn', 'fail', 'skip', 'ask'].map((n) => ({ name: n, label: `Rule ${n}` })) },
      { name: 'most', type: 'number', label: 'Most levels that become 0', help: 'The run stops above it.', min: 0, max: 100, unit: '%', default: 20 },
      { name: 'location', type: 'text', label: 'Location', help: 'Where the stock is.' },
      { name: 'locations', type: 'pairs', label: 'Locations of the feed', help: 'Its names, and the store’s.' },
    ],
    phases: [{ name: 'fetch', share: 15 }, { name: 'write', share: 85 }],
  },
];

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  authorization: string | null;
}

type Answer = { status?: number; json?: unknown; text?: string; type?: string } | undefined;

/** A fetch that answers from a table of "METHOD /path" (without /api/v1 and query) and remembers what was asked. */
export function fakeFetch(answers: Record<string, Answer | ((call: Call) => Answer)>) {
  const calls: Call[] = [];
  const fetcher: typeof fetch = (input, init) => {
    const url = new URL(input as string, 'https://panel.example');
    const headers = new Headers(init?.headers);
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
    const call = { method: init?.method ?? 'GET', path: url.pathname.replace('/api/v1', ''), query: url.searchParams, body, authorization: headers.get('Authorization') };
    calls.push(call);
    const found = answers[`${call.method} ${call.path}`];
    const answer = typeof found === 'function' ? found(call) : found;
    if (!answer) return Promise.resolve(new Response('{"code":"not_found","detail":"no such thing"}', { status: 404 }));
    const status = answer.status ?? 200;
    const text = answer.text ?? (answer.json === undefined ? null : JSON.stringify(answer.json));
    return Promise.resolve(new Response(status === 204 ? null : text, { status, headers: { 'Content-Type': answer.type ?? 'application/json' } }));
  };
  return { calls, fetch: fetcher };
}

interface Options {
  answers?: Parameters<typeof fakeFetch>[0];
  session?: Session;
  path?: string;
  route?: string;
}

/** Renders one page or component as the panel would, with its requests answered by a table. */
export function renderInPanel(element: ReactNode, { answers = {}, session: s = session, path = '/', route = '*' }: Options = {}) {
  const fake = fakeFetch({ 'GET /kinds': { json: { kinds } }, ...answers });
  const client = new Client({ session: { token: 't0ken', expires_at: '2099-01-01T00:00:00Z' }, onEnded: () => undefined, fetch: fake.fetch });
  const queryClient = newQueryClient();
  queryClient.setDefaultOptions({ queries: { retry: false } });
  const app = { client, format: new Formatter('en-US'), alerts: createAlertsManager(), live: true };
  const guard = <UnsavedGuard><Outlet /></UnsavedGuard>;
  const routes = [{ element: guard, children: [{ path: route, element }, ...(route === '*' ? [] : [{ path: '*', element: <p>another page</p> }])] }];
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const result = render(
    <ThemeProvider theme={theme}>
      <QueryClientProvider client={queryClient}>
        <AppContext value={app}>
          <SessionContext value={s}>
            <RouterProvider router={router} />
          </SessionContext>
        </AppContext>
      </QueryClientProvider>
    </ThemeProvider>,
  );
  return { ...result, calls: fake.calls, client, queryClient, router };
}
