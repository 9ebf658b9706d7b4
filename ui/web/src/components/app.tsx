import type { createAlertsManager } from '@bigcommerce/big-design';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Client } from '../api/client';
import { ApiError } from '../api/errors';
import type { Reached } from '../api/contact';
import type { Session } from '../api/types';
import type { Formatter } from '../lib/format';
import { text } from '../text';

/** What every page needs: the client, the user's formats, feedback, and whether live events arrive. */
export interface App {
  client: Client;
  format: Formatter;
  alerts: ReturnType<typeof createAlertsManager>;
  live: boolean;
}

export const AppContext = createContext<App | undefined>(undefined);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('useApp outside of AppContext');
  return app;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession outside of SessionContext');
  return session;
}

export type AccessKind = 'write' | 'run' | 'admin' | 'owner';

export interface Access {
  /** The user's role allows it: controls of what it does not allow are not shown. */
  granted: boolean;
  /** It can be done now. */
  allowed: boolean;
  /** Why it cannot: beside a disabled control. */
  reason: string | undefined;
}

/** Whether this user may do something, and can do it now. */
export function useAccess(kind: AccessKind = 'write'): Access {
  const session = useSession();
  const { reachable } = useReached();
  const granted = session.permissions[kind === 'run' ? 'write' : kind];
  if (!granted && kind === 'owner' && session.permissions.admin) return { granted, allowed: false, reason: text.shell.ownerReason };
  if (!granted) return { granted, allowed: false, reason: text.shell.viewer.reason };
  if (!reachable) return { granted, allowed: false, reason: text.shell.stale.reason };
  if (kind === 'run' && session.store.state !== 'active') return { granted, allowed: false, reason: text.shell.reinstall.reason };
  return { granted, allowed: true, reason: undefined };
}

/** Whether the server can be reached, and when it was last heard. */
export function useReached(): Reached {
  const { client } = useApp();
  return useSyncExternalStore(client.contact.subscribe, client.contact.current);
}

/**
 * Short messages at the top right, for what a user just did. The manager shows one after another, each
 * for seconds: a newer one takes the place of the one before, so that nobody reads an old one.
 */
export function useFeedback() {
  const { alerts } = useApp();
  return {
    success: (message: string) => {
      alerts.remove('failure');
      alerts.add({ key: 'success', type: 'success', messages: [{ text: message }], autoDismiss: true });
    },
    failure: (error: unknown) => {
      if (error instanceof ApiError && error.status === 401) return; // the whole panel says so
      alerts.add({ key: 'failure', type: 'error', header: text.errors.header, messages: messagesOf(error) });
    },
  };
}

/** What to tell a user about a failure: its message, its fields, the request id when it is our fault. */
export function messagesOf(error: unknown): { text: string }[] {
  if (!(error instanceof ApiError)) return [{ text: text.errors.unknown }];
  const lines = [{ text: error.message || text.errors.unknown }];
  for (const f of error.fields) lines.push({ text: f.field ? `${f.field}: ${f.message}` : f.message });
  if (error.status >= 500 && error.requestId) lines.push({ text: text.errors.requestId(error.requestId) });
  return lines;
}
