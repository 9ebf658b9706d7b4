import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Flow, Run, Session } from '../../api/types';
import { expectAccessible } from '../../test/axe';
import { renderInPanel, run as base, session } from '../../test/render';
import { CheckAndStart } from './CheckAndStart';

const preview: Run = { ...base, state: 'done', dry_run: true, outcome: 'all', created: 0, updated: 0, to_create: 3, to_update: 0, finished_at: '2026-11-22T10:02:31Z' };

function show(last: Run | null, { ready = true, session: s, version = 1 }: { ready?: boolean; session?: Session; version?: number } = {}) {
  const flow = { id: 'flow-1', kind: 'products', version, last_run: last } as Flow;
  let saved = 0;
  const saveFirst = (after: () => void) => {
    saved++;
    after();
  };
  const view = renderInPanel(<CheckAndStart flow={flow} ready={ready} saveFirst={saveFirst} />, {
    session: s,
    answers: {
      'GET /runs/run-1': { json: last },
      'GET /runs/run-1/problems': { json: { problems: [] } },
      'GET /runs/run-1/issues': { json: { issues: [], next: '' } },
      'GET /runs/run-1/changes': { json: { changes: [], next: '' } },
      'GET /runs/run-1/changes/fields': { json: { fields: [], created: 0, updated: 0 } },
      'POST /flows/flow-1/runs': { status: 201, json: { ...base, id: 'run-2' } },
      'GET /runs/run-2': { json: { ...base, id: 'run-2' } },
    },
  });
  const posted = () => view.calls.filter((c) => c.method === 'POST').map((c) => c.body);
  return { ...view, posted, saved: () => saved };
}

const buttons = () => screen.queryAllByRole('button').map((b) => b.textContent);

describe('CheckAndStart', () => {
  it('makes a preview first, after saving', async () => {
    const user = userEvent.setup();
    const { posted, saved } = show(null);
    await user.click(screen.getByRole('button', { name: 'Make a preview' }));
    await waitFor(() => expect(posted()).toEqual([{ dry_run: true, compare: false }]));
    expect(saved()).toBe(1);
  });

  it('asks before it starts without one', async () => {
    const user = userEvent.setup();
    const { posted } = show(null);
    await user.click(screen.getByRole('button', { name: 'Start without a preview' }));
    await screen.findByRole('heading', { name: 'Start without a preview?' });
    expect(posted()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Start the run' }));
    await waitFor(() => expect(posted()).toEqual([{ dry_run: false, compare: false }]));
  });

  it('starts what the preview showed', async () => {
    const user = userEvent.setup();
    const { posted } = show({ ...preview, compare: true });
    await screen.findByRole('heading', { name: 'Would create 3 products.' });
    expect(screen.queryByRole('checkbox', { name: /start anyway/ })).toBeNull();
    expect(buttons()).not.toContain('Start without a preview');
    await expectAccessible();
    await user.click(screen.getByRole('button', { name: 'Start the run' }));
    await waitFor(() => expect(posted()).toEqual([{ dry_run: false, compare: true, preview_id: preview.id }]));
  });

  it('wants a tick when the sync was changed since', async () => {
    show({ ...preview, flow_version: 1 }, { version: 2 });
    await screen.findByRole('checkbox', { name: 'I have seen this and want to start anyway' });
    screen.getByText('The sync was changed since this preview.');
    expect(screen.getByRole('button', { name: 'Start the run' })).toHaveProperty('disabled', true);
  });

  it.each<[string, Parameters<typeof show>, string]>([
    ['it cannot run yet', [null, { ready: false }], 'This sync cannot run yet: complete it first.'],
    ['a run is under way', [base], 'A run of this sync is under way.'],
  ])('says why it waits: %s', (_, args, why) => {
    show(...args);
    const button = screen.getByRole('button', { name: 'Make a preview' });
    expect(button).toHaveProperty('disabled', true);
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toBe(why);
  });

  it('shows how far a preview has come', async () => {
    show({ ...preview, state: 'running', outcome: 'under_way', phase: 'plan', read: 100, bytes_read: 1_000_000, bytes_total: 2_000_000, finished_at: undefined });
    await screen.findByRole('progressbar', { name: 'Read the file' });
    screen.getByText('1 MB of 2 MB read');
    expect(buttons()).toContain('Cancel preview');
  });

  it('shows a viewer what was found, and no controls', async () => {
    show(preview, { session: { ...session, permissions: { write: false, admin: false, owner: false } } });
    await screen.findByRole('heading', { name: 'Would create 3 products.' });
    expect(buttons()).toEqual([]);
  });
});
