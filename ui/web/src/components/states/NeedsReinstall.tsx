import { Message } from '@bigcommerce/big-design';
import { text } from '../../text';
import { useSession } from '../app';
import { openApps } from '../../lib/browser';

const t = text.shell.reinstall;

/** BigCommerce no longer lets Sluice into the store: what waits for it, and how it goes on. */
export function NeedsReinstall() {
  const { store } = useSession();
  if (store.state !== 'needs_reinstall') return null;
  return (
    <Message
      actions={[{ text: t.action, onClick: () => openApps(store.hash) }]}
      header={t.header}
      marginBottom="medium"
      messages={[{ text: store.state_reason || t.fallback }, { text: t.steps }]}
      type="error"
    />
  );
}
