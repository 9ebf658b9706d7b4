import type { AlertChannel, AlertChannelKind, AlertDigest, AlertQuiet, AlertRule, Alerts, AlertsChange } from '../../api/types';

/** A number is kept as it was typed until it is sent. */
export interface RuleDraft {
  rule: AlertRule;
  enabled: boolean;
  params: Record<string, string>;
}

export interface ChannelDraft {
  /** Of the line in the form: a new channel has no id yet. */
  line: string;
  id: string;
  kind: AlertChannelKind;
  to: string;
  enabled: boolean;
  newSecret: boolean;
  saved?: AlertChannel;
}

export interface AlertsDraft {
  rules: RuleDraft[];
  channels: ChannelDraft[];
  quiet: AlertQuiet;
  digest: AlertDigest;
}

export function draftOf(a: Alerts): AlertsDraft {
  return {
    rules: a.rules.map((rule) => ({
      rule,
      enabled: rule.enabled,
      params: Object.fromEntries(rule.fields.map((f) => [f.name, String(rule.params[f.name] ?? f.default)])),
    })),
    channels: a.channels.map((c) => ({ line: c.id, id: c.id, kind: c.kind, to: c.to, enabled: c.enabled, newSecret: false, saved: c })),
    quiet: a.quiet,
    digest: a.digest,
  };
}

let lines = 0;

export function newChannel(kind: AlertChannelKind): ChannelDraft {
  lines++;
  return { line: `new-${lines}`, id: '', kind, to: '', enabled: true, newSecret: false };
}

export function changeOf(d: AlertsDraft, version: number): AlertsChange {
  return {
    rules: d.rules.map(({ rule, enabled, params }) => ({
      name: rule.name,
      enabled,
      // What cannot be meant stays as it is: it stands only in rules that are off.
      params: Object.fromEntries(rule.fields.map((f) => [f.name, isWithin(params[f.name], f) ? Number(params[f.name]) : (rule.params[f.name] ?? f.default)])),
    })),
    channels: d.channels.map(({ id, kind, to, enabled, newSecret }) => ({
      ...(id === '' ? {} : { id }),
      kind,
      to: to.trim(),
      enabled,
      ...(newSecret ? { new_secret: true } : {}),
    })),
    quiet: d.quiet,
    digest: d.digest,
    version,
  };
}

export function isDirty(d: AlertsDraft, a: Alerts): boolean {
  return JSON.stringify(d) !== JSON.stringify(draftOf(a));
}

/** A whole number within the bounds of its field. */
export function isWithin(typed: string | undefined, { min, max }: Pick<AlertRule['fields'][number], 'min' | 'max'>): boolean {
  const n = Number(typed);
  return typed !== undefined && /^\d+$/.test(typed.trim()) && n >= min && n <= max;
}

export function isValid(d: AlertsDraft): boolean {
  return (
    d.rules.every((r) => !r.enabled || r.rule.fields.every((f) => isWithin(r.params[f.name], f))) &&
    d.channels.every((c) => c.to.trim() !== '') &&
    (!d.quiet.enabled || (d.quiet.from !== '' && d.quiet.to !== '')) &&
    (!d.digest.enabled || d.digest.at !== '')
  );
}
