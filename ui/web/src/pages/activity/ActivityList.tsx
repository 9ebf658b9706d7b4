import { Badge, Flex, H3, Small, Text } from '@bigcommerce/big-design';
import { useMemo } from 'react';
import styled from 'styled-components';
import { isFinal } from '../../api/queries/runs';
import type { ActivityEntry, Run } from '../../api/types';
import { useApp, useSession } from '../../components/app';
import { Bar } from '../../components/Bar';
import { outcomeBadge, stepOf, useOutcome } from '../../components/runs';
import { TextLink } from '../../components/TextLink';
import { actorName, changeAddress, changeNote, changeSentence } from '../../lib/activity';
import { activityText as t } from '../../texts/activity';
import { runText } from '../../texts/run';
import { byDay } from './days';

const Plain = styled.ul`
  list-style: none;
  margin: 0 0 ${({ theme }) => theme.spacing.large};
  padding: 0;
`;

const Item = styled.li`
  border-bottom: ${({ theme }) => theme.border.box};
  display: grid;
  gap: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.medium}`};
  grid-template-columns: 4.5rem 1fr;
  overflow-wrap: anywhere;
  padding: ${({ theme }) => theme.spacing.small} 0;

  &:last-child {
    border-bottom: 0;
  }
`;

const Body = styled.div`
  min-width: 0;
`;

/** Runs and what people changed, a heading for each day. */
export function ActivityList({ entries }: { entries: ActivityEntry[] }) {
  const { format } = useApp();
  const { store } = useSession();
  const days = useMemo(() => byDay(entries, store.timezone, format.locale), [entries, store.timezone, format.locale]);
  return (
    <>
      {days.map((day) => (
        <section aria-labelledby={`day-${day.day}`} key={day.day}>
          <H3 as="h2" id={`day-${day.day}`} marginBottom="xxSmall">
            {day.name}
          </H3>
          <Plain>
            {day.entries.map(({ entry, time }) => (
              <Item key={entry.id}>
                <Text as="span" color="secondary60" marginBottom="none">
                  <time dateTime={entry.at} title={format.dateTime(entry.at)}>
                    {time}
                  </time>
                </Text>
                <Body>{entry.run ? <RunEntry entry={entry} run={entry.run} /> : <ChangeEntry entry={entry} />}</Body>
              </Item>
            ))}
          </Plain>
        </section>
      ))}
    </>
  );
}

function RunEntry({ run, entry }: { run: Run; entry: ActivityEntry }) {
  const outcome = useOutcome(run);
  const what = [run.dry_run ? t.preview : t.run, ...(run.compare ? [t.compared.toLowerCase()] : [])].join(', ');
  const by = entry.actor.type === 'schedule' ? t.scheduled : t.startedBy(actorName(entry.actor));
  return (
    <>
      <Flex alignItems="center" flexDirection="row" flexGap="0.5rem" flexWrap="wrap">
        <TextLink to={`/activity/${run.id}`}>{run.flow_name || t.gone}</TextLink>
        <Badge {...outcomeBadge(outcome, run)} />
      </Flex>
      <Text marginBottom="none">{outcome.sentence}</Text>
      {isFinal(run) || run.state !== 'running' ? null : <Bar done={stepOf(run).done} label={runText.progress.label} />}
      <Small color="secondary60" marginBottom="none">
        {what} · {by}
      </Small>
    </>
  );
}

function ChangeEntry({ entry }: { entry: ActivityEntry }) {
  const to = changeAddress(entry);
  const note = changeNote(entry);
  const sentence = changeSentence(entry);
  return (
    <>
      <Text marginBottom="none">{to ? <TextLink to={to}>{sentence}</TextLink> : sentence}</Text>
      {note ? (
        <Small color="secondary60" marginBottom="none">
          {note}
        </Small>
      ) : null}
    </>
  );
}
