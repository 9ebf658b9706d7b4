import { Button, Flex, Panel, Text } from '@bigcommerce/big-design';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import styled from 'styled-components';
import type { TargetField } from '../../api/types';
import { fieldLike, type MappingLine, targetFor } from '../../lib/mapping';
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
  /** Names of columns that are meant to fill nothing; kept with the sync. */
  ignored: string[];
  onIgnore: (ignored: string[]) => void;
  /** Only columns whose name says that they should fill a field. */
  likelyOnly?: boolean;
}

const shownAtFirst = 8;

/** Columns that fill nothing, first those whose name says that they should. */
export function UnusedColumns({ unused, targets, lines, onMatch, ignored, onIgnore, likelyOnly = false }: Props) {
  const { format } = useApp();
  const t = matchingText;
  const id = useId();
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(false);
  const columns = useMemo(
    () =>
      unused
        .map((name) => ({ name, like: fieldLike(name, targets, lines) }))
        .filter(({ like }) => like !== undefined || !likelyOnly)
        .sort((a, b) => Number(b.like !== undefined) - Number(a.like !== undefined)),
    [unused, targets, lines, likelyOnly],
  );
  const left = columns.filter((c) => !ignored.includes(c.name));
  const hidden = columns.filter((c) => ignored.includes(c.name));
  const list = useRef<HTMLUListElement>(null);
  const done = useRef<number>(undefined); // the place of the column that has just gone: the focus goes on there
  useEffect(() => {
    if (done.current === undefined) return;
    const buttons = [...(list.current?.children ?? [])].map((li) => li.querySelector('button'));
    (buttons[done.current] ?? buttons.at(-1) ?? list.current)?.focus();
    done.current = undefined;
  });
  const shown = all ? left : left.slice(0, shownAtFirst);
  if (columns.length === 0) return null;
  return (
    <Panel description={t.unusedDescription} header={t.unusedHeader}>
      <List aria-label={t.unusedHeader} ref={list} tabIndex={-1}>
        {shown.map(({ name, like }, i) => (
          <Unused
            free={targets}
            key={name}
            like={like}
            lines={lines}
            name={name}
            onIgnore={() => {
              done.current = i;
              onIgnore([...ignored, name]);
            }}
            onMatch={(target) => {
              done.current = i;
              onMatch(name, target);
            }}
          />
        ))}
      </List>
      <Flex flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        {left.length > shown.length ? (
          <Button mobileWidth="auto" onClick={() => setAll(true)} variant="subtle">
            {t.showAll(format.number(left.length))}
          </Button>
        ) : null}
        {hidden.length > 0 ? (
          <Button aria-controls={id} aria-expanded={open} mobileWidth="auto" onClick={() => setOpen(!open)} variant="subtle">
            {open ? t.hideIgnored : t.ignored(format.number(hidden.length))}
          </Button>
        ) : null}
      </Flex>
      {open && hidden.length > 0 ? (
        <List aria-label={t.ignoredHeader} id={id}>
          {hidden.map(({ name }) => (
            <Item key={name}>
              <Text as="span" color="secondary60" marginBottom="none">
                {name}
              </Text>
              <Flex flexDirection="row">
                <Button aria-label={t.actionOn(t.stopIgnoring, name)} mobileWidth="auto" onClick={() => onIgnore(ignored.filter((n) => n !== name))} variant="subtle">
                  {t.stopIgnoring}
                </Button>
              </Flex>
            </Item>
          ))}
        </List>
      ) : null}
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
  const [returned, setReturned] = useState(false);
  const groups = useMemo(() => (choosing ? fieldGroups(free.filter((f) => !lines.some((l) => l.target === f.name && l.expression !== ''))) : []), [choosing, free, lines]);
  const named = (target: string) => {
    const field = free.find((f) => f.name === target);
    return field ? targetFor(field, name) : target;
  };
  return (
    <Item>
      <Text as="span" marginBottom="none">
        {name}
        {like ? <Hint> {t.looksLike(fieldLabel(like, like.name))}</Hint> : null}
      </Text>
      {choosing ? (
        <SearchSelect
          autoFocus
          groups={groups}
          label={t.matchWith(name)}
          onChange={(target) => onMatch(named(target))}
          onClose={(escaped) => {
            setChoosing(false);
            setReturned(escaped);
          }}
          placeholder={t.addFieldPlaceholder}
          value=""
        />
      ) : (
        <Flex flexDirection="row" flexGap="0.25rem">
          {like ? (
            <Button mobileWidth="auto" onClick={() => onMatch(targetFor(like, name))} variant="secondary">
              {t.matchTo(fieldLabel(like, like.name))}
            </Button>
          ) : (
            <Button aria-label={t.actionOn(t.match, name)} autoFocus={returned} mobileWidth="auto" onClick={() => setChoosing(true)} variant="subtle">
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
