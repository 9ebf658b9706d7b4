import type { FieldMapping, Inspection, SuggestedMapping, TargetField } from '../api/types';
import type { Column } from './forms';

/** A line of the matching; id is the editor's own and keeps focus with the line. */
export interface MappingLine extends FieldMapping {
  id: number;
  /** Suggested without a column that says so, and not looked at yet. */
  guessed?: boolean;
}

let nextId = 1;

export function newLine(target = '', expression = '', guessed = false): MappingLine {
  return { id: nextId++, target, expression, guessed };
}

export function toLines(fields: (FieldMapping & { guessed?: boolean })[] | null | undefined): MappingLine[] {
  return (fields ?? []).map((f) => ({ ...f, ...newLine(f.target, f.expression, f.guessed) }));
}

/** The lines that say something, as the server wants them: an expression goes as it came, unless somebody changed it. */
export function toFields(lines: MappingLine[]): FieldMapping[] {
  return lines.filter((l) => l.target !== '' && l.expression.trim() !== '').map(fieldOf);
}

/** The line without what is the editor's own. */
function fieldOf(line: MappingLine): FieldMapping {
  const field: FieldMapping & Partial<MappingLine> = { ...line };
  delete field.id;
  delete field.guessed;
  return field;
}

/** A suggestion with the answers to what was asked: an answer stands in quotation marks in the expressions that need it. */
export function answered(s: SuggestedMapping, answers: Record<string, string>): SuggestedMapping {
  const fields = (s.asks ?? []).flatMap((a) => {
    const answer = answers[a.name]?.trim();
    if (!answer) return [];
    const quoted = JSON.stringify(answer).slice(1, -1);
    return a.fields.map((f) => ({ ...f, expression: f.expression.replaceAll('{ANSWER}', () => quoted), guessed: false }));
  });
  const targets = new Set(fields.map((f) => f.target));
  const first = fields.filter((f, i) => fields.findIndex((g) => g.target === f.target) === i);
  return { ...s, fields: [...s.fields.filter((f) => !targets.has(f.target)), ...first] };
}

/** Required fields that no line fills; what records are matched by is among them. */
export function missingTargets(lines: FieldMapping[], targets: TargetField[]): TargetField[] {
  const mapped = new Set(lines.filter((l) => l.expression.trim() !== '').map((l) => l.target));
  return targets.filter((t) => t.required && !mapped.has(t.name));
}

export function columnsOf(inspection: Pick<Inspection, 'header' | 'expressions'> | undefined): Column[] {
  return (inspection?.expressions ?? []).map((expression, i) => ({ name: inspection?.header?.[i] ?? expression, expression }));
}

export const groups = ['required', 'common', 'variants', 'media', 'seo', 'shipping', 'more'] as const satisfies TargetField['group'][];

/** One place in the editor: a line, or a required field that has none yet. */
export interface Slot {
  key: string;
  /** Of the field. */
  name: string;
  target: TargetField | undefined;
  line: MappingLine | undefined;
  /** More than one line fills the field. */
  repeated: boolean;
}

/** The field that a line fills: of a family, one made for the line's name. */
export function targetOf(targets: TargetField[], name: string): TargetField | undefined {
  const known = targets.find((t) => t.name === name && !t.family);
  if (known) return known;
  const base = name.slice(0, name.indexOf(':') + 1);
  const family = targets.find((t) => t.family && t.name === base && name !== base);
  return family && { ...family, name, label: `${family.label} ${name.slice(base.length)}`, family: undefined };
}

/** The name that a column gives a field of a family: the target of a line that the column fills. */
export function targetFor(target: TargetField, column: string): string {
  return target.family ? target.name + column.trim() : target.name;
}

/** Lines in the order of the catalogue, by group; the stored order is another matter and stays. */
export function slotsOf(lines: MappingLine[], targets: TargetField[]): { group: TargetField['group']; slots: Slot[] }[] {
  const slots = (target: TargetField | undefined, name: string): Slot[] => {
    const own = lines.filter((l) => l.target === name);
    if (own.length === 0) return target?.required ? [{ key: name, name, target, line: undefined, repeated: false }] : [];
    return own.map((line, i) => ({ key: i === 0 ? name : `${name} ${line.id}`, name, target, line, repeated: own.length > 1 }));
  };
  const names = [...new Set(lines.map((l) => l.target))];
  const strays = names.filter((name) => !targetOf(targets, name));
  const ofFamily = (family: TargetField) => names.filter((name) => name !== family.name && name.startsWith(family.name)).flatMap((name) => slots(targetOf(targets, name), name));
  return groups
    .map((group) => ({
      group,
      slots: [...targets.filter((t) => t.group === group).flatMap((t) => (t.family ? ofFamily(t) : slots(t, t.name))), ...(group === 'more' ? strays.flatMap((name) => slots(undefined, name)) : [])],
    }))
    .filter((g) => g.slots.length > 0);
}

/** A name as the server's synonyms are written: letters and digits only, without accents. */
export function plainName(name: string): string {
  return name.replaceAll('ß', 'ss').normalize('NFKD').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** The field without a line that a column's name stands for, if there is one. */
export function fieldLike(column: string, targets: TargetField[], lines: FieldMapping[]): TargetField | undefined {
  const mapped = new Set(lines.map((l) => l.target));
  const name = plainName(column);
  return targets.find((t) => !mapped.has(t.name) && (t.synonyms.includes(name) || plainName(t.label) === name));
}

/** The lines with a field filled from a column. */
export function matched(lines: MappingLine[], columns: Column[], column: string, target: string): MappingLine[] {
  const expression = columns.find((c) => c.name === column)?.expression;
  if (expression === undefined) return lines;
  const open = lines.find((l) => l.target === target && l.expression.trim() === '');
  return open ? lines.map((l) => (l === open ? { ...l, expression } : l)) : [...lines, newLine(target, expression)];
}

/** Puts insert into value over the selection, with a space where it would run into a word. */
export function insertAt(value: string, insert: string, start: number, end: number): { value: string; caret: number } {
  const before = value.slice(0, start);
  const after = value.slice(end);
  const lead = /[A-Za-z0-9_\])"']$/.test(before) ? ' ' : '';
  const trail = /^[A-Za-z0-9_["']/.test(after) ? ' ' : '';
  return { value: before + lead + insert + trail + after, caret: before.length + lead.length + insert.length };
}
