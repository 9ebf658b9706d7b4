import { Button } from '@bigcommerce/big-design';
import { useNavigate } from 'react-router';
import type { Attention } from '../../api/types';
import { useSession } from '../../components/app';
import { openApps } from '../../lib/browser';
import { attentionText } from '../../texts/attention';

const t = attentionText.remedies;

/** Where the thing to do about a problem is done; undefined: nowhere in the panel. */
function placeOf({ remedy, flow_id, run_id }: Attention): { text: string; to: string } | undefined {
  switch (remedy.action) {
    case 'answer':
      return run_id ? { text: t.answer, to: `/activity/${run_id}` } : undefined;
    case 'run':
      return run_id ? { text: t.run, to: `/activity/${run_id}` } : undefined;
    case 'source':
      return flow_id ? { text: t.source, to: `/syncs/${flow_id}/source` } : undefined;
    case 'schedule':
      return flow_id ? { text: t.schedule, to: `/syncs/${flow_id}/schedule` } : undefined;
    default:
      return undefined;
  }
}

/** Leads to what is to be done about a problem: here, or in the control panel's list of apps. */
export function RemedyButton({ problem: p }: { problem: Attention }) {
  const navigate = useNavigate();
  const { store } = useSession();
  const place = placeOf(p);
  const apps = p.remedy.action === 'permissions' || p.remedy.action === 'reinstall';
  if (!place && !apps) return null;
  const label = place?.text ?? t.apps;
  return (
    <Button
      aria-label={label + t.about(p.flow_name || attentionText.wholeStore)}
      mobileWidth="auto"
      onClick={() => (place ? void navigate(place.to) : openApps(store.hash))}
      variant="secondary"
    >
      {label}
    </Button>
  );
}
