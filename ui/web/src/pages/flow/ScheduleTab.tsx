import { InlineMessage, Panel, Text } from '@bigcommerce/big-design';
import type { Flow } from '../../api/types';
import { useAccess } from '../../components/app';
import { TextLink } from '../../components/TextLink';
import { flowText } from '../../texts/flow';
import type { Draft } from '../source/draft';
import { SchedulePanel } from './SchedulePanel';

interface Props {
  draft: Draft;
  flow: Flow;
  change: (part: Partial<Draft>) => void;
  disabled: boolean;
}

/** When a sync runs by itself, and where it is set who is told when it does not. */
export function ScheduleTab({ draft, flow, change, disabled }: Props) {
  const admin = useAccess('admin');
  const t = flowText.schedule;
  return (
    <>
      {flow.ready ? null : <InlineMessage marginBottom="medium" messages={[{ text: t.notReady }]} type="info" />}
      <SchedulePanel change={change} disabled={disabled || !flow.ready} draft={draft} schedule={flow.schedule} which="schedule" />
      <SchedulePanel change={change} disabled={disabled || !flow.ready} draft={draft} schedule={flow.compare_schedule} which="compareSchedule" />
      <Panel header={t.alertsHeader}>
        <Text marginBottom="none">
          {t.alerts} {admin.granted ? <TextLink to="/settings/alerts">{t.alertsAdmin}</TextLink> : t.alertsAsk}
        </Text>
      </Panel>
    </>
  );
}
