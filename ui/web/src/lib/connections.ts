import type { Flow, Run, Source } from '../api/types';
import { connectionsText } from '../texts/connections';

/** What a person knows a connection by. */
export function connectionName(s: Source): string {
  if (s.kind === '') return connectionsText.none;
  if (s.url !== '') return hostAndFile(s.url);
  return s.filename || connectionsText.aFile;
}

function hostAndFile(url: string): string {
  try {
    const u = new URL(url);
    const file = u.pathname.split('/').pop() ?? '';
    return file ? `${u.host}, ${file}` : u.host;
  } catch {
    return url;
  }
}

export interface Connection {
  id: string;
  name: string;
  source: Source;
  flows: Flow[];
  /** The newest run of its syncs. */
  last: Run | undefined;
}

/** Where the data of syncs comes from: an address once, however many syncs read it; an upload belongs to its sync. */
export function connectionsOf(flows: Flow[]): Connection[] {
  const all = new Map<string, Connection>();
  for (const flow of flows) {
    const { source } = flow;
    if (source.kind === '') continue;
    const id = source.url === '' ? `${source.kind} ${flow.id}` : `${source.kind} ${source.url}`;
    const known = all.get(id);
    const last = newest(known?.last, flow.last_run ?? undefined);
    if (known) all.set(id, { ...known, flows: [...known.flows, flow], last });
    else all.set(id, { id, name: connectionName(source), source, flows: [flow], last });
  }
  return [...all.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function newest(a: Run | undefined, b: Run | undefined): Run | undefined {
  if (!a || !b) return a ?? b;
  return a.created_at > b.created_at ? a : b;
}
