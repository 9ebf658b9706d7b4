import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/errors';
import { flowKeys } from '../../api/queries/flows';
import type { Flow, Inspection } from '../../api/types';
import { useApp, useFeedback } from '../../components/app';
import type { Difference } from '../../components/states/SavedBySomebodyElse';
import { text } from '../../text';
import { flowText } from '../../texts/flow';
import { scheduleText } from '../../texts/schedule';
import { type Draft, draftOf, inputOf, proposed, sameInput } from '../source/draft';
import { type SourceCheck, useInspection } from '../source/useInspection';

export interface Editor {
  draft: Draft;
  saved: Draft;
  dirty: boolean;
  change: (part: Partial<Draft>) => void;
  discard: () => void;
  /** Saves what is not saved, if anything, and goes on. */
  saveThen: (after: () => void) => void;
  save: { isPending: boolean; error: unknown };
  /** Somebody else saved first. */
  conflict: boolean;
  /** Where the two differ, as far as that is known. */
  differences: Difference[];
  reload: () => void;
  source: SourceCheck;
}

/** A sync while somebody edits it. look: its source is to be read, for its columns. */
export function useEditor(flow: Flow, look: boolean): Editor {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const [draft, setDraft] = useState(() => draftOf(flow));
  const [saved, setSaved] = useState(draft);
  const [theirs, setTheirs] = useState<Draft>();
  const dirty = !sameInput(draft, saved);

  // Somebody else's change arrived while nothing was edited here: take it over.
  if (!dirty && flow.version > saved.version) {
    const fresh = draftOf(flow);
    setDraft(fresh);
    setSaved(fresh);
  }

  const suggest = ({ suggested_mapping: s }: Inspection) => setDraft((now) => (now.lines.length === 0 ? { ...now, ...proposed(now, s) } : now));
  const source = useInspection({ flowId: flow.id, kind: flow.kind, draft, auto: look, onAnswer: suggest });

  const save = useMutation({
    mutationFn: (d: Draft) => client.updateFlow(flow.id, inputOf(d)),
    onSuccess: (answer, sent) => {
      qc.setQueryData(flowKeys.flow(flow.id), answer);
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      const next = { ...draftOf(answer), lines: sent.lines };
      source.keep(sent, next); // the secret is stored now, and no longer in the draft
      setSaved(next);
      // What was typed while the save was under way stays.
      setDraft((now) => (now === sent ? next : { ...now, version: next.version, hasSecret: next.hasSecret }));
      feedback.success(answer.notice || text.saved);
    },
    onError: (error) => {
      if (isConflict(error)) void client.flow(flow.id).then((newest) => setTheirs(draftOf(newest)), () => undefined);
    },
  });
  const reload = async () => {
    const newest = await client.flow(flow.id);
    qc.setQueryData(flowKeys.flow(flow.id), newest);
    const d = draftOf(newest);
    setDraft(d);
    setSaved(d);
    setTheirs(undefined);
    save.reset();
  };
  return {
    draft,
    saved,
    dirty,
    change: (part) => setDraft((d) => ({ ...d, ...part })),
    discard: () => {
      setDraft(saved);
      save.reset();
    },
    saveThen: (after) => (dirty ? save.mutate(draft, { onSuccess: after }) : after()),
    save,
    conflict: isConflict(save.error),
    differences: theirs ? differencesOf(draft, theirs) : [],
    reload: () => void reload().catch(feedback.failure),
    source,
  };
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

/** What two people made of the same sync, in short. */
function differencesOf(yours: Draft, theirs: Draft): Difference[] {
  const t = flowText.differences;
  const parts: [string, (d: Draft) => unknown, (d: Draft) => string][] = [
    [t.name, (d) => d.name, (d) => d.name],
    [t.source, (d) => [d.kind, d.url, d.snapshotId], (d) => (d.kind === 'upload' ? d.filename : d.url)],
    [t.matching, (d) => inputOf(d).mapping, (d) => t.fields(String(inputOf(d).mapping?.fields?.length ?? 0))],
    [t.schedule, (d) => [d.schedule, d.compareSchedule], (d) => scheduleText.repeats[d.schedule.repeat]],
  ];
  return parts.filter(([, of]) => JSON.stringify(of(yours)) !== JSON.stringify(of(theirs))).map(([label, , shown]) => ({ label, yours: shown(yours), theirs: shown(theirs) }));
}
