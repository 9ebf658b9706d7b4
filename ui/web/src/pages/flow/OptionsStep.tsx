import { Button, Form, FormGroup, Input, Panel } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError } from '../../api/errors';
import { flowKeys, flowQueries } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Confirm } from '../../components/Confirm';
import { Loaded } from '../../components/Feedback';
import type { Words } from '../../lib/words';
import { flowText } from '../../texts/flow';
import { syncsText } from '../../texts/syncs';
import type { Draft } from './draft';
import { OptionField } from './OptionField';
import { SchedulePanel } from './SchedulePanel';

interface Props {
  draft: Draft;
  flow: Flow;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  showErrors: boolean;
  /** Of the last save. */
  error: unknown;
  words: Words;
}

/** How the server names the field of an option. */
export const optionPrefix = 'options.';

export function OptionsStep({ draft, flow, change, disabled, showErrors, error, words }: Props) {
  const { client } = useApp();
  const kinds = useQuery(flowQueries.kinds(client));
  const problems = error instanceof ApiError ? error.fields : [];
  const t = flowText.options;
  return (
    <>
      <Panel header={t.header}>
        <Form fullWidth onSubmit={(e) => e.preventDefault()}>
          <FormGroup>
            <Input
              disabled={disabled}
              error={showErrors && draft.name.trim() === '' ? t.nameRequired : undefined}
              label={t.name}
              maxLength={100}
              onChange={(e) => change({ name: e.target.value })}
              required
              value={draft.name}
            />
          </FormGroup>
          <Loaded query={kinds}>
            {(list) =>
              (list.find((k) => k.name === flow.kind)?.options ?? []).map((option) => (
                <OptionField
                  disabled={disabled}
                  error={problems.find((p) => p.field === optionPrefix + option.name)?.message}
                  key={option.name}
                  onChange={(value) => change({ options: { ...draft.options, [option.name]: value } })}
                  option={option}
                  value={option.name in draft.options ? draft.options[option.name] : option.default}
                />
              ))
            }
          </Loaded>
        </Form>
      </Panel>
      <SchedulePanel change={change} disabled={disabled} draft={draft} schedule={flow.schedule} which="schedule" />
      <SchedulePanel change={change} disabled={disabled} draft={draft} schedule={flow.compare_schedule} which="compareSchedule" />
      <DeleteFlow flow={flow} words={words} />
    </>
  );
}

function DeleteFlow({ flow, words }: { flow: Flow; words: Words }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const feedback = useFeedback();
  const access = useAccess();
  const [asking, setAsking] = useState(false);
  const t = syncsText;
  const remove = useMutation({
    mutationFn: () => client.deleteFlow(flow.id),
    onSuccess: () => {
      qc.removeQueries({ queryKey: flowKeys.flow(flow.id) });
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      feedback.success(t.deleted);
      void navigate('/syncs');
    },
    onError: feedback.failure,
    onSettled: () => setAsking(false),
  });
  return (
    <Panel description={flowText.options.deleteHelp(words)} header={flowText.options.deleteHeader}>
      <Button actionType="destructive" disabled={!access.allowed} mobileWidth="auto" onClick={() => setAsking(true)} title={access.reason} variant="secondary">
        {t.delete}
      </Button>
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
