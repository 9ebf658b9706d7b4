import { Button, Flex, Select, Text } from '@bigcommerce/big-design';
import styled from 'styled-components';
import type { TargetField } from '../../api/types';
import { formOf } from '../../lib/forms';
import type { MappingLine } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';
import { constantShown } from './names';

/** What a line says of cases that are not the usual one. */
export type Case = 'fill' | 'empty' | 'bad' | 'otherwise';

type Choice = Exclude<Case, 'otherwise'>;

/** The cases of which a field has a choice. */
export function casesOf(target: TargetField | undefined): Choice[] {
  if (!target || target.key) return [];
  return [
    'fill',
    ...(target.clears ? (['empty'] as const) : []),
    ...(target.strict ? [] : (['bad'] as const)),
  ];
}

interface CasesProps {
  line: MappingLine;
  label: string;
  target: TargetField | undefined;
  onChange: (kind: Choice, value: string) => void;
}

/** What becomes of records that are there already, of empty cells, and of values that cannot be used. */
export function Cases({ line, label, target, onChange }: CasesProps) {
  const t = matchingText.cases;
  return (
    <Group aria-label={t.open(label)} role="group">
      {casesOf(target).map((kind) => (
        <Select
          key={kind}
          label={t.label[kind]}
          onOptionChange={(value) => onChange(kind, value ?? '')}
          options={Object.entries(t[kind]).map(([value, content]) => ({ value, content }))}
          value={line[kind] ?? ''}
        />
      ))}
    </Group>
  );
}

interface SaidProps {
  line: MappingLine;
  label: string;
  target: TargetField | undefined;
  readOnly: boolean;
  onClear: (kind: Case) => void;
}

/** What a line says of these cases, where it is not the usual, and a way to have it as usual. */
export function Said({ line, label, target, readOnly, onClear }: SaidProps) {
  const t = matchingText.said;
  const other = formOf(line.otherwise ?? '', target?.type ?? 'string', []);
  const said: [Case, string, string][] = [];
  if (line.fill) said.push(['fill', t.fill[line.fill], t.undo.fill]);
  if (line.empty) said.push(['empty', t.empty[line.empty], t.undo.empty]);
  if (line.bad) said.push(['bad', t.bad[line.bad], t.undo.bad]);
  if (line.otherwise) said.push(['otherwise', t.otherwise(other.how === 'always' ? constantShown(other.value, target) : line.otherwise), t.without]);
  return said.map(([kind, words, change]) => (
    <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" key={kind}>
      <Text as="small" color="secondary60" marginBottom="none">
        {words}
      </Text>
      {readOnly ? null : (
        <Button aria-label={matchingText.actionOn(change, label)} mobileWidth="auto" onClick={() => onClear(kind)} type="button" variant="subtle">
          {change}
        </Button>
      )}
    </Flex>
  ));
}

const Group = styled.div`
  border-left: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => theme.spacing.xSmall};
  margin-top: ${({ theme }) => theme.spacing.xSmall};
  padding-left: ${({ theme }) => theme.spacing.small};
`;
