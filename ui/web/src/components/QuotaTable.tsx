import type { QuotaPoint } from '../api/types';
import { text } from '../text';
import { quotaText } from '../texts/quota';
import { useApp } from './app';
import { PlainTable } from './PlainTable';

/** The chart's numbers, newest first. */
export function QuotaTable({ points }: { points: QuotaPoint[] }) {
  const { format } = useApp();
  const t = quotaText.history.table;
  const cells = (p: QuotaPoint) => [
    format.dateTime(p.at),
    format.number(p.used),
    format.number(p.others),
    p.left_min === null ? text.none : format.number(p.left_min),
    p.quota > 0 ? t.quotaValue(format.number(p.quota), format.duration(p.window_ms / 1000)) : text.none,
    format.number(p.throttled_quota),
    format.number(p.throttled_concurrency),
    format.number(p.throttled_load),
  ];
  return (
    <PlainTable
      caption={t.caption}
      columns={[t.time, t.used, t.others, t.left, t.quota, t.byQuota, t.byConcurrency, t.byLoad]}
      rows={() => points.toReversed().map((p) => ({ id: p.at, cells: cells(p) }))}
      show={t.show}
    />
  );
}
