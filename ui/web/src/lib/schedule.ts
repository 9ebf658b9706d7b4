import type { Schedule, ScheduleChange } from '../api/types';

export const repeats = ['off', 'hourly', 'daily', 'weekdays', 'weekly', 'custom'] as const;
export type Repeat = (typeof repeats)[number];

/** A schedule as the user is choosing it. */
export interface ScheduleChoice {
  repeat: Repeat;
  /** daily, weekdays, weekly: "HH:MM", "" while it is being typed. */
  time: string;
  /** hourly: minutes past the hour. */
  minute: number;
  /** weekly: 0 is Sunday. */
  weekday: number;
  /** What the others come to; the user's own when custom, and what is stored when off. "" when there is no time. */
  cron: string;
}

const start = { time: '02:00', minute: 0, weekday: 1 };

/** A stored schedule as the simplest choice that says the same. */
export function choiceOf({ cron, enabled }: Pick<Schedule, 'cron' | 'enabled'>): ScheduleChoice {
  const off = (c: ScheduleChoice): ScheduleChoice => (enabled ? c : { ...c, repeat: 'off' });
  const [minute = '', hour = '', day, month, weekday = ''] = cron.split(' ');
  const m = small(minute, 59);
  const h = small(hour, 23);
  const base: ScheduleChoice = { ...start, repeat: 'custom', cron };
  if (cron === '') return { ...base, repeat: 'off' };
  if (m === undefined || day !== '*' || month !== '*') return off(base);
  if (hour === '*' && weekday === '*') return off({ ...base, repeat: 'hourly', minute: m });
  if (h === undefined) return off(base);
  const time = `${two(h)}:${two(m)}`;
  if (weekday === '*') return off({ ...base, repeat: 'daily', time });
  if (/^(1-5|mon-fri)$/i.test(weekday)) return off({ ...base, repeat: 'weekdays', time });
  const d = small(weekday, 7);
  return off(d === undefined ? base : { ...base, repeat: 'weekly', time, weekday: d % 7 });
}

/** choice with a part changed, and the expression that it comes to. stored is what the server has. */
export function changeChoice(choice: ScheduleChoice, part: Partial<ScheduleChoice>, stored: string): ScheduleChoice {
  const next = { ...choice, ...part };
  if (next.repeat === 'custom') return next;
  return { ...next, cron: next.repeat === 'off' ? stored : expression(next) };
}

function expression({ repeat, time, minute, weekday }: ScheduleChoice): string {
  if (repeat === 'hourly') return `${minute} * * * *`;
  const match = /^(\d\d):(\d\d)/.exec(time);
  if (!match) return '';
  const days = { weekdays: '1-5', weekly: String(weekday) }[repeat as string] ?? '*';
  return `${Number(match[2])} ${Number(match[1])} * * ${days}`;
}

export function scheduleInput({ repeat, cron }: ScheduleChoice): ScheduleChange {
  return { cron: cron.trim(), enabled: repeat !== 'off' };
}

function small(digits: string, most: number): number | undefined {
  return /^\d{1,2}$/.test(digits) && Number(digits) <= most ? Number(digits) : undefined;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
