import type { TargetField } from '../../api/types';
import { type Column, type Form, columnName } from '../../lib/forms';
import { groups } from '../../lib/mapping';
import { capital } from '../../lib/words';
import { matchingText } from '../../texts/matching';
import type { SearchGroup } from '../SearchSelect';

export interface Choice {
  value: string;
  label: string;
}

/** The values that a field may have, by their labels; undefined if it may have any. */
export function choicesOf(target: TargetField | undefined): Choice[] | undefined {
  if (target?.type === 'boolean') return [{ value: 'true', label: matchingText.yes }, { value: 'false', label: matchingText.no }];
  return target?.enum?.map((value) => ({ value, label: capital(value.replaceAll('_', ' ')) }));
}

/** A constant as a person reads it. */
export function constantShown(value: string, target: TargetField | undefined): string {
  const label = choicesOf(target)?.find((c) => c.value === value)?.label ?? value;
  return target?.unit ? `${label} ${target.unit}` : label;
}

/** What a line comes from, in words. */
export function formShown(form: Form, expression: string, target: TargetField | undefined, columns: Column[]): string {
  const t = matchingText;
  switch (form.how) {
    case 'always':
      return `${t.alwaysShown} ${constantShown(form.value, target)}`;
    case 'path':
      return t.pathShown(form.columns.map((c) => columnName(c, columns)));
    case 'formula':
      return `${t.formulaShown}: ${expression}`;
    case 'column': {
      const parts = [columnName(form.column, columns)];
      if (form.number) parts.push(`${t.as} ${t.numbers[form.number]}`);
      if (form.otherwise) parts.push(`${t.else} ${constantShown(form.otherwise, target)}`);
      return parts.join(' ');
    }
  }
}

/** What a line comes from, for who only looks it over: of a formula its columns. */
export function sourceShown(form: Form, expression: string, target: TargetField | undefined, columns: Column[]): string {
  const used = form.how === 'formula' ? columns.filter((c) => mentions(expression, c.expression)).map((c) => c.name) : [];
  return used.length > 0 ? matchingText.madeFrom(used) : formShown(form, expression, target, columns);
}

/** Whether a formula has a column, and not only a name that begins or ends like it. */
function mentions(formula: string, column: string): boolean {
  for (let at = formula.indexOf(column); at >= 0; at = formula.indexOf(column, at + 1)) {
    const around = formula.charAt(at - 1) + formula.charAt(at + column.length);
    if (!/[\p{L}\p{N}_."']/u.test(around)) return true;
  }
  return false;
}

export function fieldLabel(target: TargetField | undefined, name: string): string {
  return target === undefined || target.label === '' ? name : target.label;
}

/** Fields to choose from, by group, found by label, synonym and the name that BigCommerce's API has for them. */
export function fieldGroups(targets: TargetField[]): SearchGroup[] {
  return groups
    .map((group) => ({
      label: matchingText.groups[group],
      options: targets
        .filter((f) => f.group === group)
        .map((f) => ({ value: f.name, label: fieldLabel(f, f.name), hint: f.help, also: [f.name, ...f.synonyms] })),
    }))
    .filter((g) => g.options.length > 0);
}
