import { Box, Checkbox } from '@bigcommerce/big-design';
import { useState } from 'react';
import { ActionButtons } from '../../components/ActionButtons';
import { useAccess } from '../../components/app';
import type { Outcome } from '../../lib/outcome';
import { outcomeText } from '../../texts/outcome';
import { runText } from '../../texts/run';

interface Props {
  outcome: Outcome;
  /** The sync was saved since: what the preview showed is not what a run would do. */
  changed: boolean;
  starting: boolean;
  onStart: () => void;
}

/**
 * Starts what a preview showed. Where something would be left out, looks like a mistake or has changed
 * since, a tick comes first.
 */
export function StartPreviewed({ outcome, changed, starting, onStart }: Props) {
  const access = useAccess('run');
  const [seen, setSeen] = useState(false);
  const reasons = changed ? [...outcome.tick, runText.check.changed] : outcome.tick;
  if (!access.granted) return null;
  const waits = reasons.length > 0 && !seen;
  return (
    <>
      {reasons.length > 0 ? (
        <Box marginBottom="small">
          <Checkbox checked={seen} description={reasons.join(' ')} label={outcomeText.tick.label} onChange={(e) => setSeen(e.target.checked)} />
        </Box>
      ) : null}
      <ActionButtons
        actions={[
          {
            text: runText.actions.start,
            variant: outcome.primary === 'start' ? 'primary' : 'secondary',
            disabled: !access.allowed || waits,
            reason: access.reason ?? runText.actions.startOff,
            isLoading: starting,
            onClick: onStart,
          },
        ]}
      />
    </>
  );
}
