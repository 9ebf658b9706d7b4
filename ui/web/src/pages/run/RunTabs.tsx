import { Box, Panel } from '@bigcommerce/big-design';
import type { Run } from '../../api/types';
import { useApp } from '../../components/app';
import { TabSet } from '../../components/TabSet';
import { type Outcome, writes } from '../../lib/outcome';
import { runText } from '../../texts/run';
import { Changes } from './Changes';
import { Details } from './Details';
import { Problems } from './Problems';
import { useView } from './view';

type Tab = Outcome['opens'];
const isTab = (s: string): s is Tab => s === 'problems' || s === 'changes' || s === 'details';

interface Props {
  run: Run;
  outcome: Outcome;
  retry?: () => void;
}

/** Problems, changes and details of a run. The one that matters is open until somebody chooses. */
export function RunTabs({ run, outcome, retry }: Props) {
  const { format } = useApp();
  const [view, change] = useView();
  const t = runText.tabs;
  const active = isTab(view.tab) ? view.tab : outcome.opens;
  const { create, update } = writes(run);
  const title = (label: string, n: number) => (n > 0 ? `${label} (${format.number(n)})` : label);
  return (
    <Panel>
      <Box marginTop="mediumN">
        <TabSet
          active={active}
          items={[
            { id: 'problems', title: title(t.problems, run.failed + run.warnings) },
            { id: 'changes', title: title(t.changes, create + update) },
            { id: 'details', title: t.details },
          ]}
          label={t.label}
          onChange={(tab) => change({ tab })}
        >
          {active === 'problems' ? <Problems retry={retry} run={run} /> : null}
          {active === 'changes' ? <Changes run={run} /> : null}
          {active === 'details' ? <Details change={change} run={run} /> : null}
        </TabSet>
      </Box>
    </Panel>
  );
}
