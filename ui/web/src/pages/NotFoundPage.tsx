import { useNavigate } from 'react-router';
import { EmptyState } from '../components/states/EmptyState';
import { Page } from '../components/Page';
import { text } from '../text';

export function NotFoundPage() {
  const navigate = useNavigate();
  const t = text.shell.notFound;
  return (
    <Page title={text.appName}>
      <EmptyState action={{ text: t.action, onClick: () => void navigate('/') }} heading={t.heading} message={t.message} />
    </Page>
  );
}
