import { Text } from '@bigcommerce/big-design';
import { CheckIcon } from '@bigcommerce/big-design-icons';
import styled from 'styled-components';
import type { Run } from '../api/types';
import type { Formatter } from '../lib/format';
import type { Words } from '../lib/words';
import { runText } from '../texts/run';
import { useApp } from './app';
import { Bar } from './Bar';
import { Hidden } from './Hidden';
import { useWords } from './kinds';
import { type Step, stepOf } from './runs';

const t = runText.progress;

const Parts = styled.ol`
  display: flex;
  flex-wrap: wrap;
  gap: ${({ theme }) => `${theme.spacing.xxSmall} ${theme.spacing.xLarge}`};
  list-style: none;
  margin: 0 0 ${({ theme }) => theme.spacing.small};
  padding: 0;
`;

const Part = styled.li<{ $now: boolean; $begun: boolean }>`
  align-items: center;
  color: ${({ theme, $begun }) => ($begun ? theme.colors.secondary70 : theme.colors.secondary60)};
  display: flex;
  font-size: ${({ theme }) => theme.typography.fontSize.medium};
  font-weight: ${({ theme, $now }) => ($now ? theme.typography.fontWeight.semiBold : theme.typography.fontWeight.regular)};
  gap: ${({ theme }) => theme.spacing.xxSmall};
`;

/** How far a run under way has come: bytes while it reads the file, records and the requests that remain while it writes. */
export function RunProgress({ run }: { run: Run }) {
  const { format } = useApp();
  const words = useWords(run.kind);
  const step = stepOf(run);
  const parts = run.dry_run ? (['read', 'compare'] as const) : (['read', 'compare', 'write'] as const);
  const at = parts.findIndex((p) => p === step.part);
  const percent = step.done === undefined ? '' : format.percent(step.done);
  return (
    <>
      <Parts>
        {parts.map((p, i) => (
          <Part $begun={i <= at} $now={i === at} aria-current={i === at ? 'step' : undefined} key={p}>
            {i < at ? <CheckIcon aria-hidden color="success" /> : null}
            {t.parts[p]}
            {i === at && percent !== '' ? ` ${percent}` : ''}
            <Hidden>, {i < at ? t.done : i === at ? t.now : t.next}</Hidden>
          </Part>
        ))}
      </Parts>
      <Bar done={step.done} label={t.parts[step.part]} />
      {progressLines(run, step, words, format).map((line) => (
        <Text color="secondary60" key={line} marginBottom="none" marginTop="xSmall">
          {line}
        </Text>
      ))}
    </>
  );
}

/** What is done of the part that a run is in, and what remains of it. */
export function progressLines(run: Run, { part }: Step, words: Words, format: Formatter): string[] {
  if (part === 'compare') return [t.timeUnknown];
  if (part === 'read') {
    if (run.bytes_total === 0 && run.bytes_read === 0) return [t.fetched];
    const bytes = run.bytes_total > 0 ? t.read(format.bytes(run.bytes_read), format.bytes(run.bytes_total)) : t.readUnknown(format.bytes(run.bytes_read));
    return run.read > 0 ? [bytes, t.rows(format.number(run.read), run.read)] : [bytes];
  }
  const all = run.to_create + run.to_update;
  const out = [t.written(format.number(run.created + run.updated), format.number(all), all, words)];
  if (run.phase === 'finish') return out;
  const left = Math.max(0, run.planned_requests - run.requests);
  out.push(run.seconds_left === null ? t.timeUnknown : t.left(format.number(left), left, format.duration(run.seconds_left)));
  return out;
}
