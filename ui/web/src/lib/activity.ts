// What people and programs did, as sentences.

import type { ActivityEntry } from '../api/types';
import { activityText as t } from '../texts/activity';

type Actor = ActivityEntry['actor'];
type Change = Pick<ActivityEntry, 'actor' | 'action' | 'subject' | 'subject_name' | 'detail'>;

/** Who did something, for people. */
export function actorName({ type, name }: Actor): string {
  if (name === '') return t.actors[type] || t.someone;
  return type === 'key' ? t.keyNamed(name) : type === 'user' ? name : t.actors[type];
}

// Actions whose note is the name, or begins with it, of what may be gone by now.
const nameInNote = new Set(['flow.enabled', 'flow.disabled', 'flow.duplicated', 'flow.created', 'flow.changed', 'flow.deleted', 'api_key.created', 'flow.scheduled', 'flow.unscheduled', 'run.skipped', 'api_key.revoked']);
// Actions whose note a person can read; others are for whoever runs Sluice.
const toldNote = new Set(['run.skipped', 'flow.unscheduled', 'run.paused', 'storefront.script_failed']);

/** What was done, in a sentence. One that is not known here is told by its words. */
export function changeSentence(entry: Change): string {
  const who = actorName(entry.actor);
  const name = nameOf(entry);
  const say = t.done[entry.action];
  if (say) return say(who, name, entry.detail);
  const dot = entry.action.indexOf('.');
  const noun = dot < 0 ? '' : entry.action.slice(0, dot);
  const words = (s: string) => s.replace(/[._]+/g, ' ').trim();
  return t.unknown(who, t.nouns[noun] ?? words(noun), words(entry.action.slice(dot + 1)), name);
}

/** What a person may read besides the sentence. */
export function changeNote({ action, detail }: Change): string {
  if (!toldNote.has(action)) return '';
  return nameInNote.has(action) ? detail.replace(/^[^:]*: /, '') : detail;
}

/** Where what was changed can be seen; empty if it has no page, or is gone. */
export function changeAddress({ action, subject, subject_name: name }: Change): string {
  const id = subject.replace(/^\w+:/, '');
  if (id === '') return '';
  if (subject.startsWith('run:')) return `/activity/${id}`;
  if ((action.startsWith('flow.') || action === 'run.skipped') && name !== '') return `/syncs/${id}`;
  return '';
}

function nameOf({ action, subject_name: name, detail }: Change): string {
  if (name !== '' || !nameInNote.has(action)) return name;
  const colon = detail.indexOf(': ');
  return colon < 0 ? detail : detail.slice(0, colon);
}
