import { Message, Panel, Stepper } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { ApiError } from '../../api/errors';
import { flowKeys, flowQueries } from '../../api/queries/flows';
import type { Flow, Inspection } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { FailedState } from '../../components/states/FailedState';
import { Skeleton } from '../../components/states/Skeleton';
import { useWords } from '../../components/kinds';
import type { Action } from '../../components/ActionButtons';
import { Page } from '../../components/Page';
import { TabSet } from '../../components/TabSet';
import { missingTargets, toLines } from '../../lib/mapping';
import { text } from '../../text';
import { flowText } from '../../texts/flow';
import { syncsText } from '../../texts/syncs';
import { NotFoundPage } from '../NotFoundPage';
import { type Draft, cleanFormat, draftOf, hasSource, inputOf, sameInput, sourceKey, sourceOf } from './draft';
import { MappingStep } from './MappingStep';
import { OptionsStep, optionPrefix } from './OptionsStep';
import { CheckAndStart } from '../run/CheckAndStart';
import { SourceStep } from './SourceStep';

const steps = ['source', 'mapping', 'options', 'review'] as const;
export type Step = (typeof steps)[number];

function isStep(s: string | undefined): s is Step {
  return (steps as readonly string[]).includes(s ?? '');
}

/** What the server said about the source, and for which source and format it said it. */
export interface Checked {
  key: string;
  inspection: Inspection;
}

export function FlowPage() {
  const { id = '' } = useParams();
  const { client } = useApp();
  const query = useQuery({ ...flowQueries.flow(client, id), staleTime: 0 });
  if (query.data) return <FlowEditor flow={query.data} key={id} reload={() => query.refetch()} />;
  if (query.error instanceof ApiError && query.error.status === 404) return <NotFoundPage />;
  return (
    <Page backLink={{ text: flowText.back, to: '/syncs' }} title={syncsText.title}>
      <Panel>{query.error ? <FailedState error={query.error} header={text.errors.loading} retry={() => void query.refetch()} /> : <Skeleton />}</Panel>
    </Page>
  );
}

interface EditorProps {
  flow: Flow;
  reload: () => Promise<unknown>;
}

