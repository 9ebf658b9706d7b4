import { Message } from '@bigcommerce/big-design';
import { useNavigate } from 'react-router';
import type { Flow } from '../../api/types';
import { useAccess } from '../../components/app';
import { flowText } from '../../texts/flow';

const places = { source: 'source', mapping: 'matching', options: 'rules' } as const;

/** Where what keeps a sync from running is put right. */
function placeOf(flow: Flow, { part, field }: Flow['problems'][number]): string {
  return `/syncs/${flow.id}/${places[part]}${field ? `?field=${encodeURIComponent(field)}` : ''}`;
}

/** What keeps a sync from running, with the way to each. */
export function FlowNotices({ flow }: { flow: Flow }) {
  const navigate = useNavigate();
  const access = useAccess();
  const t = flowText;
  return (
    <>
      {flow.paused ? (
        <Message
          actions={access.granted ? [{ text: t.permissions, variant: 'secondary', onClick: () => void navigate('/settings/store') }] : undefined}
          header={t.pausedHeader}
          marginBottom="medium"
          messages={[{ text: flow.paused }]}
          type="warning"
        />
      ) : null}
      {flow.problems.length > 0 ? (
        <Message
          header={t.cannotRunHeader}
          marginBottom="medium"
          messages={flow.problems.map((p) => ({ text: p.message, ...(access.granted ? { link: { text: p.label ? `${t.fix}: ${p.label}` : t.fix, href: `#${placeOf(flow, p)}` } } : {}) }))}
          type="warning"
        />
      ) : null}
    </>
  );
}
