import { Badge, Button, Flex, FormGroup, Input, Select, Text } from '@bigcommerce/big-design';
import { AddIcon, DeleteIcon } from '@bigcommerce/big-design-icons';
import { useQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import styled from 'styled-components';
import { flowQueries } from '../api/queries/flows';
import type { PreviewRow, TargetField } from '../api/types';
import { type Column, insertAt, type MappingLine, newLine, repeatedTargets } from '../lib/mapping';
import type { Words } from '../lib/words';
import { text } from '../text';
import { flowText } from '../texts/flow';
import { useApp } from './app';
import { Mono } from './Cells';
import { Loaded } from './Feedback';
import { Hidden } from './Hidden';

const Lines = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const areas = {
  wide: "'target expression preview remove'",
  narrow: "'target remove' 'expression expression' 'preview preview'",
};

const Line = styled.li`
  align-items: start;
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.small}`};
  grid-template-areas: ${areas.narrow};
  grid-template-columns: minmax(0, 1fr) auto;
  padding: ${({ theme }) => theme.spacing.small} 0;

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-areas: ${areas.wide};
    grid-template-columns: minmax(10rem, 3fr) minmax(12rem, 4fr) minmax(8rem, 3fr) auto;
  }
`;

const Head = styled.div`
  display: none;

  ${({ theme }) => theme.breakpoints.tablet} {
    border-bottom: ${({ theme }) => theme.border.box};
    color: ${({ theme }) => theme.colors.secondary60};
    display: grid;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    gap: ${({ theme }) => theme.spacing.small};
    grid-template-columns: minmax(10rem, 3fr) minmax(12rem, 4fr) minmax(8rem, 3fr) 2.25rem;
    padding-bottom: ${({ theme }) => theme.spacing.xSmall};
  }
`;

const Area = styled.div<{ $name: string }>`
  grid-area: ${({ $name }) => $name};
  min-width: 0;

  & > * {
    margin: 0;
    max-width: none;
  }
`;

const Expression = styled.div`
  input {
    font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }
`;

const Value = styled.div`
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 3;
  overflow: hidden;
  padding-top: ${({ theme }) => theme.spacing.xSmall};
`;

interface Props {
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  targets: TargetField[];
  columns: Column[];
  /** The sample row that the preview column shows. */
  row: PreviewRow | undefined;
  /** Expressions that do not compile, by target. */
  compileErrors: Map<string, string>;
  disabled: boolean;
  words: Words;
}

/** Lines of "field ← expression", each with what it makes of the sample row. */
export function MappingEditor({ lines, onChange, targets, columns, row, compileErrors, disabled, words }: Props) {
  const t = flowText.mapping;
  const last = useRef<{ id: number; input: HTMLInputElement } | undefined>(undefined);
  const twice = repeatedTargets(lines);
  const rowErrors = new Map((row?.errors ?? []).map((e) => [e.field, e.message]));

  const edit = (id: number, part: Partial<MappingLine>) => onChange(lines.map((l) => (l.id === id ? { ...l, ...part } : l)));
  const remove = (id: number) => onChange(lines.filter((l) => l.id !== id));
  const insert = ({ expression }: Column) => {
    const at = last.current;
    const line = at && lines.find((l) => l.id === at.id);
    if (!at || !line) {
      onChange([...lines, newLine('', expression)]);
      return;
    }
    const { selectionStart, selectionEnd } = at.input;
    const end = line.expression.length;
    const next = insertAt(line.expression, expression, selectionStart ?? end, selectionEnd ?? end);
    edit(line.id, { expression: next.value });
    requestAnimationFrame(() => {
      at.input.focus();
      at.input.setSelectionRange(next.caret, next.caret);
    });
  };
  const mapped = new Set(lines.map((l) => l.target));
  return (
    <>
      <Head aria-hidden>
        <span>{t.target(words)}</span>
        <span>{t.expression}</span>
        <span>{t.preview}</span>
        <span />
      </Head>
      <Lines>
        {lines.map((line, i) => (
          <EditorLine
            compileError={compileErrors.get(line.target)}
            disabled={disabled}
            key={line.id}
            line={line}
            number={i + 1}
            onEdit={(part) => edit(line.id, part)}
            onFocus={(input) => {
              last.current = { id: line.id, input };
            }}
            onRemove={() => remove(line.id)}
            words={words}
            repeated={twice.has(line.target)}
            row={row}
            rowError={rowErrors.get(line.target)}
            targets={targets.filter((f) => f.name === line.target || !mapped.has(f.name))}
          />
        ))}
      </Lines>
      <Flex flexDirection="row" marginVertical="medium">
        <Button disabled={disabled} iconLeft={<AddIcon aria-hidden />} mobileWidth="auto" onClick={() => onChange([...lines, newLine()])} type="button" variant="secondary">
          {t.add}
        </Button>
      </Flex>
      <Columns columns={columns} disabled={disabled} onInsert={insert} />
    </>
  );
}

interface LineProps {
  line: MappingLine;
  number: number;
  targets: TargetField[];
  row: PreviewRow | undefined;
  rowError: string | undefined;
  compileError: string | undefined;
  repeated: boolean;
  words: Words;
  disabled: boolean;
  onEdit: (part: Partial<MappingLine>) => void;
  onRemove: () => void;
  onFocus: (input: HTMLInputElement) => void;
}

function EditorLine({ line, number, targets, row, rowError, compileError, repeated, words, disabled, onEdit, onRemove, onFocus }: LineProps) {
  const { format } = useApp();
  const t = flowText.mapping;
  const target = targets.find((f) => f.name === line.target);
  const name = target?.label ?? (line.target || t.line);
  const options = targets.map((f) => ({
    value: f.name,
    content: f.required ? `${f.label || f.name} (${t.required})` : f.label || f.name,
    description: f.help,
  }));
  const value = line.target === '' ? undefined : row?.document?.[line.target];
  const error = repeated ? t.repeated : compileError;
  return (
    <Line>
      <Area $name="target">
        <FormGroup>
          <Select
            aria-label={t.targetLabel(words, number)}
            autoWidth
            disabled={disabled}
            filterable
            maxHeight={320}
            onOptionChange={(v) => onEdit({ target: v ?? '' })}
            options={options}
            placeholder={t.choose}
            value={line.target}
          />
        </FormGroup>
      </Area>
      <Area $name="expression">
        <Expression>
          <FormGroup>
            <Input
              aria-label={t.expressionLabel(name)}
              autoCapitalize="off"
              autoComplete="off"
              autoCorrect="off"
              disabled={disabled}
              error={error}
              maxLength={2000}
              onChange={(e) => onEdit({ expression: e.target.value })}
              onFocus={(e) => onFocus(e.currentTarget)}
              spellCheck={false}
              value={line.expression}
            />
          </FormGroup>
        </Expression>
      </Area>
      <Area $name="preview">
        <Value title={value === undefined ? undefined : format.value(value)}>
          <Hidden>{t.preview}: </Hidden>
          {rowError ? (
            <Text as="span" color="danger50">
              {rowError}
            </Text>
          ) : value === undefined ? (
            <Text as="span" color="secondary50">
              {text.none}
            </Text>
          ) : (
            <Mono>{format.value(value)}</Mono>
          )}
        </Value>
      </Area>
      <Area $name="remove">
        <Button
          aria-label={t.remove(name)}
          disabled={disabled}
          iconOnly={<DeleteIcon aria-hidden />}
          mobileWidth="auto"
          onClick={onRemove}
          title={t.remove(name)}
          type="button"
          variant="subtle"
        />
      </Area>
    </Line>
  );
}

const Chips = styled.div`
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => theme.spacing.xSmall};
  margin: ${({ theme }) => `${theme.spacing.xSmall} 0 ${theme.spacing.medium}`};
  max-height: 12rem;
  overflow-y: auto;
  padding: 4px;
