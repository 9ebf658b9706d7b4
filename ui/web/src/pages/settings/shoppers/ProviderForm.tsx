import { Box, Checkbox, Form, FormGroup, Input, InlineMessage, Panel, Select } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../../api/errors';
import { sessionKeys } from '../../../api/queries/session';
import { storefrontKeys } from '../../../api/queries/storefront';
import type { Provider, Presets } from '../../../api/types';
import { ActionButtons } from '../../../components/ActionButtons';
import { useAccess, useApp, useFeedback } from '../../../components/app';
import { Confirm } from '../../../components/Confirm';
import { FailedState } from '../../../components/states/FailedState';
import { Permitted } from '../../../components/states/ReadOnly';
import { SavedBySomebodyElse } from '../../../components/states/SavedBySomebodyElse';
import { useUnsaved } from '../../../components/states/Unsaved';
import { text } from '../../../text';
import { shoppersText } from '../../../texts/shoppers';
import { ClaimEditor } from './ClaimEditor';
import { EmailTrust } from './EmailTrust';
import { GroupField } from './GroupField';
import { draftOf, inputOf, type ProviderDraft, providerErrors, sameProvider, withPreset } from './providerDraft';
import { ReturnAddresses } from './ReturnAddresses';
import { TestResult } from './TestResult';

const t = shoppersText.provider;

interface Props {
  provider: Provider | null;
  addresses: Presets;
}

