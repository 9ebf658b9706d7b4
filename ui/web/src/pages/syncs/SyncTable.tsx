import { Badge, type BadgeProps, Small, Switch, type TablePaginationProps } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { flowQueries } from '../../api/queries/flows';
import type { Flow, Run } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { DataTable } from '../../components/DataTable';
import { NextRun } from '../../components/NextRun';
import { useOutcome } from '../../components/runs';
import { kindOfRun } from '../../components/RunTable';
import { TextLink } from '../../components/TextLink';
import { connectionName } from '../../lib/connections';
import { syncsText as t } from '../../texts/syncs';
import { type Sort, kindName } from './syncList';
import { SyncMenu } from './SyncMenu';
import { useEnabled } from './useEnabled';

const variants: Record<Flow['health']['state'], BadgeProps['variant']> = {
  draft: 'secondary',
  off: 'secondary',
  never: 'secondary',
  ok: 'success',
  attention: 'warning',
  failing: 'danger',
  asking: 'warning',
  running: 'primary',
  paused: 'warning',
};

// BigDesign's table draws a cell's render as a component: one that is made anew is mounted anew, and what
// is open or has the focus in it is lost. So columns are made once.
const columns = [
  { header: t.name, hash: 'name', isSortable: true, render: NameCell },
  { header: t.source, hash: 'source', render: (f: Flow) => <Wrap $min={8}>{connectionName(f.source)}</Wrap> },
  { header: t.health, hash: 'health', isSortable: true, render: HealthCell },
  { header: t.lastRun, hash: 'last', isSortable: true, render: LastRunCell },
  { header: t.nextRun, hash: 'next', isSortable: true, render: (f: Flow) => <Wrap $min={8}><NextRun schedule={f.schedule} /></Wrap> },
];

const withControls = [
  ...columns,
  { header: t.on, hash: 'on', render: OnOff },
  { header: t.menu, hash: 'menu', hideHeader: true, align: 'right' as const, render: (f: Flow) => <SyncMenu flow={f} /> },
];

interface Props {
  flows: Flow[];
  sort: Sort;
  down: boolean;
  onSort: (sort: Sort, down: boolean) => void;
  pagination: TablePaginationProps | undefined;
}

/** Syncs with what is to be known of each at a glance. */
export function SyncTable({ flows, sort, down, onSort, pagination }: Props) {
  const write = useAccess('write');
  return (
    <DataTable
      aria-label={t.title}
      columns={write.granted ? withControls : columns}
      itemName={pagination ? t.itemName : undefined}
      items={flows}
      keyField="id"
      pagination={pagination}
      sortable={{ columnHash: sort, direction: down ? 'DESC' : 'ASC', onSort: (hash, direction) => onSort(hash as Sort, direction === 'DESC') }}
    />
  );
}

function NameCell(f: Flow) {
  const { client } = useApp();
  const { data: kinds = [] } = useQuery(flowQueries.kinds(client));
  return (
    <Wrap $min={7}>
      <TextLink to={`/syncs/${f.id}`}>{f.name}</TextLink>
      <Small color="secondary60" marginBottom="none">
        {kindName(kinds, f.kind)} {t.direction}
      </Small>
    </Wrap>
  );
}

function HealthCell({ health, last_run }: Flow) {
  const { format } = useApp();
  return (
    <Wrap $min={7}>
      <Badge label={t.states[health.state]} variant={variants[health.state]} />
      <Small color="secondary60" marginBottom="none" title={health.since ? format.dateTime(health.since) : undefined}>
        {health.since ? t.since(format.ago(health.since)) : ''}
      </Small>
      {health.state === 'ok' || health.state === 'never' || health.state === 'off' ? null : (
        <Small marginBottom="none">{last_run && health.state === 'asking' ? <TextLink to={`/activity/${last_run.id}`}>{health.message}</TextLink> : health.message}</Small>
      )}
    </Wrap>
  );
}

function LastRunCell({ last_run: run }: Flow) {
  return run ? <LastRun run={run} /> : <>{t.never}</>;
}

function LastRun({ run }: { run: Run }) {
  const { format } = useApp();
  const outcome = useOutcome(run);
  return (
    <Wrap $min={9}>
      <TextLink to={`/activity/${run.id}`}>{format.ago(run.created_at)}</TextLink>
      <Small color="secondary60" marginBottom="none">
        {run.dry_run ? `${kindOfRun(run)}: ` : ''}
        {outcome.sentence}
      </Small>
    </Wrap>
  );
}

/** Switches a sync on or off, at once. */
function OnOff(f: Flow) {
  const change = useEnabled(f);
  return <Switch aria-label={t.switchOf(f.name)} checked={change.isPending ? change.variables : f.enabled} disabled={change.isPending} onChange={(e) => change.mutate(e.target.checked)} />;
}
