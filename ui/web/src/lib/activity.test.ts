import { describe, expect, it } from 'vitest';
import { activityText } from '../texts/activity';
import { actorName, changeAddress, changeNote, changeSentence } from './activity';

const anna = { type: 'user', id: 'u1', name: 'anna@shop.example' } as const;
const sluice = { type: 'system', id: '', name: '' } as const;
const of = (action: string, part = {}) => ({ actor: anna as Parameters<typeof actorName>[0], action, subject: '', subject_name: '', detail: '', ...part });

describe('changes in sentences', () => {
  it.each([
    [of('flow.created', { subject: 'f1', subject_name: 'Catalogue', detail: 'Catalogue' }), 'anna@shop.example created the sync “Catalogue”.'],
    [of('flow.deleted', { subject: 'f1', detail: 'Old stock' }), 'anna@shop.example deleted the sync “Old stock”.'],
    [of('flow.scheduled', { subject: 'f1', detail: 'Stock: 0 2 * * * in UTC' }), 'anna@shop.example changed the schedule of the sync “Stock”.'],
    [of('flow.scheduled', { subject_name: 'Stock', detail: 'Stock: compare with the store off' }), 'anna@shop.example switched off the schedule of the sync “Stock”.'],
    [of('run.skipped', { actor: sluice, detail: 'Stock: the run did not start. No source.' }), 'A scheduled run of the sync “Stock” did not start.'],
    [of('run.answered', { subject_name: 'Stock', detail: 'stop, lost: 3 of 5' }), 'anna@shop.example answered a run of the sync “Stock”: stop.'],
    [of('user.role_changed', { subject_name: 'bo@shop.example', detail: 'viewer' }), 'anna@shop.example made bo@shop.example a viewer.'],
    [of('user.role_changed', { subject_name: 'bo@shop.example', detail: 'admin' }), 'anna@shop.example made bo@shop.example an admin.'],
    [of('api_key.revoked', { detail: 'Nightly: the key’s maker was removed' }), 'anna@shop.example revoked the API key “Nightly”.'],
    [of('flow.changed', { actor: { type: 'key', id: 'k', name: 'ERP' }, subject_name: 'Stock' }), 'API key “ERP” changed the sync “Stock”.'],
  ])('%#', (entry, want) => {
    expect(changeSentence(entry)).toBe(want);
  });

  it('reads well for what is not known', () => {
    expect(changeSentence(of('flow.moved_to_folder', { subject_name: 'Stock' }))).toBe('anna@shop.example – Sync moved to folder “Stock”.');
    expect(changeSentence(of('price_list.tidied'))).toBe('anna@shop.example – price list tidied.');
    expect(changeSentence(of('tidied', { actor: sluice }))).toBe('Sluice – tidied.');
  });

  it.each(Object.keys(activityText.done))('%s has no raw name in it', (action) => {
    for (const name of ['', 'Stock']) {
      const said = changeSentence(of(action, { subject_name: name }));
      expect(said).toMatch(/^[^_{}]+\.$/);
      expect(said).not.toMatch(/undefined|\bflow|\.[a-z]+_| {2}/);
    }
  });

  it('shows notes that people can read, and no others', () => {
    expect(changeNote(of('run.skipped', { detail: 'Stock: the run did not start. No source.' }))).toBe('the run did not start. No source.');
    expect(changeNote(of('run.paused', { detail: 'A permission is missing.' }))).toBe('A permission is missing.');
    expect(changeNote(of('store.installed', { detail: 'scopes: store_v2_products' }))).toBe('');
  });

  it('leads to what was changed', () => {
    expect(changeAddress(of('flow.changed', { subject: 'f1', subject_name: 'Stock' }))).toBe('/syncs/f1');
    expect(changeAddress(of('flow.deleted', { subject: 'f1' }))).toBe('');
    expect(changeAddress(of('run.answered', { subject: 'run:r1' }))).toBe('/activity/r1');
    expect(changeAddress(of('api_key.created', { subject: 'k1', subject_name: 'ERP' }))).toBe('');
  });
});
