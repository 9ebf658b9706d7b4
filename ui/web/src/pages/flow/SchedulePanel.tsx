import { Box, Flex, Form, FormGroup, InlineMessage, Input, Panel, Select, Text } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import styled from 'styled-components';
import { flowQueries } from '../../api/queries/flows';
import type { Schedule } from '../../api/types';
import { useApp } from '../../components/app';
import { FailedState } from '../../components/states/FailedState';
import { type Repeat, type ScheduleChoice, changeChoice, repeats } from '../../lib/schedule';
import { useDebounced } from '../../lib/useDebounced';
import { text } from '../../text';
import { scheduleText } from '../../texts/schedule';
import type { Draft } from '../source/draft';

interface Props {
  draft: Draft;
  /** Which of the feed's schedules. */
  which: 'schedule' | 'compareSchedule';
  /** What the server has. */
  schedule: Schedule;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
}

const fields = { mobile: 'column', tablet: 'row' } as const;

/** When the feed runs, or compares with the store, by itself: simple choices, or a cron expression, and what they come to. */
export function SchedulePanel({ draft, which, schedule, change, disabled }: Props) {
  const { format } = useApp();
  const t = scheduleText;
  const own = which === 'schedule' ? t : t.compare;
  const choice = draft[which];
  const set = (part: Partial<ScheduleChoice>) => change({ [which]: changeChoice(choice, part, schedule.cron) });
  const typed = useDebounced(choice.cron.trim(), 300);
  const on = choice.repeat !== 'off';
  const { data, error, isPlaceholderData } = useQuery({ ...useSchedulePreview(typed), enabled: on && typed !== '' });
  const settled = typed === choice.cron.trim() && !isPlaceholderData;
  const wrong = on && settled && data?.error ? sentence(data.error) : undefined;
  const timed = choice.repeat === 'daily' || choice.repeat === 'weekdays' || choice.repeat === 'weekly';
  const zone = data?.time_zone ?? schedule.time_zone;
  // Select starts over when its options are another list, and a choice made meanwhile is lost: an answer
  // of the preview must not make new ones.
  const weekdayOptions = useMemo(() => weekdays.map((value) => ({ value, content: format.weekday(value) })), [format]);
  const minuteOptions = useMemo(
    () => minutesWith(choice.minute).map((value) => ({ value, content: scheduleText.minuteOf(String(value).padStart(2, '0')) })),
    [choice.minute],
  );
  return (
    <Panel description={own.description} header={own.header}>
      <Form fullWidth onSubmit={(e) => e.preventDefault()}>
        <Flex flexDirection={fields} flexGap="1rem" marginBottom="medium">
          <Box>
            <FormGroup>
              <Select<Repeat>
                disabled={disabled}
                label={own.repeat}
                onOptionChange={(v) => set({ repeat: v ?? 'off' })}
                options={repeatOptions}
                value={choice.repeat}
              />
            </FormGroup>
          </Box>
          {choice.repeat === 'weekly' ? (
            <Box>
              <FormGroup>
                <Select<number>
                  disabled={disabled}
                  label={t.weekday}
                  onOptionChange={(v) => set({ weekday: v ?? 1 })}
                  options={weekdayOptions}
                  value={choice.weekday}
                />
              </FormGroup>
            </Box>
          ) : null}
          {choice.repeat === 'hourly' ? (
            <Box>
              <FormGroup>
                <Select<number>
                  disabled={disabled}
                  label={t.minute}
                  onOptionChange={(v) => set({ minute: v ?? 0 })}
                  options={minuteOptions}
                  value={choice.minute}
                />
              </FormGroup>
            </Box>
          ) : null}
          {timed ? (
            <Box>
              <FormGroup>
                <Input
                  disabled={disabled}
                  error={choice.time === '' ? t.timeRequired : undefined}
                  label={t.time}
                  onChange={(e) => set({ time: e.target.value })}
                  required
                  type="time"
                  value={choice.time}
                />
              </FormGroup>
            </Box>
          ) : null}
        </Flex>
        {choice.repeat === 'custom' ? (
          <Box marginBottom="medium">
            <FormGroup>
              <Input
                autoCapitalize="off"
                autoComplete="off"
                autoCorrect="off"
                description={t.cronHelp}
                disabled={disabled}
                error={choice.cron.trim() === '' ? t.cronRequired : wrong}
                label={t.cron}
                maxLength={100}
                onChange={(e) => set({ cron: e.target.value })}
                placeholder="30 6 * * 1-5"
                required
                spellCheck={false}
                value={choice.cron}
              />
            </FormGroup>
          </Box>
        ) : null}
      </Form>
      {on ? (
        <div aria-live="polite">
          {error ? <FailedState error={error} header={text.errors.loading} /> : null}
          {wrong !== undefined && choice.repeat !== 'custom' ? <InlineMessage marginBottom="medium" messages={[{ text: wrong }]} type="error" /> : null}
          {data && settled && data.next.length > 0 ? (
            <>
              <Text bold marginBottom="xxSmall">
                {own.next(zone)}
              </Text>
              <Times>
                {data.next.map((at) => (
                  <li key={at}>{format.dateTimeIn(at, zone)}</li>
                ))}
              </Times>
            </>
          ) : null}
        </div>
      ) : null}
      {on && draft.kind === 'upload' ? <InlineMessage marginBottom="medium" messages={[{ text: t.upload }]} type="info" /> : null}
      <Text color="secondary60" marginBottom="none">
        {which === 'schedule' ? `${zone === 'UTC' ? t.utc : t.zone(zone)} ` : null}
        {own.rules}
      </Text>
    </Panel>
  );
}

function useSchedulePreview(cron: string) {
  const { client } = useApp();
  return flowQueries.schedule(client, cron);
}

const Times = styled.ul`
  color: ${({ theme }) => theme.colors.secondary70};
  line-height: ${({ theme }) => theme.lineHeight.medium};
  list-style: none;
  margin: 0 0 ${({ theme }) => theme.spacing.medium};
  padding: 0;
`;

const weekdays = [1, 2, 3, 4, 5, 6, 0];

const repeatOptions = repeats.map((value) => ({ value, content: scheduleText.repeats[value] }));

const quarter = Array.from({ length: 12 }, (_, i) => i * 5);

/** Every fifth minute, and the one that is stored. */
function minutesWith(minute: number): number[] {
  return quarter.includes(minute) ? quarter : [...quarter, minute].sort((a, b) => a - b);
}

/** The server's words are part of a sentence. */
function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
