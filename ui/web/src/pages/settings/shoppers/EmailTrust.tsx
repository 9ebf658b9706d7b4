import { Checkbox, FormGroup, H4, Input } from '@bigcommerce/big-design';
import { shoppersText } from '../../../texts/shoppers';
import type { ProviderDraft } from './providerDraft';

const t = shoppersText.provider.trust;

interface Props {
  draft: ProviderDraft;
  disabled: boolean;
  error: string | undefined; // of the place of the e-mail
  onChange: (part: Partial<ProviderDraft>) => void;
}

/** What the merchant takes the provider's word for, with the danger of each choice. */
export function EmailTrust({ draft, disabled, error, onChange }: Props) {
  return (
    <>
      <H4>{t.header}</H4>
      <FormGroup>
        <Input
          autoCapitalize="off"
          autoComplete="off"
          description={t.emailClaimHelp}
          disabled={disabled}
          error={error}
          label={t.emailClaim}
          maxLength={200}
          onChange={(e) => onChange({ email_claim: e.target.value })}
          placeholder="email"
          spellCheck={false}
          value={draft.email_claim}
        />
      </FormGroup>
      <FormGroup>
        {draft.preset === 'entra' ? null : (
          <Checkbox checked={draft.trust_email} description={t.trustEmailHelp} disabled={disabled} label={t.trustEmail} onChange={(e) => onChange({ trust_email: e.target.checked })} />
        )}
        <Checkbox checked={draft.keep_passwords} description={t.keepPasswordsHelp} disabled={disabled} label={t.keepPasswords} onChange={(e) => onChange({ keep_passwords: e.target.checked })} />
        <Checkbox checked={draft.request_ip} description={t.requestIPHelp} disabled={disabled} label={t.requestIP} onChange={(e) => onChange({ request_ip: e.target.checked })} />
      </FormGroup>
    </>
  );
}
