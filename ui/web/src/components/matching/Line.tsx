import { Badge, Button, Flex, Select, Small, Text } from '@bigcommerce/big-design';
import { CloseIcon, DeleteIcon, SettingsIcon } from '@bigcommerce/big-design-icons';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import type { CheckLine, MappingCheck, PreviewRow, TargetField } from '../../api/types';
import { type Column, type Form, type NumberForm, columnName, compileForm, formOf } from '../../lib/forms';
import type { MappingLine } from '../../lib/mapping';
import { text } from '../../text';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';
import { Mono } from '../Cells';
import { Hidden } from '../Hidden';
import { SearchSelect } from '../SearchSelect';
import { ConstantField } from './ConstantField';
import { Counts } from './Counts';
import { type Case, Cases, Said, casesOf } from './Cases';
import { FormulaField } from './FormulaField';
import { fieldLabel, formShown } from './names';
import { Answered, ValueQuestion } from './ValueQuestion';

const always = '\0always'; // no column is called so
const formula = '\0formula';

export interface LineProps {
  target: TargetField | undefined;
  name: string;
  line: MappingLine | undefined;
  repeated: boolean;
  columns: Column[];
  /** False while the columns are not known: then none is said to be gone. */
  columnsKnown: boolean;
  row: PreviewRow | undefined;
  compileError: string | undefined;
  check: MappingCheck | undefined;
  readOnly: boolean;
  focused: boolean;
  onEdit: (expression: string) => void;
  /** A guess is right. */
  onConfirm: () => void;
  /** What the merchant says about the values; empty takes it back. */
  onAnswer: (kind: 'decimal' | 'date' | 'unit' | Case, value: string) => void;
  onRemove: () => void;
}

/** One field: what it comes from, what the record that is shown has then, and how it goes in the whole file. */
export function Line(props: LineProps) {
  const { target, name, line, repeated, columns, columnsKnown, row, compileError, check, readOnly, focused, onEdit, onConfirm, onAnswer, onRemove } = props;
  const t = matchingText;
  const label = fieldLabel(target, name);
  const type = target?.type ?? 'string';
  const expression = line?.expression ?? '';
  const [chosen, setChosen] = useState<Form>(); // a form that its expression does not show, as a value not yet typed
  const [cases, setCases] = useState(false);
  const form = chosen && (compileForm(chosen, type) ?? expression) === expression ? chosen : formOf(expression, type, columns);
  const set = (next: Form) => {
    setChosen(next);
    const compiled = compileForm(next, type);
    if (compiled !== undefined && compiled !== expression) onEdit(compiled);
  };
  const counted = compileError === undefined ? check?.lines.find((l) => l.target === name) : undefined;
  const questions = compileError === undefined ? (check?.questions ?? []).filter((q) => q.field === name && !line?.[q.kind]) : [];
  const gone = columnsKnown && form.how === 'column' && form.column !== '' && !columns.some((c) => c.expression === form.column);
  const error = !target
    ? t.noField
    : repeated
      ? t.repeated
      : gone
        ? t.missingColumn(columnName(form.column, columns))
        : expression === ''
          ? target.required
            ? t.needed
            : t.empty
          : compileError;
  return (
    <Row id={`field-${name}`}>
      <Area $name="field">
        <Text as="span" bold marginBottom="none">
          {label}
          {target?.required ? <span title={t.required}> {t.requiredMark}</span> : null}
        </Text>
        {line?.guessed ? (
          <Flex alignItems="center" flexDirection="row" flexGap="0.25rem" flexWrap="wrap">
            <Badge label={t.guessed} variant="warning" />
            {readOnly ? null : (
              <Button aria-label={t.actionOn(t.right, label)} mobileWidth="auto" onClick={onConfirm} type="button" variant="subtle">
                {t.right}
              </Button>
            )}
          </Flex>
        ) : null}
        {target?.help ? (
          <Small color="secondary60" marginBottom="none">
            {target.help}
          </Small>
        ) : null}
      </Area>
      <Area $name="from">
        {readOnly ? (
          <Text as="span" marginBottom="none">
            {expression === '' ? text.none : formShown(form, expression, target, columns)}
          </Text>
        ) : (
          <From {...{ label, target, type, form, expression, columns, set, onEdit, focused }} error={form.how === 'formula' ? error : undefined} />
        )}
        {error && (readOnly || form.how !== 'formula') ? (
          <Text as="small" color={expression === '' && !target?.required ? 'secondary60' : 'danger50'} marginBottom="none">
            {error}
          </Text>
        ) : null}
        {readOnly ? null : questions.map((q) => <ValueQuestion key={q.kind} onAnswer={(value) => onAnswer(q.kind, value)} question={q} />)}
        {line ? <Answered label={label} line={line} onClear={(kind) => onAnswer(kind, '')} readOnly={readOnly} /> : null}
        {line ? <Said label={label} line={line} onClear={(kind) => onAnswer(kind, '')} readOnly={readOnly} target={target} /> : null}
        {line && cases ? <Cases label={label} line={line} onChange={onAnswer} target={target} /> : null}
      </Area>
      <Area $name="becomes">
        <Becomes name={name} row={row} unit={target?.unit ?? ''} />
      </Area>
      <Area $name="counts">
        {check && counted ? (
          <Counts check={check} line={counted}>
            {readOnly ? null : <Remedy counted={counted} form={form} isKey={target?.key ?? false} label={label} numeric={type === 'number' || type === 'integer'} set={set} />}
          </Counts>
        ) : null}
      </Area>
      <Area $name="remove">
        {line && !readOnly ? (
          <Tools>
            <Button aria-label={t.remove(label)} iconOnly={<DeleteIcon aria-hidden />} mobileWidth="auto" onClick={onRemove} title={t.remove(label)} type="button" variant="subtle" />
            {expression !== '' && casesOf(target).length > 0 ? (
              <Button
                aria-expanded={cases}
                aria-label={t.cases.open(label)}
                iconOnly={<SettingsIcon aria-hidden />}
                mobileWidth="auto"
                onClick={() => setCases(!cases)}
                title={t.cases.open(label)}
                type="button"
                variant="subtle"
              />
            ) : null}
          </Tools>
        ) : null}
      </Area>
    </Row>
  );
}

