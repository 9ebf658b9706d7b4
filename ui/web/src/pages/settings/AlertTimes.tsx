import { Checkbox, Form, FormGroup, Input, Panel, Text } from '@bigcommerce/big-design';
import styled from 'styled-components';
import { alertsText } from '../../texts/alerts';
import type { AlertsDraft } from './alertsDraft';

const t = alertsText.times;

const Times = styled.div`
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => theme.spacing.medium};
  margin-bottom: ${({ theme }) => theme.spacing.medium};
  padding-left: ${({ theme }) => theme.spacing.xLarge};

  && > div {
    margin: 0;
    max-width: 10rem;
  }
`;

interface Props {
  draft: Pick<AlertsDraft, 'quiet' | 'digest'>;
  zone: string;
  showErrors: boolean;
  onChange: (part: Partial<AlertsDraft>) => void;
}

/** When Sluice keeps quiet, and when it sums a day up. */
export function AlertTimes({ draft: { quiet, digest }, zone, showErrors, onChange }: Props) {
  const time = (label: string, value: string, set: (value: string) => void) => (
    <FormGroup>
      <Input error={showErrors && value === '' ? t.required : undefined} label={label} onChange={(e) => set(e.target.value)} type="time" value={value} />
    </FormGroup>
  );
  return (
    <Panel header={t.header}>
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <Text color="secondary60">{t.zone(zone)}</Text>
        <FormGroup>
          <Checkbox
            checked={quiet.enabled}
            description={t.quietHelp}
            label={t.quiet}
            onChange={(e) => onChange({ quiet: { ...quiet, enabled: e.target.checked } })}
          />
        </FormGroup>
        {quiet.enabled ? (
          <Times>
            {time(t.from, quiet.from, (from) => onChange({ quiet: { ...quiet, from } }))}
            {time(t.to, quiet.to, (to) => onChange({ quiet: { ...quiet, to } }))}
          </Times>
        ) : null}
        <FormGroup>
          <Checkbox
            checked={digest.enabled}
            description={t.digestHelp}
            label={t.digest}
            onChange={(e) => onChange({ digest: { ...digest, enabled: e.target.checked } })}
          />
        </FormGroup>
        {digest.enabled ? <Times>{time(t.at, digest.at, (at) => onChange({ digest: { ...digest, at } }))}</Times> : null}
      </Form>
    </Panel>
  );
}
