import '@fontsource/source-sans-3/300.css';
import '@fontsource/source-sans-3/400.css';
import '@fontsource/source-sans-3/600.css';
import { createRoot } from 'react-dom/client';
import { StrictMode, useSyncExternalStore } from 'react';
import { App } from './App';
import { Client } from './api/client';
import { newQueryClient } from './api/queries/client';
import { Frame } from './components/Frame';
import { Notice } from './components/Notice';
import { takeSession } from './lib/boot';
import { panelRouter } from './router';
import { text } from './text';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

const session = takeSession(document);
const queryClient = newQueryClient();

let ended = false;
const listeners = new Set<() => void>();
const client =
  session &&
  new Client({
    session,
    onEnded: () => {
      ended = true;
      listeners.forEach((listener) => listener());
      queryClient.clear(); // nothing of the store stays in memory
    },
  });

const router = session && panelRouter(session);

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function Panel() {
  const over = useSyncExternalStore(subscribe, () => ended);
  if (!client || !router) return <Notice {...text.shell.noSession} />;
  return <App client={client} ended={over} locale={session.locale} queryClient={queryClient} router={router} />;
}

if (client) {
  client.keepAlive();
  // It is a large library, and nothing of the panel waits for it.
  if (window.self !== window.top) void import('./lib/controlPanel').then((m) => m.startControlPanel(() => void client.signOut()));
}

createRoot(root).render(
  <StrictMode>
    <Frame>
      <Panel />
    </Frame>
  </StrictMode>,
);
