import { Message } from '@bigcommerce/big-design';
import { text } from '../text';
import { useSession } from './app';

/** What stands in the way of the store or the user, on every page, and what to do about it. */
export function Banners() {
  const { store, missing_scopes: missing, permissions } = useSession();
  const t = text.shell;
  return (
    <>
      {store.state === 'needs_reinstall' ? (
        <Message header={t.reinstall.header} marginBottom="medium" messages={[{ text: store.state_reason || t.reinstall.fallback }, { text: t.reinstall.steps }]} type="error" />
      ) : null}
      {missing && missing.length > 0 ? (
        <Message header={t.scopes.header} marginBottom="medium" messages={[{ text: t.scopes.message(missing.join(', ')) }]} type="warning" />
      ) : null}
      {permissions.write ? null : <Message header={t.viewer.header} marginBottom="medium" messages={[{ text: t.viewer.message }]} type="info" />}
    </>
  );
}
