import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** What a run's page shows: its tab, and what its lists are narrowed to. It stands in the address. */
export interface View {
  tab: string;
  severity: string;
  cause: string;
  action: string;
  field: string;
  q: string;
}

const names = ['tab', 'severity', 'cause', 'action', 'field', 'q'] as const;

/** The view, and what changes a part of it. Another tab begins with its whole list. */
export function useView(): [View, (part: Partial<View>) => void] {
  const [params, setParams] = useSearchParams();
  const view = useMemo(() => Object.fromEntries(names.map((n) => [n, params.get(n) ?? ''])) as unknown as View, [params]);
  const change = (part: Partial<View>) => {
    const next = new URLSearchParams(params);
    if (part.tab !== undefined && part.tab !== params.get('tab')) for (const n of names) next.delete(n);
    for (const n of names) {
      const value = part[n];
      if (value === '') next.delete(n);
      else if (value !== undefined) next.set(n, value);
    }
    setParams(next, { replace: true });
  };
  return [view, change];
}
