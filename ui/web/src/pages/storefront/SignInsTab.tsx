import { Badge, Panel } from '@bigcommerce/big-design';
import { useInfiniteQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries';
import type { SignIn } from '../../api/storefront';
import { useApp } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { DataTable } from '../../components/DataTable';
import { Loaded, More, Quiet } from '../../components/Feedback';
import { text } from '../../text';

const t = text.storefront.signIns;

/** Who signed in, when, and what came of it. There is no token in it. */
export function SignInsTab() {
  const { client, format } = useApp();
  const query = useInfiniteQuery({ ...queries.signIns(client), staleTime: 0 });
  return (
    <Panel description={t.description} header={t.header}>
      <Loaded query={query}>
        {(data) => {
          const items = data.pages.flatMap((p) => p.items);
          if (items.length === 0) return <Quiet>{t.empty}</Quiet>;
          return (
            <>
              <DataTable
                aria-label={t.header}
                columns={[
                  { header: t.when, hash: 'when', render: (s: SignIn) => <span title={format.dateTime(s.at)}>{format.ago(s.at)}</span> },
                  { header: t.who, hash: 'who', render: (s: SignIn) => <Wrap $min={10}>{s.email || (s.customer_id > 0 ? t.customer(s.customer_id) : t.unknown)}</Wrap> },
                  { header: t.how, hash: 'how', render: (s: SignIn) => t.methods[s.method] },
                  { header: t.result, hash: 'result', render: (s: SignIn) => <Badge label={s.result === 'ok' ? t.ok : t.refused} variant={s.result === 'ok' ? 'success' : 'danger'} /> },
                  { header: t.detail, hash: 'detail', render: (s: SignIn) => <Wrap $min={12}>{s.detail || text.none}</Wrap> },
                ]}
                items={items}
                keyField="id"
              />
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
