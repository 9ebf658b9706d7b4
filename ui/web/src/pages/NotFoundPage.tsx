import { useNavigate } from 'react-router';
import { Empty } from '../components/Feedback';
import { Page } from '../components/Page';
import { text } from '../text';

export function NotFoundPage() {
  const navigate = useNavigate();
  const t = text.shell.notFound;
  return (
    <Page title={text.appName}>
      <Empty action={{ text: t.action, onClick: () => void navigate('/') }} heading={t.heading} message={t.message} />
    </Page>
  );
}
