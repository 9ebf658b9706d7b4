import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Contact } from './contact';
import { ApiError } from './errors';
import { followEvents, retryDelay } from './events';
import type { ServerEvent } from './sse';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function streamOf() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c) });
  const encoder = new TextEncoder();
  return { response: new Response(stream), push: (s: string) => controller.enqueue(encoder.encode(s)), end: () => controller.close() };
}

describe('followEvents', () => {
  function follow(request: (path: string, signal: AbortSignal) => Promise<Response>) {
    const contact = new Contact();
    const events: ServerEvent[] = [];
    const connected: boolean[] = [];
    const stop = new AbortController();
    const done = followEvents(
      { contact, request: (_, path, init) => request(path, init?.signal ?? stop.signal) },
      { onEvent: (e) => events.push(e), onConnected: (c) => connected.push(c), signal: stop.signal, random: () => 1 },
    );
    return { events, connected, contact, stop, done };
  }

  it('passes events on and reconnects after the stream ends', async () => {
    const streams = [streamOf(), streamOf()];
    const request = vi.fn(() => Promise.resolve(streams[request.mock.calls.length - 1]?.response ?? Promise.reject(new Error('too many'))));
    const f = follow(request);
    await vi.advanceTimersByTimeAsync(0);
    streams[0]?.push('event: run\nda');
    streams[0]?.push('ta: 1\n\n');
    streams[0]?.end();
    await vi.advanceTimersByTimeAsync(999);
    expect(request).toHaveBeenCalledTimes(1);
    expect(f.connected).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(request).toHaveBeenCalledTimes(2);
    streams[1]?.push('data: 2\n\n');
    await vi.advanceTimersByTimeAsync(0);
    expect(f.events.map((e) => e.data)).toEqual(['1', '2']);
    f.stop.abort();
    streams[1]?.end();
    await f.done;
    expect(f.connected).toEqual([true, false, true, false]);
  });

  it('waits longer after each failure', async () => {
    const request = vi.fn(() => Promise.reject(new ApiError({ status: 503, code: 'unavailable', message: '' })));
    const f = follow(request);
    const after: number[] = [];
    for (const ms of [0, 1000, 2000, 4000, 8000]) {
      await vi.advanceTimersByTimeAsync(ms);
      after.push(request.mock.calls.length);
    }
    expect(after).toEqual([1, 2, 3, 4, 5]);
    expect(f.connected).toEqual([]);
    f.stop.abort();
    await f.done;
  });

  it.each([401, 403])('stops for good on %i', async (status) => {
    const request = vi.fn(() => Promise.reject(new ApiError({ status, code: 'unauthenticated', message: '' })));
    await follow(request).done;
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('gives a silent connection up', async () => {
    const signals: AbortSignal[] = [];
    const request = vi.fn((_: string, signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<Response>((_resolve, reject) => signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))));
    });
    const f = follow(request);
    await vi.advanceTimersByTimeAsync(45_000);
    expect(signals[0]?.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(request).toHaveBeenCalledTimes(2);
    f.stop.abort();
    await f.done;
  });
});

describe('retryDelay', () => {
  it('doubles, with jitter of half, up to 30 s', () => {
    expect([0, 1, 2, 5, 50].map((n) => retryDelay(n, 1))).toEqual([1000, 2000, 4000, 30_000, 30_000]);
    expect([0, 5].map((n) => retryDelay(n, 0))).toEqual([500, 15_000]);
  });
});
