// What a line of a matching says, as a person reads it, and the expression that is stored for it. What is no such form is a formula, and stays as it was written.

import type { TargetField } from '../api/types';

/** A column of the file, and the expression that is its value. */
export interface Column {
  name: string;
  expression: string;
}

/** How a column writes numbers: as the field takes them, 1,234.50, or 1.234,50. */
export type NumberForm = '' | '.' | ',';

export interface ColumnForm {
  how: 'column';
  /** The column's expression. */
  column: string;
  number: NumberForm;
  /** What takes the place of an empty cell; undefined leaves it empty. */
  otherwise?: string;
}

export type Form =
  | ColumnForm
  | { how: 'always'; value: string }
  /** Columns that together are a path, A > B. */
  | { how: 'path'; columns: string[] }
  | { how: 'formula' };

type FieldType = TargetField['type'];

/** The expression of a form for a field of this type; undefined for a formula, which has its own. */
export function compileForm(form: Form, type: FieldType): string | undefined {
  switch (form.how) {
    case 'always':
      return form.value === '' ? '' : constant(form.value, type);
    case 'path':
      return form.columns.length === 1 ? form.columns[0] : `path(${form.columns.join(', ')})`;
    case 'column': {
      const value = form.number === '' || form.column === '' ? form.column : `number(${form.column}, "${form.number}")`;
      return form.otherwise && value ? `first(${value}, ${constant(form.otherwise, type)})` : value;
    }
    case 'formula':
      return undefined;
  }
}

/** The form that an expression is, over these columns, for a field of this type. */
export function formOf(expression: string, type: FieldType, columns: Column[]): Form {
  if (expression.trim() === '') return { how: 'column', column: '', number: '' };
  const tokens = tokensOf(expression);
  return (tokens ? new Reader(tokens, type, columns).form() : undefined) ?? { how: 'formula' };
}

/** What a column is called: by its expression, also when the file no longer has it. */
export function columnName(expression: string, columns: Column[]): string {
  const known = columns.find((c) => c.expression === expression);
  if (known) return known.name;
  const named = tokensOf(expression)?.find((t) => t.kind === 'text');
  return named?.value ?? expression;
}

const plainNumber = /^-?\d+(\.\d+)?$/;
const exactDigits = 15; // that a calculated number keeps

function constant(value: string, type: FieldType): string {
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value;
  if ((type === 'number' || type === 'integer') && plainNumber.test(value) && value.replace(/\D/g, '').length <= exactDigits) return value;
  return quoted(value);
}

const escapes: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const meanings: Record<string, string> = { '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' };

function quoted(value: string): string {
  return `"${value.replace(/[\\"\n\r\t]/g, (c) => escapes[c] ?? c)}"`;
}

interface Token {
  kind: 'name' | 'text' | 'number' | 'sign';
  value: string;
  /** As it was written. */
  source: string;
}

const lexeme = /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(\d+(?:\.\d+)?(?![\w.]))|([()[\],-]))\s*/y;

/** The words of an expression, undefined if it has one that no form has. */
function tokensOf(expression: string): Token[] | undefined {
  const out: Token[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < expression.length) {
    const match = lexeme.exec(expression);
    if (!match) return undefined;
    const [, name, text, number, sign] = match;
    if (name !== undefined) out.push({ kind: 'name', value: name, source: name });
    else if (text !== undefined) {
      const value = unquoted(text);
      if (value === undefined) return undefined;
      out.push({ kind: 'text', value, source: text });
    } else if (number !== undefined) out.push({ kind: 'number', value: number, source: number });
    else if (sign !== undefined) out.push({ kind: 'sign', value: sign, source: sign });
  }
  return out;
}

function unquoted(text: string): string | undefined {
  const inside = text.slice(1, -1);
  if ([...inside.matchAll(/\\(.)/g)].some(([, c = '']) => !(c in meanings))) return undefined;
  return inside.replace(/\\(.)/g, (_, c: string) => meanings[c] ?? c);
}

/** Reads tokens as one form. A method that returns undefined has found none; the whole is a formula then. */
class Reader {
  #at = 0;
  readonly #tokens: Token[];
  readonly #type: FieldType;
  readonly #columns: Column[];

  constructor(tokens: Token[], type: FieldType, columns: Column[]) {
    this.#tokens = tokens;
    this.#type = type;
    this.#columns = columns;
  }

  form(): Form | undefined {
    const found = this.#any();
    return found && this.#at === this.#tokens.length ? found : undefined;
  }

  #any(): Form | undefined {
    if (this.#call('path')) return this.#path();
    if (this.#call('first')) {
      const value = this.#value();
      if (!value || !this.#sign(',')) return undefined;
      const otherwise = this.#constant();
      return otherwise && this.#sign(')') ? { ...value, otherwise } : undefined;
    }
    const always = this.#constant();
    return always === undefined ? this.#value() : { how: 'always', value: always };
  }

  #path(): Form | undefined {
    const columns: string[] = [];
    do {
      const column = this.#column();
      if (column === undefined) return undefined;
      columns.push(column);
    } while (this.#sign(','));
    return columns.length > 1 && this.#sign(')') ? { how: 'path', columns } : undefined;
  }

  #value(): ColumnForm | undefined {
    if (!this.#call('number')) {
      const column = this.#column();
      return column === undefined ? undefined : { how: 'column', column, number: '' };
    }
    const column = this.#column();
    if (column === undefined || !this.#sign(',')) return undefined;
    const sign = this.#take('text')?.value;
    if ((sign !== '.' && sign !== ',') || !this.#sign(')')) return undefined;
    return { how: 'column', column, number: sign };
  }

  /** A column's expression: the file's own spelling of it where the file has the column. */
  #column(): string | undefined {
    const name = this.#take('name');
    if (!name) return undefined;
    if (name.value !== 'row' || !this.#sign('[')) return constants.has(name.value) || this.#isSign('(') ? undefined : name.source;
    const text = this.#take('text');
    if (!text || !this.#sign(']')) return undefined;
    return this.#columns.find((c) => c.name === text.value)?.expression ?? `row[${text.source}]`;
  }

  /** A constant that says for this type of field what its text says; an empty one is none. */
  #constant(): string | undefined {
    const text = this.#take('text');
    if (text) return text.value === '' ? undefined : text.value;
    const numeric = this.#type === 'number' || this.#type === 'integer';
    if (numeric && (this.#tokens[this.#at]?.kind === 'number' || this.#isSign('-'))) {
      const start = this.#at;
      const minus = this.#sign('-') ? '-' : '';
      const number = this.#take('number');
      if (number) return minus + number.value;
      this.#at = start;
      return undefined;
    }
    const word = this.#tokens[this.#at];
    if (this.#type !== 'boolean' || word?.kind !== 'name' || (word.value !== 'true' && word.value !== 'false')) return undefined;
    this.#at++;
    return word.value;
  }

  #take(kind: Token['kind']): Token | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return undefined;
    this.#at++;
    return token;
  }

  #isSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'sign' && token.value === sign;
  }

  #sign(sign: string): boolean {
    const found = this.#isSign(sign);
    if (found) this.#at++;
    return found;
  }

  #call(name: string): boolean {
    const [word, open] = this.#tokens.slice(this.#at, this.#at + 2);
    if (word?.kind !== 'name' || word.value !== name || open?.kind !== 'sign' || open.value !== '(') return false;
    this.#at += 2;
    return true;
  }
}

const constants = new Set(['true', 'false', 'nil']);
