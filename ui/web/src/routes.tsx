import { Navigate, type RouteObject, useParams } from 'react-router';
import { Shell } from './components/Shell';
import { Notice } from './components/Notice';
import { chunk } from './lib/chunk';
import { HomePage } from './pages/home/HomePage';
import { NotFoundPage } from './pages/NotFoundPage';
import { text } from './text';

// Home comes with the program; every other page is loaded when somebody goes there.
const ActivityPage = chunk(async () => (await import('./pages/activity/ActivityPage')).ActivityPage);
const AttentionPage = chunk(async () => (await import('./pages/attention/AttentionPage')).AttentionPage);
const ConnectionsPage = chunk(async () => (await import('./pages/connections/ConnectionsPage')).ConnectionsPage);
const CreatePage = chunk(async () => (await import('./pages/create/CreatePage')).CreatePage);
const FlowPage = chunk(async () => (await import('./pages/flow/FlowPage')).FlowPage);
const RunPage = chunk(async () => (await import('./pages/RunPage')).RunPage);
const SettingsPage = chunk(async () => (await import('./pages/settings/SettingsPage')).SettingsPage);
const SyncsPage = chunk(async () => (await import('./pages/syncs/SyncsPage')).SyncsPage);

/** Where the parts of a sync stand that had addresses of their own before there were syncs. */
const oldSteps: Record<string, string> = { mapping: 'matching', options: 'rules' };

function OldSync() {
  const { id = '', step = '' } = useParams();
  return <Navigate replace to={`/syncs/${id}/${oldSteps[step] ?? ''}`} />;
}

function OldRun() {
  const { id = '' } = useParams();
  return <Navigate replace to={`/activity/${id}`} />;
}

function OldStorefront() {
  const { tab = '' } = useParams();
  return <Navigate replace to={`/settings/shoppers/${tab}`} />;
}

/** The panel's addresses. Bookmarks and links in mails have them: one that is given up is redirected. */
export const routes: RouteObject[] = [
  {
    element: <Shell />,
    errorElement: <Notice {...text.shell.crashed} />,
    children: [
      { index: true, element: <HomePage /> },
      { path: 'syncs', element: <SyncsPage /> },
      { path: 'syncs/new', element: <CreatePage /> },
      { path: 'syncs/:id', element: <FlowPage /> },
      { path: 'syncs/:id/:step', element: <FlowPage /> },
      { path: 'activity', element: <ActivityPage /> },
      { path: 'activity/:id', element: <RunPage /> },
      { path: 'attention', element: <AttentionPage /> },
      { path: 'connections', element: <ConnectionsPage /> },
      { path: 'settings', element: <SettingsPage /> },
      { path: 'settings/:tab', element: <SettingsPage /> },
      { path: 'settings/:tab/:part', element: <SettingsPage /> },
      { path: 'flows', element: <Navigate replace to="/syncs" /> },
      { path: 'flows/:id', element: <OldSync /> },
      { path: 'flows/:id/:step', element: <OldSync /> },
      { path: 'runs', element: <Navigate replace to="/activity" /> },
      { path: 'runs/:id', element: <OldRun /> },
      { path: 'storefront', element: <OldStorefront /> },
      { path: 'storefront/:tab', element: <OldStorefront /> },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
];
