import { Page } from '../../components/Page';
import { Quiet } from '../../components/Feedback';
import { attentionText as t } from '../../texts/attention';

export function AttentionPage() {
  return (
    <Page title={t.title}>
      <Quiet>{t.none}</Quiet>
    </Page>
  );
}
