import { Input, Select } from '@bigcommerce/big-design';
import { useMemo } from 'react';
import type { TargetField } from '../../api/types';
import { matchingText } from '../../texts/matching';
import { choicesOf } from './names';

interface Props {
  label: string;
  value: string;
  target: TargetField | undefined;
  autoFocus?: boolean;
  onChange: (value: string) => void;
}

/** A value that a person gives: chosen by its label where the field has a list of values. */
export function ConstantField({ label, value, target, autoFocus = false, onChange }: Props) {
  const t = matchingText;
  const options = useMemo(() => {
    const choices = choicesOf(target)?.map((c) => ({ value: c.value, content: c.label }));
    return !choices || value === '' || choices.some((c) => c.value === value) ? choices : [...choices, { value, content: value }];
  }, [target, value]);
  if (options) {
    return <Select aria-label={label} onOptionChange={(v) => onChange(v ?? '')} options={options} placeholder={t.chooseValue} value={value} />;
  }
  const numeric = target?.type === 'number' || target?.type === 'integer';
  return (
    <Input
      aria-label={label}
      autoComplete="off"
      autoFocus={autoFocus}
      iconRight={target?.unit ? <span>{target.unit}</span> : undefined}
      inputMode={numeric ? 'decimal' : undefined}
      maxLength={1000}
      onChange={(e) => onChange(e.target.value)}
      placeholder={t.chosenValue}
      value={value}
    />
  );
}
