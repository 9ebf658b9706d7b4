// When a cron expression comes next, well enough to look at the panel: it walks through the minutes.

const ranges = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 7]];

function matches(field, value, [min, max]) {
  return field.split(',').some((part) => {
    const [span, step = '1'] = part.split('/');
    const [from, to = from] = span === '*' ? [min, max] : span.split('-').map(Number);
    return value >= from && value <= to && (value - from) % Number(step) === 0;
  });
}

/** {next, time_zone, error} as the server answers; looks three weeks ahead. */
export function upcoming(cron, timeZone, n) {
  const parts = cron.trim().split(/\s+/);
  if (parts.length !== 5 || parts.some((p) => !/^[\d*/,-]+$/.test(p))) {
    return { next: [], time_zone: timeZone, error: `write five fields (minute, hour, day of the month, month, day of the week), for example 0 2 * * *; this has ${parts.length}` };
  }
  if (parts[0] === '*') return { next: [], time_zone: timeZone, error: 'runs would be 1 minute apart; at least 5 minutes have to lie between two' };
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', minute: 'numeric', hour: 'numeric', day: 'numeric', month: 'numeric', weekday: 'short' });
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const next = [];
  for (let at = Math.ceil(Date.now() / 60_000), end = at + 23 * 1440; at < end && next.length < n; at++) {
    const p = Object.fromEntries(clock.formatToParts(at * 60_000).map(({ type, value }) => [type, value]));
    const values = [Number(p.minute), Number(p.hour), Number(p.day), Number(p.month), days.indexOf(p.weekday)];
    if (values.every((v, i) => matches(parts[i], v, ranges[i]))) next.push(new Date(at * 60_000).toISOString());
  }
  return { next, time_zone: timeZone, error: '' };
}
