import { Text } from '@bigcommerce/big-design';
import type { Schedule } from '../api/types';
import { scheduleText } from '../texts/schedule';
import { useApp, useSession } from './app';

/** When a flow runs by itself next, in the store's time zone. */
export function NextRun({ schedule }: { schedule: Schedule }) {
  const { format } = useApp();
  const { store } = useSession();
  const t = scheduleText;
  if (!schedule.enabled || !schedule.next_run_at) {
    return (
      <Text as="span" color="secondary60" marginBottom="none">
        {t.none}
      </Text>
    );
  }
  if (store.state !== 'active') return <>{t.paused}</>;
  if (format.isPast(schedule.next_run_at)) return <>{t.due}</>;
  return <span title={schedule.time_zone}>{format.dateTimeIn(schedule.next_run_at, schedule.time_zone)}</span>;
}
