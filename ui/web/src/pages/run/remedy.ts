import type { Remedy, Run } from '../../api/types';
import { runText } from '../../texts/run';

/** Where in the panel a remedy is done, and what leads there; undefined where nothing does. A retry is the run's page's own. */
export function remedyLink(run: Pick<Run, 'flow_id' | 'flow_name'>, { action, field }: Pick<Remedy, 'action' | 'field'>): { text: string; to: string } | undefined {
  const t = runText.actions;
  if (run.flow_name === '') return undefined; // the sync is gone
  const sync = `/syncs/${run.flow_id}`;
  switch (action) {
    case 'matching':
      return { text: t.matching, to: `${sync}/matching${field ? `?field=${encodeURIComponent(field)}` : ''}` };
    case 'rules':
      return { text: t.rules, to: `${sync}/rules${field ? `?field=${encodeURIComponent(field)}` : ''}` };
    case 'source':
      return { text: t.source, to: `${sync}/source` };
    default:
      return undefined;
  }
}
