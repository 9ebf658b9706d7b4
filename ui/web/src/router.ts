import { createHashRouter } from 'react-router';
import type { BootSession } from './api/types';
import { firstRoute } from './lib/boot';
import { rememberAddress, takeAddress } from './lib/lastAddress';
import { routes } from './routes';

/**
 * The panel's router. Routes stand in the fragment of the page's address, /load: pages have addresses
 * and history of their own, and no other address of the server has to answer with the panel. Where the
 * fragment is empty, the panel was opened anew: it starts at the session's deep link, or, after a reload
 * of the control panel, where it was.
 */
export function panelRouter({ deep_link: deepLink, store_hash: store }: Pick<BootSession, 'deep_link' | 'store_hash'>, w: Window = window) {
  const left = takeAddress(store);
  if (w.location.hash.length < 2) {
    const linked = firstRoute(deepLink);
    w.history.replaceState(null, '', `#${linked === '/' ? (left ?? '/') : linked}`);
  }
  const router = createHashRouter(routes, { window: w });
  w.addEventListener('pagehide', () => rememberAddress(store, router.state.location.pathname));
  return router;
}
