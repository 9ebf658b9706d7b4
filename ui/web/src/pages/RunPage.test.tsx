import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Run, Session } from '../api/types';
import { renderInPanel, run as base, session } from '../test/render';
import { RunPage } from './RunPage';

const over = { finished_at: '2026-11-22T10:02:31Z', progress: 1, seconds_left: null };
const viewer: Session = { ...session, permissions: { write: false, admin: false, owner: false } };
const paused: Session = { ...session, store: { ...session.store, state: 'needs_reinstall', state_reason: 'The token was refused.' } };

function show(part: Partial<Run>, options: { session?: Session; answers?: Parameters<typeof renderInPanel>[1] } = {}) {
  const run: Run = { ...base, ...part };
  return renderInPanel(<RunPage />, {
    path: '/activity/run-1',
    route: '/activity/:id',
    session: options.session,
    answers: {
      'GET /runs/run-1': { json: run },
      'GET /runs/run-1/issues': { json: { issues: [], next: '' } },
      'GET /runs/run-1/changes': { json: { changes: [], next: '' } },
      ...options.answers?.answers,
    },
  });
}

const buttons = () => screen.getAllByRole('button').map((b) => b.textContent);
const count = (name: string) => screen.getByText(name, { selector: 'dt' }).parentElement?.querySelector('dd')?.textContent;

