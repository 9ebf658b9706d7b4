import type { Client } from './client';
import { ApiError } from './errors';
import { EventParser, type ServerEvent } from './sse';

const firstDelay = 1_000; // ms
const longestDelay = 30_000;
const silence = 45_000; // three missed pings: the connection is dead even if nobody said so

export interface EventsOptions {
  onEvent: (event: ServerEvent) => void;
  /** true after a connection is made, false after it is lost. */
  onConnected: (connected: boolean) => void;
  signal: AbortSignal;
  random?: () => number;
}

/**
 * Reads GET /events until signal aborts or the session ends, reconnecting with a growing, jittered
 * delay. EventSource is not used because it cannot send the Authorization header.
 */
export async function followEvents(client: Pick<Client, 'request' | 'contact'>, options: EventsOptions): Promise<void> {
  const { onEvent, onConnected, signal, random = Math.random } = options;
  let failures = 0;
  while (!signal.aborted) {
    let connected = false;
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    const dead = () => {
      client.contact.lost();
      stop();
    };
    signal.addEventListener('abort', stop);
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(dead, silence);
    };
    try {
      alive();
      const response = await client.request('GET', '/events', { headers: { Accept: 'text/event-stream' }, signal: attempt.signal });
      if (response.body) {
        connected = true;
        failures = 0;
        onConnected(true);
        await read(response.body, (event) => {
          alive();
          client.contact.heard();
          onEvent(event);
        });
      }
    } catch (error) {
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return;
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', stop);
      attempt.abort();
      if (connected) onConnected(false);
    }
    await wait(retryDelay(failures, random()), signal);
    failures++;
  }
}

/** Milliseconds before attempt n (0 = the first retry): doubling, at most 30 s, with jitter of half. */
export function retryDelay(n: number, random: number): number {
  const full = Math.min(longestDelay, firstDelay * 2 ** Math.min(n, 10));
  return full / 2 + (full / 2) * random;
}

async function read(body: ReadableStream<Uint8Array>, emit: (event: ServerEvent) => void) {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (const event of parser.push(decoder.decode(value, { stream: true }))) emit(event);
    }
  } finally {
    reader.cancel().catch(() => undefined); // already broken: nothing to release
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
  });
}
