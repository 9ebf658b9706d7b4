import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeFetch } from '../test/render';
import { Client } from './client';
import { ApiError } from './errors';

const t0 = Date.parse('2026-11-22T12:00:00Z');
const iso = (ms: number) => new Date(ms).toISOString();

function make(answers: Parameters<typeof fakeFetch>[0], lifetime = 15 * 60_000) {
  const fake = fakeFetch(answers);
  const onEnded = vi.fn();
  const client = new Client({ session: { token: 'first', expires_at: iso(t0 + lifetime) }, onEnded, fetch: fake.fetch });
  return { client, onEnded, calls: fake.calls };
}

beforeEach(() => void vi.useFakeTimers({ now: t0 }));
afterEach(() => void vi.useRealTimers());

describe('Client', () => {
  it('sends the token and encodes ids and queries', async () => {
    const { client, calls } = make({ 'GET /runs/a%2Fb': { json: {} }, 'GET /runs': { json: { runs: [], next: 'n' } } });
    await client.run('a/b');
    expect(await client.runs({ flow_id: '', limit: 5 })).toEqual({ items: [], next: 'n' });
    expect(calls.map((c) => c.authorization)).toEqual(['Bearer first', 'Bearer first']);
  });

  it('reads lists to their end, page by page, and stops at a cursor that stands still', async () => {
    const pages: Record<string, { ids: string[]; next: string }> = { '': { ids: ['a', 'b'], next: 'b' }, b: { ids: ['c'], next: 'c' }, c: { ids: ['d'], next: '' } };
    const { client } = make({
      'GET /flows': (call) => {
        const page = pages[call.query.get('after') ?? ''];
        return { json: { flows: page?.ids.map((id) => ({ id })), next: page?.next } };
      },
      'GET /users': { json: { users: null, next: '' } },
      'GET /api-keys': { json: { api_keys: [{ id: 'k' }], next: 'stuck' } },
    });
    expect((await client.flows()).map((f) => f.id)).toEqual(['a', 'b', 'c', 'd']);
    expect(await client.users()).toEqual([]);
    expect(await client.apiKeys()).toHaveLength(2);
  });

  it('turns problem+json into an ApiError with its fields', async () => {
    const { client } = make({
      'POST /flows': { status: 422, json: { code: 'invalid', detail: 'The flow needs a name.', errors: [{ field: 'name', message: 'use 1 to 100 characters' }], request_id: 'r1' } },
    });
    await expect(client.createFlow({ kind: 'products', name: '' })).rejects.toMatchObject({ status: 422, code: 'invalid', message: 'The flow needs a name.', fields: [{ field: 'name' }], requestId: 'r1' });
  });

  it('hides a proxy’s HTML', async () => {
    const { client } = make({ 'GET /session': { status: 502, text: '<html>nginx</html>' } });
    const error = await client.session().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).message).not.toContain('nginx');
    expect((error as ApiError).temporary).toBe(true);
  });

  it('says in words that the server cannot be reached', async () => {
    const client = new Client({ session: { token: 't', expires_at: '' }, onEnded: () => undefined, fetch: () => Promise.reject(new TypeError('failed to fetch')) });
    await expect(client.session()).rejects.toMatchObject({ status: 0, code: 'network' });
  });

  it('ends once on 401 and asks nothing more', async () => {
    const { client, onEnded, calls } = make({ 'GET /session': { status: 401, json: { code: 'unauthenticated', detail: '' } } });
    await expect(client.session()).rejects.toMatchObject({ status: 401 });
    await expect(client.session()).rejects.toMatchObject({ status: 401 });
    expect(onEnded).toHaveBeenCalledTimes(1);
    expect(calls).toHaveLength(1);
  });

  it('renews the token two minutes before it expires, again and again, until stopped', async () => {
    let n = 0;
    const { client, calls } = make({
      'POST /session/renew': () => ({ json: { token: `renewed-${++n}`, expires_at: iso(Date.now() + 15 * 60_000) } }),
      'GET /quota': { json: {} },
    });
    const stop = client.keepAlive();
    await vi.advanceTimersByTimeAsync(13 * 60_000 - 1);
    expect(calls).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    await client.quota();
    expect(calls.map((c) => c.authorization)).toEqual(['Bearer first', 'Bearer renewed-1']);
    await vi.advanceTimersByTimeAsync(13 * 60_000);
    expect(n).toBe(2);
    stop();
    await vi.advanceTimersByTimeAsync(60 * 60_000);
    expect(n).toBe(2);
  });

  it('tries again soon when renewing fails for a passing reason, and stops when refused', async () => {
    const answers = [503, 401];
    const { client, onEnded, calls } = make({ 'POST /session/renew': () => ({ status: answers.shift() ?? 500, json: { code: 'x', detail: '' } }) }, 60_000);
    client.keepAlive();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(onEnded).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls).toHaveLength(2);
  });

  it('signs out here at once, and on the server with the token that it then forgets', async () => {
    for (const status of [204, 503]) {
      const { client, onEnded, calls } = make({ 'POST /session/sign-out': { status } });
      const told = client.signOut();
      expect(onEnded).toHaveBeenCalledTimes(1);
      await expect(client.session()).rejects.toMatchObject({ status: 401 });
      await told;
      expect(calls.map((c) => [c.method, c.path, c.authorization])).toEqual([['POST', '/session/sign-out', 'Bearer first']]);
    }
  });
});
