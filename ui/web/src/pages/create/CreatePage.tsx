import { Box, Checkbox, Fieldset, Form, FormGroup, Input, Panel, Radio, Text } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { applyRun } from '../../api/queries/events';
import { flowKeys, flowQueries } from '../../api/queries/flows';
import type { Flow, Inspection, Kind } from '../../api/types';
import { ActionButtons } from '../../components/ActionButtons';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Loaded } from '../../components/Feedback';
import { fieldLabel } from '../../components/matching/names';
import { useMatching } from '../../components/matching/useMatching';
import { Page } from '../../components/Page';
import { EmptyState } from '../../components/states/EmptyState';
import { FailedState } from '../../components/states/FailedState';
import { Skeleton } from '../../components/states/Skeleton';
import { useUnsaved } from '../../components/states/Unsaved';
import { missingTargets, targetOf } from '../../lib/mapping';
import { listed } from '../../lib/words';
import { text } from '../../text';
import { createText } from '../../texts/create';
import { CheckAndStart } from '../run/CheckAndStart';
import { type Draft, draftOf, emptyDraft, hasSource, inputOf, nameFrom, proposed, sameInput } from '../source/draft';
import { SourceForm } from '../source/SourceForm';
import { SourceResult } from '../source/SourceResult';
import { useInspection } from '../source/useInspection';
import { MatchPart } from './MatchPart';
import { sampleOf } from './samples';

const onlyUpdate = 'update'; // the server's name of a choice of the option 'mode'

/** Creates a sync, from a file to records in the store, on one page. `?sync=` is the sync once it is made: a reload goes on with it. */
export function CreatePage() {
  const { client } = useApp();
  const access = useAccess();
  const [params] = useSearchParams();
  const t = createText;
  const id = params.get('sync') ?? '';
  const flow = useQuery(flowQueries.flow(client, id));
  const kinds = useQuery(flowQueries.kinds(client));
  const failed = kinds.error ?? (id === '' ? null : flow.error);
  const retry = () => void (kinds.error ? kinds.refetch() : flow.refetch());
  return (
    <Page backLink={{ text: t.back, to: '/syncs' }} title={t.title}>
      {!access.granted ? (
        <EmptyState {...t.viewer} />
      ) : kinds.data && (id === '' || flow.data) ? (
        <Create flow={flow.data} kinds={kinds.data} wanted={params.get('kind') ?? ''} />
      ) : (
        <Panel>{failed ? <FailedState error={failed} header={text.errors.loading} retry={retry} /> : <Skeleton lines={6} />}</Panel>
      )}
    </Page>
  );
}

