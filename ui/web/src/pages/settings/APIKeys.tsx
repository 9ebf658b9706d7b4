import { Badge, type BadgeProps, Button, Checkbox, Fieldset, Form, FormGroup, Input, InlineMessage, Panel, Radio, Select, StatusMessage } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { Dialog } from '../../components/Dialog';
import { settingsKeys, settingsQueries } from '../../api/queries/settings';
import type { APIKey, CreatedAPIKey, NewAPIKey } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { Name, Wrap } from '../../components/Cells';
import { Confirm } from '../../components/Confirm';
import { Loaded } from '../../components/Feedback';
import { NameModal } from '../../components/NameModal';
import { copyText } from '../../lib/browser';
import { DataTable } from '../../components/DataTable';
import { settingsText } from '../../texts/settings';

const t = settingsText.keys;

export function APIKeys() {
  const admin = useAccess('admin');
  if (!admin.allowed) {
    return (
      <Panel header={t.header}>
        <InlineMessage messages={[{ text: t.adminOnly }]} type="info" />
      </Panel>
    );
  }
  return <KeyList />;
}

function KeyList() {
  const { client, format } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const owner = useAccess('owner');
  const query = useQuery(settingsQueries.apiKeys(client));
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<CreatedAPIKey>();
  const [revoking, setRevoking] = useState<APIKey>();
  const revoke = useMutation({
    mutationFn: (id: string) => client.revokeAPIKey(id),
    onSuccess: () => {
      feedback.success(t.revokedAlert);
      void qc.invalidateQueries({ queryKey: settingsKeys.apiKeys });
    },
    onError: feedback.failure,
    onSettled: () => setRevoking(undefined),
  });
  const keep = useMutation({
    mutationFn: (id: string) => client.keepAPIKey(id),
    onSuccess: () => {
      feedback.success(t.keptAlert);
      void qc.invalidateQueries({ queryKey: settingsKeys.apiKeys });
    },
    onError: feedback.failure,
  });
  const toReview = query.data?.filter((k) => k.needs_review).length ?? 0;
  return (
    <Panel action={{ text: t.create, variant: 'secondary', onClick: () => setCreating(true) }} description={t.description} header={t.header}>
      {toReview > 0 ? (
        <InlineMessage
          marginBottom="medium"
          messages={[{ text: `${t.reviewMessage(toReview)} ${owner.allowed ? t.reviewOwner : t.reviewAsk}` }]}
          type="warning"
        />
      ) : null}
      <Loaded query={query}>
        {(list) =>
          list.length === 0 ? (
            <StatusMessage heading={t.empty.heading} message={t.empty.message} variant="info" />
          ) : (
            <DataTable
              aria-label={t.header}
              columns={[
                { header: t.name, hash: 'name', render: (k: APIKey) => <Wrap $min={8}>{k.name}</Wrap> },
                { header: t.prefix, hash: 'prefix', render: (k: APIKey) => <Name>{k.prefix}…</Name> },
                { header: t.scopes, hash: 'scopes', render: (k: APIKey) => <Wrap $min={8}>{scopeNames(k)}</Wrap> },
                { header: t.lastUsed, hash: 'used', render: (k: APIKey) => (k.last_used_at ? format.ago(k.last_used_at) : t.neverUsed) },
                { header: t.expires, hash: 'expires', render: (k: APIKey) => (k.expires_at ? format.dateTime(k.expires_at) : t.expiresNever) },
                { header: t.state, hash: 'state', render: (k: APIKey) => <Badge {...keyBadge(k)} /> },
                ...(toReview > 0 && owner.allowed
                  ? [
                      {
                        header: t.keep,
                        hash: 'keep',
                        hideHeader: true,
                        align: 'right' as const,
                        render: (k: APIKey) =>
                          k.needs_review ? (
                            <Button aria-label={t.keepOf(k.name)} isLoading={keep.isPending} mobileWidth="auto" onClick={() => keep.mutate(k.id)} variant="subtle">
                              {t.keep}
                            </Button>
                          ) : null,
                      },
                    ]
                  : []),
                {
                  header: t.revoke,
                  hash: 'revoke',
                  hideHeader: true,
                  align: 'right',
                  render: (k: APIKey) =>
                    k.revoked_at ? null : (
                      <Button actionType="destructive" aria-label={t.revokeOf(k.name)} mobileWidth="auto" onClick={() => setRevoking(k)} variant="subtle">
                        {t.revoke}
                      </Button>
                    ),
                },
              ]}
              items={list}
              keyField="id"
            />
          )
        }
      </Loaded>
      {creating ? (
        <CreateKey
          onClose={() => setCreating(false)}
          onCreated={(key) => {
            setCreating(false);
            setCreated(key);
            void qc.invalidateQueries({ queryKey: settingsKeys.apiKeys });
          }}
        />
      ) : null}
      {created ? <ShowSecret apiKey={created} onClose={() => setCreated(undefined)} /> : null}
      <Confirm
        busy={revoke.isPending}
        confirm={t.revokeModal.confirm}
        destructive
        header={t.revokeModal.header}
        message={t.revokeModal.message(revoking?.name ?? '')}
        onClose={() => setRevoking(undefined)}
        onConfirm={() => revoking && revoke.mutate(revoking.id)}
        open={revoking !== undefined}
      />
    </Panel>
  );
}

