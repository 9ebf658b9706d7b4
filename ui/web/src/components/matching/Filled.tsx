import { Button, Flex, Text } from '@bigcommerce/big-design';
import type { TargetField } from '../../api/types';
import { formOf } from '../../lib/forms';
import type { MappingLine } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';
import { constantShown } from './names';

interface FilledProps {
  line: MappingLine;
  label: string;
  target: TargetField | undefined;
  readOnly: boolean;
  onClear: (kind: 'fill' | 'otherwise') => void;
}

/** Which records a line fills, where that is not all of them alike, and a way to have it otherwise. */
export function Filled({ line, label, target, readOnly, onClear }: FilledProps) {
  const t = matchingText.filled;
  const other = formOf(line.otherwise ?? '', target?.type ?? 'string', []);
  const said: ['fill' | 'otherwise', string, string][] = [];
  if (line.fill) said.push(['fill', t.fill[line.fill], t.all]);
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
