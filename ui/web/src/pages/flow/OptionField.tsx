import { Button, Fieldset, FormGroup, Grid, Input, Radio, Select, Text } from '@bigcommerce/big-design';
import { DeleteIcon } from '@bigcommerce/big-design-icons';
import { useMemo, useState } from 'react';
import type { KindOption, OptionValue } from '../../api/types';
import { flowText } from '../../texts/flow';

const mostRadios = 3; // more choices are a list to open

interface Props {
  option: KindOption;
  value: OptionValue | undefined;
  /** What the server says is wrong with it. */
  error: string | undefined;
  disabled: boolean;
  onChange: (value: OptionValue) => void;
}

/** The form field of one option of a kind. */
export function OptionField(props: Props) {
  switch (props.option.type) {
    case 'choice':
      return <ChoiceField {...props} />;
    case 'number':
      return <NumberField {...props} />;
    case 'pairs':
      return <PairsField {...props} />;
    default:
      return <TextField {...props} />;
  }
}

function ChoiceField({ option, value, error, disabled, onChange }: Props) {
  const values = useMemo(() => option.values ?? [], [option.values]);
  // The same list as long as the option is: Select loses a choice that is made while its options change.
  const choices = useMemo(() => values.map((v) => ({ value: v.name, content: v.label })), [values]);
  if (values.length > mostRadios) {
    return (
      <FormGroup>
        <Select
          description={option.help}
          disabled={disabled}
          error={error}
          label={option.label}
          onOptionChange={(name) => onChange(name ?? null)}
          options={choices}
          value={typeof value === 'string' ? value : undefined}
        />
      </FormGroup>
    );
  }
  return (
    <Fieldset description={option.help} legend={option.label}>
      <FormGroup errors={error}>
        {values.map((v) => (
          <Radio checked={value === v.name} disabled={disabled} key={v.name} label={v.label} name={option.name} onChange={() => onChange(v.name)} value={v.name} />
        ))}
      </FormGroup>
    </Fieldset>
  );
}

function TextField({ option, value, error, disabled, onChange }: Props) {
  return (
    <FormGroup>
      <Input
        description={option.help}
        disabled={disabled}
        error={error}
        label={option.label}
        maxLength={255}
        onChange={(e) => onChange(e.target.value)}
        value={typeof value === 'string' ? value : ''}
      />
    </FormGroup>
  );
}

/** What is no number is sent as it is typed: the server says which numbers it takes. */
function numberOf(typed: string): OptionValue {
  const trimmed = typed.trim();
  if (trimmed === '') return null;
  const n = Number(trimmed);
  return Number.isFinite(n) ? n : trimmed;
}

function NumberField({ option, value, error, disabled, onChange }: Props) {
  const shown = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const [typed, setTyped] = useState(shown);
  // "1." is 1 and stays "1." while somebody types; another value comes from elsewhere.
  const current = numberOf(typed) === (value ?? null) ? typed : shown;
  return (
    <FormGroup>
      <Input
        description={option.help}
        disabled={disabled}
        error={error}
        inputMode="decimal"
        label={option.unit ? flowText.rules.withUnit(option.label, option.unit) : option.label}
        onChange={(e) => {
          setTyped(e.target.value);
          onChange(numberOf(e.target.value));
        }}
        value={current}
      />
    </FormGroup>
  );
}

interface Pair {
  id: number;
  name: string;
  value: string;
}

function pairsOf(rows: Pair[]): Record<string, string> {
  return Object.fromEntries(rows.map((r) => [r.name.trim(), r.value] as const).filter(([name]) => name !== ''));
}

function samePairs(a: Record<string, string>, b: Record<string, string>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value);
}

let lastPair = 0;

function PairsField({ option, value, error, disabled, onChange }: Props) {
  const pairs = useMemo(() => (typeof value === 'object' && value !== null ? value : {}), [value]);
  const [rows, setRows] = useState<Pair[]>([]);
  const t = flowText.rules.pairs;
  // Lines without a name are nobody's but the user's; other pairs than theirs come from elsewhere.
  if (!samePairs(pairsOf(rows), pairs)) setRows(Object.entries(pairs).map(([name, v]) => ({ id: ++lastPair, name, value: v })));
  const edit = (next: Pair[]) => {
    setRows(next);
    onChange(pairsOf(next));
  };
  const set = (id: number, part: Partial<Pair>) => edit(rows.map((r) => (r.id === id ? { ...r, ...part } : r)));
  return (
    <Fieldset description={option.help} legend={option.label}>
      <FormGroup errors={error}>
        <Grid gridColumns="minmax(0, 1fr) minmax(0, 1fr) auto" gridGap="0.5rem">
          {rows.length > 0 ? (
            <>
              <Text bold marginBottom="none">{t.name}</Text>
              <Text bold marginBottom="none">{t.value}</Text>
              <span />
            </>
          ) : null}
          {rows.map((row, i) => [
            <Input aria-label={t.nameOf(i + 1)} disabled={disabled} key={`${row.id} name`} maxLength={255} onChange={(e) => set(row.id, { name: e.target.value })} value={row.name} />,
            <Input aria-label={t.valueOf(i + 1)} disabled={disabled} key={`${row.id} value`} maxLength={255} onChange={(e) => set(row.id, { value: e.target.value })} value={row.value} />,
            <Button
              aria-label={t.remove(i + 1)}
              disabled={disabled}
              iconOnly={<DeleteIcon />}
              key={`${row.id} remove`}
              onClick={() => edit(rows.filter((r) => r.id !== row.id))}
              type="button"
              variant="subtle"
            />,
          ])}
        </Grid>
        <Button disabled={disabled} mobileWidth="auto" onClick={() => setRows([...rows, { id: ++lastPair, name: '', value: '' }])} type="button" variant="secondary">
          {t.add}
        </Button>
      </FormGroup>
    </Fieldset>
  );
}
