import { Badge, type BadgeProps, H4, Panel, Text } from '@bigcommerce/big-design';
import styled from 'styled-components';
import type { OverviewKind } from '../../api/types';
import { useAccess, useApp } from '../../components/app';
import { TextLink } from '../../components/TextLink';
import { homeText } from '../../texts/home';

const t = homeText.health;

const Tiles = styled.ul`
  display: grid;
  gap: ${({ theme }) => theme.spacing.medium};
  grid-template-columns: repeat(auto-fill, minmax(min(14rem, 100%), 1fr));
  list-style: none;
  margin: 0;
  padding: 0;
`;

const Tile = styled.li`
  border: ${({ theme }) => theme.border.box};
  border-radius: ${({ theme }) => theme.borderRadius.normal};
  padding: ${({ theme }) => theme.spacing.medium};
`;

const badges: Record<OverviewKind['state'], BadgeProps> = {
  none: { label: t.states.none, variant: 'secondary' },
  ok: { label: t.states.ok, variant: 'success' },
  attention: { label: t.states.attention, variant: 'warning' },
  failing: { label: t.states.failing, variant: 'danger' },
  running: { label: t.states.running, variant: 'primary' },
};

/** How each kind of record does. */
export function KindHealth({ kinds }: { kinds: OverviewKind[] }) {
  return (
    <Panel header={t.header}>
      <Tiles>
        {kinds.map((k) => (
          <Tile key={k.kind}>{k.flows > 0 ? <InUse kind={k} /> : <NotSetUp kind={k} />}</Tile>
        ))}
      </Tiles>
    </Panel>
  );
}

function NotSetUp({ kind: k }: { kind: OverviewKind }) {
  const access = useAccess();
  return (
    <>
      <H4 as="h3" marginBottom="xSmall">
        {k.label}
      </H4>
      <Text color="secondary60" marginBottom={access.granted ? 'xSmall' : 'none'}>
        {t.notSetUp}
      </Text>
      {access.granted ? (
        <TextLink aria-label={t.setUp(k.label)} to={`/syncs/new?kind=${encodeURIComponent(k.kind)}`}>
          {t.setUpShort}
        </TextLink>
      ) : null}
    </>
  );
}

function InUse({ kind: k }: { kind: OverviewKind }) {
  const { format } = useApp();
  const here = `/syncs?kind=${encodeURIComponent(k.kind)}`;
  const state = k.state === 'none' ? { label: t.noRun, variant: 'secondary' as const } : badges[k.state];
  return (
    <>
      <H4 as="h3" marginBottom="xSmall">
        <TextLink to={here}>{k.label}</TextLink>
      </H4>
      <Badge {...state} />
      <Text marginBottom="xxSmall" marginTop="xSmall">
        {k.records > 0 ? t.inStep(format.number(k.records), k.records) : t.none}
      </Text>
      {k.problems > 0 ? (
        <Text marginBottom="xxSmall">
          <TextLink to="/attention">{t.leftOut(format.number(k.problems), k.problems)}</TextLink>
        </Text>
      ) : null}
      <Text as="small" color="secondary60" marginBottom="none">
        {k.last_success_at ? t.last(format.ago(k.last_success_at)) : t.neverGood}
      </Text>
    </>
  );
}
