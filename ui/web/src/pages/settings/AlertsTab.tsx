import { Box, Button, Flex, InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../../components/Dialog';
import { attentionKeys, attentionQueries } from '../../api/queries/attention';
import { ApiError } from '../../api/errors';
import type { AlertChannel, Alerts } from '../../api/types';
import { useAccess, useApp, useFeedback } from '../../components/app';
import { CopyField } from '../../components/CopyField';
import { Loaded } from '../../components/Feedback';
import { FailedState } from '../../components/states/FailedState';
import { SavedBySomebodyElse } from '../../components/states/SavedBySomebodyElse';
import { useUnsaved } from '../../components/states/Unsaved';
import { text } from '../../text';
import { alertsText } from '../../texts/alerts';
import { AlertChannels } from './AlertChannels';
import { AlertRules } from './AlertRules';
import { AlertTimes } from './AlertTimes';
import { type AlertsDraft, changeOf, draftOf, isDirty, isValid } from './alertsDraft';

const t = alertsText;

/** Who is told of what, where and when. */
export function AlertsTab() {
  const admin = useAccess('admin');
  if (admin.granted) return <Known />;
  return (
    <Panel header={t.rules.header}>
      <InlineMessage messages={[{ text: t.adminOnly }]} type="info" />
    </Panel>
  );
}

function Known() {
  const { client } = useApp();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const query = useQuery(attentionQueries.alerts(client));
  const [secrets, setSecrets] = useState<AlertChannel[]>([]);
  const saved = ({ channels, ...rest }: Alerts) => {
    feedback.success(t.saved);
    setSecrets(channels.filter((c) => c.secret));
    // A secret is shown once, and then kept nowhere in the panel.
    qc.setQueryData<Alerts>(attentionKeys.alerts, { ...rest, channels: channels.map((c) => ({ ...c, secret: undefined })) });
  };
  return (
    <>
      <Loaded query={query}>{(alerts) => <AlertsForm alerts={alerts} key={alerts.version} onSaved={saved} />}</Loaded>
      {secrets.length > 0 ? <Secrets channels={secrets} onClose={() => setSecrets([])} /> : null}
    </>
  );
}

/** The signing secrets of new webhooks, this once. */
function Secrets({ channels, onClose }: { channels: AlertChannel[]; onClose: () => void }) {
  const s = t.secret;
  return (
    <Dialog actions={[{ text: s.done, onClick: onClose }]} closeOnClickOutside={false} closeOnEscKey={false} header={s.header} isOpen onClose={onClose}>
      <InlineMessage marginBottom="medium" messages={[{ text: s.message }]} type="warning" />
      {channels.map((c) => (
        <CopyField key={c.id} label={s.label(c.to)} value={c.secret ?? ''} />
      ))}
    </Dialog>
  );
}

function AlertsForm({ alerts, onSaved }: { alerts: Alerts; onSaved: (saved: Alerts) => void }) {
  const { client } = useApp();
  const qc = useQueryClient();
  const admin = useAccess('admin');
  const [draft, setDraft] = useState(() => draftOf(alerts));
  const [showErrors, setShowErrors] = useState(false);
  const dirty = isDirty(draft, alerts);
  useUnsaved(dirty);
  const edit = (part: Partial<AlertsDraft>) => setDraft((d) => ({ ...d, ...part }));
  const save = useMutation({
    mutationFn: () => client.saveAlerts(changeOf(draft, alerts.version)),
    onSuccess: onSaved,
  });
  const conflict = save.error instanceof ApiError && save.error.status === 409;
  return (
    <>
      <AlertRules onChange={(rules) => edit({ rules })} rules={draft.rules} showErrors={showErrors} />
      <AlertChannels
        channels={draft.channels}
        dirty={dirty}
        mailAvailable={alerts.mail_available}
        onChange={(channels) => edit({ channels })}
        showErrors={showErrors}
      />
      <AlertTimes draft={draft} onChange={edit} showErrors={showErrors} zone={alerts.time_zone} />
      <Box marginTop="medium">
        {conflict ? (
          <SavedBySomebodyElse onLoad={() => void qc.invalidateQueries({ queryKey: attentionKeys.alerts })} />
        ) : save.error ? (
          <FailedState error={save.error} />
        ) : null}
        <Flex alignItems="center" flexDirection="row" flexGap="1rem" flexWrap="wrap">
          <Button
            aria-describedby="alerts-unsaved"
            disabled={!dirty || !admin.allowed}
            isLoading={save.isPending}
            mobileWidth="auto"
            onClick={() => {
              setShowErrors(true);
              if (isValid(draft)) save.mutate();
            }}
          >
            {text.save}
          </Button>
          <Text as="span" color="secondary60" id="alerts-unsaved" marginBottom="none">
            {dirty ? (admin.reason ?? (showErrors && !isValid(draft) ? t.incomplete : t.unsaved)) : text.allSaved}
          </Text>
        </Flex>
      </Box>
    </>
  );
}
