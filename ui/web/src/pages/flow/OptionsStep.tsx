import { Button, Fieldset, Form, FormGroup, Input, Panel, Radio } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { flowKeys } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Confirm } from '../../components/Confirm';
import { text } from '../../text';
import type { Draft } from './draft';
import { SchedulePanel } from './SchedulePanel';

interface Props {
  draft: Draft;
  flow: Flow;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  showErrors: boolean;
}

export function OptionsStep({ draft, flow, change, disabled, showErrors }: Props) {
  const t = text.flow.options;
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
          <Fieldset description={t.repeatedHelp} legend={t.repeated}>
            <FormGroup>
              <Radio
                checked={draft.repeatedNames === 'append_sku'}
                description={t.appendHelp}
                disabled={disabled}
                label={t.append}
                name="repeated"
                onChange={() => change({ repeatedNames: 'append_sku' })}
                value="append_sku"
              />
              <Radio
                checked={draft.repeatedNames === 'fail'}
                description={t.failHelp}
                disabled={disabled}
                label={t.fail}
                name="repeated"
                onChange={() => change({ repeatedNames: 'fail' })}
                value="fail"
              />
            </FormGroup>
          </Fieldset>
        </Form>
      </Panel>
      <SchedulePanel change={change} disabled={disabled} draft={draft} schedule={flow.schedule} which="schedule" />
      <SchedulePanel change={change} disabled={disabled} draft={draft} schedule={flow.compare_schedule} which="compareSchedule" />
      <DeleteFlow flow={flow} />
    </>
  );
}

function DeleteFlow({ flow }: { flow: Flow }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const feedback = useFeedback();
  const access = useAccess();
  const [asking, setAsking] = useState(false);
  const t = text.flows;
  const remove = useMutation({
    mutationFn: () => client.deleteFlow(flow.id),
    onSuccess: () => {
      qc.removeQueries({ queryKey: flowKeys.flow(flow.id) });
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      feedback.success(t.deleted);
      void navigate('/products');
    },
    onError: feedback.failure,
    onSettled: () => setAsking(false),
  });
  return (
    <Panel description={text.flow.options.deleteHelp} header={text.flow.options.deleteHeader}>
      <Button actionType="destructive" disabled={!access.allowed} mobileWidth="auto" onClick={() => setAsking(true)} title={access.reason} variant="secondary">
        {t.delete}
      </Button>
      <Confirm
        busy={remove.isPending}
        confirm={t.deleteModal.confirm}
        destructive
        header={t.deleteModal.header}
        message={t.deleteModal.message(flow.name)}
        onClose={() => setAsking(false)}
        onConfirm={() => remove.mutate()}
        open={asking}
      />
    </Panel>
  );
}
