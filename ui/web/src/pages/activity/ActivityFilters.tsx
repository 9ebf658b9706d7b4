import { Box, Button, Flex, Input, Select } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import styled from 'styled-components';
import { flowQueries } from '../../api/queries/flows';
import { settingsQueries } from '../../api/queries/settings';
import { useApp, useSession } from '../../components/app';
import { SearchField } from '../../components/SearchField';
import { capital } from '../../lib/words';
import { activityText } from '../../texts/activity';
import { results, type useFilters } from './filters';

const t = activityText.filter;

const Grid = styled.div<{ $open: boolean }>`
  display: ${({ $open }) => ($open ? 'grid' : 'none')};
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fit, minmax(min(9rem, 100%), 1fr));
  margin-top: ${({ theme }) => theme.spacing.medium};

  ${({ theme }) => theme.breakpoints.tablet} {
    display: grid;
  }
`;

/** On narrow panels the filters would push the list out of sight: there they open when asked for. */
const NarrowOnly = styled(Box)`
  ${({ theme }) => theme.breakpoints.tablet} {
    display: none;
  }
`;

export function ActivityFilters({ filters, set, clear, count }: ReturnType<typeof useFilters>) {
  const { client, format } = useApp();
  const { permissions } = useSession();
  const [open, setOpen] = useState(false);
  const flows = useQuery(flowQueries.flows(client));
  const kinds = useQuery(flowQueries.kinds(client));
  const users = useQuery(settingsQueries.users(client));
  const keys = useQuery({ ...settingsQueries.apiKeys(client), enabled: permissions.admin });
  // The same lists until their content changes: Select loses a choice that is made while its options change.
  const flowOptions = useMemo(() => [{ value: '', content: t.anyFlow }, ...(flows.data ?? []).map((f) => ({ value: f.id, content: f.name }))], [flows.data]);
  const kindOptions = useMemo(
    () => [
      { value: '', content: t.anyKind },
      ...(kinds.data ?? []).map((k) => ({ value: k.name, content: t.kindRuns(capital(k.plural)) })),
      ...(permissions.admin ? [{ value: 'change', content: t.changes }] : []),
    ],
    [kinds.data, permissions.admin],
  );
  const resultOptions = useMemo(() => results.map((r) => ({ value: r, content: t.results[r] })), []);
  const actorOptions = useMemo(
    () => [
      ...(['', 'user'] as const).map((a) => ({ value: a, content: t.actors[a] })),
      ...(users.data ?? []).map((u) => ({ value: `user:${u.id}`, content: u.email })),
      { value: 'key', content: t.actors.key },
      ...(keys.data ?? []).map((k) => ({ value: `key:${k.id}`, content: activityText.keyNamed(k.name) })),
      ...(['schedule', 'system', 'bigcommerce', 'operator'] as const).map((a) => ({ value: a, content: t.actors[a] })),
    ],
    [users.data, keys.data],
  );
  return (
    <Box marginBottom="large">
      <SearchField description={t.qHelp} label={t.q} onSearch={(q) => set({ q })} value={filters.q} />
      <NarrowOnly marginTop="small">
        <Button aria-expanded={open} mobileWidth="auto" onClick={() => setOpen(!open)} variant="secondary">
          {count > 0 ? activityText.filtersSet(format.number(count)) : activityText.filters}
        </Button>
      </NarrowOnly>
      <Grid $open={open}>
        <Select label={t.flow} onOptionChange={(v) => set({ flow_id: v ?? '' })} options={flowOptions} value={filters.flow_id} />
        <Select label={t.kind} onOptionChange={(v) => set({ kind: v ?? '' })} options={kindOptions} value={filters.kind} />
        <Select label={t.result} onOptionChange={(v) => set({ result: v ?? '' })} options={resultOptions} value={filters.result} />
        <Select label={t.actor} onOptionChange={(v) => set({ actor: v ?? '' })} options={actorOptions} value={filters.actor} />
        <Input label={t.from} max={filters.to || undefined} onChange={(e) => set({ from: e.target.value })} type="date" value={filters.from} />
        <Input label={t.to} min={filters.from || undefined} onChange={(e) => set({ to: e.target.value })} type="date" value={filters.to} />
      </Grid>
      {count > 0 ? (
        <Flex flexDirection="row" marginTop="small">
          <Button mobileWidth="auto" onClick={clear} variant="subtle">
            {activityText.clear}
          </Button>
        </Flex>
      ) : null}
    </Box>
  );
}
