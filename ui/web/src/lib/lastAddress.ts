const key = 'sluice-address';
const soon = 15_000; // ms: a reload of the control panel takes less

/**
 * Keeps the address at which the panel is left for the reload that may follow: the control panel makes
 * its frame anew then, and would open it at its start. Nothing else is kept, and nothing where the
 * browser blocks a frame's storage.
 */
export function rememberAddress(storeHash: string, path: string, now = Date.now()) {
  try {
    sessionStorage.setItem(key, JSON.stringify({ store: storeHash, path, at: now }));
  } catch {
    // blocked: the panel starts at its start
  }
}

/** The address at which the panel of this store was left just now, once. */
export function takeAddress(storeHash: string, now = Date.now()): string | undefined {
  try {
    const raw = sessionStorage.getItem(key);
    sessionStorage.removeItem(key);
    const { store, path, at } = JSON.parse(raw ?? '{}') as { store?: string; path?: string; at?: number };
    return store === storeHash && path?.startsWith('/') && at !== undefined && now - at < soon ? path : undefined;
  } catch {
    return undefined;
  }
}
