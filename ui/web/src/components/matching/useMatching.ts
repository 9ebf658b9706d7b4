import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Inspection, Layout, MappingCheck, PreviewRow } from '../../api/types';
import { type MappingLine, toFields } from '../../lib/mapping';
import { useDebounced } from '../../lib/useDebounced';
import { useApp } from '../app';

const previewRows = 50;
const settle = 400; // ms without a key before the server is asked

interface Options {
  kind: string;
  inspection: Inspection | undefined;
  lines: MappingLine[];
  layout: Layout | undefined;
}

export interface Matching {
  rows: PreviewRow[];
  check: MappingCheck | undefined;
  /** Of expressions that do not compile, by target. */
  compileErrors: Map<string, string>;
  isUpdating: boolean;
  isCounting: boolean;
  /** The counts are of the lines as they are now. */
  isCurrent: boolean;
  error: unknown;
  retry: () => void;
}

/** What a matching makes of some records of the file, and counts over all of it. */
export function useMatching({ kind, inspection, lines, layout }: Options): Matching {
  const { client } = useApp();
  const wanted = useMemo(() => JSON.stringify({ fields: toFields(lines), ...(layout ? { layout } : {}) }), [lines, layout]);
  const settled = useDebounced(wanted, settle);
  const on = inspection !== undefined;
  const request = {
    kind,
    snapshot_id: inspection?.snapshot_id ?? '',
    format: inspection?.format ?? {},
    mapping: JSON.parse(settled) as { fields: ReturnType<typeof toFields>; layout?: Layout },
  };
  const of = [kind, inspection?.snapshot_id, inspection?.format, settled];
  const kept = { placeholderData: keepPreviousData, staleTime: Infinity, gcTime: 60_000 };
  const preview = useQuery({ queryKey: ['preview', ...of], queryFn: ({ signal }) => client.preview({ ...request, limit: previewRows }, signal), enabled: on && request.mapping.fields.length > 0, ...kept });
  const check = useQuery({ queryKey: ['mapping-check', ...of], queryFn: ({ signal }) => client.checkMapping(request, signal), enabled: on, ...kept });
  const failed = preview.error ? preview : check;
  return {
    rows: preview.data?.rows ?? noRows,
    check: check.data,
    compileErrors: useMemo(() => new Map([...(preview.data?.errors ?? []), ...(check.data?.errors ?? [])].map((e) => [e.field, e.message])), [preview.data, check.data]),
    isUpdating: preview.isFetching,
    isCounting: check.isFetching,
    isCurrent: on && settled === wanted && check.data !== undefined && !check.isPlaceholderData,
    error: failed.error,
    retry: () => void failed.refetch(),
  };
}

const noRows: PreviewRow[] = [];
