import { Badge, type BadgeProps, Button, Flex, Panel, Text } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useNavigate } from 'react-router';
import { flowKeys } from '../../api/queries/flows';
import type { Flow, Run } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Fact, Facts } from '../../components/Cells';
import { Confirm } from '../../components/Confirm';
import { NextRun } from '../../components/NextRun';
import { useOutcome } from '../../components/runs';
import { TextLink } from '../../components/TextLink';
import { capital, type Words } from '../../lib/words';
import { flowText } from '../../texts/flow';
import { CheckAndStart } from '../run/CheckAndStart';
import { SourceForm } from '../source/SourceForm';
import { SourceResult } from '../source/SourceResult';
import { useLastRun } from './useLastRun';
import { OfferSchedule } from './OfferSchedule';
import type { Editor } from './useEditor';

const badges: Record<Flow['health']['state'], BadgeProps['variant']> = {
  draft: 'secondary', off: 'secondary', never: 'primary', ok: 'success', attention: 'warning', failing: 'danger', asking: 'warning', running: 'primary', paused: 'warning',
};

/** A sync's health as a badge, in one word. */
export function healthBadge({ state }: Flow['health']): BadgeProps {
  return { label: flowText.health[state], variant: badges[state] };
}

interface Props {
  flow: Flow;
  editor: Editor;
  words: Words;
  /** Where the data comes from is being changed. */
  sourceOpen: boolean;
  /** The sync is gone, and what was not saved of it too. */
  onDelete: () => void;
}

/** How a sync stands, where its data comes from, and the check before a run. */
export function Summary({ flow, editor, words, sourceOpen, onDelete }: Props) {
  const navigate = useNavigate();
  const write = useAccess('write');
  return (
    <>
      <Standing flow={flow} words={words} />
      {sourceOpen && write.granted ? (
        <Source editor={editor} onClose={() => void navigate(`/syncs/${flow.id}/summary`)} />
      ) : null}
      <OfferSchedule flow={flow} saveThen={editor.saveThen} />
      <CheckAndStart flow={flow} ready={flow.enabled && (flow.ready || editor.dirty)} saveFirst={editor.saveThen} />
      {write.granted ? <Manage flow={flow} onDelete={onDelete} words={words} /> : null}
    </>
  );
}

function Standing({ flow, words }: { flow: Flow; words: Words }) {
  const { format } = useApp();
  const write = useAccess('write');
  const t = flowText.summary;
  const run = useLastRun(flow);
  const at = (part: string, link: ReactNode) => (write.granted ? <TextLink to={`/syncs/${flow.id}/${part}`}>{link}</TextLink> : null);
  return (
    <Panel header={t.header}>
      <Facts $min={14}>
        <Fact name={t.health}>
          <Badge {...healthBadge(flow.health)} /> {flow.health.message}
        </Fact>
        <Fact name={t.lastRun}>
          {run ? (
            <>
              <TextLink to={`/activity/${run.id}`}>{format.ago(run.created_at)}</TextLink>: <Came run={run} />
            </>
          ) : (
            t.never
          )}
        </Fact>
        <Fact name={t.nextRun}>
          <NextRun schedule={flow.schedule} /> {flow.ready ? at('schedule', t.edit) : null}
        </Fact>
        {flow.compare_schedule.enabled ? (
          <Fact name={t.nextCompare}>
            <NextRun schedule={flow.compare_schedule} />
          </Fact>
        ) : null}
        <Fact name={t.brings}>{capital(words.plural)}</Fact>
        <Fact name={t.from}>
          {flow.source.kind === 'upload' ? flow.source.filename : flow.source.url || t.noSource} {at('source', t.edit)}
        </Fact>
        <Fact name={t.matched}>
          {format.number(flow.mapping.fields?.length ?? 0)} {at('matching', t.edit)}
        </Fact>
      </Facts>
    </Panel>
  );
}

function Came({ run }: { run: Run }) {
  return <>{useOutcome(run).sentence}</>;
}

function Source({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { draft, saved, change, source } = editor;
  const t = flowText.summary;
  return (
    <>
      <Panel action={{ text: t.closeSource, variant: 'secondary', onClick: onClose }} header={t.changeSource}>
        <SourceForm change={change} draft={draft} savedURL={saved.kind === 'url' ? saved.url : ''} />
      </Panel>
      <SourceResult change={change} draft={draft} focus={draft !== saved} source={source} />
    </>
  );
}

function Manage({ flow, words, onDelete }: { flow: Flow; words: Words; onDelete: () => void }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const feedback = useFeedback();
  const [asking, setAsking] = useState(false);
  const t = flowText.summary;
  const refresh = () => qc.invalidateQueries({ queryKey: flowKeys.flows });
  const enable = useMutation({
    mutationFn: (enabled: boolean) => client.setFlowEnabled(flow.id, enabled),
    onSuccess: (answer) => {
      qc.setQueryData(flowKeys.flow(flow.id), answer);
      void refresh();
      feedback.success(answer.enabled ? flowText.switchedOn : flowText.switchedOff);
    },
    onError: feedback.failure,
  });
  const duplicate = useMutation({
    mutationFn: () => client.duplicateFlow(flow.id),
    onSuccess: (copy) => {
      qc.setQueryData(flowKeys.flow(copy.id), copy);
      void refresh();
      feedback.success(t.duplicated);
      void navigate(`/syncs/${copy.id}`);
    },
    onError: feedback.failure,
  });
  const remove = useMutation({
    mutationFn: () => client.deleteFlow(flow.id),
    onSuccess: () => {
      qc.removeQueries({ queryKey: flowKeys.flow(flow.id) });
      void refresh();
      feedback.success(t.deleted);
      onDelete();
      void navigate('/syncs', { replace: true });
    },
    onError: feedback.failure,
    onSettled: () => setAsking(false),
  });
  return (
    <Panel header={t.manageHeader}>
      {flow.enabled ? null : <Text>{flowText.off}</Text>}
      <Flex flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        <Button isLoading={enable.isPending} mobileWidth="auto" onClick={() => enable.mutate(!flow.enabled)} variant="secondary">
          {flow.enabled ? flowText.switchOff : flowText.switchOn}
        </Button>
        <Button isLoading={duplicate.isPending} mobileWidth="auto" onClick={() => duplicate.mutate()} variant="secondary">
          {t.duplicate}
        </Button>
        <Button actionType="destructive" mobileWidth="auto" onClick={() => setAsking(true)} variant="secondary">
          {t.delete}
        </Button>
      </Flex>
      <Confirm
        busy={remove.isPending}
        confirm={t.deleteModal.confirm}
        destructive
        header={t.deleteModal.header}
        message={t.deleteModal.message(words, flow.name)}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate()}
        open={asking}
      />
    </Panel>
  );
}
