import { Badge, Box, Button, Flex, H3, H4, Select, Text } from '@bigcommerce/big-design';
import { FileDownloadIcon } from '@bigcommerce/big-design-icons';
import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import { useMemo, useRef } from 'react';
import { useNavigate } from 'react-router';
import styled from 'styled-components';
import { isFinal, runQueries } from '../../api/queries/runs';
import type { Issue, Run, RunProblem, Severity } from '../../api/types';
import { useAccess, useApp, useFeedback, useSession } from '../../components/app';
import { Mono, Name, NarrowNote, Wrap } from '../../components/Cells';
import { DataTable } from '../../components/DataTable';
import { Loaded, Paged, Quiet } from '../../components/Feedback';
import { SearchField } from '../../components/SearchField';
import { downloadBlob, openApps, safeFilename } from '../../lib/browser';
import { shorten } from '../../lib/values';
import { text } from '../../text';
import { runText } from '../../texts/run';
import { remedyLink } from './remedy';
import { useView, type View } from './view';

const t = runText.problems;
const rowsText = runText.rows;
const valueShown = 80; // characters of a wrong value: enough to find it in the file
const mostCauses = 100; // as many as the server tells

const Causes = styled.ul`
  list-style: none;
  margin: 0 0 ${({ theme }) => theme.spacing.xLarge};
  padding: 0;
`;

const CauseItem = styled.li`
  border-bottom: ${({ theme }) => theme.border.box};
  padding: ${({ theme }) => theme.spacing.medium} 0;

  &:last-child {
    border-bottom: 0;
  }
`;

const Actions = styled(Flex)`
  .bd-button + .bd-button {
    margin: 0;
  }
`;

const Filters = styled.div`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr));
  margin-bottom: ${({ theme }) => theme.spacing.medium};
`;

interface Props {
  run: Run;
  /** Tries again what failed; absent where that is of no use. */
  retry?: () => void;
}

/** What went wrong, by cause, and under it the rows. However many rows, the causes stay one short list. */
export function Problems({ run, retry }: Props) {
  const { client } = useApp();
  const query = useQuery(runQueries.problems(client, run.id));
  const [view, set] = useView();
  const change = (part: Partial<View>) => set({ tab: 'problems', ...part });
  const rows = useRef<HTMLDivElement>(null);
  const show = (p: RunProblem) => {
    change({ cause: p.cause, severity: p.severity, q: '' });
    rows.current?.focus();
    rows.current?.scrollIntoView({ block: 'start' });
  };
  return (
    <Loaded query={query}>
      {(problems) => {
        if (problems.length === 0) return <Quiet>{isFinal(run) && run.state === 'done' ? t.noneDone : t.none}</Quiet>;
        const errors = problems.filter((p) => p.severity === 'error');
        const warnings = problems.filter((p) => p.severity === 'warning');
        return (
          <>
            {errors.length > 0 ? <H3 as="h2">{run.dry_run ? t.errorsDry : t.errors}</H3> : null}
            <CauseList problems={errors} retry={retry} run={run} show={show} />
            {warnings.length > 0 ? (
              <>
                <H3 as="h2">{t.warnings}</H3>
                <Text color="secondary60" marginBottom="none">
                  {run.dry_run ? t.warningsHelpDry : t.warningsHelp}
                </Text>
                <CauseList problems={warnings} retry={retry} run={run} show={show} />
              </>
            ) : null}
            {problems.length >= mostCauses ? <Quiet>{t.more}</Quiet> : null}
            <div ref={rows} tabIndex={-1}>
              <H3 as="h2">{rowsText.header}</H3>
            </div>
            <Rows change={change} problems={problems} run={run} view={view} />
          </>
        );
      }}
    </Loaded>
  );
}

function CauseList({ problems, ...props }: { problems: RunProblem[]; run: Run; retry?: () => void; show: (p: RunProblem) => void }) {
  if (problems.length === 0) return null;
  return (
    <Causes>
      {problems.map((p) => (
        <Cause key={`${p.severity} ${p.cause}`} problem={p} {...props} />
      ))}
    </Causes>
  );
}

function Cause({ problem: p, run, retry, show }: { problem: RunProblem; run: Run; retry?: () => void; show: (p: RunProblem) => void }) {
  const { format } = useApp();
  const navigate = useNavigate();
  const write = useAccess('write');
  const { store } = useSession();
  const what = describe(p);
  const link = remedyLink(run, p.remedy);
  const count = format.number(p.count);
  return (
    <CauseItem>
      <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" flexWrap="wrap" marginBottom="xxSmall">
        <H4 as="h3" marginBottom="none">
          {what}
        </H4>
        <Badge label={t.times(count, p.count)} variant={p.severity === 'error' ? 'danger' : 'warning'} />
      </Flex>
      {p.examples.some((e) => e.key !== '' || e.value !== '' || e.row > 0) ? (
        <Text marginBottom="xxSmall">
          {t.example}:{' '}
          {p.examples.map((e, i) => (
            <span key={`${e.line} ${e.key} ${e.value}`}>
              {i > 0 ? '; ' : ''}
              {[e.row > 0 ? t.row(format.number(e.row)) : '', e.key].filter(Boolean).join(', ')}
              {e.value === '' ? null : (
                <>
                  {' '}
                  <Mono title={e.value}>{shorten(e.value, valueShown)}</Mono>
                </>
              )}
            </span>
          ))}
        </Text>
      ) : null}
      {p.remedy.text ? <Text marginBottom="xSmall">{p.remedy.text}</Text> : null}
      <Actions flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        {p.remedy.action === 'permissions' ? (
          <Button mobileWidth="auto" onClick={() => openApps(store.hash)} variant="secondary">
            {runText.actions.permissions}
          </Button>
        ) : null}
        {link && write.granted ? (
          <Button mobileWidth="auto" onClick={() => void navigate(link.to)} variant="secondary">
            {link.text}
          </Button>
        ) : null}
        {p.remedy.action === 'retry' && retry ? (
          <Button mobileWidth="auto" onClick={retry} variant="secondary">
            {runText.actions.retry(count)}
          </Button>
        ) : null}
        <Button aria-label={`${p.count === 1 ? t.showOne : t.show(count)}: ${what}`} mobileWidth="auto" onClick={() => show(p)} variant="subtle">
          {p.count === 1 ? t.showOne : t.show(count)}
        </Button>
      </Actions>
    </CauseItem>
  );
}

