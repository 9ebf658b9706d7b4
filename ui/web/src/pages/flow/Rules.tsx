import { Form, FormGroup, Input, Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError } from '../../api/errors';
import { flowQueries } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import { useApp } from '../../components/app';
import { Loaded } from '../../components/Feedback';
import { flowText } from '../../texts/flow';
import type { Draft } from '../source/draft';
import { OptionField } from './OptionField';

interface Props {
  draft: Draft;
  flow: Flow;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
  /** Of the last save. */
  error: unknown;
  /** The rule that somebody came for. */
  focus: string;
}

/** How the server names the field of an option. */
export const optionPrefix = 'options.';

/** A sync's name, and what it does in the cases that need a decision. */
export function Rules({ draft, flow, change, disabled, error, focus }: Props) {
  const { client } = useApp();
  const kinds = useQuery(flowQueries.kinds(client));
  const problems = error instanceof ApiError ? error.fields : [];
  const t = flowText.rules;
  const known = kinds.data !== undefined;
  useEffect(() => {
    if (!known || focus === '') return;
    const place = document.getElementById(`rule-${focus}`);
    place?.scrollIntoView({ block: 'center' });
    place?.querySelector<HTMLElement>('input, textarea, button')?.focus({ preventScroll: true });
  }, [known, focus]);
  return (
    <Panel description={t.description} header={t.header}>
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <FormGroup>
          <Input
            disabled={disabled}
            error={draft.name.trim() === '' ? t.nameRequired : undefined}
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
              <div id={`rule-${option.name}`} key={option.name}>
                <OptionField
                  disabled={disabled}
                  error={problems.find((p) => p.field === optionPrefix + option.name)?.message}
                  onChange={(value) => change({ options: { ...draft.options, [option.name]: value } })}
                  option={option}
                  value={option.name in draft.options ? draft.options[option.name] : option.default}
                />
              </div>
            ))
          }
        </Loaded>
      </Form>
    </Panel>
  );
}
