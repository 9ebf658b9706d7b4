import { Checkbox, Form, FormGroup, Message } from '@bigcommerce/big-design';
import type { Provider, Presets } from '../../../api/types';
import { useApp } from '../../../components/app';
import { CopyField } from '../../../components/CopyField';
import { shoppersText } from '../../../texts/shoppers';

const t = shoppersText.provider;

interface Props {
  provider: Provider | null;
  addresses: Presets;
  signOut: boolean; // the provider's session is ended too
  moved: boolean; // the merchant says that the provider knows the store's own addresses
  disabled: boolean;
  onMove: (moved: boolean) => void;
}

/** The addresses to register with the provider, and the way from the shared ones to the store's own. */
export function ReturnAddresses({ provider, addresses, signOut, moved, disabled, onMove }: Props) {
  const { format } = useApp();
  const until = provider?.shared_until ?? null;
  return (
    <>
      {until !== null ? (
        <>
          <Message
            header={t.shared.header}
            marginBottom="medium"
            messages={[{ text: provider?.announces_issuer ? t.shared.announced : format.isPast(until) ? t.shared.over(format.dateTime(until)) : t.shared.ends(format.dateTime(until)) }, { text: t.shared.steps }]}
            type={provider?.announces_issuer ? 'info' : format.isPast(until) ? 'error' : 'warning'}
          />
          <CopyField help={t.shared.inUse} label={t.shared.redirect} value={addresses.shared.callback_url} />
        </>
      ) : null}
      <CopyField help={t.redirectHelp} label={t.redirect} value={addresses.callback_url} />
      {signOut ? <CopyField help={t.loggedOutHelp} label={t.loggedOut} value={addresses.logged_out_url} /> : null}
      {until !== null ? (
        <Form fullWidth onSubmit={(e) => e.preventDefault()}>
          <FormGroup>
            <Checkbox checked={moved} description={t.shared.movedHelp} disabled={disabled} label={t.shared.moved} onChange={(e) => onMove(e.target.checked)} />
          </FormGroup>
        </Form>
      ) : null}
    </>
  );
}
