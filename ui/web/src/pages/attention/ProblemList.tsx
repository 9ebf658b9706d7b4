import { Button, Flex, Select, Text } from '@bigcommerce/big-design';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import styled from 'styled-components';
import { attentionKeys } from '../../api/queries/attention';
import { sessionKeys } from '../../api/queries/session';
import { settingsQueries } from '../../api/queries/settings';
import type { Attention, AttentionChange } from '../../api/types';
import { ActionMenu } from '../../components/ActionMenu';
import { useAccess, useApp, useFeedback, useSession } from '../../components/app';
import { TextLink } from '../../components/TextLink';
import { attentionText as t } from '../../texts/attention';
import { RemedyButton } from './RemedyButton';

const day = 86_400_000;
const terms = [
  { content: t.muteFor.day, ms: day },
  { content: t.muteFor.week, ms: 7 * day },
  { content: t.muteFor.month, ms: 30 * day },
];

const List = styled.ul`
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Item = styled.li`
  border-top: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.small} ${theme.spacing.large}`};
  padding: ${({ theme }) => theme.spacing.medium} 0;

  &:last-child {
    padding-bottom: 0;
  }

  & > * {
    min-width: 0;
  }

  ${({ theme }) => theme.breakpoints.desktop} {
    grid-template-columns: minmax(0, 1fr) auto;
  }
`;

const Who = styled.div`
  width: 15rem;
`;

/** Problems of one cause, each with what can be done about it. */
export function ProblemList({ problems }: { problems: Attention[] }) {
  return (
    <List>
      {problems.map((p) => (
        <Problem key={p.id} problem={p} />
      ))}
    </List>
  );
}

/** How much of what a problem concerns; undefined where the number says nothing. */
function countText({ cause, count }: Attention, n: string): string | undefined {
  if (count === 0) return undefined;
  if (cause === 'run_failed' || cause === 'late') return t.counts[cause](n, count);
  return cause === 'problems' || cause === 'shrank' ? t.counts.records(n, count) : undefined;
}

function Problem({ problem: p }: { problem: Attention }) {
  const { format } = useApp();
  const write = useAccess('write');
  const name = p.flow_name || t.wholeStore;
  const facts = [countText(p, format.number(p.count)), t.began(format.ago(p.since)), p.muted_until ? t.mutedUntil(format.dateTime(p.muted_until)) : undefined];
  return (
    <Item>
      <div>
        <Text marginBottom="xxSmall">
          {p.flow_id ? <TextLink to={`/syncs/${p.flow_id}`}>{name}</TextLink> : <b>{name}</b>}: {p.message}
        </Text>
        <Text marginBottom="xxSmall">{p.remedy.text}</Text>
        <Text as="small" color="secondary60" marginBottom="none">
          <span title={format.dateTime(p.since)}>{facts.filter((f) => f !== undefined).join(' · ')}</span>
        </Text>
      </div>
      <Flex alignItems="flex-start" flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        <RemedyButton problem={p} />
        {write.granted ? <Care name={name} problem={p} /> : null}
      </Flex>
    </Item>
  );
}

/** Who looks after a problem, and for how long it is kept quiet. */
function Care({ problem: p, name }: { problem: Attention; name: string }) {
  const { client, format } = useApp();
  const { user: me } = useSession();
  const qc = useQueryClient();
  const feedback = useFeedback();
  const users = useQuery(settingsQueries.users(client));
  const who = useMemo(
    () => [{ value: '', content: t.nobody }, ...(users.data ?? []).map((u) => ({ value: u.id, content: u.id === me?.id ? t.me(u.email) : u.email || String(u.user_id) }))],
    [users.data, me?.id],
  );
  const change = useMutation({
    mutationFn: (part: AttentionChange) => client.changeAttention(p.id, part),
    onSuccess: (now, part) => {
      if (part.assigned_to !== undefined) {
        const email = users.data?.find((u) => u.id === now.assigned_to)?.email;
        feedback.success(email ? t.assigned(email) : t.assignedNobody);
      } else feedback.success(now.muted_until ? t.muted(format.dateTime(now.muted_until)) : t.unmuted);
      void qc.invalidateQueries({ queryKey: attentionKeys.attention });
      void qc.invalidateQueries({ queryKey: sessionKeys.session });
    },
    onError: feedback.failure,
  });
  return (
    <>
      <Who>
        <Select
          aria-label={t.assignedToOf(name)}
          disabled={change.isPending}
          onOptionChange={(id) => {
            if (id !== undefined && id !== p.assigned_to) change.mutate({ assigned_to: id });
          }}
          options={who}
          value={p.assigned_to}
        />
      </Who>
      {p.muted_until ? (
        <Button aria-label={t.unmuteOf(name)} isLoading={change.isPending} mobileWidth="auto" onClick={() => change.mutate({ muted_until: null })} variant="subtle">
          {t.unmute}
        </Button>
      ) : (
        <ActionMenu
          busy={change.isPending}
          groups={[terms.map(({ content, ms }) => ({ text: content, onClick: () => change.mutate({ muted_until: new Date(Date.now() + ms).toISOString() }) }))]}
          label={t.muteOf(name)}
          text={t.mute}
        />
      )}
    </>
  );
}