/** Sets up, tests, changes and removes the identity provider. Remounted (by key) for each stored version. */
export function ProviderForm({ provider, addresses }: Props) {
  const { presets } = addresses;
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const access = useAccess('owner');
  const [saved] = useState(() => draftOf(provider, presets));
  const [draft, setDraft] = useState(saved);
  const [showErrors, setShowErrors] = useState(false);
  const [removing, setRemoving] = useState(false);

  const test = useMutation({ mutationFn: (d: ProviderDraft) => client.testProvider(inputOf(d)) });
  const save = useMutation({
    mutationFn: (d: ProviderDraft) => client.saveProvider(inputOf(d)),
    onSuccess: () => {
      feedback.success(t.saved);
      void qc.invalidateQueries({ queryKey: sessionKeys.session }); // its banner may have to go
      void qc.invalidateQueries({ queryKey: storefrontKeys.provider });
      void qc.invalidateQueries({ queryKey: storefrontKeys.storefront });
    },
  });
  const remove = useMutation({
    mutationFn: () => client.deleteProvider(),
    onSuccess: () => {
      feedback.success(t.removed);
      void qc.invalidateQueries({ queryKey: sessionKeys.session });
      void qc.invalidateQueries({ queryKey: storefrontKeys.provider });
      void qc.invalidateQueries({ queryKey: storefrontKeys.storefront });
    },
    onError: feedback.failure,
    onSettled: () => setRemoving(false),
  });

  const change = (part: Partial<ProviderDraft>) => {
    setDraft((d) => ({ ...d, ...part }));
    test.reset();
  };
  const errors = providerErrors(draft);
  const errorOf = (field: 'issuer' | 'client_id' | 'email_claim') => {
    const error = showErrors ? errors.get(field) : undefined;
    return error ? t[error] : undefined;
  };
  const ifComplete = (action: (d: ProviderDraft) => void) => {
    setShowErrors(true);
    if (errors.size === 0) action(draft);
  };
  const conflict = save.error instanceof ApiError && save.error.status === 409;
  const preset = presets.find((p) => p.preset === draft.preset);
  const disabled = !access.allowed;
  const dirty = !sameProvider(draft, saved);
  useUnsaved(dirty && access.granted);
  return (
    <Panel
      action={provider && access.granted ? { text: t.remove, variant: 'subtle', actionType: 'destructive', disabled, onClick: () => setRemoving(true) } : undefined}
      badge={provider && dirty ? { label: shoppersText.unsaved, variant: 'warning' } : undefined}
      description={t.description}
      header={t.header}
    >
      {access.granted ? null : <InlineMessage marginBottom="medium" messages={[{ text: t.ownerOnly }]} type="info" />}
      {save.error && !conflict ? <FailedState error={save.error} /> : null}
      {conflict ? (
        <SavedBySomebodyElse onLoad={() => void qc.invalidateQueries({ queryKey: storefrontKeys.provider })} />
      ) : null}
      <Form
        fullWidth
        noValidate // our own messages say what to do
        onSubmit={(e) => {
          e.preventDefault();
          ifComplete((d) => save.mutate(d));
        }}
      >
        <FormGroup>
          <Select
            description={preset?.help}
            disabled={disabled}
            label={t.preset}
            onOptionChange={(p) => p && p !== draft.preset && change(withPreset(draft, p, presets))}
            options={presets.map((p) => ({ value: p.preset, content: p.name }))}
            value={draft.preset}
          />
        </FormGroup>
        <FormGroup>
          <Input
            autoComplete="off"
            description={t.issuerHelp}
            disabled={disabled}
            error={errorOf('issuer')}
            label={t.issuer}
            maxLength={500}
            onChange={(e) => change({ issuer: e.target.value })}
            required
            spellCheck={false}
            value={draft.issuer}
          />
        </FormGroup>
        <FormGroup>
          <Input
            autoComplete="off"
            disabled={disabled}
            error={errorOf('client_id')}
            label={t.clientId}
            maxLength={255}
            onChange={(e) => change({ client_id: e.target.value })}
            required
            spellCheck={false}
            value={draft.client_id}
          />
          <Input
            autoComplete="new-password"
            description={provider?.has_secret ? t.secretKept : t.secretHelp}
            disabled={disabled || draft.clearSecret}
            label={t.secret}
            maxLength={1000}
            onChange={(e) => change({ secret: e.target.value })}
            type="password"
            value={draft.secret}
          />
        </FormGroup>
        {provider?.has_secret ? (
          <FormGroup>
            <Checkbox checked={draft.clearSecret} disabled={disabled} label={t.secretClear} onChange={(e) => change({ clearSecret: e.target.checked, secret: '' })} />
          </FormGroup>
        ) : null}
        <FormGroup>
          <Input
            description={t.scopesHelp}
            disabled={disabled}
            label={t.scopes}
            maxLength={500}
            onChange={(e) => change({ scopes: e.target.value })}
            spellCheck={false}
            value={draft.scopes}
          />
        </FormGroup>
        <FormGroup>
          <Checkbox checked={draft.enabled} disabled={disabled} label={t.enabled} onChange={(e) => change({ enabled: e.target.checked })} />
          <Checkbox checked={draft.end_session} disabled={disabled} label={t.endSession} onChange={(e) => change({ end_session: e.target.checked })} />
          <Checkbox
            checked={draft.create_customers}
            description={t.createHelp}
            disabled={disabled}
            label={t.create}
            onChange={(e) => change({ create_customers: e.target.checked })}
          />
        </FormGroup>
        {draft.create_customers ? (
          <FormGroup>
            <GroupField disabled={disabled} onChange={(group) => change({ group })} value={draft.group} />
          </FormGroup>
        ) : null}
        <EmailTrust disabled={disabled} draft={draft} error={errorOf('email_claim')} onChange={change} />
        <ClaimEditor disabled={disabled} lines={draft.claims} onChange={(claims) => change({ claims })} showErrors={showErrors} targets={addresses.targets} />
        <Permitted kind="owner">
          <Box marginTop="medium">
            <ActionButtons
              actions={[
                { text: t.test, disabled, isLoading: test.isPending, onClick: () => ifComplete((d) => test.mutate(d)), reason: access.reason, type: 'button', variant: 'secondary' },
                { text: text.save, disabled: disabled || (provider !== null && !dirty), isLoading: save.isPending, reason: access.reason ?? text.allSaved, type: 'submit' },
              ]}
            />
          </Box>
        </Permitted>
      </Form>
      <TestResult test={test} />
      <ReturnAddresses
        addresses={addresses}
        disabled={disabled}
        moved={draft.own_address}
        onMove={(moved) => change({ own_address: moved })}
        provider={provider}
        signOut={draft.end_session}
      />
      <Confirm
        busy={remove.isPending}
        confirm={t.removeModal.confirm}
        destructive
        header={t.removeModal.header}
        message={t.removeModal.message}
        onClose={() => setRemoving(false)}
        onConfirm={() => remove.mutate()}
        open={removing}
      />
    </Panel>
  );
}
