import { Message } from '@bigcommerce/big-design';
import { useNavigate } from 'react-router';
import { text } from '../text';
import { useApp, useSession } from './app';
import { NeedsPermission } from './states/NeedsPermission';
import { NeedsReinstall } from './states/NeedsReinstall';
import { ReadOnly } from './states/ReadOnly';
import { Stale } from './states/Stale';

/** What stands in the way of the store or the user, on every page, and what to do about it. */
export function Banners() {
  const { shared_address_until: until } = useSession();
  const { format } = useApp();
  const navigate = useNavigate();
  const t = text.shell;
  return (
    <>
      <Stale />
      <NeedsReinstall />
      <NeedsPermission />
      {until ? (
        <Message
          actions={[{ text: t.sharedAddress.action, onClick: () => void navigate('/settings/shoppers/signOn') }]}
          header={t.sharedAddress.header}
          marginBottom="medium"
          messages={[{ text: format.isPast(until) ? t.sharedAddress.over(format.dateTime(until)) : t.sharedAddress.ends(format.dateTime(until)) }]}
          type={format.isPast(until) ? 'error' : 'warning'}
        />
      ) : null}
      <ReadOnly />
    </>
  );
}
