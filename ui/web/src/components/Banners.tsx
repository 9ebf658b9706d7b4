import { Message } from '@bigcommerce/big-design';
import { useNavigate } from 'react-router';
import { text } from '../text';
import { useApp, useSession } from './app';

/** What stands in the way of the store or the user, on every page, and what to do about it. */
export function Banners() {
  const { store, missing_scopes: missing, shared_address_until: until, permissions } = useSession();
  const { format } = useApp();
  const navigate = useNavigate();
  const t = text.shell;
  return (
    <>
      {store.state === 'needs_reinstall' ? (
        <Message header={t.reinstall.header} marginBottom="medium" messages={[{ text: store.state_reason || t.reinstall.fallback }, { text: t.reinstall.steps }]} type="error" />
      ) : null}
      {missing.length > 0 ? (
        <Message header={t.scopes.header} marginBottom="medium" messages={[{ text: t.scopes.message(missing.join(', ')) }]} type="warning" />
      ) : null}
      {until ? (
        <Message
          actions={[{ text: t.sharedAddress.action, onClick: () => void navigate('/settings/shoppers/signOn') }]}
          header={t.sharedAddress.header}
          marginBottom="medium"
          messages={[{ text: format.isPast(until) ? t.sharedAddress.over(format.dateTime(until)) : t.sharedAddress.ends(format.dateTime(until)) }]}
          type={format.isPast(until) ? 'error' : 'warning'}
        />
      ) : null}
      {permissions.write ? null : <Message header={t.viewer.header} marginBottom="medium" messages={[{ text: t.viewer.message }]} type="info" />}
    </>
  );
}