function FlowEditor({ flow, reload }: EditorProps) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const feedback = useFeedback();
  const access = useAccess();
  const params = useParams();
  const t = flowText;
  const words = useWords(flow.kind);

  const [draft, setDraft] = useState(() => draftOf(flow));
  const [saved, setSaved] = useState(draft);
  const [checked, setChecked] = useState<Checked>();
  const [showErrors, setShowErrors] = useState(false);
  const fields = useQuery(flowQueries.fields(client, flow.kind));

  const change = useCallback((part: Partial<Draft>) => setDraft((d) => ({ ...d, ...part })), []);
  const dirty = !sameInput(draft, saved);

  // Somebody else's change arrived while nothing was edited here: take it over.
  if (!dirty && flow.version > saved.version) {
    const fresh = draftOf(flow);
    setDraft(fresh);
    setSaved(fresh);
  }

  const missing = useMemo(() => missingTargets(draft.lines, fields.data ?? []), [draft.lines, fields.data]);
  const fresh = checked?.key === sourceKey(draft) ? checked.inspection : undefined;
  const ready = hasSource(saved) && missing.length === 0 && saved.lines.length > 0;
  // A flow that has run is changed in any order; a new one is set up step by step, to the end.
  const [isNew] = useState(flow.last_run === null);
  const fallback: Step = !isNew ? 'review' : !hasSource(saved) ? 'source' : saved.lines.length === 0 ? 'mapping' : 'review';
  const step = isStep(params.step) ? params.step : fallback;
  const at = steps.indexOf(step);
  const go = (s: Step) => {
    setShowErrors(false);
    void navigate(`/syncs/${flow.id}/${s}`, { replace: true });
  };

  const drafts = useRef(0);
  const inspect = useMutation({
    mutationFn: async (d: Draft) => {
      const turn = ++drafts.current;
      const inspection = await client.inspect({ flow_id: flow.id, source: sourceOf(d), format: cleanFormat(d.format) });
      return { turn, inspection };
    },
    onSuccess: ({ turn, inspection }, d) => {
      if (turn !== drafts.current) return; // an older answer
      setChecked({ key: sourceKey(d), inspection });
      setDraft((now) => (now.lines.length === 0 ? { ...now, lines: toLines(inspection.suggested_mapping.fields) } : now));
    },
  });

  const save = useMutation({
    mutationFn: (d: Draft) => client.updateFlow(flow.id, inputOf(d)),
    onSuccess: (answer, sent) => {
      qc.setQueryData(flowKeys.flow(flow.id), answer);
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      const next = { ...draftOf(answer), lines: sent.lines };
      // The secret is stored now: the sample stays valid although the draft no longer holds it.
      setChecked((c) => (c?.key === sourceKey(sent) ? { ...c, key: sourceKey(next) } : c));
      setSaved(next);
      // What was typed while the save was under way stays.
      setDraft((now) => (now === sent ? next : { ...now, version: next.version, hasSecret: next.hasSecret }));
    },
  });
  const conflict = save.error instanceof ApiError && save.error.status === 409;

  // The options step shows what is wrong with an option beside it.
  const failure = step === 'options' && save.error instanceof ApiError ? save.error.without((f) => f.startsWith(optionPrefix)) : save.error;

  const saveThen = (after: () => void) => {
    if (!dirty) {
      after();
      return;
    }
    save.mutate(draft, {
      onSuccess: () => {
        feedback.success(text.saved);
        after();
      },
    });
  };

  const forward = () => {
    setShowErrors(true);
    if (step === 'source') {
      if (!hasSource(draft)) return;
      if (!fresh) {
        inspect.mutate(draft, { onSuccess: () => setShowErrors(false) });
        return;
      }
    }
    if (draft.name.trim() === '') return;
    const next = steps[at + 1];
    saveThen(() => next && go(next));
  };

  const reloadNewest = async () => {
    const newest = await client.flow(flow.id);
    qc.setQueryData(flowKeys.flow(flow.id), newest);
    const d = draftOf(newest);
    setDraft(d);
    setSaved(d);
    save.reset();
    await reload();
  };

  const actionBar: Action[] = [];
  if (at > 0) {
    actionBar.push({ text: text.back, variant: 'subtle', onClick: () => steps[at - 1] && go(steps[at - 1] ?? 'source') });
  }
  if (step !== 'review') {
    const primary = step === 'source' && !fresh ? t.source.check : isNew ? t.next : text.save;
    actionBar.push({
      text: primary,
      disabled: !access.allowed || (!isNew && !dirty && (step !== 'source' || fresh !== undefined)),
      reason: access.reason,
      isLoading: save.isPending || inspect.isPending,
      onClick: isNew || (step === 'source' && !fresh) ? forward : () => saveThen(() => undefined),
    });
  }

  const body = (
    <>
      {save.error && !conflict ? <FailedState error={failure} /> : null}
      {conflict ? (
        <Message
          actions={[{ text: t.reload, onClick: () => void reloadNewest().catch(feedback.failure) }]}
          header={t.conflictHeader}
          marginBottom="medium"
          messages={[{ text: t.conflict }]}
          type="warning"
        />
      ) : null}
      {flow.paused ? <Message header={t.pausedHeader} marginBottom="medium" messages={[{ text: flow.paused }]} type="warning" /> : null}
      {step === 'source' ? (
        <SourceStep
          change={change}
          disabled={!access.allowed}
          draft={draft}
          error={inspect.error}
          inspection={fresh}
          isChecking={inspect.isPending}
          savedURL={saved.kind === 'url' ? saved.url : ''}
          showErrors={showErrors}
          words={words}
          stale={checked !== undefined && fresh === undefined}
        />
      ) : null}
      {step === 'mapping' ? (
        <MappingStep
          change={change}
          disabled={!access.allowed}
          draft={draft}
          fields={fields}
          flowId={flow.id}
          inspect={inspect}
          inspection={fresh}
          missing={missing}
          onSource={() => go('source')}
          words={words}
        />
      ) : null}
      {step === 'options' ? <OptionsStep change={change} disabled={!access.allowed} draft={draft} error={save.error} flow={flow} showErrors={showErrors} words={words} /> : null}
      {step === 'review' ? <CheckAndStart flow={flow} ready={ready} saveFirst={saveThen} /> : null}
    </>
  );

  return (
    <Page
      actionBar={actionBar}
      backLink={{ text: t.back, to: '/syncs' }}
      badges={dirty ? [{ label: t.unsaved, variant: 'warning' }] : []}
      title={saved.name}
    >
      {isNew ? (
        <>
          <Stepper currentStep={at} steps={steps.map((s) => t.steps[s])} />
          {body}
        </>
      ) : (
        <TabSet active={step} items={steps.map((s) => ({ id: s, title: t.steps[s] }))} label={flow.name} onChange={go}>
          {body}
        </TabSet>
      )}
    </Page>
  );
}
