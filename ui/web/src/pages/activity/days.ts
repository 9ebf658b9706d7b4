import type { ActivityEntry } from '../../api/types';
import { activityText as t } from '../../texts/activity';

export interface Day {
  /** As 2026-11-25. */
  day: string;
  name: string;
  entries: { entry: ActivityEntry; time: string }[];
}

/** A formatter of times in a zone; in UTC if the browser does not know the zone yet. */
function inZone(locale: string, options: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
  }
}

/** Entries by the day that they are of in the store's time zone, in the order that they come in. */
export function byDay(entries: ActivityEntry[], timeZone: string, locale: string, now = Date.now()): Day[] {
  const key = inZone('en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' }, timeZone);
  const long = inZone(locale, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, timeZone);
  const clock = inZone(locale, { hour: 'numeric', minute: '2-digit' }, timeZone);
  const today = key.format(now);
  const yesterday = key.format(now - 86_400_000);
  const out: Day[] = [];
  for (const entry of entries) {
    const at = Date.parse(entry.at);
    const day = key.format(at);
    let last = out.at(-1);
    if (last?.day !== day) {
      last = { day, name: day === today ? t.today : day === yesterday ? t.yesterday : long.format(at), entries: [] };
      out.push(last);
    }
    last.entries.push({ entry, time: clock.format(at) });
  }
  return out;
}
