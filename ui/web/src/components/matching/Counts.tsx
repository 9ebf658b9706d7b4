import { Flex, Text } from '@bigcommerce/big-design';
import { CheckIcon, WarningIcon } from '@bigcommerce/big-design-icons';
import type { ReactNode } from 'react';
import type { CheckLine, MappingCheck } from '../../api/types';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';

/** What a line makes of the whole file: how many records have a value, how many have none or a wrong one. */
export function Counts({ check, line, children }: { check: MappingCheck; line: CheckLine; children: ReactNode }) {
  const { format } = useApp();
  const t = matchingText.counts;
  const n = (count: number) => format.number(count);
  const [example] = line.examples;
  const wrong = line.failed > 0;
  const lacking = wrong && example?.value === '';
  return (
    <div>
      <Flex alignItems="center" flexDirection="row" flexGap="0.25rem">
        {wrong ? <WarningIcon aria-hidden color="warning50" size="medium" /> : line.empty === 0 ? <CheckIcon aria-hidden color="success" size="medium" /> : null}
        <Text as="span" color="secondary60" marginBottom="none">
          {[line.filled === check.rows ? t.all(n(check.rows)) : t.some(n(line.filled), n(check.rows)), line.empty > 0 ? t.empty(n(line.empty)) : ''].filter(Boolean).join(' · ')}
        </Text>
      </Flex>
      {wrong ? (
        <Text color="secondary70" marginBottom="none">
          {lacking ? t.missing(n(line.failed)) : t.failed(n(line.failed))}
        </Text>
      ) : null}
      {wrong && !lacking && example ? (
        <Text as="small" color="secondary60" marginBottom="none">
          {t.example(n(example.row), example.message)}
        </Text>
      ) : null}
      {children}
    </div>
  );
}