describe('RunPage', () => {
  it.each<[string, Partial<Run>, string[], string[]]>([
    ['queued', { state: 'queued', phase: '', progress: 0, started_at: undefined }, ['Queued', 'Waiting for a free worker. It starts by itself.'], ['Cancel run']],
    ['running', {}, ['Writing to the store', '57%', '1,200 of about 2,381', '15.2 requests/s', '1 min 17 sec'], ['Cancel run']],
    ['running, time unknown', { phase: 'plan', seconds_left: null }, ['Reading rows and planning', 'Working it out'], ['Cancel run']],
    ['paused', { state: 'paused', error: 'BigCommerce refused the token.' }, ['This run is paused', 'BigCommerce refused the token.'], ['Cancel run']],
    ['cancelling', { state: 'cancelling', cancel_requested: true }, ['Cancelling', 'The run stops after the step it is in. What was written stays written.'], ['Cancel run']],
    ['cancelled', { state: 'cancelled', ...over }, ['Cancelled'], ['Open the feed', 'Run again']],
    ['failed', { state: 'failed', error: 'The address answered 404.', ...over }, ['This run stopped', 'The address answered 404.'], ['Open the feed', 'Run again']],
    ['done', { state: 'done', ...over, created: 2360, updated: 100, unchanged: 5 }, ['Everything in the feed is in your store', '2,360 created, 100 updated, 5 unchanged.', '100%', '2 min 30 sec'], ['Open the feed', 'Run again']],
    ['done, nothing to do', { state: 'done', ...over, created: 0, updated: 0, unchanged: 2465 }, [/^Your store already had everything/.source], ['Open the feed', 'Run again']],
    ['done with errors', { state: 'done', ...over, failed: 1 }, ['Done, with errors', 'Some rows need your attention', /^1 row was not written/.source], ['Open the feed', 'Run again', 'Retry failed rows']],
    ['incomplete', { state: 'done', ...over, incomplete: true }, ['The feed stopped before its end'], ['Open the feed', 'Run again']],
    ['dry run done', { state: 'done', dry_run: true, ...over, failed: 2 }, ['This was a dry run: nothing was written', 'The run would create 2,360 and update 100 products; 0 need no change.', 'It costs about 2,381 API requests and takes about 2 min 39 sec.', '2 rows have errors and would be left out.'], ['Open the feed', 'Start the run']],
    ['retry', { state: 'done', ...over, retry_of: 'run-0' }, ['This run retries the failed rows of an earlier run.'], ['Open the feed', 'Run again']],
  ])('%s', async (_, part, texts, actions) => {
    show(part);
    await screen.findByRole('heading', { name: 'ERP catalogue' });
    for (const text of texts) expect((await screen.findAllByText(text.startsWith('^') ? new RegExp(text) : text)).length).toBeGreaterThan(0);
    expect(buttons().filter((b) => /run|feed|rows/i.test(b))).toEqual(actions);
  });

  it('counts', async () => {
    show({ read: 1200, created: 1180, updated: 50, unchanged: 7, failed: 3, warnings: 2 });
    await screen.findByRole('heading', { name: 'ERP catalogue' });
    expect(['Read', 'Created', 'Updated', 'Unchanged', 'Failed', 'Warnings'].map(count)).toEqual(['1,200of 2,465', '1,180', '50', '7', '3', '2']);
    expect(within(screen.getByRole('group', { name: 'Progress of this run' })).getByRole('progressbar').getAttribute('aria-valuenow')).toBe('57');
    expect(screen.getAllByRole('status').map((s) => s.textContent)).toContain('Writing to the store, 57%');
  });

  it('lists errors with line, key, field, message and value', async () => {
    const issues = [
      { line: 17, key: 'A-1', field: 'price', message: 'not a number', value: '12,50', severity: 'error' },
      { line: 0, key: '', field: '', message: 'the stream stopped', value: '', severity: 'error' },
    ];
    show({ state: 'done', ...over, failed: 2 }, { answers: { answers: { 'GET /runs/run-1/issues': { json: { issues, next: '' } } } } });
    const table = await screen.findByRole('table', { name: 'Errors' });
    const rows = within(table).getAllByRole('row').slice(1).map((r) => within(r).getAllByRole('cell').map((c) => c.textContent));
    expect(rows).toEqual([['17', 'A-1', 'price', 'not a number', '12,50'], ['Whole feed', '–', '–', 'the stream stopped', '–']]);
  });

  it('shows changes, before and after', async () => {
    const changes = [{ line: 2, key: 'A-1', action: 'update', target_id: 5, changes: [{ field: 'price', before: 9.5, after: 12.5 }] }];
    const user = userEvent.setup();
    show({ state: 'done', ...over, created: 0, updated: 1 }, { answers: { answers: { 'GET /runs/run-1/changes': { json: { changes, next: '' } } } } });
    await user.click(await screen.findByRole('tab', { name: 'Changes (1)' }));
    const cells = (await screen.findAllByRole('cell')).map((c) => c.textContent);
    expect(cells).toEqual(['9.5', '12.5']);
    expect(screen.getByRole('columnheader', { name: 'Before' }).title).toBe('The value when Sluice last saw the record');
    await user.keyboard('{ArrowLeft}');
    expect(screen.getByRole('tab', { selected: true }).textContent).toBe('Warnings');
  });

  it('asks before it cancels', async () => {
    const user = userEvent.setup();
    const { calls } = show({}, { answers: { answers: { 'POST /runs/run-1/cancel': { json: { ...base, state: 'cancelling', cancel_requested: true, updated_at: '2026-11-22T10:01:01Z' } } } } });
    const posts = () => calls.filter((c) => c.method === 'POST').map((c) => c.path);
    await user.click(await screen.findByRole('button', { name: 'Cancel run' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Keep running' }));
    expect(posts()).toEqual([]);
    await user.click(screen.getByRole('button', { name: 'Cancel run' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Cancel run' }));
    await waitFor(() => expect(posts()).toEqual(['/runs/run-1/cancel']));
    expect((await screen.findAllByText('Cancelling')).length).toBeGreaterThan(0);
  });

  const question = { guard: 'lost', message: 'Many products are no longer in the feed.', count: 1500, of: 2465, limit: 20, examples: ['a-1', 'b-2'], asked_at: '2026-11-22T10:01:00Z' };

  it.each([
    ['Go on', 'proceed', 'running'],
    ['Stop', 'stop', 'cancelled'],
  ] as const)('shows the question of a run, and answers it: %s', async (button, answer, state) => {
    const user = userEvent.setup();
    const { calls } = show({ state: 'asking', phase: 'match', question }, {
      answers: { answers: { 'POST /runs/run-1/answer': { json: { ...base, state, updated_at: '2026-11-22T10:03:00Z' } } } },
    });
    await screen.findByText('This run waits for your answer');
    expect(screen.getAllByText('Waiting for your answer').length).toBeGreaterThan(0);
    for (const part of [question.message, 'This is about 1,500 of 2,465 records. More than 20% of them seem to be a mistake in the feed.', 'For example: a-1; b-2']) screen.getByText(part);
    await user.click(screen.getByRole('button', { name: button }));
    await waitFor(() => expect(screen.queryByText('This run waits for your answer')).toBeNull());
    expect(calls.filter((c) => c.method === 'POST')).toMatchObject([{ path: '/runs/run-1/answer', body: { guard: 'lost', answer } }]);
  });

  it('lets nobody answer who may not, and tells of a dry run what a run would ask', async () => {
    const { unmount } = show({ state: 'asking', question: { ...question, limit: 0 } }, { session: viewer });
    for (const name of ['Go on', 'Stop']) {
      const button = await screen.findByRole('button', { name });
      expect([button.hasAttribute('disabled'), button.title]).toEqual([true, 'Your role is viewer. Ask an admin to do this, or to change your role.']);
    }
    screen.getByText('This is about 1,500 of 2,465 records.');
    unmount();
    show({ state: 'done', dry_run: true, ...over, question });
    await screen.findByText('A run would ask you first');
    expect(screen.queryByRole('button', { name: 'Go on' })).toBeNull();
  });

  it('retries the failed rows in a new run', async () => {
    const user = userEvent.setup();
    const { calls } = show({ state: 'done', ...over, failed: 3 }, {
      answers: { answers: { 'POST /runs/run-1/retry': { status: 201, json: { ...base, id: 'run-2', flow_name: 'Retried' } }, 'GET /runs/run-2': { json: { ...base, id: 'run-2', flow_name: 'Retried' } } } },
    });
    await user.click(await screen.findByRole('button', { name: 'Retry failed rows' }));
    await screen.findByRole('heading', { name: 'Retried' });
    expect(calls.some((c) => c.method === 'POST' && c.path === '/runs/run-1/retry')).toBe(true);
  });

  it.each([
    ['a viewer', viewer, 'Your role is viewer. Ask an admin to do this, or to change your role.'],
    ['a store that needs a reinstall', paused, 'Sluice must be installed again before it can do this.'],
  ])('offers no writes to %s, and says why', async (_, s, reason) => {
    show({ state: 'done', ...over, failed: 3 }, { session: s });
    for (const name of ['Run again', 'Retry failed rows']) {
      const button = await screen.findByRole('button', { name });
      expect([button.hasAttribute('disabled'), button.title]).toEqual([true, reason]);
    }
  });

  it('says that a run compared, and starts one that does', async () => {
    const user = userEvent.setup();
    const { calls } = show({ state: 'done', ...over, compare: true }, { answers: { answers: { 'POST /flows/flow-1/runs': { status: 201, json: { ...base, id: 'run-2' } } } } });
    expect(await screen.findByText('Compared with the store')).toBeTruthy();
    await user.click(screen.getByRole('button', { name: 'Compare with the store' }));
    await waitFor(() => expect(calls.find((c) => c.method === 'POST')?.body).toEqual({ dry_run: false, compare: true }));
  });

  it('says that a run does not exist', async () => {
    renderInPanel(<RunPage />, { path: '/activity/nope', route: '/activity/:id' });
    expect(await screen.findByText('There is nothing here')).toBeTruthy();
  });

  it('says why a run cannot be shown, and tries again', async () => {
    const user = userEvent.setup();
    let up = false;
    renderInPanel(<RunPage />, {
      path: '/activity/run-1',
      route: '/activity/:id',
      answers: { 'GET /runs/run-1': () => (up ? { json: base } : { status: 422, json: { code: 'invalid', detail: 'No.' } }), 'GET /runs/run-1/issues': { json: { issues: [], next: '' } } },
    });
    await screen.findByText('No.');
    up = true;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { name: 'ERP catalogue' })).toBeTruthy();
  });
});
