import { Button, Flex, Small, Text } from '@bigcommerce/big-design';
import { WarningIcon } from '@bigcommerce/big-design-icons';
import { useId } from 'react';
import styled from 'styled-components';
import type { ValueQuestion as Question } from '../../api/types';
import type { MappingLine } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';

/** What only the merchant knows about a column's values, with values of the file as each answer reads them. */
export function ValueQuestion({ question, onAnswer }: { question: Question; onAnswer: (value: string) => void }) {
  const t = matchingText.question;
  const id = useId();
  return (
    <Asked>
      <legend>
        <Flex alignItems="center" flexDirection="row" flexGap="0.25rem">
          <WarningIcon aria-hidden color="warning50" size="medium" />
          <Text as="span" bold marginBottom="none">
            {question.text}
          </Text>
        </Flex>
      </legend>
      {question.choices.map((choice, i) => (
        <Choice key={choice.value}>
          <input id={`${id}-${choice.value}`} name={id} onChange={() => onAnswer(choice.value)} type="radio" value={choice.value} />
          <label htmlFor={`${id}-${choice.value}`}>
            {choice.label}
            <Small as="span" color="secondary60" marginBottom="none">
              {question.examples.flatMap((e) => (e.readings[i] ? [t.reads(e.value, e.readings[i])] : [])).join(' · ')}
            </Small>
          </label>
        </Choice>
      ))}
      <Small color="secondary60" marginBottom="none">
        {t.why}
      </Small>
    </Asked>
  );
}

const kinds = ['decimal', 'date', 'unit'] as const;

/** What the merchant said about a column's values, and the way to take it back. */
export function Answered({ line, label, readOnly, onClear }: { line: MappingLine; label: string; readOnly: boolean; onClear: (kind: (typeof kinds)[number]) => void }) {
  const t = matchingText.question;
  return kinds
    .filter((kind) => line[kind])
    .map((kind) => (
      <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" key={kind}>
        <Text as="small" color="secondary60" marginBottom="none">
          {t.said(kind, line[kind] ?? '')}
        </Text>
        {readOnly ? null : (
          <Button aria-label={matchingText.actionOn(t.change, label)} mobileWidth="auto" onClick={() => onClear(kind)} type="button" variant="subtle">
            {t.change}
          </Button>
        )}
      </Flex>
    ));
}

const Asked = styled.fieldset`
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  display: grid;
  gap: ${({ theme }) => theme.spacing.xSmall};
  margin: ${({ theme }) => `${theme.spacing.xSmall} 0 0`};
  min-width: 0;
  padding: ${({ theme }) => theme.spacing.small};
`;

const Choice = styled.div`
  align-items: start;
  display: flex;
  gap: ${({ theme }) => theme.spacing.xSmall};

  label {
    display: grid;
    min-width: 0;
    overflow-wrap: anywhere;
  }
`;
