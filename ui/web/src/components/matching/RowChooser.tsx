import { Button, Checkbox, Flex, Text } from '@bigcommerce/big-design';
import { ChevronLeftIcon, ChevronRightIcon } from '@bigcommerce/big-design-icons';
import { useMemo } from 'react';
import styled from 'styled-components';
import type { PreviewRow } from '../../api/types';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';
import { SearchSelect } from '../SearchSelect';

interface Props {
  /** Those to choose from. */
  rows: PreviewRow[];
  at: number;
  problemsOnly: boolean;
  updating: boolean;
  onChange: (at: number) => void;
  onProblemsOnly: (only: boolean) => void;
}

/** Which record the matching is shown on. */
export function RowChooser({ rows, at, problemsOnly, updating, onChange, onProblemsOnly }: Props) {
  const { format } = useApp();
  const t = matchingText;
  const groups = useMemo(
    () => [{ label: t.preview, options: rows.map((r, i) => ({ value: String(i), label: nameOf(r) || t.previewRow(format.number(r.row)), hint: t.previewRow(format.number(r.row)) })) }],
    [rows, format, t],
  );
  const row = rows[at];
  return (
    <Bar>
      {row ? (
        <>
          <Text as="span" bold marginBottom="none">
            {t.preview}
          </Text>
          <Chooser>
            <SearchSelect groups={groups} label={t.previewLabel} onChange={(v) => onChange(Number(v))} placeholder={t.previewLabel} value={String(at)} />
          </Chooser>
          <Flex alignItems="center" flexDirection="row" flexGap="0.25rem">
            <Button aria-label={t.previous} disabled={at === 0} iconOnly={<ChevronLeftIcon aria-hidden />} mobileWidth="auto" onClick={() => onChange(at - 1)} type="button" variant="subtle" />
            <Text as="span" color="secondary60" marginBottom="none">
              {t.previewOf(format.number(at + 1), format.number(rows.length))}
            </Text>
            <Button
              aria-label={t.next}
              disabled={at >= rows.length - 1}
              iconOnly={<ChevronRightIcon aria-hidden />}
              mobileWidth="auto"
              onClick={() => onChange(at + 1)}
              type="button"
              variant="subtle"
            />
          </Flex>
        </>
      ) : (
        <Text as="span" color="secondary60" marginBottom="none">
          {updating ? t.updating : problemsOnly ? t.noProblems : t.noRows}
        </Text>
      )}
      <Checkbox checked={problemsOnly} label={t.problemsOnly} onChange={(e) => onProblemsOnly(e.target.checked)} />
    </Bar>
  );
}

/** A record by its name and what identifies it. */
function nameOf({ key, document }: PreviewRow): string {
  const name = document?.name;
  return typeof name === 'string' && name !== key ? [key, name].filter(Boolean).join(' · ') : key;
}

const Bar = styled.div`
  align-items: center;
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => `${theme.spacing.xSmall} ${theme.spacing.medium}`};
  margin-bottom: ${({ theme }) => theme.spacing.medium};
`;

const Chooser = styled.div`
  flex: 1 1 14rem;
  max-width: 26rem;
`;
