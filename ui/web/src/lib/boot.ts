import type { BootSession } from '../api/types';

const elementId = 'sluice-session';

/** Takes the session out of the page: afterwards the token is in memory only. Undefined when the page has none. */
export function takeSession(doc: Document): BootSession | undefined {
  const element = doc.getElementById(elementId);
  if (!element) return undefined;
  const raw = element.textContent;
  element.remove();
  try {
    const s = JSON.parse(raw) as Partial<BootSession>;
    if (!s.token || !s.expires_at) return undefined;
    return {
      token: s.token,
      expires_at: s.expires_at,
      store_hash: s.store_hash ?? '',
      deep_link: s.deep_link ?? '/',
      channel_id: s.channel_id ?? null,
      locale: s.locale ?? '',
      version: s.version ?? '',
    };
  } catch {
    return undefined;
  }
}

/** The panel's first route: the deep link when it is a plain path of ours, else the overview. */
export function firstRoute(deepLink: string): string {
  if (!deepLink.startsWith('/') || deepLink.startsWith('//')) return '/';
  const path = deepLink.split('#')[0] ?? '/'; // what a page is narrowed to stands behind its ?
  return path.length <= 300 ? path : '/';
}
