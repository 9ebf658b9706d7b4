import { FormGroup, Panel, Select, Text } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import styled from 'styled-components';
import { flowQueries } from '../../api/queries/flows';
import type { Flow, Kind } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Loaded } from '../../components/Feedback';
import { Hidden } from '../../components/Hidden';
import { Page } from '../../components/Page';
import { SearchField } from '../../components/SearchField';
import { EmptyState } from '../../components/states/EmptyState';
import { TextLink } from '../../components/TextLink';
import { capital } from '../../lib/words';
import { syncsText as t } from '../../texts/syncs';
import { type Sort, shownSyncs, sorts } from './syncList';
import { SyncTable } from './SyncTable';

const Filters = styled.div`
  align-items: flex-end;
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.small} ${theme.spacing.medium}`};
  margin: ${({ theme }) => `-${theme.spacing.medium} 0 ${theme.spacing.medium}`};

  && > * {
    margin: 0;
    max-width: none;
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: minmax(0, 1fr) 14rem;
  }
`;

/** Every sync of the store. Search, kind, order and page stand in the address: Back and a reload keep them. */
export function SyncsPage() {
  const { client } = useApp();
  const navigate = useNavigate();
  const access = useAccess();
  const flows = useQuery(flowQueries.flows(client));
  const { data: kinds = [] } = useQuery(flowQueries.kinds(client));
  const create = access.granted ? { text: t.create, onClick: () => void navigate('/syncs/new') } : undefined;
  return (
    <Page actions={create && flows.data && flows.data.length > 0 ? [create] : []} description={t.description} title={t.title}>
      <Loaded query={flows}>
        {(data) =>
          data.length === 0 ? <EmptyState action={create} heading={t.empty.heading} message={t.empty.message} /> : <List flows={data} kinds={kinds} />
        }
      </Loaded>
    </Page>
  );
}

const perPage = 25;

function List({ flows, kinds }: { flows: Flow[]; kinds: Kind[] }) {
  const { format } = useApp();
  const [params, setParams] = useSearchParams();
  const q = params.get('q') ?? '';
  const kind = params.get('kind') ?? '';
  const wanted = params.get('sort') ?? '';
  const down = wanted.startsWith('-');
  const sort: Sort = sorts.find((s) => s === wanted.replace('-', '')) ?? 'name';
  const found = useMemo(() => shownSyncs(flows, kinds, { q, kind, sort, down }), [flows, kinds, q, kind, sort, down]);
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const page = Math.min(pages, Math.max(1, Number(params.get('page')) || 1));
  const change = (part: Record<string, string>) => {
    const next = new URLSearchParams(params);
    next.delete('page'); // of another list
    for (const [name, value] of Object.entries(part)) {
      if (value === '') next.delete(name);
      else next.set(name, value);
    }
    setParams(next, { replace: true });
  };
  // The same list until the kinds change: Select loses a choice that is made while its options change.
  const kindOptions = useMemo(() => [{ value: '', content: t.allKinds }, ...kinds.map((k) => ({ value: k.name, content: capital(k.plural) }))], [kinds]);
  return (
    <Panel>
      <Filters>
        <FormGroup>
          <SearchField label={t.search} onSearch={(search) => change({ q: search })} value={q} />
        </FormGroup>
        {kinds.length > 1 ? (
          <FormGroup>
            <Select label={t.kind} onOptionChange={(k) => change({ kind: k ?? '' })} options={kindOptions} value={kind} />
          </FormGroup>
        ) : null}
      </Filters>
      <Hidden role="status">{q !== '' || kind !== '' ? t.found(format.number(found.length), found.length) : ''}</Hidden>
      {found.length === 0 ? (
        <Text>
          {t.noneFound} <TextLink to="/syncs">{t.clear}</TextLink>
        </Text>
      ) : (
        <SyncTable
          flows={found.slice((page - 1) * perPage, page * perPage)}
          onSort={(s, reversed) => change({ sort: s === 'name' && !reversed ? '' : `${reversed ? '-' : ''}${s}` })}
          pagination={
            pages > 1
              ? {
                  currentPage: page,
                  itemsPerPage: perPage,
                  itemsPerPageOptions: [perPage],
                  label: t.pages,
                  onItemsPerPageChange: () => undefined,
                  onPageChange: (to) => change({ page: to === 1 ? '' : String(to) }),
                  totalItems: found.length,
                }
              : undefined
          }
          sort={sort}
          down={down}
        />
      )}
    </Panel>
  );
}
