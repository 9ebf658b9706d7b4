import { Badge, Box, Button, Flex, Panel, Text } from '@bigcommerce/big-design';
import { FileDownloadIcon } from '@bigcommerce/big-design-icons';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import { isFinal, runQueries } from '../api/queries/runs';
import type { FieldChange, Change, Run, Issue, Severity } from '../api/types';
import { downloadBlob, safeFilename } from '../lib/browser';
import { text } from '../text';
import { runText } from '../texts/run';
import { useApp, useFeedback } from './app';
import { Mono, Name, NarrowNote, Wrap } from './Cells';
import { Paged } from './Feedback';
import { wouldWrite } from './runs';
import { DataTable } from './DataTable';
import { TabSet } from './TabSet';

type Tab = 'errors' | 'warnings' | 'changes';
// Fields of a record that are shown before "more": a new product has many, a change is why one looks.
const fieldsOfNew = 3;
const fieldsOfUpdate = 6;
const valueShown = 80; // characters of a wrong value: enough to find it in the feed

/** Errors, warnings and changes of a run. */
export function RunDetails({ run }: { run: Run }) {
  const { format } = useApp();
  const t = runText.tabs;
  const would = wouldWrite(run);
  const changed = run.dry_run ? would.create + would.update : run.created + run.updated;
  const [tab, setTab] = useState<Tab | undefined>(undefined);
  const active = tab ?? (run.dry_run ? 'changes' : 'errors');
  const title = (label: string, n: number) => (n > 0 ? `${label} (${format.number(n)})` : label);
  return (
    <Panel>
      <Box marginTop="mediumN">
        <TabSet
          active={active}
          items={[
            { id: 'errors', title: title(t.errors, run.failed) },
            { id: 'warnings', title: title(t.warnings, run.warnings) },
            { id: 'changes', title: title(t.changes, changed) },
          ]}
          label={t.label}
          onChange={setTab}
        >
          {active === 'errors' ? <Issues key="errors" run={run} severity="error" /> : null}
          {active === 'warnings' ? <Issues key="warnings" run={run} severity="warning" /> : null}
          {active === 'changes' ? <Changes run={run} /> : null}
        </TabSet>
      </Box>
    </Panel>
  );
}

const wideOnly = { mobile: 'none', tablet: 'table-cell' } as const;

interface IssueRow extends Omit<Issue, 'key'> {
  id: number;
  sku: string;
}

function Issues({ run, severity }: { run: Run; severity: Severity }) {
  const { client, format } = useApp();
  const feedback = useFeedback();
  const t = runText.issues;
  const query = useInfiniteQuery(runQueries.issues(client, run.id, severity));
  const download = useMutation({
    mutationFn: () => client.errorsCSV(run.id),
    onSuccess: (blob) => downloadBlob(blob, `${safeFilename(`${run.flow_name}-errors-${run.created_at.slice(0, 10)}`)}.csv`),
    onError: feedback.failure,
  });
  const none = severity === 'warning' ? t.noWarnings : isFinal(run) && run.state === 'done' ? t.noErrorsDone : t.noErrors;
  return (
    <Paged none={none} query={query}>
      {(issues) => (
        <>
          <Flex flexDirection="row" justifyContent="flex-end" marginBottom="small">
            <Button iconLeft={<FileDownloadIcon aria-hidden />} isLoading={download.isPending} mobileWidth="auto" onClick={() => download.mutate()} variant="secondary">
              {runText.actions.download}
            </Button>
          </Flex>
          <DataTable
            aria-label={severity === 'warning' ? runText.tabs.warnings : runText.tabs.errors}
            columns={[
              { header: t.line, hash: 'line', align: 'right', verticalAlign: 'top', render: (i: IssueRow) => (i.line > 0 ? format.number(i.line) : t.wholeFeed) },
              { header: t.key, hash: 'key', verticalAlign: 'top', render: (i: IssueRow) => <Name title={i.sku}>{i.sku || text.none}</Name> },
              { header: t.field, hash: 'field', display: wideOnly, verticalAlign: 'top', render: (i: IssueRow) => <Name>{i.field || text.none}</Name> },
              {
                header: t.message,
                hash: 'message',
                verticalAlign: 'top',
                render: (i: IssueRow) => (
                  <Wrap $min={8}>
                    {i.message}
                    <NarrowNote data-note={[i.field, shorten(i.value, valueShown)].filter(Boolean).join(': ')} />
                  </Wrap>
                ),
              },
              { header: t.value, hash: 'value', display: wideOnly, verticalAlign: 'top', render: (i: IssueRow) => <Wrap $min={6}>{i.value ? <Mono title={i.value}>{shorten(i.value, valueShown)}</Mono> : text.none}</Wrap> },
            ]}
            items={issues.map(({ key, ...issue }, i): IssueRow => ({ ...issue, id: i, sku: key }))}
          />
        </>
      )}
    </Paged>
  );
}

