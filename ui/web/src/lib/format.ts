import { text } from '../text';

/** The languages that there are texts in. Numbers and dates are in the language of the texts. */
const languages = ['en'];

/** Picks the first locale whose language the texts have, with its own forms: the user's in BigCommerce, the browser's. */
export function pickLocale(...wanted: (string | undefined)[]): string {
  for (const tag of wanted) {
    if (!tag) continue;
    try {
      const [canonical] = Intl.getCanonicalLocales(tag.replaceAll('_', '-'));
      if (canonical && languages.includes(new Intl.Locale(canonical).language) && Intl.NumberFormat.supportedLocalesOf(canonical).length > 0) return canonical;
    } catch {
      // not a language tag: try the next
    }
  }
  return 'en';
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Numbers, times and sizes in a locale of the texts' language and the browser's time zone. */
export class Formatter {
  readonly locale: string;
  readonly #number: Intl.NumberFormat;
  readonly #decimal: Intl.NumberFormat;
  readonly #compact: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #dateTime: Intl.DateTimeFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #relative: Intl.RelativeTimeFormat;

  constructor(locale: string) {
    this.locale = locale;
    this.#number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    this.#decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    this.#compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
    this.#percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
    this.#dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
    this.#time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
    this.#relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  }

  number(n: number): string {
    return this.#number.format(n);
  }

  /** One decimal below 100, none above: rates. */
  rate(n: number): string {
    return n < 100 ? this.#decimal.format(n) : this.#number.format(n);
  }

  /** 12,345 as it is, 7,000,000 as 7M. */
  compact(n: number): string {
    return Math.abs(n) < 100_000 ? this.#number.format(n) : this.#compact.format(n);
  }

  /** fraction is 0 to 1; 100 % only when it is all done. */
  percent(fraction: number): string {
    const f = Math.min(1, Math.max(0, fraction));
    return this.#percent.format(f < 1 ? Math.floor(f * 100) / 100 : 1);
  }

  dateTime(iso: string | null | undefined): string {
    const at = Date.parse(iso ?? '');
    return Number.isNaN(at) ? text.none : this.#dateTime.format(at);
  }

  /** The time of day. */
  time(at: number): string {
    return this.#time.format(at);
  }

  /** With the day of the week, as a clock in another time zone shows it. */
  dateTimeIn(iso: string, timeZone: string): string {
    const at = Date.parse(iso);
    if (Number.isNaN(at)) return text.none;
    const options: Intl.DateTimeFormatOptions = { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' };
    try {
      return new Intl.DateTimeFormat(this.locale, { ...options, timeZone }).format(at);
    } catch {
      return new Intl.DateTimeFormat(this.locale, { ...options, timeZone: 'UTC' }).format(at); // a zone that this browser does not know yet
    }
  }

  /** A day of the store's calendar, "2026-11-30", as "Mon, Nov 30". */
  day(date: string): string {
    const at = Date.parse(date);
    return Number.isNaN(at) ? text.none : new Intl.DateTimeFormat(this.locale, { weekday: 'short', month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at);
  }

  isPast(iso: string, now = Date.now()): boolean {
    return Date.parse(iso) <= now;
  }

  /** The name of a day of the week; 0 is Sunday. */
  weekday(day: number): string {
    return new Intl.DateTimeFormat(this.locale, { weekday: 'long', timeZone: 'UTC' }).format(Date.UTC(2026, 10, 22 + day)); // 22 November 2026 was a Sunday
  }

  /** "5 minutes ago" within a week, the date before that. */
  ago(iso: string | null | undefined, now = Date.now()): string {
    const at = Date.parse(iso ?? '');
    if (Number.isNaN(at)) return text.none;
    const seconds = Math.round((at - now) / 1000);
    const size = Math.abs(seconds);
    if (size < 45) return text.justNow;
    if (size < 45 * 60) return this.#relative.format(Math.round(seconds / 60), 'minute');
    if (size < 22 * 3600) return this.#relative.format(Math.round(seconds / 3600), 'hour');
    if (size < 7 * 86400) return this.#relative.format(Math.round(seconds / 86400), 'day');
    return this.dateTime(iso);
  }

  /** Two units at most: "2 hr 5 min", "40 sec". */
  duration(seconds: number): string {
    const s = Math.max(0, Math.round(seconds));
    const unit = (n: number, u: 'day' | 'hour' | 'minute' | 'second') =>
      new Intl.NumberFormat(this.locale, { style: 'unit', unit: u, unitDisplay: 'short' }).format(n);
    if (s < 60) return unit(s, 'second');
    if (s < 3600) return join(unit(Math.floor(s / 60), 'minute'), s < 600 && s % 60 > 0 ? unit(s % 60, 'second') : '');
    if (s < 86400) return join(unit(Math.floor(s / 3600), 'hour'), s % 3600 >= 60 ? unit(Math.floor((s % 3600) / 60), 'minute') : '');
    return join(unit(Math.floor(s / 86400), 'day'), s % 86400 >= 3600 ? unit(Math.floor((s % 86400) / 3600), 'hour') : '');
  }

  bytes(n: number): string {
    let value = n;
    let i = 0;
    while (value >= 1000 && i < units.length - 1) {
      value /= 1000;
      i++;
    }
    const digits = i > 0 && value < 100 ? 1 : 0;
    return new Intl.NumberFormat(this.locale, { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: digits }).format(value);
  }

  /** A value of a product field as a person reads it. */
  value(v: unknown): string {
    if (v === null || v === undefined || v === '') return text.none;
    if (typeof v === 'string') return v;
    if (typeof v === 'boolean') return v ? text.yes : text.no;
    if (typeof v === 'number') return String(v); // as BigCommerce stores it: not grouped, a point for decimals
    if (Array.isArray(v)) return v.map((x) => this.value(x)).join(', ');
    return JSON.stringify(v);
  }
}

function join(a: string, b: string): string {
  return b ? `${a} ${b}` : a;
}
