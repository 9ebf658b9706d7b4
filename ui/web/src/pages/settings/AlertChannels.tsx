import { Button, Checkbox, Flex, Form, FormGroup, H4, InlineMessage, Input, Panel, Select, Text } from '@bigcommerce/big-design';
import { AddIcon, DeleteIcon } from '@bigcommerce/big-design-icons';
import { useMutation } from '@tanstack/react-query';
import styled from 'styled-components';
import type { AlertChannelKind } from '../../api/types';
import { messagesOf, useApp } from '../../components/app';
import { alertsText } from '../../texts/alerts';
import { type ChannelDraft, newChannel } from './alertsDraft';

const t = alertsText.channels;
const most = 10; // the server's bound

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Item = styled.li`
  border-top: ${({ theme }) => theme.border.box};
  padding: ${({ theme }) => theme.spacing.medium} 0;
`;

const Row = styled.div`
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.small} ${theme.spacing.medium}`};

  && > * {
    margin: 0;
    max-width: none;
    min-width: 0;
  }

  ${({ theme }) => theme.breakpoints.tablet} {
    grid-template-columns: 12rem minmax(0, 1fr);
  }
`;

interface Props {
  channels: ChannelDraft[];
  mailAvailable: boolean;
  /** Something is not saved: the server would test what it has, not what is seen. */
  dirty: boolean;
  showErrors: boolean;
  onChange: (channels: ChannelDraft[]) => void;
}

/** Where alerts go. */
export function AlertChannels({ channels, mailAvailable, dirty, showErrors, onChange }: Props) {
  const edit = (line: string, part: Partial<ChannelDraft>) => onChange(channels.map((c) => (c.line === line ? { ...c, ...part } : c)));
  return (
    <Panel description={t.description} header={t.header}>
      {mailAvailable ? null : <InlineMessage marginBottom="medium" messages={[{ text: t.noMail }]} type="warning" />}
      {channels.length === 0 ? <Text color="secondary60">{t.none}</Text> : null}
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <List>
          {channels.map((c, i) => (
            <Item key={c.line}>
              <Channel
                channel={c}
                dirty={dirty}
                number={i + 1}
                onEdit={(part) => edit(c.line, part)}
                onRemove={() => onChange(channels.filter((other) => other.line !== c.line))}
                showErrors={showErrors}
              />
            </Item>
          ))}
        </List>
      </Form>
      {channels.length < most ? (
        <Button
          iconLeft={<AddIcon aria-hidden />}
          mobileWidth="auto"
          onClick={() => onChange([...channels, newChannel(mailAvailable ? 'mail' : 'slack')])}
          variant="secondary"
        >
          {t.add}
        </Button>
      ) : (
        <Text color="secondary60">{t.most}</Text>
      )}
    </Panel>
  );
}

const kinds = (Object.keys(t.kinds) as AlertChannelKind[]).map((value) => ({ value, content: t.kinds[value] }));

interface ChannelProps {
  channel: ChannelDraft;
  number: number;
  dirty: boolean;
  showErrors: boolean;
  onEdit: (part: Partial<ChannelDraft>) => void;
  onRemove: () => void;
}

function Channel({ channel: c, number, dirty, showErrors, onEdit, onRemove }: ChannelProps) {
  const name = `${t.kinds[c.kind]} ${c.to}`.trim();
  const fresh = c.id === '';
  return (
    <>
      <Row>
        {fresh ? (
          <FormGroup>
            <Select aria-label={t.kindOf(number)} label={t.kind} onOptionChange={(kind) => kind && onEdit({ kind })} options={kinds} value={c.kind} />
          </FormGroup>
        ) : (
          <div>
            <H4 as="h3" marginBottom="xSmall">
              {t.kinds[c.kind]}
            </H4>
            <Checkbox aria-label={t.onOf(name)} checked={c.enabled} label={t.on} onChange={(e) => onEdit({ enabled: e.target.checked })} />
          </div>
        )}
        <FormGroup>
          <Input
            autoComplete="off"
            description={t.help[c.kind]}
            error={showErrors && c.to.trim() === '' ? t.required : undefined}
            label={t.addresses[c.kind]}
            maxLength={2000}
            onChange={(e) => onEdit({ to: e.target.value })}
            spellCheck={false}
            value={c.to}
          />
        </FormGroup>
      </Row>
      {c.kind === 'webhook' && c.saved ? (
        <Checkbox checked={c.newSecret} label={t.newSecret} onChange={(e) => onEdit({ newSecret: e.target.checked })} />
      ) : null}
      {c.saved?.failure ? <InlineMessage marginVertical="small" messages={[{ text: t.failed(c.saved.failure) }]} type="error" /> : null}
      <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" flexWrap="wrap" justifyContent="flex-end" marginTop="small">
        {fresh || dirty ? (
          <Text as="span" color="secondary60" marginBottom="none">
            {t.testLater}
          </Text>
        ) : (
          <Test id={c.id} name={name} />
        )}
        <Button aria-label={t.removeOf(name)} iconOnly={<DeleteIcon aria-hidden />} mobileWidth="auto" onClick={onRemove} title={t.removeOf(name)} variant="subtle" />
      </Flex>
    </>
  );
}

/** Sends a message of its own by a channel, and says what became of it. */
function Test({ id, name }: { id: string; name: string }) {
  const { client } = useApp();
  const test = useMutation({ mutationFn: () => client.testAlert(id) });
  return (
    <>
      <div aria-live="polite" style={{ flexGrow: 1 }}>
        {test.data ? <InlineMessage messages={[{ text: test.data.message }]} type={test.data.delivered ? 'success' : 'error'} /> : null}
        {test.error ? <InlineMessage messages={messagesOf(test.error)} type="error" /> : null}
      </div>
      <Button aria-label={t.testOf(name)} isLoading={test.isPending} mobileWidth="auto" onClick={() => test.mutate()} variant="secondary">
        {t.test}
      </Button>
    </>
  );
}
