import { FormGroup, Panel, Select, Small, Text } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { flowKeys, flowQueries } from '../../api/queries/flows';
import type { Flow, Kind, Run, Source } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { Wrap } from '../../components/Cells';
import { Loaded } from '../../components/Feedback';
import { EmptyState } from '../../components/states/EmptyState';
import { NameModal } from '../../components/NameModal';
import { NextRun } from '../../components/NextRun';
import { Page } from '../../components/Page';
import { useOutcome } from '../../components/runs';
import { TextLink } from '../../components/TextLink';
import { DataTable } from '../../components/DataTable';
import { capital } from '../../lib/words';
import { flowText } from '../../texts/flow';
import { scheduleText } from '../../texts/schedule';
import { syncsText } from '../../texts/syncs';

export function SyncsPage() {
  const { client, format } = useApp();
  const access = useAccess();
  const flows = useQuery(flowQueries.flows(client));
  const { data: kinds = [] } = useQuery(flowQueries.kinds(client));
  const [creating, setCreating] = useState(false);
  const t = syncsText;
  const create = { text: t.create, onClick: () => setCreating(true), disabled: !access.allowed || kinds.length === 0, reason: access.reason };
  const empty = flows.data?.length === 0;
  return (
    <Page actions={empty ? [] : [create]} description={kinds.length > 0 ? t.description(kinds.map((k) => k.plural)) : undefined} title={t.title}>
      <Loaded query={flows}>
        {(data) =>
          data.length === 0 ? (
            <EmptyState action={create} heading={t.empty.heading} message={t.empty.message} />
          ) : (
            <Panel>
              <DataTable
                flush
                aria-label={t.title}
                columns={[
                  { header: t.name, hash: 'name', render: (f: Flow) => <Wrap $min={9}><TextLink to={`/syncs/${f.id}`}>{f.name}</TextLink></Wrap> },
                  ...(kinds.length > 1 ? [{ header: t.kind, hash: 'kind', render: (f: Flow) => kindName(kinds, f.kind) }] : []),
                  { header: t.source, hash: 'source', render: (f: Flow) => <Wrap $min={10}>{sourceName(f.source)}</Wrap> },
                  {
                    header: t.lastRun,
                    hash: 'run',
                    render: (f: Flow) =>
                      f.last_run ? (
                        <Wrap $min={11}>
                          <TextLink to={`/activity/${f.last_run.id}`}>{format.ago(f.last_run.created_at)}</TextLink>
                          <Small color="secondary60" marginBottom="none">
                            <LastRun run={f.last_run} />
                          </Small>
                        </Wrap>
                      ) : (
                        <Text color="secondary60" marginBottom="none">{t.never}</Text>
                      ),
                  },
                  { header: scheduleText.nextRun, hash: 'next', render: (f: Flow) => <Wrap $min={9}><NextRun schedule={f.schedule} /></Wrap> },
                ]}
                items={data}
                keyField="id"
              />
            </Panel>
          )
        }
      </Loaded>
      {creating ? <CreateFlow kinds={kinds} onClose={() => setCreating(false)} /> : null}
    </Page>
  );
}

/** A kind that is gone is shown by its name. */
function kindName(kinds: Kind[], name: string): string {
  return capital(kinds.find((k) => k.name === name)?.plural ?? name);
}

function LastRun({ run }: { run: Run }) {
  return <>{useOutcome(run).sentence}</>;
}

function sourceName(s: Source): string {
  if (s.kind === 'upload') return s.filename || flowText.source.upload;
  if (s.kind === 'url') return hostAndFile(s.url);
  return syncsText.noSource;
}

/** The parts of an address by which a person knows it. */
function hostAndFile(url: string): string {
  try {
    const u = new URL(url);
    const file = u.pathname.split('/').pop() ?? '';
    return file ? `${u.host}, ${file}` : u.host;
  } catch {
    return url;
  }
}

function CreateFlow({ kinds, onClose }: { kinds: Kind[]; onClose: () => void }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const navigate = useNavigate();
  const t = syncsText.createModal;
  const [chosen, setChosen] = useState(0);
  // The same list while the modal is open: Select loses a choice that is made while its options change.
  const choices = useMemo(() => kinds.map((k, i) => ({ value: i, content: capital(k.plural) })), [kinds]);
  const kind = kinds[chosen];
  const create = useMutation({
    mutationFn: client.createFlow,
    onSuccess: (flow) => {
      qc.setQueryData(flowKeys.flow(flow.id), flow);
      void qc.invalidateQueries({ queryKey: flowKeys.flows });
      void navigate(`/syncs/${flow.id}/source`);
    },
  });
  if (!kind) return null;
  return (
    <NameModal
      busy={create.isPending}
      confirm={t.confirm}
      error={create.error}
      header={t.header}
      help={t.help}
      initial={t.default(kind)}
      label={t.name}
      onClose={onClose}
      onSubmit={(name) => create.mutate({ kind: kind.name, name })}
      required={t.required}
    >
      {kinds.length > 1 ? (
        <FormGroup>
          <Select label={t.kind} onOptionChange={(i) => setChosen(i ?? 0)} options={choices} required value={chosen} />
        </FormGroup>
      ) : null}
    </NameModal>
  );
}
