// Values of a record's fields, as a person reads them.

import type { Formatter } from './format';

/** A value with its unit: money as money, any other number with its unit behind it. */
export function valueWithUnit(format: Formatter, value: unknown, unit: string): string {
  if (typeof value !== 'number' || unit === '') return format.value(value);
  if (/^[A-Z]{3}$/.test(unit)) {
    // As many decimals as the value has, but not what arithmetic added: a price of 0.125 is not 0.13.
    const exact = Number(value.toPrecision(12));
    const decimals = /\.(\d+)$/.exec(String(exact))?.[1]?.length ?? 0;
    const options = { style: 'currency', currency: unit, currencyDisplay: 'narrowSymbol' } as const;
    const usual = new Intl.NumberFormat(format.locale, options).resolvedOptions().minimumFractionDigits ?? 2;
    return new Intl.NumberFormat(format.locale, { ...options, minimumFractionDigits: usual, maximumFractionDigits: Math.max(usual, decimals) }).format(exact);
  }
  return `${format.value(value)} ${unit}`;
}

export function shorten(s: string, most = 300): string {
  return s.length > most ? `${s.slice(0, most)}…` : s;
}
