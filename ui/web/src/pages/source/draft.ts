import type { Flow, FlowChange, FlowOptions, Format, Layout, SourceChange, SourceKind, SuggestedMapping } from '../../api/types';
import { type MappingLine, toFields, toLines } from '../../lib/mapping';
import { type ScheduleChoice, choiceOf, scheduleInput } from '../../lib/schedule';

/** What is known of where a sync's data comes from while somebody chooses it. */
export interface SourceDraft {
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
}

/** A sync as the user is editing it. */
export interface Draft extends SourceDraft {
  version: number;
  name: string;
  lines: MappingLine[];
  /** How rows make records; undefined: each row is one. */
  layout: Layout | undefined;
  /** Columns that are meant to fill nothing. */
  ignored: string[];
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
    layout: flow.mapping.layout,
    ignored: flow.mapping.ignored ?? [],
    options: flow.options,
    schedule: choiceOf(flow.schedule),
    compareSchedule: choiceOf(flow.compare_schedule),
  };
}

const never = { cron: '', enabled: false };

/** A sync that is not made yet. */
export const emptyDraft: Draft = {
  version: 0, name: '', kind: '', url: '', hasSecret: false, authorization: '', clearSecret: false, snapshotId: '', filename: '', size: 0, format: {}, lines: [], layout: undefined, ignored: [], options: {},
  schedule: choiceOf(never), compareSchedule: choiceOf(never),
};

export function inputOf(d: Draft): FlowChange {
  return {
    version: d.version,
    name: d.name.trim(),
    source: sourceOf(d),
    format: cleanFormat(d.format),
    mapping: { fields: toFields(d.lines), ignored: d.ignored, ...(d.layout ? { layout: d.layout } : {}) },
    options: d.options,
    schedule: scheduleInput(d.schedule),
    compare_schedule: scheduleInput(d.compareSchedule),
  };
}

/** What a suggestion makes of a draft: its lines, how rows make records, and the rules that such files want. */
export function proposed(d: Draft, s: SuggestedMapping): Pick<Draft, 'lines' | 'layout' | 'options'> {
  return { lines: toLines(s.fields), layout: s.layout, options: { ...d.options, ...s.options } };
}

export function sourceOf(d: SourceDraft): SourceChange {
  return {
    kind: d.kind,
    url: d.kind === 'url' ? d.url.trim() : '',
    authorization: d.clearSecret ? null : d.authorization.trim(),
    snapshot_id: d.kind === 'upload' ? d.snapshotId : '',
    ...(d.clearSecret ? { clear_authorization: true as const } : {}),
  };
}

/** True when the stored secret was given for another host: the server deletes it rather than send it there. */
export function secretLeft(d: SourceDraft, savedURL: string): boolean {
  if (!d.hasSecret || d.authorization !== '' || savedURL === '') return false;
  try {
    return new URL(d.url.trim()).origin !== new URL(savedURL).origin;
  } catch {
    return false;
  }
}

/** Only what the user chose; the rest is detected. */
export function cleanFormat(f: Format): Format {
  const out: Format = {};
  if (f.type) out.type = f.type;
  if (f.encoding) out.encoding = f.encoding;
  if (f.delimiter && (!f.type || f.type === 'csv')) out.delimiter = f.delimiter;
  if (f.header_row) out.header_row = f.header_row;
  if (f.sheet) out.sheet = f.sheet;
  if (f.path) out.path = f.path;
  if (f.member) out.member = f.member;
  return out;
}

/** Something about the file was said by the user: it may be wrong of a newer file. */
export function isChosen(f: Format): boolean {
  return Object.keys(cleanFormat(f)).length > 0;
}

/** What an answer about the source depends on. When it changes, the answer is about another. */
export function sourceKey(d: SourceDraft): string {
  return JSON.stringify([sourceOf(d), cleanFormat(d.format)]);
}

export function sameInput(a: Draft, b: Draft): boolean {
  return JSON.stringify(inputOf(a)) === JSON.stringify(inputOf(b));
}

/** A source that can be read. */
export function hasSource(d: SourceDraft): boolean {
  return (d.kind === 'url' && isAddress(d.url)) || (d.kind === 'upload' && d.snapshotId !== '');
}

/** An address that is whole; the server says the rest about it. */
export function isAddress(url: string): boolean {
  return /^https?:\/\/[^\s/]+/i.test(url.trim());
}

/** A name for a sync, after its file: "11-northwind_products.csv" is "Northwind products". */
export function nameFrom(d: SourceDraft): string {
  const words = fileOf(d)
    .replace(/\.(csv|tsv|txt|xlsx|xlsm|xml|ndjson|jsonl|json|gz|zip)\b/gi, '')
    .replace(/[-_.+\s]+/g, ' ')
    .replace(/^[\d\s]+(?=\p{L})/u, '')
    .trim();
  return (words.charAt(0).toUpperCase() + words.slice(1)).slice(0, 100);
}

function fileOf(d: SourceDraft): string {
  if (d.kind === 'upload') return d.filename;
  try {
    const { host, pathname } = new URL(d.url.trim());
    return decodeURIComponent(pathname.split('/').findLast((part) => part !== '') ?? host);
  } catch {
    return '';
  }
}
