import type { Flow, FlowChange, FlowOptions, Format, SourceChange, SourceKind } from '../../api/types';
import { type ScheduleChoice, choiceOf, scheduleInput } from '../../lib/schedule';
import { type MappingLine, toFields, toLines } from '../../lib/mapping';

/** A flow as the user is editing it. */
export interface Draft {
  version: number;
  name: string;
  kind: SourceKind;
  url: string;
  hasSecret: boolean;
  /** What the user typed; "" keeps the stored secret. */
  authorization: string;
  clearSecret: boolean;
  snapshotId: string;
  filename: string;
  size: number;
  format: Format;
  lines: MappingLine[];
  options: FlowOptions;
  schedule: ScheduleChoice;
  compareSchedule: ScheduleChoice;
}

export function draftOf(flow: Flow): Draft {
  return {
    version: flow.version,
    name: flow.name,
    kind: flow.source.kind,
    url: flow.source.url,
    hasSecret: flow.source.has_secret,
    authorization: '',
    clearSecret: false,
    snapshotId: flow.source.kind === 'upload' ? flow.source.snapshot_id : '',
    filename: flow.source.filename,
    size: flow.source.size,
    format: flow.format,
    lines: toLines(flow.mapping.fields),
    options: flow.options,
    schedule: choiceOf(flow.schedule),
    compareSchedule: choiceOf(flow.compare_schedule),
  };
}

export function inputOf(d: Draft): FlowChange {
  return {
    version: d.version,
    name: d.name.trim(),
    source: sourceOf(d),
    format: cleanFormat(d.format),
    mapping: { fields: toFields(d.lines) },
    options: d.options,
    schedule: scheduleInput(d.schedule),
    compare_schedule: scheduleInput(d.compareSchedule),
  };
}

export function sourceOf(d: Draft): SourceChange {
  return {
    kind: d.kind,
    url: d.kind === 'url' ? d.url.trim() : '',
    authorization: d.clearSecret ? null : d.authorization.trim(),
    snapshot_id: d.kind === 'upload' ? d.snapshotId : '',
    ...(d.clearSecret ? { clear_authorization: true as const } : {}),
  };
}

/** True when the stored secret was given for another host: the server deletes it rather than send it there. */
export function secretLeft(d: Draft, savedURL: string): boolean {
  if (!d.hasSecret || d.authorization !== '' || savedURL === '') return false;
  try {
    return new URL(d.url.trim()).origin !== new URL(savedURL).origin;
  } catch {
    return false;
  }
}

/** Only what the user chose; the rest is detected. NDJSON has no delimiter. */
export function cleanFormat(f: Format): Format {
  const out: Format = {};
  if (f.type) out.type = f.type;
  if (f.encoding) out.encoding = f.encoding;
  if (f.delimiter && f.type !== 'ndjson') out.delimiter = f.delimiter;
  return out;
}

/** What an answer to "check the source" depends on. When it changes, the sample is stale. */
export function sourceKey(d: Draft): string {
  return JSON.stringify([sourceOf(d), cleanFormat(d.format)]);
}

export function sameInput(a: Draft, b: Draft): boolean {
  return JSON.stringify(inputOf(a)) === JSON.stringify(inputOf(b));
}

/** A source that can be read. */
export function hasSource(d: Draft): boolean {
  return (d.kind === 'url' && d.url.trim() !== '') || (d.kind === 'upload' && d.snapshotId !== '');
}
