import type { Flow, Kind } from '../../api/types';
import { connectionName } from '../../lib/connections';
import { capital } from '../../lib/words';

export type Sort = 'name' | 'health' | 'last' | 'next';
export const sorts: Sort[] = ['name', 'health', 'last', 'next'];

/** What needs somebody comes first. */
const worst: Flow['health']['state'][] = ['failing', 'asking', 'attention', 'paused', 'draft', 'running', 'never', 'off', 'ok'];

/** A kind that is gone is shown by its name. */
export function kindName(kinds: Kind[], name: string): string {
  return capital(kinds.find((k) => k.name === name)?.plural ?? name);
}

/** The syncs that have all words of a search in their name, kind or connection, in the wanted order. */
export function shownSyncs(flows: Flow[], kinds: Kind[], { q, kind, sort, down }: { q: string; kind: string; sort: Sort; down: boolean }): Flow[] {
  const words = q.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const fits = (f: Flow) => {
    if (kind !== '' && f.kind !== kind) return false;
    const said = `${f.name} ${kindName(kinds, f.kind)} ${connectionName(f.source)}`.toLocaleLowerCase();
    return words.every((w) => said.includes(w));
  };
  const found = flows.filter(fits).sort((a, b) => compare(a, b, sort) || a.name.localeCompare(b.name));
  return down ? found.reverse() : found;
}

function compare(a: Flow, b: Flow, sort: Sort): number {
  switch (sort) {
    case 'health':
      return worst.indexOf(a.health.state) - worst.indexOf(b.health.state);
    case 'last':
      return (b.last_run?.created_at ?? '').localeCompare(a.last_run?.created_at ?? ''); // the newest first
    case 'next':
      return nextOf(a) - nextOf(b);
    default:
      return 0;
  }
}

function nextOf({ schedule }: Flow): number {
  return schedule.enabled && schedule.next_run_at ? Date.parse(schedule.next_run_at) : Infinity;
}
