import { describe, expect, it } from 'vitest';
import { changeChoice, choiceOf, scheduleInput } from './schedule';

describe('a stored schedule', () => {
  it.each([
    ['', 'off', '02:00', 0, 1],
    ['0 * * * *', 'hourly', '02:00', 0, 1],
    ['7 * * * *', 'hourly', '02:00', 7, 1],
    ['5 14 * * *', 'daily', '14:05', 0, 1],
    ['0 0 * * *', 'daily', '00:00', 0, 1],
    ['30 6 * * 1-5', 'weekdays', '06:30', 0, 1],
    ['30 6 * * MON-FRI', 'weekdays', '06:30', 0, 1],
    ['30 6 * * 0', 'weekly', '06:30', 0, 0],
    ['30 6 * * 7', 'weekly', '06:30', 0, 0],
    ['30 6 * * 4', 'weekly', '06:30', 0, 4],
    ['*/15 * * * *', 'custom', '02:00', 0, 1],
    ['0,30 8-18 * * 1-5', 'custom', '02:00', 0, 1],
    ['0 6 1 * *', 'custom', '02:00', 0, 1],
    ['0 6 * 1 *', 'custom', '02:00', 0, 1],
    ['0 6 * * 1,3', 'custom', '02:00', 0, 1],
    ['0 * * * 1', 'custom', '02:00', 0, 1],
  ])('%j is %s', (cron, repeat, time, minute, weekday) => {
    const choice = choiceOf({ cron, enabled: cron !== '' });
    expect(choice).toEqual({ repeat, time, minute, weekday, cron });
    expect(scheduleInput(choice)).toEqual({ cron, enabled: cron !== '' });
    expect(choiceOf({ cron, enabled: false })).toEqual({ ...choice, repeat: 'off' });
  });
});

describe('a choice', () => {
  const off = choiceOf({ cron: '', enabled: false });
  it.each([
    [{ repeat: 'hourly' as const, minute: 15 }, '15 * * * *'],
    [{ repeat: 'daily' as const }, '0 2 * * *'],
    [{ repeat: 'daily' as const, time: '09:05' }, '5 9 * * *'],
    [{ repeat: 'weekdays' as const, time: '23:59' }, '59 23 * * 1-5'],
    [{ repeat: 'weekly' as const, weekday: 0 }, '0 2 * * 0'],
    [{ repeat: 'daily' as const, time: '' }, ''],
    [{ repeat: 'custom' as const, cron: ' */10 * * * * ' }, '*/10 * * * *'],
  ])('%j is %j', (part, cron) => {
    expect(scheduleInput(changeChoice(off, part, ''))).toEqual({ cron, enabled: true });
  });

  it('that is off keeps what is stored, not what was being typed', () => {
    const typing = changeChoice(choiceOf({ cron: '0 2 * * *', enabled: true }), { repeat: 'custom', cron: 'nonsense' }, '0 2 * * *');
    expect(scheduleInput(changeChoice(typing, { repeat: 'off' }, '0 2 * * *'))).toEqual({ cron: '0 2 * * *', enabled: false });
  });
});
