import { Badge, Button, InlineMessage, Panel } from '@bigcommerce/big-design';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { storefrontQueries } from '../../../api/queries/storefront';
import type { SignIn } from '../../../api/types';
import { useAccess, useApp, useFeedback } from '../../../components/app';
import { Wrap } from '../../../components/Cells';
import { Confirm } from '../../../components/Confirm';
import { DataTable } from '../../../components/DataTable';
import { Paged } from '../../../components/Feedback';
import { text } from '../../../text';
import { shoppersText } from '../../../texts/shoppers';

const t = shoppersText.signIns;

/** Who signed in, when, and what came of it. There is no token in it. */
export function SignInsTab() {
  const admin = useAccess('admin');
  if (admin.allowed) return <SignIns />;
  return (
    <Panel header={t.header}>
      <InlineMessage messages={[{ text: t.adminOnly }]} type="info" />
    </Panel>
  );
}

function SignIns() {
  const { client, format } = useApp();
  const feedback = useFeedback();
  const [unlinking, setUnlinking] = useState<SignIn>();
  const unlink = useMutation({
    mutationFn: (customerId: number) => client.unlinkCustomer(customerId),
    onSuccess: () => feedback.success(t.unlinked),
    onError: feedback.failure,
    onSettled: () => setUnlinking(undefined),
  });
  const query = useInfiniteQuery({ ...storefrontQueries.signIns(client), staleTime: 0 });
  return (
    <Panel description={t.description} header={t.header}>
      <Paged none={t.empty} query={query}>
        {(items) => (
          <DataTable
            aria-label={t.header}
            columns={[
              { header: t.when, hash: 'when', render: (s: SignIn) => <span title={format.dateTime(s.at)}>{format.ago(s.at)}</span> },
              { header: t.who, hash: 'who', render: (s: SignIn) => <Wrap $min={14}>{s.email || (s.customer_id > 0 ? t.customer(s.customer_id) : t.unknown)}</Wrap> },
              { header: t.how, hash: 'how', render: (s: SignIn) => t.methods[s.method] },
              { header: t.result, hash: 'result', render: (s: SignIn) => <span style={{ whiteSpace: 'nowrap' }}><Badge label={s.result === 'ok' ? t.ok : t.refused} variant={s.result === 'ok' ? 'success' : 'danger'} /></span> },
              { header: t.detail, hash: 'detail', render: (s: SignIn) => <Wrap $min={12}>{s.detail || text.none}</Wrap> },
              {
                header: t.unlink,
                hash: 'unlink',
                hideHeader: true,
                align: 'right',
                render: (s: SignIn) =>
                  s.method === 'sso' && s.customer_id > 0 && s.result !== 'ok' ? (
                    <Button aria-label={t.unlinkOf(s.customer_id)} mobileWidth="auto" onClick={() => setUnlinking(s)} variant="subtle">
                      {t.unlink}
                    </Button>
                  ) : null,
              },
            ]}
            items={items}
            keyField="id"
          />
        )}
      </Paged>
      <Confirm
        busy={unlink.isPending}
        confirm={t.unlinkModal.confirm}
        header={t.unlinkModal.header}
        message={t.unlinkModal.message(unlinking?.customer_id ?? 0)}
        onClose={() => setUnlinking(undefined)}
        onConfirm={() => unlinking && unlink.mutate(unlinking.customer_id)}
        open={unlinking !== undefined}
      />
    </Panel>
  );
}