const Record = styled.li`
  border-bottom: ${({ theme }) => theme.border.box};
  padding: ${({ theme }) => theme.spacing.medium} 0;

  &:last-child {
    border-bottom: 0;
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

const Plain = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

/** Why no change is listed. An older dry run's changes are dropped after a few newer runs. */
function nothingListed(run: Run) {
  if (!isFinal(run)) return runText.changes.empty;
  return run.created + run.updated > 0 ? runText.changes.dropped : runText.changes.emptyDone;
}

function Changes({ run }: { run: Run }) {
  const { client } = useApp();
  const query = useInfiniteQuery(runQueries.changes(client, run.id));
  return (
    <Paged none={nothingListed(run)} query={query}>
      {(items) => (
        <Plain>
          {items.map((change, i) => (
            <ChangedRecord change={change} key={`${change.line}-${change.key}-${i}`} />
          ))}
        </Plain>
      )}
    </Paged>
  );
}

function ChangedRecord({ change }: { change: Change }) {
  const { format } = useApp();
  const [open, setOpen] = useState(false);
  const t = runText.changes;
  const all = useMemo(() => foremostFirst(change.changes), [change.changes]);
  const create = change.action === 'create';
  const most = create ? fieldsOfNew : fieldsOfUpdate;
  const shown = open ? all : all.slice(0, most);
  const hidden = all.length - most;
  return (
    <Record>
      <Flex flexDirection="row" alignItems="center" flexGap="0.5rem" flexWrap="wrap" marginBottom="xSmall">
        <Badge label={create ? t.create : t.update} variant={create ? 'success' : 'primary'} />
        <Mono>{skuOf(change)}</Mono>
        {change.line ? (
          <Text as="small" color="secondary60" marginBottom="none">
            {runText.issues.line} {format.number(change.line)}
          </Text>
        ) : null}
      </Flex>
      <Diff>
        <thead>
          <tr>
            <th scope="col">{runText.issues.field}</th>
            {create ? null : (
              <th scope="col" title={t.beforeHint}>
                {t.before}
              </th>
            )}
            <th scope="col">{t.after}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((c) => (
            <tr key={c.field}>
              <th scope="row">
                <Mono>{c.field}</Mono>
              </th>
              {create ? null : <td className="before">{c.unknown ? t.unknown : shorten(format.value(c.before))}</td>}
              <td className="after">{shorten(format.value(c.after))}</td>
            </tr>
          ))}
        </tbody>
      </Diff>
      {hidden > 0 ? (
        <Box marginTop="xxSmall">
          <Button mobileWidth="auto" onClick={() => setOpen(!open)} type="button" variant="subtle">
            {open ? t.less : t.more(format.number(hidden), hidden)}
          </Button>
        </Box>
      ) : null}
    </Record>
  );
}

// What a person knows a product by comes first; the rest as the server orders it.
const foremost = ['name', 'sku', 'price'];

function foremostFirst(changes: FieldChange[]): FieldChange[] {
  const rank = (c: FieldChange) => (foremost.includes(c.field) ? foremost.indexOf(c.field) : foremost.length);
  return changes.toSorted((a, b) => rank(a) - rank(b));
}

/** The SKU as the feed writes it where the changes have it; the record's key is in lower case. */
function skuOf(change: Change): string {
  const sku = change.changes.find((c) => c.field === 'sku')?.after;
  return typeof sku === 'string' ? sku : change.key;
}

function shorten(s: string, most = 300): string {
  return s.length > most ? `${s.slice(0, most)}…` : s;
}
