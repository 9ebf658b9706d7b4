import { Page } from '../../components/Page';
import { createText as t } from '../../texts/create';

export function CreatePage() {
  return <Page title={t.title}>{null}</Page>;
}