/** "Price: is not a number". */
function describe({ label, message }: Pick<RunProblem, 'label' | 'message'>): string {
  return label ? `${label}: ${message}` : message.charAt(0).toUpperCase() + message.slice(1);
}

interface IssueRow extends Omit<Issue, 'key'> {
  id: number;
  record: string;
}

const rowName = ({ row, line }: Pick<Issue, 'row' | 'line'>, shown: (n: number) => string) => (row > 0 ? shown(row) : line > 0 ? text.none : t.whole);

/** The record, and its row where the column of rows has no room. */
function RecordCell({ issue }: { issue: IssueRow }) {
  const { format } = useApp();
  return (
    <>
      <Name title={issue.record}>{issue.record || text.none}</Name>
      <NarrowNote data-note={issue.row > 0 ? t.row(format.number(issue.row)) : ''} />
    </>
  );
}

const wideOnly = { mobile: 'none', tablet: 'table-cell' } as const;

function Rows({ run, problems, view, change }: { run: Run; problems: RunProblem[]; view: View; change: (part: Partial<View>) => void }) {
  const { client, format } = useApp();
  const feedback = useFeedback();
  const severity = view.severity === 'error' || view.severity === 'warning' ? view.severity : '';
  const query = useInfiniteQuery(runQueries.issues(client, run.id, { severity, cause: view.cause, q: view.q }));
  const download = useMutation({
    mutationFn: () => client.errorsCSV(run.id),
    onSuccess: (blob) => downloadBlob(blob, `${safeFilename(`${run.flow_name}-problems-${run.created_at.slice(0, 10)}`)}.csv`),
    onError: feedback.failure,
  });
  // The same list until the causes change: Select loses a choice that is made while its options change.
  const causes = useMemo(() => {
    const seen = new Map(problems.map((p) => [p.cause, p]));
    return [{ value: '', content: rowsText.all }, ...[...seen.values()].map((p) => ({ value: p.cause, content: shorten(describe(p), valueShown) }))];
  }, [problems]);
  const both = problems.some((p) => p.severity === 'error') && problems.some((p) => p.severity === 'warning');
  const severities = useMemo(() => (['', 'error', 'warning'] as (Severity | '')[]).map((s) => ({ value: s, content: rowsText.severities[s] })), []);
  return (
    <>
      <Filters>
        <SearchField label={rowsText.search} onSearch={(q) => change({ q })} value={view.q} />
        {causes.length > 2 ? <Select label={rowsText.of} onOptionChange={(cause) => change({ cause: cause ?? '' })} options={causes} value={view.cause} /> : null}
        {both ? <Select label={rowsText.severity} onOptionChange={(s) => change({ severity: s ?? '', cause: '' })} options={severities} value={severity} /> : null}
      </Filters>
      <Box marginBottom="small">
        <Button iconLeft={<FileDownloadIcon aria-hidden />} isLoading={download.isPending} mobileWidth="auto" onClick={() => download.mutate()} variant="secondary">
          {runText.actions.download}
        </Button>
      </Box>
      <Paged none={rowsText.none} query={query}>
        {(issues) => (
          <DataTable
            aria-label={rowsText.caption}
            columns={[
              { header: rowsText.row, hash: 'row', align: 'right', display: wideOnly, verticalAlign: 'top', tooltip: rowsText.rowHelp, render: (i: IssueRow) => rowName(i, (n) => format.number(n)) },
              { header: rowsText.record, hash: 'record', verticalAlign: 'top', render: (i: IssueRow) => <RecordCell issue={i} /> },
              { header: rowsText.field, hash: 'field', display: wideOnly, verticalAlign: 'top', render: (i: IssueRow) => <Wrap $min={6}>{i.label || text.none}</Wrap> },
              {
                header: rowsText.message,
                hash: 'message',
                verticalAlign: 'top',
                render: (i: IssueRow) => (
                  <Wrap $min={8}>
                    {i.message}
                    <NarrowNote data-note={[i.label, shorten(i.value, valueShown)].filter(Boolean).join(': ')} />
                  </Wrap>
                ),
              },
              {
                header: rowsText.value,
                hash: 'value',
                display: wideOnly,
                verticalAlign: 'top',
                render: (i: IssueRow) => <Wrap $min={6}>{i.value ? <Mono title={i.value}>{shorten(i.value, valueShown)}</Mono> : text.none}</Wrap>,
              },
            ]}
            items={issues.map(({ key, ...issue }, i): IssueRow => ({ ...issue, id: i, record: key }))}
            keyField="id"
          />
        )}
      </Paged>
    </>
  );
}