function Create({ flow, kinds, wanted }: { flow: Flow | undefined; kinds: Kind[]; wanted: string }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const navigate = useNavigate();
  const run = useAccess('run');
  const t = createText;
  const [kindName, setKind] = useState(flow?.kind ?? (kinds.find((k) => k.name === wanted) ?? kinds[0])?.name ?? '');
  const kind = kinds.find((k) => k.name === kindName);
  const [draft, setDraft] = useState(() => (flow ? draftOf(flow) : emptyDraft));
  const [saved, setSaved] = useState(draft);
  const [named, setNamed] = useState(flow !== undefined);
  const change = (part: Partial<Draft>) => setDraft((d) => ({ ...d, ...part }));
  const dirty = !sameInput(draft, saved);
  useUnsaved(dirty);

  const suggestedFor = useRef(''); // the columns that the lines were suggested for
  const suggest = ({ header, suggested_mapping: s }: Inspection) => {
    const columns = JSON.stringify([kindName, header]);
    const keep = suggestedFor.current === columns || (suggestedFor.current === '' && draft.lines.length > 0);
    suggestedFor.current = columns;
    setDraft((now) => ({ ...now, ...(keep ? {} : proposed(now, s)), name: named ? now.name : nameFrom(now) }));
  };
  const source = useInspection({ flowId: flow?.id, kind: kindName, draft, auto: true, onAnswer: suggest });
  const { inspection } = source;
  const fields = useQuery({ ...flowQueries.fields(client, kindName), enabled: kindName !== '' });
  const targets = fields.data ?? [];
  const matching = useMatching({ kind: kindName, inspection, lines: draft.lines, layout: draft.layout });

  const first = useRef<Flow>(undefined); // made here; it reaches the address a moment later
  const save = useMutation({
    mutationFn: async (d: Draft) => {
      const known = flow ?? first.current;
      const made = known ?? (await client.createFlow({ kind: kindName, name: d.name.trim() }));
      if (!known) {
        first.current = made;
        qc.setQueryData(flowKeys.flow(made.id), made);
        void navigate(`/syncs/new?sync=${made.id}`, { replace: true });
      }
      return client.updateFlow(made.id, { ...inputOf(d), version: made.version });
    },
    onSuccess: (answer, sent) => {
      qc.setQueryData(flowKeys.flow(answer.id), answer);
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      const next = { ...draftOf(answer), lines: sent.lines };
      source.keep(sent, next);
      setSaved(next);
      setDraft((now) => (now === sent ? next : { ...now, version: next.version, hasSecret: next.hasSecret }));
    },
  });
  const preview = useMutation({
    mutationFn: async () => client.startRun((await save.mutateAsync(draft)).id, { dry_run: true, compare: false }),
    onSuccess: (r) => applyRun(qc, r),
  });

  // What only new records need stops nothing where none is to be made.
  const lacking = missingTargets(draft.lines, targets);
  const updates = draft.options.mode === onlyUpdate;
  const missing = lacking.filter((f) => f.key || !updates).map((f) => fieldLabel(f, f.name));
  const mode = kind?.options.find((o) => o.name === 'mode');
  const mayUpdate = mode !== undefined && lacking.length > 0 && lacking.every((f) => !f.key);
  const wrong = [...matching.compileErrors.keys()].filter((name) => draft.lines.some((l) => l.target === name)).map((name) => fieldLabel(targetOf(targets, name), name));
  const reason = !hasSource(draft)
    ? t.reasons.source
    : !inspection || !fields.data
      ? t.reasons.reading
      : inspection.ask
        ? t.reasons.asked
        : missing.length > 0
          ? t.reasons.missing(listed(missing))
          : wrong.length > 0
            ? t.reasons.wrong(listed(wrong))
            : draft.name.trim() === ''
              ? t.nameRequired
              : run.reason;
  const begun = flow?.last_run != null;
  const asked = kinds.length < 2 ? 0 : 1; // there is a kind to choose
  const result = useRef<HTMLDivElement>(null);
  const began = useRef(begun);
  useEffect(() => {
    if (!begun || began.current) return; // a preview that was there before is looked at when somebody wants to
    began.current = true;
    result.current?.scrollIntoView({ block: 'start', behavior: 'smooth' });
    result.current?.focus({ preventScroll: true });
  }, [begun]);
  return (
    <>
      {asked === 0 ? null : (
        <Panel header={t.step(1, t.what)}>
          {flow ? (
            <Text marginBottom="none">{kind ? t.kindOf(kind) : null}</Text>
          ) : (
            <Fieldset legend={t.kind}>
              <FormGroup>
                {kinds.map((k) => (
                  <Radio checked={k.name === kindName} key={k.name} label={t.kindOf(k)} name="kind" onChange={() => setKind(k.name)} value={k.name} />
                ))}
              </FormGroup>
            </Fieldset>
          )}
        </Panel>
      )}
      <Panel description={t.whereHelp} header={t.step(asked + 1, t.where)}>
        <SourceForm anywhere change={change} draft={draft} sample={flow ? undefined : sampleOf(kindName)} savedURL={saved.kind === 'url' ? saved.url : ''} />
      </Panel>
      <SourceResult change={change} draft={draft} focus={!flow} source={source} />
      {inspection && kind ? (
        <Loaded query={fields}>
          {(all) => (
            <MatchPart
              header={t.step(asked + 2, t.match)}
              ignored={draft.ignored}
              inspection={inspection}
              key={inspection.snapshot_id}
              lines={draft.lines}
              matching={matching}
              onChange={(lines) => change({ lines })}
              onSuggest={(s) => setDraft((now) => ({ ...now, ...proposed(now, s) }))}
              onIgnore={(ignored) => change({ ignored })}
              targets={all}
              words={kind}
            />
          )}
        </Loaded>
      ) : null}
      {inspection && !begun ? (
        <Panel description={t.startHelp} header={t.step(asked + 3, t.start)}>
          {preview.error || save.error ? <FailedState error={save.error ?? preview.error} /> : null}
          <Form fullWidth onSubmit={(e) => e.preventDefault()}>
            <FormGroup>
              <Input
                description={t.nameHelp}
                error={draft.name.trim() === '' ? t.nameRequired : undefined}
                label={t.name}
                maxLength={100}
                onChange={(e) => {
                  setNamed(true);
                  change({ name: e.target.value });
                }}
                required
                value={draft.name}
              />
            </FormGroup>
          </Form>
          {kind && mayUpdate ? (
            <Checkbox
              checked={updates}
              description={t.onlyUpdateHelp(kind, listed(lacking.map((f) => fieldLabel(f, f.name))))}
              label={t.onlyUpdate(kind)}
              onChange={() => change({ options: { ...draft.options, mode: updates ? (mode.default ?? '') : onlyUpdate } })}
            />
          ) : null}
          <Box marginTop="medium">
            <ActionButtons
              actions={[{ text: t.check, disabled: reason !== undefined, reason, isLoading: save.isPending || preview.isPending, onClick: () => preview.mutate() }]}
            />
          </Box>
        </Panel>
      ) : null}
      {flow && begun ? (
        <div ref={result} style={{ scrollMarginTop: '1rem' }} tabIndex={-1}>
          <CheckAndStart
            flow={flow}
            ready={reason === undefined}
            saveFirst={(after) => (dirty ? save.mutate(draft, { onSuccess: after, onError: feedback.failure }) : after())}
          />
        </div>
      ) : null}
    </>
  );
}
