import { Badge, Flex, Small } from '@bigcommerce/big-design';
import { isFinal } from '../api/queries/runs';
import type { Run } from '../api/types';
import { runText } from '../texts/run';
import { useApp } from './app';
import { Bar } from './Bar';
import { NarrowOnly, Wrap } from './Cells';
import { DataTable } from './DataTable';
import { outcomeBadge, stepOf, useOutcome } from './runs';
import { TextLink } from './TextLink';

const t = runText.table;
const wideOnly = { mobile: 'none', tablet: 'table-cell' } as const;

/** Runs, newest first, each with what it came to. */
export function RunTable({ runs, caption, flush, named = true }: { runs: Run[]; caption: string; flush?: boolean; /** Whether to say of which sync. */ named?: boolean }) {
  const { format } = useApp();
  const when = (run: Run) => <span title={format.dateTime(run.created_at)}>{format.ago(run.created_at)}</span>;
  return (
    <DataTable
      aria-label={caption}
      columns={[
        {
          header: named ? t.sync : t.started,
          hash: 'run',
          verticalAlign: 'top',
          render: (run: Run) => (
            <Wrap $min={6}>
              <TextLink to={`/activity/${run.id}`}>{named ? run.flow_name || t.gone : when(run)}</TextLink>
              <Small color="secondary60" marginBottom="none">
                {kindOfRun(run)} {named ? <NarrowOnly>{when(run)}</NarrowOnly> : null}
              </Small>
            </Wrap>
          ),
        },
        { header: t.result, hash: 'result', verticalAlign: 'top', render: (run: Run) => <ResultCell run={run} /> },
        ...(named ? [{ header: t.started, hash: 'started', verticalAlign: 'top' as const, display: wideOnly, render: when }] : []),
      ]}
      flush={flush}
      items={runs}
      keyField="id"
    />
  );
}

/** "Preview", "Run, compared with the store". */
export function kindOfRun(run: Pick<Run, 'dry_run' | 'compare'>): string {
  const what = run.dry_run ? runText.preview : runText.run;
  return run.compare ? t.compared(what) : what;
}

function ResultCell({ run }: { run: Run }) {
  const outcome = useOutcome(run);
  return (
    <Wrap $min={9}>
      <Flex alignItems="flex-start" flexDirection="column" flexGap="0.25rem">
        <Badge {...outcomeBadge(outcome, run)} />
        <span>{outcome.sentence}</span>
      </Flex>
      {isFinal(run) || run.state === 'queued' || run.state === 'asking' ? null : <Bar done={stepOf(run).done} label={runText.progress.label} />}
    </Wrap>
  );
}
