import { Button, H3 } from '@bigcommerce/big-design';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import styled from 'styled-components';
import { flowQueries } from '../../api/queries/flows';
import { isFinal } from '../../api/queries/runs';
import type { Run } from '../../api/types';
import { ActorName } from '../../components/ActorName';
import { useApp } from '../../components/app';
import { Fact, Facts } from '../../components/Cells';
import { runSeconds } from '../../components/runs';
import { TextLink } from '../../components/TextLink';
import { writes } from '../../lib/outcome';
import { text } from '../../text';
import { runText } from '../../texts/run';
import type { View } from './view';

const t = runText.details;

const Counts = styled.dl`
  display: grid;
  gap: ${({ theme }) => theme.spacing.small};
  grid-template-columns: repeat(auto-fit, minmax(6.5rem, 1fr));
  margin: ${({ theme }) => `${theme.spacing.small} 0 ${theme.spacing.xLarge}`};
`;

const Count = styled.div`
  display: flex;
  flex-direction: column-reverse;
  justify-content: flex-end;

  dt {
    color: ${({ theme }) => theme.colors.secondary60};
    font-size: ${({ theme }) => theme.typography.fontSize.small};
  }

  dd {
    color: ${({ theme }) => theme.colors.secondary70};
    font-size: ${({ theme }) => theme.typography.fontSize.xLarge};
    font-variant-numeric: tabular-nums;
    font-weight: ${({ theme }) => theme.typography.fontWeight.semiBold};
    line-height: ${({ theme }) => theme.lineHeight.xLarge};
    margin: 0;
  }

  .bd-button {
    font-size: inherit;
    height: auto;
    padding: 0;
  }
`;

interface Props {
  run: Run;
  change: (part: Partial<View>) => void;
}

/** What is counted of a run, each number leading to its list, and how it went. */
export function Details({ run, change }: Props) {
  const { client, format } = useApp();
  const flow = useQuery({ ...flowQueries.flow(client, run.flow_id), enabled: run.flow_name !== '' });
  const over = isFinal(run);
  const { create, update } = writes(run);
  const seconds = runSeconds(run);
  const now = flow.data?.version ?? 0;
  const n = (x: number) => format.number(x);
  return (
    <>
      <H3 as="h2">{t.counts}</H3>
      <Counts>
        <CountOf name={t.read}>
          {n(run.read)}
          {run.total > 0 && run.total !== run.read ? ` ${t.of(n(run.total))}` : ''}
        </CountOf>
        <CountOf name={run.dry_run ? t.toCreate : t.created} onOpen={create > 0 ? () => change({ tab: 'changes', action: 'create' }) : undefined}>
          {n(create)}
        </CountOf>
        <CountOf name={run.dry_run ? t.toUpdate : t.updated} onOpen={update > 0 ? () => change({ tab: 'changes', action: 'update' }) : undefined}>
          {n(update)}
        </CountOf>
        {run.vanished > 0 ? <CountOf name={t.vanished}>{n(run.vanished)}</CountOf> : null}
        <CountOf name={t.unchanged}>{n(run.unchanged)}</CountOf>
        {run.skipped > 0 ? <CountOf name={t.skipped}>{n(run.skipped)}</CountOf> : null}
        <CountOf name={run.dry_run && over ? t.toFail : t.failed} onOpen={run.failed > 0 ? () => change({ tab: 'problems', severity: 'error' }) : undefined}>
          {n(run.failed)}
        </CountOf>
        <CountOf name={t.warnings} onOpen={run.warnings > 0 ? () => change({ tab: 'problems', severity: 'warning' }) : undefined}>
          {n(run.warnings)}
        </CountOf>
      </Counts>
      <H3 as="h2">{t.facts}</H3>
      <Facts $min={14}>
        <Fact name={t.started}>{format.dateTime(run.started_at ?? run.created_at)}</Fact>
        <Fact name={t.startedBy}>{run.trigger === 'schedule' ? t.schedule : <ActorName actor={run.started_by} />}</Fact>
        {over && seconds !== undefined ? <Fact name={t.took}>{format.duration(seconds)}</Fact> : null}
        <Fact name={t.requests}>
          {run.planned_requests > 0 && !over && !run.dry_run ? t.planned(n(run.requests), n(run.planned_requests)) : n(run.requests)}
        </Fact>
        {run.throttled > 0 ? <Fact name={t.throttled}>{n(run.throttled)}</Fact> : null}
        {run.dry_run && run.planned_requests > 0 ? <Fact name={t.cost}>{t.costRequests(n(run.planned_requests), run.planned_requests, format.duration(run.planned_seconds))}</Fact> : null}
        {run.format.type ? <Fact name={t.file}>{[run.format.type.toUpperCase(), run.format.encoding?.toUpperCase()].filter(Boolean).join(', ')}</Fact> : null}
        {run.bytes_total > 0 ? <Fact name={t.size}>{format.bytes(run.bytes_total)}</Fact> : null}
        {run.flow_version > 0 ? (
          <Fact name={t.version}>
            {n(run.flow_version)}
            {now > run.flow_version ? ` (${t.versionSince(n(now))})` : ''}
          </Fact>
        ) : null}
        <Fact name={t.compared}>{run.compare ? text.yes : text.no}</Fact>
        {!run.dry_run && over && run.failed > 0 && !run.retry.allowed && run.retry.reason ? <Fact name={t.retryNot}>{run.retry.reason}</Fact> : null}
        {run.retry_of ? (
          <Fact name={t.retryOf}>
            <TextLink to={`/activity/${run.retry_of}`}>{runText.earlier}</TextLink>
          </Fact>
        ) : null}
      </Facts>
    </>
  );
}

function CountOf({ name, children, onOpen }: { name: string; children: ReactNode; onOpen?: () => void }) {
  return (
    <Count>
      <dt>{name}</dt>
      <dd>
        {onOpen ? (
          <Button mobileWidth="auto" onClick={onOpen} type="button" variant="subtle">
            {children}
          </Button>
        ) : (
          children
        )}
      </dd>
    </Count>
  );
}
