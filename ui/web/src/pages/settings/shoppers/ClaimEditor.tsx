import { Button, Flex, FormGroup, H4, Input, Select, Text } from '@bigcommerce/big-design';
import { AddIcon, DeleteIcon } from '@bigcommerce/big-design-icons';
import styled from 'styled-components';
import type { ClaimTarget } from '../../../api/types';
import { Quiet } from '../../../components/Feedback';
import { Permitted } from '../../../components/states/ReadOnly';
import { shoppersText } from '../../../texts/shoppers';
import { type ClaimLine, newClaim } from './providerDraft';

const t = shoppersText.provider.claims;

const Lines = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Line = styled.li`
  align-items: start;
  display: grid;
  gap: ${({ theme }) => theme.spacing.small};
  grid-template-columns: minmax(0, 1fr) auto;
  padding: ${({ theme }) => theme.spacing.xSmall} 0;

  & > * {
    margin: 0;
    max-width: none;
    min-width: 0;
  }

  input {
    font-family: ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'Liberation Mono', monospace;
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: minmax(10rem, 2fr) minmax(12rem, 4fr) auto;
  }
`;

interface Props {
  lines: ClaimLine[];
  /** What claims may fill. */
  targets: ClaimTarget[];
  onChange: (lines: ClaimLine[]) => void;
  showErrors: boolean;
  disabled: boolean;
}

/** Lines of "customer field ← expression over claims". */
export function ClaimEditor({ lines, targets, onChange, showErrors, disabled }: Props) {
  const edit = (id: number, part: Partial<ClaimLine>) => onChange(lines.map((l) => (l.id === id ? { ...l, ...part } : l)));
  const free = targets.filter((target) => !lines.some((l) => l.target === target));
  const [next] = free;
  return (
    <>
      <H4>{t.header}</H4>
      <Text color="secondary60">{t.description}</Text>
      {lines.length === 0 ? <Quiet>{t.none}</Quiet> : null}
      <Lines>
        {lines.map((line, i) => (
          <Line key={line.id}>
            <FormGroup>
              <Select
                aria-label={t.targetOf(i + 1)}
                disabled={disabled}
                onOptionChange={(target) => target && edit(line.id, { target })}
                options={targets.filter((x) => x === line.target || free.includes(x)).map((value) => ({ value, content: t.targets[value] }))}
                value={line.target}
              />
            </FormGroup>
            <FormGroup>
              <Input
                aria-label={t.expressionOf(i + 1)}
                autoCapitalize="off"
                autoComplete="off"
                disabled={disabled}
                error={showErrors && line.expression.trim() === '' ? shoppersText.provider.required : undefined}
                maxLength={2000}
                onChange={(e) => edit(line.id, { expression: e.target.value })}
                placeholder={t.expression}
                spellCheck={false}
                value={line.expression}
              />
            </FormGroup>
            <Permitted kind="owner">
              <Button
                aria-label={t.remove(t.targets[line.target])}
                disabled={disabled}
                iconOnly={<DeleteIcon aria-hidden />}
                mobileWidth="auto"
                onClick={() => onChange(lines.filter((l) => l.id !== line.id))}
                title={t.remove(t.targets[line.target])}
                type="button"
                variant="subtle"
              />
            </Permitted>
          </Line>
        ))}
      </Lines>
      {next ? (
        <Permitted kind="owner">
          <Flex flexDirection="row" marginTop="small">
            <Button disabled={disabled} iconLeft={<AddIcon aria-hidden />} mobileWidth="auto" onClick={() => onChange([...lines, newClaim({ target: next, expression: '' })])} type="button" variant="secondary">
              {t.add}
            </Button>
          </Flex>
        </Permitted>
      ) : null}
    </>
  );
}