interface FromProps {
  label: string;
  target: TargetField | undefined;
  type: TargetField['type'];
  form: Form;
  expression: string;
  columns: Column[];
  error: string | undefined;
  focused: boolean;
  set: (form: Form) => void;
  onEdit: (expression: string) => void;
}

/** The controls of a line: a column, a constant, or a formula, and what goes with each. */
function From({ label, target, type, form, expression, columns, error, focused, set, onEdit }: FromProps) {
  const t = matchingText;
  const groups = useMemo(
    () => [
      { label: t.columns, options: columns.map((c) => ({ value: c.expression, label: c.name })) },
      { label: t.ways, options: [{ value: always, label: t.always }, { value: formula, label: t.formula }] },
    ],
    [columns, t],
  );
  const choose = (value: string) => {
    if (value === formula) set({ how: 'formula' });
    else if (value === always) set({ how: 'always', value: '' });
    else if (form.how === 'column') set({ ...form, column: value });
    else set({ how: 'column', column: value, number: '' });
  };
  const value = form.how === 'column' ? form.column : form.how === 'always' ? always : form.how === 'formula' ? formula : '';
  const shown = form.how === 'path' ? formShown(form, expression, target, columns) : form.how === 'column' && form.column ? columnName(form.column, columns) : '';
  const numeric = type === 'number' || type === 'integer';
  return (
    <Controls>
      <SearchSelect autoFocus={focused} groups={groups} label={t.fromLabel(label)} onChange={choose} placeholder={t.choose} shown={shown} value={value} />
      {form.how === 'always' ? (
        <ConstantField autoFocus={form.value === ''} label={t.alwaysLabel(label)} onChange={(v) => set({ how: 'always', value: v })} target={target} value={form.value} />
      ) : null}
      {form.how === 'column' && form.column && (form.number !== '' || numeric) ? (
        <Flex alignItems="center" flexDirection="row" flexGap="0.5rem">
          <Text as="span" color="secondary60" marginBottom="none">{t.as}</Text>
          <Select<NumberForm> aria-label={t.asLabel(label)} onOptionChange={(number) => set({ ...form, number: number ?? '' })} options={numberOptions} value={form.number} />
        </Flex>
      ) : null}
      {form.how === 'column' && form.otherwise !== undefined ? (
        <Flex alignItems="center" flexDirection="row" flexGap="0.5rem">
          <Text as="span" color="secondary60" marginBottom="none">{t.else}</Text>
          <ConstantField autoFocus={form.otherwise === ''} label={t.elseLabel(label)} onChange={(v) => set({ ...form, otherwise: v })} target={target} value={form.otherwise} />
          <Button
            aria-label={t.removeElse(label)}
            iconOnly={<CloseIcon aria-hidden />}
            mobileWidth="auto"
            onClick={() => set({ ...form, otherwise: undefined })}
            title={t.removeElse(label)}
            type="button"
            variant="subtle"
          />
        </Flex>
      ) : null}
      {form.how === 'formula' ? <FormulaField columns={columns} error={error} field={label} onChange={onEdit} value={expression} /> : null}
    </Controls>
  );
}

