import { Input, Select } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { storefrontQueries } from '../../../api/queries/storefront';
import { useApp } from '../../../components/app';
import { shoppersText } from '../../../texts/shoppers';

const t = shoppersText.provider;

/** The customer group of new customers: by name, or by its id where the store does not tell its groups. */
export function GroupField({ value, onChange, disabled }: { value: string; onChange: (value: string) => void; disabled: boolean }) {
  const { client } = useApp();
  const groups = useQuery(storefrontQueries.customerGroups(client));
  if (!groups.data) {
    return <Input description={t.groupHelp} disabled={disabled} label={t.group} min={0} onChange={(e) => onChange(e.target.value)} type="number" value={value} />;
  }
  const options = [{ value: '0', content: t.groupDefault }, ...groups.data.map((g) => ({ value: String(g.id), content: g.name }))];
  if (!options.some((o) => o.value === value)) options.push({ value, content: t.groupGone(value) });
  return <Select disabled={disabled} label={t.group} onOptionChange={(v) => onChange(v ?? '0')} options={options} value={value} />;
}
