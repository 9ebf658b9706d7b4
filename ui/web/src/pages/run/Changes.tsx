import { Badge, Button, Flex, FlexItem, H4, Select, Text } from '@bigcommerce/big-design';
import { OpenInNewIcon } from '@bigcommerce/big-design-icons';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Change, ChangedFields, FieldChange, Run } from '../../api/types';
import { useApp } from '../../components/app';
import { Mono } from '../../components/Cells';
import { Paged } from '../../components/Feedback';
import { useWords } from '../../components/kinds';
import { SearchField } from '../../components/SearchField';
import { writes } from '../../lib/outcome';
import { shorten, valueWithUnit } from '../../lib/values';
import type { Words } from '../../lib/words';
import { runText } from '../../texts/run';
import { useView, type View } from './view';

const t = runText.changes;
// Fields of a record that are shown before "more": a new product has many, a change is why one looks.
const fieldsOfNew = 3;
const fieldsOfUpdate = 6;
const fieldsOffered = 8; // fields to narrow by before "show every field"

const Filters = styled.div`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
  margin-bottom: ${({ theme }) => theme.spacing.small};
`;

const Chips = styled.div`
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => theme.spacing.xSmall};
  margin-bottom: ${({ theme }) => theme.spacing.small};
`;

const Chip = styled.button`
  background-color: ${({ theme }) => theme.colors.white};
  border: 1px solid ${({ theme }) => theme.colors.secondary30};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.secondary70};
  cursor: pointer;
  font-family: inherit;
  font-size: ${({ theme }) => theme.typography.fontSize.small};
  line-height: ${({ theme }) => theme.lineHeight.small};
  min-height: ${({ theme }) => theme.spacing.xLarge};
  padding: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.xSmall}`};

  &[aria-pressed='true'] {
    background-color: ${({ theme }) => theme.colors.primary10};
    border-color: ${({ theme }) => theme.colors.primary};
    color: ${({ theme }) => theme.colors.primary60};
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
  }

  &:focus-visible {
    outline: 2px solid ${({ theme }) => theme.colors.primary};
    outline-offset: 2px;
  }
`;

const Plain = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Record = styled.li`
  border-bottom: ${({ theme }) => theme.border.box};
  padding: ${({ theme }) => theme.spacing.medium} 0;

  &:last-child {
    border-bottom: 0;
  }
`;

const Frame = styled.div`
  background-color: ${({ theme }) => theme.colors.secondary10};
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  height: 3rem;
  overflow: hidden;
  width: 3rem;

  img {
    background-color: ${({ theme }) => theme.colors.white};
    display: block;
    height: 100%;
    object-fit: contain;
    width: 100%;
  }
`;

const Outside = styled.a`
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  color: ${({ theme }) => theme.colors.primary};
  overflow-wrap: anywhere;

  &:focus-visible {
    outline: 2px solid ${({ theme }) => theme.colors.primary};
    outline-offset: 2px;
  }

  svg {
    vertical-align: text-bottom;
  }
`;

const Diff = styled.table`
  border-collapse: collapse;
  table-layout: fixed;
  width: 100%;

  th,
  td {
    font-size: ${({ theme }) => theme.typography.fontSize.small};
    line-height: ${({ theme }) => theme.lineHeight.small};
    overflow-wrap: anywhere;
    padding: ${({ theme }) => theme.spacing.xxSmall} ${({ theme }) => theme.spacing.xSmall};
    text-align: left;
    vertical-align: top;
  }

  thead th {
    color: ${({ theme }) => theme.colors.secondary60};
    font-weight: ${({ theme }) => theme.typography.fontWeight.regular};
  }

  th:first-child,
  td:first-child {
    padding-left: 0;
    width: 30%;
  }

  tbody th {
    font-weight: ${({ theme }) => theme.typography.fontWeight.regular};
  }

  .before {
    color: ${({ theme }) => theme.colors.secondary60};
  }

  .after {
    background-color: ${({ theme }) => theme.colors.success10};
  }
