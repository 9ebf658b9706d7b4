import { createHashRouter } from 'react-router';
import { firstRoute } from './lib/boot';
import { routes } from './routes';

/**
 * The page's router. Routes stand in the fragment of the page's address, /load: pages have addresses
 * and history of their own, and no other address of the server has to answer with the panel. Where the
 * fragment is empty, the panel was opened anew and starts at the session's deep link.
 */
export function panelRouter(deepLink: string, w: Window = window) {
  if (w.location.hash.length < 2) w.history.replaceState(null, '', `#${firstRoute(deepLink)}`);
  return createHashRouter(routes, { window: w });
}