const numberOptions = (['', '.', ','] as const).map((value) => ({ value, content: matchingText.numbers[value] }));

/** The button that puts right what the counts show: a default for empty cells, another way to read numbers. */
function Remedy({ counted, form, isKey, label, numeric, set }: { counted: CheckLine; form: Form; isKey: boolean; label: string; numeric: boolean; set: (form: Form) => void }) {
  const t = matchingText;
  if (form.how !== 'column') return null;
  const [example] = counted.examples;
  const written = counted.failed > 0 && numeric && form.number === '' ? signOf(example?.value ?? '') : '';
  const lacking = counted.failed > 0 ? example?.value === '' : counted.empty > 0;
  const action = written
    ? { text: t.readAs(t.numbers[written]), next: { ...form, number: written } }
    : lacking && form.otherwise === undefined && !isKey // one value for many records would be one record
      ? { text: t.addElse, next: { ...form, otherwise: '' } }
      : undefined;
  if (!action) return null;
  return (
    <Button aria-label={t.actionOn(action.text, label)} mobileWidth="auto" onClick={() => set(action.next)} type="button" variant="subtle">
      {action.text}
    </Button>
  );
}

/** The decimal sign of a number that has signs between its digits. */
function signOf(written: string): NumberForm {
  const comma = written.lastIndexOf(',');
  return comma < 0 ? '' : comma > written.lastIndexOf('.') ? ',' : '.';
}

function Becomes({ row, name, unit }: { row: PreviewRow | undefined; name: string; unit: string }) {
  const { format } = useApp();
  const wrong = row?.errors?.find((e) => e.field === name)?.message;
  const value = row?.document?.[name];
  return (
    <Value title={value === undefined ? undefined : format.value(value)}>
      <Hidden>{matchingText.becomes}: </Hidden>
      {wrong ? (
        <Text as="span" color="danger50" marginBottom="none">
          {wrong}
        </Text>
      ) : value === undefined ? (
        <Text as="span" color="secondary60" marginBottom="none">
          {text.none}
        </Text>
      ) : (
        <Mono>{unit ? `${format.value(value)} ${unit}` : format.value(value)}</Mono>
      )}
    </Value>
  );
}

const areas = {
  wide: "'field from becomes counts remove'",
  narrow: "'field remove' 'from from' 'becomes becomes' 'counts counts'",
};

export const lineColumns = 'minmax(8rem, 3fr) minmax(14rem, 5fr) minmax(7rem, 3fr) minmax(8rem, 3fr) 4.5rem';

const Row = styled.li`
  align-items: start;
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small}`};
  grid-template-areas: ${areas.narrow};
  grid-template-columns: minmax(0, 1fr) auto;
  padding: ${({ theme }) => theme.spacing.small} 0;
  scroll-margin-top: ${({ theme }) => theme.spacing.xxLarge};

  ${({ theme }) => theme.breakpoints.desktop} {
    grid-template-areas: ${areas.wide};
    grid-template-columns: ${lineColumns};
  }
`;

const Area = styled.div<{ $name: string }>`
  grid-area: ${({ $name }) => $name};
  min-width: 0;

  & > * {
    max-width: none;
  }
`;

const Tools = styled.div`
  display: flex;
  flex-wrap: wrap;

  && button {
    margin: 0;
  }
`;

const Controls = styled.div`
  display: flex;
  flex-direction: column;
  gap: ${({ theme }) => theme.spacing.xSmall};
`;

const Value = styled.div`
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 3;
  overflow: hidden;
`;