/** What a key may do, in words. */
function scopeNames(key: APIKey): string {
  const scopes = scopesOf(key);
  const names: string[] = [scopes.includes('flows:write') ? t.scopeWrite : t.scopeRead];
  for (const { scope, label } of identityScopes) if (scopes.includes(scope)) names.push(label);
  return names.join(', ');
}

function scopesOf(key: APIKey): string[] {
  return key.scopes.split(' ');
}

export function keyBadge(key: APIKey, now = Date.now()): BadgeProps {
  if (key.revoked_at) return { label: key.revoked_because ? t.revokedBecause[key.revoked_because] : t.revoked, variant: 'secondary' };
  if (key.expires_at && Date.parse(key.expires_at) <= now) return { label: t.expired, variant: 'warning' };
  if (key.needs_review) return { label: t.review, variant: 'warning' };
  return { label: t.active, variant: 'success' };
}

type IdentityScope = Exclude<NewAPIKey['scopes'][number], 'flows:read' | 'flows:write'>;

/** Scopes of storefront identity, each to be given by itself: they act for shoppers. */
const identityScopes: { scope: IdentityScope; label: string; help: string; owner: boolean }[] = [
  { scope: 'accounts:write', label: t.scopeAccounts, help: t.scopeAccountsHelp, owner: false },
  { scope: 'identity:login', label: t.scopeLogin, help: t.scopeLoginHelp, owner: true },
];

const never = 0;
const lifetimes = [...[30, 90, 365].map((days) => ({ value: days, content: t.expiresIn(days) })), { value: never, content: t.expiresNever }];

function CreateKey({ onClose, onCreated }: { onClose: () => void; onCreated: (key: CreatedAPIKey) => void }) {
  const { client } = useApp();
  const owner = useAccess('owner');
  const [write, setWrite] = useState(false);
  const [identity, setIdentity] = useState<IdentityScope[]>([]);
  const [days, setDays] = useState(365);
  const create = useMutation({
    mutationFn: (name: string) =>
      client.createAPIKey({
        name,
        scopes: [...(write ? (['flows:read', 'flows:write'] as const) : (['flows:read'] as const)), ...identity],
        expires_in_days: days,
      }),
    onSuccess: onCreated,
  });
  return (
    <NameModal
      busy={create.isPending}
      confirm={t.modal.confirm}
      error={create.error}
      header={t.modal.header}
      help={t.nameHelp}
      label={t.name}
      onClose={onClose}
      onSubmit={(name) => create.mutate(name)}
      required={t.nameRequired}
    >
      <Fieldset legend={t.scopes}>
        <FormGroup>
          <Radio checked={!write} description={t.scopeReadHelp} label={t.scopeRead} name="scope" onChange={() => setWrite(false)} value="read" />
          <Radio checked={write} description={t.scopeWriteHelp} label={t.scopeWrite} name="scope" onChange={() => setWrite(true)} value="write" />
        </FormGroup>
        <FormGroup>
          {identityScopes.map(({ scope, label, help, owner: ownerOnly }) => (
            <Checkbox
              checked={identity.includes(scope)}
              description={ownerOnly && !owner.allowed ? t.scopeLoginOwner : help}
              disabled={ownerOnly && !owner.allowed}
              key={scope}
              label={label}
              onChange={(e) => setIdentity(identityScopes.map((s) => s.scope).filter((s) => (s === scope ? e.target.checked : identity.includes(s))))}
            />
          ))}
        </FormGroup>
      </Fieldset>
      <FormGroup>
        <Select
          label={t.expires}
          onOptionChange={(d) => setDays(d ?? 365)}
          options={lifetimes.filter((l) => l.value !== never || owner.allowed)}
          value={days}
        />
      </FormGroup>
    </NameModal>
  );
}

/** The key's secret, this once. It is not kept anywhere in the panel afterwards. */
function ShowSecret({ apiKey, onClose }: { apiKey: CreatedAPIKey; onClose: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<boolean>();
  const s = t.secretModal;
  return (
    <Dialog actions={[{ text: s.done, onClick: onClose }]} closeOnClickOutside={false} closeOnEscKey={false} header={s.header} isOpen onClose={onClose}>
      <InlineMessage marginBottom="medium" messages={[{ text: s.message }]} type="warning" />
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <FormGroup>
          <Input label={s.label} onFocus={(e) => e.currentTarget.select()} readOnly ref={input} value={apiKey.secret} />
        </FormGroup>
      </Form>
      <Button
        mobileWidth="auto"
        onClick={() => {
          void copyText(apiKey.secret, input.current).then(setCopied);
        }}
        variant="secondary"
      >
        {s.copy}
      </Button>
      <div aria-live="polite">{copied === undefined ? null : <small>{copied ? s.copied : s.copyFailed}</small>}</div>
    </Dialog>
  );
}
