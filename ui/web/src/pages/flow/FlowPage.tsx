import { Panel } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { ApiError } from '../../api/errors';
import { flowQueries } from '../../api/queries/flows';
import type { Flow } from '../../api/types';
import type { Action } from '../../components/ActionButtons';
import { useAccess, useApp } from '../../components/app';
import { useWords } from '../../components/kinds';
import { Page } from '../../components/Page';
import { FailedState } from '../../components/states/FailedState';
import { SavedBySomebodyElse } from '../../components/states/SavedBySomebodyElse';
import { Skeleton } from '../../components/states/Skeleton';
import { useUnsaved } from '../../components/states/Unsaved';
import { TabSet } from '../../components/TabSet';
import { text } from '../../text';
import { flowText } from '../../texts/flow';
import { NotFoundPage } from '../NotFoundPage';
import { FlowNotices } from './FlowNotices';
import { History } from './History';
import { MatchingTab } from './MatchingTab';
import { Rules, optionPrefix } from './Rules';
import { ScheduleTab } from './ScheduleTab';
import { Summary, healthBadge } from './Summary';
import { useEditor } from './useEditor';

const tabs = ['summary', 'matching', 'rules', 'schedule', 'history'] as const;
type Tab = (typeof tabs)[number];

const items = tabs.map((id) => ({ id, title: flowText.tabs[id] }));

function tabOf(step: string | undefined): Tab {
  return tabs.find((t) => t === step) ?? 'summary';
}

export function FlowPage() {
  const { id = '' } = useParams();
  const { client } = useApp();
  const query = useQuery({ ...flowQueries.flow(client, id), staleTime: 0 });
  if (query.data) return <FlowEditor flow={query.data} key={id} />;
  if (query.error instanceof ApiError && query.error.status === 404) return <NotFoundPage />;
  return (
    <Page backLink={{ text: flowText.back, to: '/syncs' }} title={flowText.loading}>
      <Panel>{query.error ? <FailedState error={query.error} header={text.errors.loading} retry={() => void query.refetch()} /> : <Skeleton lines={6} />}</Panel>
    </Page>
  );
}

function FlowEditor({ flow }: { flow: Flow }) {
  const navigate = useNavigate();
  const access = useAccess();
  const { step } = useParams();
  const [query] = useSearchParams();
  const t = flowText;
  const words = useWords(flow.kind);
  const tab = tabOf(step);
  const focus = query.get('field') ?? '';
  const sourceOpen = step === 'source';
  const editor = useEditor(flow, access.granted && (tab === 'matching' || sourceOpen));
  const { draft, change, dirty, save, conflict } = editor;
  const leave = useUnsaved(dirty, `/syncs/${flow.id}`);

  // The rules show what is wrong with one beside it.
  const failure = tab === 'rules' && save.error instanceof ApiError ? save.error.without((f) => f.startsWith(optionPrefix)) : save.error;
  const nameless = draft.name.trim() === '';
  const actionBar: Action[] =
    dirty && access.granted
      ? [
          { text: t.discard, variant: 'subtle', onClick: editor.discard },
          { text: text.save, disabled: nameless, reason: t.rules.nameRequired, isLoading: save.isPending, onClick: () => editor.saveThen(() => undefined) },
        ]
      : [];
  return (
    <Page actionBar={actionBar} backLink={{ text: t.back, to: '/syncs' }} badges={[healthBadge(flow.health), ...(dirty ? [{ label: t.unsaved, variant: 'warning' as const }] : [])]} title={editor.saved.name}>
      {save.error && !conflict ? <FailedState error={failure} /> : null}
      {conflict ? <SavedBySomebodyElse differences={editor.differences} onLoad={editor.reload} /> : null}
      <FlowNotices flow={flow} />
      <TabSet active={tab} items={items} label={flow.name} onChange={(id) => void navigate(`/syncs/${flow.id}/${id}`)}>
        {tab === 'summary' ? <Summary editor={editor} flow={flow} onDelete={leave} sourceOpen={sourceOpen} words={words} /> : null}
        {tab === 'matching' ? <MatchingTab editor={editor} flow={flow} focus={focus} words={words} /> : null}
        {tab === 'rules' ? <Rules change={change} disabled={!access.granted} draft={draft} error={save.error} flow={flow} focus={focus} /> : null}
        {tab === 'schedule' ? <ScheduleTab change={change} disabled={!access.granted} draft={draft} flow={flow} /> : null}
        {tab === 'history' ? <History flow={flow} /> : null}
      </TabSet>
    </Page>
  );
}
