import { Badge, Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import { flowQueries } from '../../api/queries/flows';
import { useAccess, useApp } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { DataTable } from '../../components/DataTable';
import { Loaded } from '../../components/Feedback';
import { Page } from '../../components/Page';
import { EmptyState } from '../../components/states/EmptyState';
import { TextLink } from '../../components/TextLink';
import { type Connection, connectionsOf } from '../../lib/connections';
import { connectionsText as t } from '../../texts/connections';

/** Where the data of each sync comes from. */
export function ConnectionsPage() {
  const { client, format } = useApp();
  const navigate = useNavigate();
  const access = useAccess();
  const flows = useQuery(flowQueries.flows(client));
  const create = access.granted ? { text: t.empty.action, onClick: () => void navigate('/syncs/new') } : undefined;
  const type = ({ source }: Connection) => [t.types[source.kind] ?? t.otherType, source.has_secret ? t.secret : ''].filter(Boolean).join(', ');
  return (
    <Page description={t.description} title={t.title}>
      <Loaded query={flows}>
        {(data) => {
          const connections = connectionsOf(data);
          if (connections.length === 0) return <EmptyState action={create} heading={t.empty.heading} message={t.empty.message} />;
          return (
            <Panel>
              <DataTable
                aria-label={t.title}
                columns={[
                  {
                    header: t.where,
                    hash: 'where',
                    render: (c: Connection) => <Wrap $min={9}>{c.name}</Wrap>,
                  },
                  { header: t.type, hash: 'type', render: (c: Connection) => <Wrap $min={8}>{type(c)}</Wrap> },
                  {
                    header: t.usedBy,
                    hash: 'used',
                    render: (c: Connection) => (
                      <Wrap $min={8}>
                        {c.flows.map((f) => (
                          <div key={f.id}>
                            <TextLink to={`/syncs/${f.id}`}>{f.name}</TextLink>
                          </div>
                        ))}
                      </Wrap>
                    ),
                  },
                  {
                    header: t.last,
                    hash: 'last',
                    render: ({ last }: Connection) => (
                      <Wrap $min={8}>
                        {last ? (
                          <>
                            <TextLink to={`/activity/${last.id}`}>{format.ago(last.created_at)}</TextLink>
                            {last.state === 'failed' && last.error ? (
                              <div>
                                <Badge label={t.failed} variant="danger" /> {last.error}
                              </div>
                            ) : null}
                          </>
                        ) : (
                          t.never
                        )}
                      </Wrap>
                    ),
                  },
                ]}
                flush
                items={connections}
                keyField="id"
              />
            </Panel>
          );
        }}
      </Loaded>
    </Page>
  );
}
