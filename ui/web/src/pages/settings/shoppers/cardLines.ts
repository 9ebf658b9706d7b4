import type { CardField } from '../../../api/types';

/** A card field under edit; the id keeps its row when others move. */
export interface CardLine extends CardField {
  id: number;
}

let nextId = 1;

export function newCardLine(field: CardField = { key: '', label: '', format: 'text' }): CardLine {
  return { ...field, id: nextId++ };
}

export function toCardLines(fields: CardField[] | null): CardLine[] {
  return (fields ?? []).map((f) => newCardLine(f));
}

export function toCardFields(lines: CardLine[]): CardField[] {
  return lines.map(({ key, label, format }) => ({ key: key.trim(), label: label.trim(), format }));
}

export function sameFields(a: CardField[], b: CardField[]): boolean {
  const plain = (fields: CardField[]) => JSON.stringify(fields.map(({ key, label, format }) => [key, label, format]));
  return plain(a) === plain(b);
}

/** What is wrong with each line: 'required', 'repeated' or nothing. */
export function keyProblems(lines: CardLine[]): Map<number, 'required' | 'repeated'> {
  const problems = new Map<number, 'required' | 'repeated'>();
  const seen = new Set<string>();
  for (const line of lines) {
    const key = line.key.trim();
    if (key === '') problems.set(line.id, 'required');
    else if (seen.has(key)) problems.set(line.id, 'repeated');
    seen.add(key);
  }
  return problems;
}

/** The lines with one moved up (-1) or down (1). */
export function moved(lines: CardLine[], id: number, by: -1 | 1): CardLine[] {
  const from = lines.findIndex((l) => l.id === id);
  const to = from + by;
  const line = lines[from];
  if (!line || to < 0 || to >= lines.length) return lines;
  const rest = lines.filter((l) => l.id !== id);
  return [...rest.slice(0, to), line, ...rest.slice(to)];
}
