import { Badge, Flex, ProgressBar, Small } from '@bigcommerce/big-design';
import styled from 'styled-components';
import { isFinal } from '../api/queries/runs';
import type { Run } from '../api/types';
import { text } from '../text';
import { activityText } from '../texts/activity';
import { useApp } from './app';
import { NarrowOnly, Wrap } from './Cells';
import { Hidden } from './Hidden';
import { runBadge, runResult } from './runs';
import { DataTable } from './DataTable';
import { TextLink } from './TextLink';

const OneLine = styled.span`
  white-space: nowrap;
`;

/** Runs, newest first. */
export function RunTable({ runs, caption, flush }: { runs: Run[]; caption: string; flush?: boolean }) {
  const { format } = useApp();
  return (
    <DataTable
      aria-label={caption}
      flush={flush}
      columns={[
        {
          header: activityText.feed,
          hash: 'feed',
          render: (run: Run) => (
            <Wrap $min={6}>
              <TextLink to={`/activity/${run.id}`}>{run.flow_name || text.none}</TextLink>
              <Small color="secondary60" marginBottom="none">
                {[run.dry_run ? text.dryRun : '', run.compare ? text.compared : ''].filter(Boolean).join(', ')} <NarrowOnly>{format.ago(run.created_at)}</NarrowOnly>
              </Small>
            </Wrap>
          ),
        },
        {
          header: activityText.state,
          hash: 'state',
          render: (run: Run) => <RunStateCell run={run} />,
        },
        { header: activityText.result, hash: 'result', render: (run: Run) => <Wrap $min={7}>{runResult(run, format)}</Wrap> },
        { header: activityText.requests, hash: 'requests', align: 'right', render: (run: Run) => format.number(run.requests), display: { mobile: 'none', tablet: 'table-cell' } },
        { header: activityText.started, hash: 'started', display: { mobile: 'none', tablet: 'table-cell' }, render: (run: Run) => <span title={format.dateTime(run.created_at)}>{format.ago(run.created_at)}</span> },
      ]}
      items={runs}
      keyField="id"
    />
  );
}

function RunStateCell({ run }: { run: Run }) {
  const { format } = useApp();
  return (
    <Flex flexDirection="column" flexGap="0.375rem" alignItems="flex-start">
      <OneLine>
        <Badge {...runBadge(run)} />
      </OneLine>
      {isFinal(run) || run.state === 'queued' || run.state === 'asking' ? null : (
        <>
          <ProgressBar percent={Math.floor(run.progress * 100)} />
          <Hidden>{format.percent(run.progress)}</Hidden>
        </>
      )}
    </Flex>
  );
}
