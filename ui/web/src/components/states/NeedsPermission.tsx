import { Message } from '@bigcommerce/big-design';
import { openApps } from '../../lib/browser';
import { text } from '../../text';
import { useSession } from '../app';

const t = text.shell.permission;

/** What BigCommerce did not allow Sluice in this store, what that stops, and where it is granted. */
export function NeedsPermission() {
  const { missing_scopes: missing, store } = useSession();
  if (missing.length === 0) return null;
  return (
    <Message
      actions={[{ text: t.action, onClick: () => openApps(store.hash) }]}
      header={t.header}
      marginBottom="medium"
      messages={[...missing.map((name) => ({ text: t.names[name] ?? t.other(name) })), { text: t.how }]}
      type="warning"
    />
  );
}
