import { Box, H4 } from '@bigcommerce/big-design';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import type { MappingCheck, PreviewRow, TargetField } from '../../api/types';
import type { Column } from '../../lib/forms';
import { type MappingLine, newLine, slotsOf } from '../../lib/mapping';
import type { Words } from '../../lib/words';
import { matchingText } from '../../texts/matching';
import { AddField } from './AddField';
import { Line, lineColumns } from './Line';

interface Props {
  lines: MappingLine[];
  onChange: (lines: MappingLine[]) => void;
  targets: TargetField[];
  /** Undefined while the source has not been read. */
  columns: Column[] | undefined;
  /** The record that is shown. */
  row: PreviewRow | undefined;
  check: MappingCheck | undefined;
  /** Expressions that do not compile, by target. */
  compileErrors: Map<string, string>;
  readOnly: boolean;
  words: Words;
  /** The field that somebody came for. */
  focus?: string;
  /** Shows these fields only. */
  only?: ReadonlySet<string>;
}

const noColumns: Column[] = [];

/** Fields of the store by group, each with what it comes from. A line that nobody touches keeps the expression that is stored. */
export function MappingEditor({ lines, onChange, targets, columns, row, check, compileErrors, readOnly, words, focus = '', only }: Props) {
  const t = matchingText;
  const groups = useMemo(() => {
    const all = slotsOf(lines, targets);
    return only ? all.map((g) => ({ ...g, slots: g.slots.filter((s) => only.has(s.name)) })).filter((g) => g.slots.length > 0) : all;
  }, [lines, targets, only]);
  const [added, setAdded] = useState('');
  const edit = (name: string, line: MappingLine | undefined, expression: string) =>
    onChange(line ? lines.map((l) => (l.id === line.id ? { ...l, expression, guessed: false, decimal: undefined, date: undefined, unit: undefined } : l)) : [...lines, newLine(name, expression)]);
  return (
    <>
      <Head aria-hidden>
        <span>{t.field(words)}</span>
        <span>{t.comesFrom}</span>
        <span>{t.becomes}</span>
        <span />
        <span />
      </Head>
      {groups.map(({ group, slots }) => (
        <section aria-label={t.groups[group]} key={group}>
          <Box marginTop="medium">
            <H4 as="h3" marginBottom="none">{t.groups[group]}</H4>
          </Box>
          <Lines>
            {slots.map(({ key, name, target, line, repeated }) => (
              <Line
                check={check}
                columns={columns ?? noColumns}
                columnsKnown={columns !== undefined}
                compileError={compileErrors.get(name)}
                focused={name === focus || name === added}
                key={key}
                line={line}
                name={name}
                onAnswer={(kind, value) => onChange(lines.map((l) => (l.id === line?.id ? { ...l, [kind]: value === '' ? undefined : value } : l)))}
                onConfirm={() => onChange(lines.map((l) => (l.id === line?.id ? { ...l, guessed: false } : l)))}
                onEdit={(expression) => edit(name, line, expression)}
                onRemove={() => onChange(lines.filter((l) => l.id !== line?.id))}
                readOnly={readOnly}
                repeated={repeated}
                row={row}
                target={target}
              />
            ))}
          </Lines>
        </section>
      ))}
      {readOnly || only ? null : (
        <AddField
          onAdd={(name) => {
            setAdded(name);
            onChange([...lines, newLine(name)]);
          }}
          mapped={lines.map((l) => l.target)}
          targets={targets}
        />
      )}
    </>
  );
}

const Lines = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Head = styled.div`
  display: none;

  ${({ theme }) => theme.breakpoints.desktop} {
    border-bottom: ${({ theme }) => theme.border.box};
    color: ${({ theme }) => theme.colors.secondary60};
    display: grid;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    gap: ${({ theme }) => theme.spacing.small};
    grid-template-columns: ${lineColumns};
    padding-bottom: ${({ theme }) => theme.spacing.xSmall};
  }
`;