`;

const Chip = styled.button`
  background-color: ${({ theme }) => theme.colors.secondary20};
  border: 1px solid transparent;
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.secondary70};
  cursor: pointer;
  font: inherit;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  padding: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.xSmall}`};

  &:hover:not(:disabled) {
    background-color: ${({ theme }) => theme.colors.primary10};
    border-color: ${({ theme }) => theme.colors.primary40};
  }

  &:focus-visible {
    outline: 4px solid ${({ theme }) => theme.colors.primary20};
  }

  &:disabled {
    cursor: not-allowed;
    opacity: 0.6;
  }
`;

const Functions = styled.dl`
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.medium}`};
  margin: 0;

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: minmax(0, auto) minmax(0, 1fr);
  }

  dd {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    line-height: ${({ theme }) => theme.lineHeight.small};
    margin: 0;
  }
`;

const Summary = styled.summary`
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.primary};
  cursor: pointer;
  font-size: ${({ theme }) => theme.typography.fontSize.medium};
  margin-bottom: ${({ theme }) => theme.spacing.xSmall};
  width: fit-content;

  &:focus-visible {
    outline: 4px solid ${({ theme }) => theme.colors.primary20};
  }
`;

const mostChips = 200; // a feed may have thousands of columns; more than these nobody picks with a mouse

function Columns({ columns, onInsert, disabled }: { columns: Column[]; onInsert: (column: Column) => void; disabled: boolean }) {
  const { client, format } = useApp();
  const expressions = useQuery(flowQueries.expressions(client));
  const t = flowText.mapping;
  return (
    <details>
      <Summary>{t.columnsHeader}</Summary>
      <Text color="secondary60" marginBottom="none">
        {t.columnsHelp}
      </Text>
      <Chips>
        {columns.slice(0, mostChips).map((column) => (
          <Chip aria-label={t.columnInsert(column.name)} disabled={disabled} key={column.name} onClick={() => onInsert(column)} type="button">
            {column.name}
          </Chip>
        ))}
        {columns.length > mostChips ? <Badge label={`+ ${format.number(columns.length - mostChips)}`} variant="secondary" /> : null}
      </Chips>
      <Loaded query={expressions}>
        {({ examples, functions }) => (
          <Functions>
            {[...examples, ...functions].map(({ form, help }) => (
              <div key={form} role="presentation" style={{ display: 'contents' }}>
                <dt>
                  <Mono>{form}</Mono>
                </dt>
                <dd>{help}</dd>
              </div>
            ))}
          </Functions>
        )}
      </Loaded>
    </details>
  );
}
