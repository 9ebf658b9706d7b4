import { Box, Checkbox, FormGroup, Input, Panel } from '@bigcommerce/big-design';
import styled from 'styled-components';
import { useApp } from '../../components/app';
import { alertsText } from '../../texts/alerts';
import { isWithin, type RuleDraft } from './alertsDraft';

const t = alertsText.rules;

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Item = styled.li`
  border-top: ${({ theme }) => theme.border.box};
  padding: ${({ theme }) => theme.spacing.small} 0;

  &:last-child {
    padding-bottom: 0;
  }
`;

const Numbers = styled(Box)`
  align-items: flex-end;
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => theme.spacing.medium};
  margin-top: ${({ theme }) => theme.spacing.small};
  padding-left: ${({ theme }) => theme.spacing.xLarge};

  && > div {
    margin: 0;
    max-width: 14rem;
  }
`;

interface Props {
  rules: RuleDraft[];
  showErrors: boolean;
  onChange: (rules: RuleDraft[]) => void;
}

/** What Sluice tells of, each with its numbers while it is on. */
export function AlertRules({ rules, showErrors, onChange }: Props) {
  const { format } = useApp();
  const edit = (name: string, part: Partial<RuleDraft>) => onChange(rules.map((r) => (r.rule.name === name ? { ...r, ...part } : r)));
  return (
    <Panel description={t.description} header={t.header}>
      <List>
        {rules.map(({ rule, enabled, params }) => (
          <Item key={rule.name}>
            <Checkbox checked={enabled} description={rule.help} label={rule.label} onChange={(e) => edit(rule.name, { enabled: e.target.checked })} />
            {enabled && rule.fields.length > 0 ? (
              <Numbers>
                {rule.fields.map((f) => (
                  <FormGroup key={f.name}>
                    <Input
                      error={showErrors && !isWithin(params[f.name], f) ? t.between(format.number(f.min), format.number(f.max)) : undefined}
                      inputMode="numeric"
                      label={t.fieldOf(f.label, f.unit)}
                      max={f.max}
                      min={f.min}
                      onChange={(e) => edit(rule.name, { params: { ...params, [f.name]: e.target.value } })}
                      type="number"
                      value={params[f.name] ?? ''}
                    />
                  </FormGroup>
                ))}
              </Numbers>
            ) : null}
          </Item>
        ))}
      </List>
    </Panel>
  );
}
