import { Badge, type BadgeProps, Small, Switch, type TablePaginationProps } from '@bigcommerce/big-design';
import type { Flow, Kind } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { NarrowOnly, Wrap } from '../../components/Cells';
import { DataTable } from '../../components/DataTable';
import { NextRun } from '../../components/NextRun';
import { runResult } from '../../components/runs';
import { TextLink } from '../../components/TextLink';
import { connectionName } from '../../lib/connections';
import { text } from '../../text';
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

interface Props {
  flows: Flow[];
  kinds: Kind[];
  sort: Sort;
  down: boolean;
  onSort: (sort: Sort, down: boolean) => void;
  pagination: TablePaginationProps | undefined;
}

const wide = { mobile: 'none', tablet: 'table-cell' } as const;

/** Syncs with what is to be known of each at a glance. A narrow panel shows its parts below the name. */
export function SyncTable({ flows, kinds, sort, down, onSort, pagination }: Props) {
  const write = useAccess('write');
  return (
    <DataTable
      aria-label={t.title}
      columns={[
        { header: t.name, hash: 'name', isSortable: true, render: (f: Flow) => <NameCell flow={f} kind={kindName(kinds, f.kind)} /> },
        { header: t.source, hash: 'source', display: wide, render: (f: Flow) => <Wrap $min={8}>{connectionName(f.source)}</Wrap> },
        { header: t.health, hash: 'health', isSortable: true, render: (f: Flow) => <HealthCell flow={f} /> },
        { header: t.lastRun, hash: 'last', isSortable: true, display: wide, render: (f: Flow) => <LastRunCell flow={f} /> },
        { header: t.nextRun, hash: 'next', isSortable: true, display: wide, render: (f: Flow) => <Wrap $min={8}><NextRun schedule={f.schedule} /></Wrap> },
        ...(write.granted
          ? [
              { header: t.on, hash: 'on', display: wide, render: (f: Flow) => <OnOff flow={f} /> },
              { header: t.menu, hash: 'menu', hideHeader: true, align: 'right' as const, render: (f: Flow) => <SyncMenu flow={f} /> },
            ]
          : []),
      ]}
      itemName={pagination ? t.itemName : undefined}
      items={flows}
      keyField="id"
      pagination={pagination}
      sortable={{ columnHash: sort, direction: down ? 'DESC' : 'ASC', onSort: (hash, direction) => onSort(hash as Sort, direction === 'DESC') }}
    />
  );
}

function NameCell({ flow: f, kind }: { flow: Flow; kind: string }) {
  return (
    <Wrap $min={7}>
      <TextLink to={`/syncs/${f.id}`}>{f.name}</TextLink>
      <Small color="secondary60" marginBottom="none">
        {kind} {t.direction}
        <NarrowOnly>
          <br />
          {connectionName(f.source)}
        </NarrowOnly>
      </Small>
    </Wrap>
  );
}

function HealthCell({ flow: { health, last_run } }: { flow: Flow }) {
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

function LastRunCell({ flow: { last_run: run } }: { flow: Flow }) {
  const { format } = useApp();
  if (!run) return <>{t.never}</>;
  const result = runResult(run, format);
  return (
    <Wrap $min={8}>
      <TextLink to={`/activity/${run.id}`}>{format.ago(run.created_at)}</TextLink>
      <Small color="secondary60" marginBottom="none">
        {[run.dry_run ? text.dryRun : '', result === text.none ? text.states[run.state] : result].filter(Boolean).join(': ')}
      </Small>
    </Wrap>
  );
}

/** Switches a sync on or off, at once. */
function OnOff({ flow: f }: { flow: Flow }) {
  const change = useEnabled(f);
  return <Switch aria-label={t.switchOf(f.name)} checked={change.isPending ? change.variables : f.enabled} disabled={change.isPending} onChange={(e) => change.mutate(e.target.checked)} />;
}
