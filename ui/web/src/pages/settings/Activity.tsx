import { Panel } from '@bigcommerce/big-design';
import { useInfiniteQuery } from '@tanstack/react-query';
import { settingsQueries } from '../../api/queries/settings';
import type { AuditEntry } from '../../api/types';
import { ActorName } from '../../components/ActorName';
import { useApp } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { Paged } from '../../components/Feedback';
import { DataTable } from '../../components/DataTable';
import { text } from '../../text';
import { settingsText } from '../../texts/settings';

export function Activity() {
  const { client, format } = useApp();
  const query = useInfiniteQuery({ ...settingsQueries.audit(client), staleTime: 0 });
  const t = settingsText.audit;
  return (
    <Panel description={t.description} header={t.header}>
      <Paged none={t.empty} query={query}>
        {(items) => (
          <DataTable
            aria-label={t.header}
            columns={[
              { header: t.when, hash: 'when', render: (e: AuditEntry) => <span title={format.dateTime(e.created_at)}>{format.ago(e.created_at)}</span> },
              { header: t.actor, hash: 'actor', render: (e: AuditEntry) => <Wrap $min={8}><ActorName actor={e.actor} /></Wrap> },
              { header: t.action, hash: 'action', render: (e: AuditEntry) => <Wrap $min={8}>{sentence(e.action)}</Wrap> },
              { header: t.address, hash: 'address', render: (e: AuditEntry) => <Wrap $min={8}>{e.address || text.none}</Wrap> },
              { header: t.detail, hash: 'detail', render: (e: AuditEntry) => <Wrap $min={10}>{e.detail || text.none}</Wrap> },
            ]}
            items={items}
            keyField="id"
          />
        )}
      </Paged>
    </Panel>
  );
}

/** "user.role_changed" as "User role changed". */
export function sentence(action: string): string {
  const words = action.replace(/[._]+/g, ' ').trim().replace(/\bapi\b/g, 'API');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
