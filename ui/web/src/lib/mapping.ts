import type { FieldMapping, Inspection, TargetField } from '../api/types';

/** A line of the mapping editor; id is the editor's own and keeps focus with the line. */
export interface MappingLine extends FieldMapping {
  id: number;
}

let nextId = 1;

export function newLine(target = '', expression = ''): MappingLine {
  return { id: nextId++, target, expression };
}

export function toLines(fields: FieldMapping[] | null | undefined): MappingLine[] {
  return (fields ?? []).map((f) => newLine(f.target, f.expression));
}

/** The lines that say something, as the server wants them. */
export function toFields(lines: MappingLine[]): FieldMapping[] {
  return lines.filter((l) => l.target !== '' && l.expression.trim() !== '').map(({ target, expression }) => ({ target, expression: expression.trim() }));
}

/** Required fields that no line fills; what records are matched by is among them. */
export function missingTargets(lines: FieldMapping[], targets: TargetField[]): TargetField[] {
  const mapped = new Set(lines.filter((l) => l.expression.trim() !== '').map((l) => l.target));
  return targets.filter((t) => t.required && !mapped.has(t.name));
}

/** Targets that more than one line fills. */
export function repeatedTargets(lines: FieldMapping[]): Set<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { target } of lines) {
    if (target === '') continue;
    if (seen.has(target)) twice.add(target);
    seen.add(target);
  }
  return twice;
}

/** A column of the source, and the expression that is its value. */
export interface Column {
  name: string;
  expression: string;
}

export function columnsOf(inspection: Pick<Inspection, 'header' | 'expressions'> | undefined): Column[] {
  return (inspection?.expressions ?? []).map((expression, i) => ({ name: inspection?.header?.[i] ?? expression, expression }));
}

/** Puts insert into value over the selection, with a space where it would run into a word. */
export function insertAt(value: string, insert: string, start: number, end: number): { value: string; caret: number } {
  const before = value.slice(0, start);
  const after = value.slice(end);
  const lead = /[A-Za-z0-9_\])"']$/.test(before) ? ' ' : '';
  const trail = /^[A-Za-z0-9_["']/.test(after) ? ' ' : '';
  return { value: before + lead + insert + trail + after, caret: before.length + lead.length + insert.length };
}