`;

/** What a run changed, or would: searched, narrowed by field, with how many records each field is of. */
export function Changes({ run }: { run: Run }) {
  const { client } = useApp();
  const words = useWords(run.kind);
  const [view, set] = useView();
  const change = (part: Partial<View>) => set({ tab: 'changes', ...part });
  const action = view.action === 'create' || view.action === 'update' ? view.action : '';
  const query = useInfiniteQuery(runQueries.changes(client, run.id, { action, field: view.field, q: view.q }));
  const fields = useQuery(runQueries.changedFields(client, run.id));
  const narrowed = action !== '' || view.field !== '' || view.q !== '';
  const any = (fields.data?.fields.length ?? 0) > 0;
  return (
    <>
      {any || narrowed ? <Narrow action={action} change={change} field={view.field} q={view.q} totals={fields.data} /> : null}
      <Paged none={narrowed ? t.noMatch : nothingListed(run, words)} query={query}>
        {(items) => (
          <Plain>
            {items.map((c, i) => (
              <ChangedRecord change={c} field={view.field} key={`${c.row}-${c.key}-${i}`} pictured={items.some((x) => x.image_url !== '')} />
            ))}
          </Plain>
        )}
      </Paged>
    </>
  );
}

/** Why no change is listed. An older preview's changes are dropped after a few newer runs. */
function nothingListed(run: Run, words: Words) {
  if (!isFinal(run)) return t.empty;
  const { create, update } = writes(run);
  if (create + update > 0) return t.dropped;
  if (run.outcome === 'unchanged') return t.allUnchanged(words);
  return run.dry_run ? t.emptyDry : t.emptyDone;
}

interface NarrowProps {
  action: string;
  field: string;
  q: string;
  totals: ChangedFields | undefined;
  change: (part: Partial<View>) => void;
}

function Narrow({ action, field, q, totals, change }: NarrowProps) {
  const { format } = useApp();
  const [all, setAll] = useState(false);
  const actions = useMemo(() => {
    const { created = 0, updated = 0 } = totals ?? {};
    const of = { '': created + updated, create: created, update: updated };
    return (['', 'create', 'update'] as const).map((a) => ({ value: a, content: t.actions[a](format.number(of[a])) }));
  }, [totals, format]);
  const both = totals !== undefined && totals.created > 0 && totals.updated > 0;
  const fields = totals?.fields ?? [];
  const shown = all ? fields : fields.filter((f, i) => i < fieldsOffered || f.field === field);
  return (
    <>
      <Filters>
        <SearchField label={t.search} onSearch={(value) => change({ q: value })} value={q} />
        {both || action !== '' ? <Select label={t.action} onOptionChange={(value) => change({ action: value ?? '' })} options={actions} value={action} /> : null}
      </Filters>
      {fields.length > 0 ? (
        <>
          <Text color="secondary60" id="changed-fields" marginBottom="xxSmall">
            {t.fields}
          </Text>
          <Chips aria-labelledby="changed-fields" role="group">
            {shown.map((f) => (
              <Chip aria-pressed={f.field === field} key={f.field} onClick={() => change({ field: f.field === field ? '' : f.field })} type="button">
                {t.field(f.label, format.number(f.count))}
              </Chip>
            ))}
            {fields.length > fieldsOffered ? (
              <Button mobileWidth="auto" onClick={() => setAll(!all)} variant="subtle">
                {all ? t.fewFields : t.allFields}
              </Button>
            ) : null}
          </Chips>
        </>
      ) : null}
    </>
  );
}

function ChangedRecord({ change, field, pictured }: { change: Change; field: string; pictured: boolean }) {
  const { format } = useApp();
  const [open, setOpen] = useState(false);
  const create = change.action === 'create';
  const all = useMemo(() => foremostFirst(change.changes, field), [change.changes, field]);
  const most = create ? fieldsOfNew : fieldsOfUpdate;
  const shown = open ? all : all.slice(0, most);
  const hidden = all.length - most;
  const name = change.name || change.key;
  return (
    <Record>
      <Flex alignItems="center" flexDirection="row" flexGap="0.75rem" marginBottom="xSmall">
        {pictured ? (
          <FlexItem flexShrink={0}>
            <RecordPicture src={change.image_url} />
          </FlexItem>
        ) : null}
        <FlexItem flexGrow={1}>
          <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
            <H4 as="h3" marginBottom="none">
              {change.store_url ? (
                <Outside href={change.store_url} rel="noreferrer noopener" target="_blank" title={t.open(name)}>
                  {name} <OpenInNewIcon size="medium" title={t.open(name)} />
                </Outside>
              ) : (
                name
              )}
            </H4>
            <Badge label={create ? t.create : t.update} variant={create ? 'success' : 'primary'} />
          </Flex>
          <Text as="span" color="secondary60" marginBottom="none">
            {change.name ? <Mono>{change.key}</Mono> : null}
            {change.name && change.row > 0 ? ' · ' : ''}
            {change.row > 0 ? t.row(format.number(change.row)) : ''}
          </Text>
        </FlexItem>
      </Flex>
      <Diff>
        <thead>
          <tr>
            <th scope="col">{t.fieldColumn}</th>
            {create ? null : (
              <th scope="col" title={t.beforeHint}>
                {t.before}
              </th>
            )}
            <th scope="col">{t.after}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((c, i) => (
            <tr key={`${c.field} ${c.part ?? ''} ${i}`}>
              <th scope="row">{c.part ? `${c.label || c.field} (${c.part})` : c.label || c.field}</th>
              {create ? null : <td className="before">{c.unknown ? t.unknown : shorten(valueWithUnit(format, c.before, c.unit))}</td>}
              <td className="after">{shorten(valueWithUnit(format, c.after, c.unit))}</td>
            </tr>
          ))}
        </tbody>
      </Diff>
      {hidden > 0 ? (
        <Button aria-expanded={open} mobileWidth="auto" onClick={() => setOpen(!open)} type="button" variant="subtle">
          {open ? t.less : t.more(format.number(hidden), hidden)}
        </Button>
      ) : null}
    </Record>
  );
}

/** The picture of a record, whose name stands beside it; an empty frame where there is none or it cannot be shown, so that names stand in line. */
function RecordPicture({ src }: { src: string }) {
  const [broken, setBroken] = useState(false);
  return (
    <Frame data-picture>
      {src === '' || broken ? null : <img alt="" loading="lazy" onError={() => setBroken(true)} referrerPolicy="no-referrer" src={src} />}
    </Frame>
  );
}

// What a person knows a record by comes first; the rest as the server orders it.
const foremost = ['name', 'sku', 'price'];

function foremostFirst(changes: FieldChange[], field: string): FieldChange[] {
  const rank = (c: FieldChange) => (c.field === field ? -1 : foremost.includes(c.field) ? foremost.indexOf(c.field) : foremost.length);
  return changes.toSorted((a, b) => rank(a) - rank(b));
}
