import { Button, Flex, Panel, Text } from '@bigcommerce/big-design';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import type { TargetField } from '../../api/types';
import { fieldLike, type MappingLine } from '../../lib/mapping';
import { matchingText } from '../../texts/matching';
import { useApp } from '../app';
import { SearchSelect } from '../SearchSelect';
import { fieldGroups, fieldLabel } from './names';

interface Props {
  /** Names of columns that no line uses. */
  unused: string[];
  targets: TargetField[];
  lines: MappingLine[];
  onMatch: (column: string, target: string) => void;
  /** Only columns whose name says that they should fill a field. */
  likelyOnly?: boolean;
}

const shownAtFirst = 8;

/** Columns that fill nothing, first those whose name says that they should. */
export function UnusedColumns({ unused, targets, lines, onMatch, likelyOnly = false }: Props) {
  const { format } = useApp();
  const t = matchingText;
  const [ignored, setIgnored] = useState<ReadonlySet<string>>(new Set());
  const [all, setAll] = useState(false);
  const columns = useMemo(
    () =>
      unused
        .map((name) => ({ name, like: fieldLike(name, targets, lines) }))
        .filter(({ like }) => like !== undefined || !likelyOnly)
        .sort((a, b) => Number(b.like !== undefined) - Number(a.like !== undefined)),
    [unused, targets, lines, likelyOnly],
  );
  const left = columns.filter((c) => !ignored.has(c.name));
  const hidden = columns.length - left.length;
  const shown = all ? left : left.slice(0, shownAtFirst);
  if (columns.length === 0) return null;
  return (
    <Panel description={t.unusedDescription} header={t.unusedHeader}>
      <List aria-label={t.unusedHeader}>
        {shown.map(({ name, like }) => (
          <Unused
            free={targets}
            key={name}
            like={like}
            lines={lines}
            name={name}
            onIgnore={() => setIgnored(new Set([...ignored, name]))}
            onMatch={(target) => onMatch(name, target)}
          />
        ))}
      </List>
      <Flex flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        {left.length > shown.length ? (
          <Button mobileWidth="auto" onClick={() => setAll(true)} variant="subtle">
            {t.showAll(format.number(left.length))}
          </Button>
        ) : null}
        {hidden > 0 ? (
          <Button mobileWidth="auto" onClick={() => setIgnored(new Set())} variant="subtle">
            {t.ignored(format.number(hidden))}
          </Button>
        ) : null}
      </Flex>
    </Panel>
  );
}

interface UnusedProps {
  name: string;
  like: TargetField | undefined;
  free: TargetField[];
  lines: MappingLine[];
  onMatch: (target: string) => void;
  onIgnore: () => void;
}

function Unused({ name, like, free, lines, onMatch, onIgnore }: UnusedProps) {
  const t = matchingText;
  const [choosing, setChoosing] = useState(false);
  const groups = useMemo(() => (choosing ? fieldGroups(free.filter((f) => !lines.some((l) => l.target === f.name && l.expression !== ''))) : []), [choosing, free, lines]);
  return (
    <Item>
      <Text as="span" marginBottom="none">
        {name}
        {like ? <Hint> {t.looksLike(fieldLabel(like, like.name))}</Hint> : null}
      </Text>
      {choosing ? (
        <SearchSelect autoFocus groups={groups} label={t.matchWith(name)} onChange={onMatch} onClose={() => setChoosing(false)} placeholder={t.addFieldPlaceholder} value="" />
      ) : (
        <Flex flexDirection="row" flexGap="0.25rem">
          {like ? (
            <Button mobileWidth="auto" onClick={() => onMatch(like.name)} variant="secondary">
              {t.matchTo(fieldLabel(like, like.name))}
            </Button>
          ) : (
            <Button aria-label={t.actionOn(t.match, name)} mobileWidth="auto" onClick={() => setChoosing(true)} variant="subtle">
              {t.match}
            </Button>
          )}
          <Button aria-label={t.actionOn(t.ignore, name)} mobileWidth="auto" onClick={onIgnore} variant="subtle">
            {t.ignore}
          </Button>
        </Flex>
      )}
    </Item>
  );
}

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Item = styled.li`
  align-items: center;
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => theme.spacing.xSmall};
  overflow-wrap: anywhere;
  padding: ${({ theme }) => theme.spacing.xxSmall} 0;

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: minmax(0, 1fr) minmax(14rem, auto);
  }
`;

const Hint = styled.span`
  color: ${({ theme }) => theme.colors.secondary60};
`;
