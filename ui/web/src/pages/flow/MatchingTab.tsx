import { Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { flowQueries } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Loaded, Working } from '../../components/Feedback';
import { MatchingPanel } from '../../components/matching/MatchingPanel';
import { useMatching } from '../../components/matching/useMatching';
import { EmptyState } from '../../components/states/EmptyState';
import { FailedState } from '../../components/states/FailedState';
import type { Words } from '../../lib/words';
import { matchingText } from '../../texts/matching';
import { hasSource } from '../source/draft';
import type { Editor } from './useEditor';

const patience = 1_500; // ms

interface Props {
  flow: Flow;
  editor: Editor;
  words: Words;
  focus: string;
}

/** The matching of a sync, over its file as it is now. */
export function MatchingTab({ flow, editor, words, focus }: Props) {
  const { client } = useApp();
  const navigate = useNavigate();
  const write = useAccess('write');
  const t = matchingText;
  const { draft, change, source } = editor;
  const fields = useQuery(flowQueries.fields(client, flow.kind));
  const matching = useMatching({ kind: flow.kind, inspection: source.inspection, lines: draft.lines, layout: draft.layout });
  // The lines come with their counts, so that they do not move; a file that takes longer is not waited for.
  const reading = source.inspection !== undefined;
  const waited = useWaited(reading, patience);
  const counted = matching.check !== undefined || matching.error !== null || waited;
  if (write.granted && !hasSource(draft)) {
    return <EmptyState action={{ text: t.needSource.action, onClick: () => void navigate(`/syncs/${flow.id}/source`) }} heading={t.needSource.heading} message={t.needSource.message} />;
  }
  return (
    <>
      {source.error && !source.inspection ? <FailedState error={source.error} retry={() => source.look(draft)} /> : null}
      {source.isPending || (reading && !counted) ? (
        <Panel>
          <Working label={t.loading} />
        </Panel>
      ) : (
        <Loaded query={fields}>
          {(targets) => (
            <MatchingPanel
              focus={focus}
              ignored={draft.ignored}
              inspection={source.inspection}
              lines={draft.lines}
              matching={matching}
              onChange={(lines) => change({ lines })}
              onIgnore={(ignored) => change({ ignored })}
              readOnly={!write.granted}
              targets={targets}
              words={words}
            />
          )}
        </Loaded>
      )}
    </>
  );
}

/** True when on has been true for so long. */
function useWaited(on: boolean, ms: number): boolean {
  const [waited, setWaited] = useState(false);
  useEffect(() => {
    if (!on) return undefined;
    const timer = setTimeout(() => setWaited(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms]);
  return waited;
}
