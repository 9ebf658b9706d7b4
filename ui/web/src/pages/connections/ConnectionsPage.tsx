import { Page } from '../../components/Page';
import { Quiet } from '../../components/Feedback';
import { connectionsText as t } from '../../texts/connections';

export function ConnectionsPage() {
  return (
    <Page title={t.title}>
      <Quiet>{t.none}</Quiet>
    </Page>
  );
}
