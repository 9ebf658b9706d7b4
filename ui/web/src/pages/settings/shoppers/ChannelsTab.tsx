import { Badge, type BadgeProps, Button, Checkbox, Fieldset, Form, FormGroup, Panel, Radio, StatusMessage, Text } from '@bigcommerce/big-design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { storefrontKeys } from '../../../api/queries/storefront';
import type { ChannelScript, ConsentCategory, Storefront, Channel } from '../../../api/types';
import { useAccess, useApp, useFeedback } from '../../../components/app';
import { Wrap } from '../../../components/Cells';
import { DataTable } from '../../../components/DataTable';
import { shoppersText } from '../../../texts/shoppers';
import { headless } from './platform';
import { useSaveSettings } from './useSaveSettings';

const t = shoppersText.channels;

/** The store's storefronts: their addresses, and the script of each. */
export function ChannelsTab({ storefront }: { storefront: Storefront }) {
  return (
    <>
      <Channels channels={storefront.channels} />
      <ScriptSettings storefront={storefront} />
    </>
  );
}

function Channels({ channels }: { channels: Channel[] }) {
  const { client, format } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const access = useAccess('run');
  const refresh = useMutation({
    mutationFn: () => client.refreshChannels(),
    onSuccess: () => {
      feedback.success(t.refreshed);
      void qc.invalidateQueries({ queryKey: storefrontKeys.storefront });
    },
    onError: feedback.failure,
  });
  const script = useMutation({
    mutationFn: ({ channel, wanted }: { channel: Channel; wanted: boolean }) => client.setScript(channel.channel_id, wanted),
    onSuccess: (_, { channel, wanted }) => {
      feedback.success(wanted ? t.installing(channel.name) : t.removing(channel.name));
      void qc.invalidateQueries({ queryKey: storefrontKeys.storefront });
    },
    onError: feedback.failure,
  });
  const busy = (c: Channel) => script.isPending && script.variables.channel.channel_id === c.channel_id;
  return (
    <Panel
      action={access.granted ? { text: t.refresh, variant: 'secondary', disabled: !access.allowed, isLoading: refresh.isPending, onClick: () => refresh.mutate() } : undefined}
      description={t.description}
      header={t.header}
    >
      {channels.length === 0 ? (
        <StatusMessage heading={t.empty.heading} message={t.empty.message} variant="info" />
      ) : (
        <DataTable
          aria-label={t.header}
          columns={[
            { header: t.name, hash: 'name', render: (c: Channel) => <Wrap $min={8}>{c.name || c.channel_id}</Wrap> },
            {
              header: t.origins,
              hash: 'origins',
              render: (c: Channel) => (
                <Wrap $min={12}>
                  {c.origins.length === 0 ? t.noOrigins : c.origins.map((origin) => <div key={origin}>{origin}</div>)}
                </Wrap>
              ),
            },
            {
              header: t.script,
              hash: 'script',
              render: (c: Channel) => (
                <Wrap $min={10}>
                  <Badge {...scriptBadge(c.script)} />
                  <ScriptNote checked={c.script.checked_at ? t.checked(format.ago(c.script.checked_at)) : ''} headless={headless(c)} script={c.script} />
                </Wrap>
              ),
            },
            {
              header: t.install,
              hash: 'action',
              hideHeader: true,
              align: 'right',
              render: (c: Channel) =>
                !access.granted || (headless(c) && !c.script.wanted) ? null : (
                  <Button
                    actionType={c.script.wanted ? 'destructive' : 'normal'}
                    aria-label={c.script.wanted ? t.removeOf(c.name) : t.installOf(c.name)}
                    disabled={!access.allowed}
                    isLoading={busy(c)}
                    mobileWidth="auto"
                    onClick={() => script.mutate({ channel: c, wanted: !c.script.wanted })}
                    title={access.reason}
                    variant={c.script.wanted ? 'subtle' : 'secondary'}
                  >
                    {c.script.wanted ? t.remove : t.install}
                  </Button>
                ),
            },
          ]}
          items={channels}
          keyField="channel_id"
        />
      )}
    </Panel>
  );
}

function ScriptNote({ script, checked, headless }: { script: ChannelScript; checked: string; headless: boolean }) {
  const note = script.state === 'failed' ? script.error : headless ? t.headless : script.state === 'installed' && !script.version_current ? t.outdated : checked;
  if (!note) return null;
  return (
    <Text as="small" color={script.state === 'failed' ? 'danger50' : 'secondary60'} marginBottom="none">
      {' '}
      {note}
    </Text>
  );
}

export function scriptBadge(script: ChannelScript): BadgeProps {
  const label = t.states[script.state];
  if (script.state === 'installed') return { label, variant: 'success' };
  if (script.state === 'failed') return { label, variant: 'danger' };
  if (script.state === 'pending') return { label, variant: 'warning' };
  return { label, variant: 'secondary' };
}

const categories: ConsentCategory[] = ['essential', 'functional', 'analytics', 'targeting'];

function ScriptSettings({ storefront }: { storefront: Storefront }) {
  const access = useAccess();
  const save = useSaveSettings();
  const c = shoppersText.consent;
  // What was chosen shows at once; the server's answer follows.
  const settings = save.isPending ? save.variables : storefront.settings;
  const disabled = !access.allowed || save.isPending;
  return (
    <Panel description={c.description} header={c.header}>
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <Fieldset description={c.categoryHelp} legend={c.category}>
          <FormGroup>
            {categories.map((category) => (
              <Radio
                checked={settings.consent_category === category}
                disabled={disabled}
                key={category}
                label={c.categories[category]}
                name="consent"
                onChange={() => save.mutate({ ...settings, consent_category: category })}
                value={category}
              />
            ))}
          </FormGroup>
        </Fieldset>
        <FormGroup>
          <Checkbox
            checked={settings.allow_sign_in}
            description={c.signInHelp}
            disabled={disabled}
            label={c.signIn}
            onChange={(e) => save.mutate({ ...settings, allow_sign_in: e.target.checked })}
          />
        </FormGroup>
      </Form>
    </Panel>
  );
}
