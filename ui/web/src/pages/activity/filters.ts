import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** What the list is narrowed to; empty narrows nothing. It stands in the address. */
export interface Filters {
  q: string;
  flow_id: string;
  kind: string;
  result: string;
  actor: string;
  from: string;
  to: string;
}

const names = { q: 'q', flow_id: 'sync', kind: 'what', result: 'result', actor: 'who', from: 'from', to: 'until' } as const satisfies Record<keyof Filters, string>;
const keys = Object.keys(names) as (keyof Filters)[];
export const results = ['', 'done', 'problems', 'failed', 'cancelled', 'asking', 'paused', 'under_way'] as const;
const isDay = (s: string) => /^\d{4}-\d{2}-\d{2}$/.test(s);

/** Filters as an address has them: what the server would refuse is left out. */
export function filtersOf(params: URLSearchParams): Filters {
  const f = Object.fromEntries(keys.map((k) => [k, params.get(names[k]) ?? ''])) as unknown as Filters;
  if (!(results as readonly string[]).includes(f.result)) f.result = '';
  for (const k of ['from', 'to'] as const) if (!isDay(f[k])) f[k] = '';
  return f;
}

export function useFilters(): { filters: Filters; set: (part: Partial<Filters>) => void; clear: () => void; count: number } {
  const [params, setParams] = useSearchParams();
  const filters = useMemo(() => filtersOf(params), [params]);
  const set = (part: Partial<Filters>) => {
    const next = new URLSearchParams(params);
    for (const k of keys) {
      const value = part[k];
      if (value === '') next.delete(names[k]);
      else if (value !== undefined) next.set(names[k], value);
    }
    setParams(next, { replace: true });
  };
  return { filters, set, clear: () => setParams({}, { replace: true }), count: keys.filter((k) => filters[k] !== '').length };
}
