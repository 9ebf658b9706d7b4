import { cleanup, fireEvent, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Change, Run, RunProblem, Session } from '../api/types';
import { expectAccessible } from '../test/axe';
import { renderInPanel, run as base, session } from '../test/render';
import { RunPage } from './RunPage';

const over = { finished_at: '2026-11-22T10:02:31Z', progress: 1, seconds_left: null };
const none = { created: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0, to_create: 0, to_update: 0 };
const viewer: Session = { ...session, permissions: { write: false, admin: false, owner: false } };
const paused: Session = { ...session, store: { ...session.store, state: 'needs_reinstall', state_reason: 'The token was refused.' } };
const done = { state: 'done', ...over, ...none } as const;
const question = { guard: 'lost', message: 'Many products are no longer in the file.', count: 1500, of: 2465, limit: 20, examples: ['a-1', 'b-2'], asked_at: '2026-11-22T10:01:00Z' };

const problem = (part: Partial<RunProblem> = {}): RunProblem => ({
  cause: 'c1', severity: 'error', field: 'price', label: 'Price', message: 'is not a number', count: 147, examples: [{ line: 9, row: 7, key: 'A-1', value: '12,50' }],
  remedy: { action: 'matching', field: 'price', text: 'Change what Price comes from.' }, ...part,
});
const change = (part: Partial<Change> = {}): Change => ({
  line: 2, row: 2, key: 'A-1', name: 'Blue mug', image_url: '', store_url: 'https://store-abc.mybigcommerce.com/manage/products/edit/5', action: 'update', target_id: 5,
  changes: [{ field: 'price', label: 'Price', unit: 'USD', before: 9.5, after: 12.125 }, { field: 'weight', label: 'Weight', unit: 'kg', before: 1, after: 2 }], ...part,
});

type Answers = NonNullable<Parameters<typeof renderInPanel>[1]>['answers'];

function show(part: Partial<Run>, options: { session?: Session; answers?: Answers; path?: string } = {}) {
  const run: Run = { ...base, ...part };
  return renderInPanel(<RunPage />, {
    path: options.path ?? '/activity/run-1',
    route: '/activity/:id',
    session: options.session,
    answers: {
      'GET /runs/run-1': { json: run },
      'GET /runs/run-1/problems': { json: { problems: [] } },
      'GET /runs/run-1/issues': { json: { issues: [], next: '' } },
      'GET /runs/run-1/changes': { json: { changes: [], next: '' } },
      'GET /runs/run-1/changes/fields': { json: { fields: [], created: 0, updated: 0 } },
      'GET /flows/flow-1': { json: { id: 'flow-1', version: run.flow_version } },
      ...options.answers,
    },
  });
}

const buttons = () => screen.queryAllByRole('button').map((b) => b.textContent);
const sentence = () => screen.getAllByRole('heading', { level: 2 })[0]?.textContent;
const openTab = () => screen.getByRole('tab', { selected: true }).textContent;

describe('RunPage', () => {
  it.each<[string, Partial<Run>, string, string, string[]]>([
    ['queued', { state: 'queued', phase: '', created: 0, updated: 0 }, 'Waiting for its turn. It starts by itself.', 'Changes (0)', ['Cancel run']],
    ['writing', {}, 'Writing to your store: 1,230 of 2,460 products so far.', 'Changes (1,230)', ['Cancel run']],
    ['cancelling', { state: 'cancelling', cancel_requested: true }, 'Stopping. What was written stays written.', 'Changes (1,230)', ['Cancel run']],
    ['all done', { ...done, outcome: 'all', created: 2360, updated: 100, unchanged: 5 }, 'Created 2,360 and updated 100 products.', 'Changes (2,460)', ['Open the sync', 'Compare with the store', 'Run again']],
    ['nothing to do', { ...done, outcome: 'unchanged', unchanged: 2465 }, 'Nothing to do: all 2,465 products were up to date already.', 'Details', ['Open the sync', 'Compare with the store', 'Run again']],
    ['everything failed', { ...done, outcome: 'none', failed: 147 }, 'Nothing was written: all 147 products were left out.', 'Problems (147)', ['Open the sync', 'Compare with the store', 'Run again', 'Open the matching']],
    ['some failed, something has changed since', { ...done, outcome: 'some', created: 3, failed: 2, retry: { allowed: true, reason: '' } }, 'Created 3 products and left out 2.', 'Problems (2)', ['Open the sync', 'Compare with the store', 'Run again', 'Retry 2']],
    ['an empty file', { ...done, outcome: 'empty', warnings: 1, read: 0, total: 0 }, 'The file had no rows, so nothing was changed.', 'Problems (1)', ['Open the sync', 'Compare with the store', 'Run again', 'Check the file']],
    ['failed', { ...over, ...none, state: 'failed', outcome: 'failed', error: 'The address answered 404.' }, 'The run could not be finished. Nothing was written.', 'Details', ['Open the sync', 'Compare with the store', 'Run again']],
    ['of a sync that is gone', { ...done, outcome: 'all', created: 1, flow_name: '' }, 'Created 1 product.', 'Changes (1)', []],
  ])('%s: says so, opens the tab that matters and offers what helps', async (_, part, want, tab, offered) => {
    const problems = (part.failed ?? 0) > 0 ? [problem()] : [];
    show(part, { answers: { 'GET /runs/run-1/problems': { json: { problems } } } });
    await screen.findByRole('heading', { level: 1 });
    await waitFor(() => expect(buttons().filter((b) => /run|sync|store|^Retry|file$|^Open the matching/i.test(b)).slice(0, offered.length)).toEqual(offered));
    await waitFor(() => expect(sentence()).toBe(want)); // the kinds' words have come
    expect(openTab()).toBe(tab.replace(' (0)', ''));
  });

  it('keeps the tab and what it is narrowed to in the address', async () => {
    const user = userEvent.setup();
    const { router, calls } = show({ ...done, outcome: 'all', created: 2, updated: 1 }, { path: '/activity/run-1?tab=changes&field=price' });
    await screen.findByRole('tab', { name: 'Changes (3)', selected: true });
    await waitFor(() => expect(calls.find((c) => c.path === '/runs/run-1/changes')?.query.get('field')).toBe('price'));
    await user.click(screen.getByRole('tab', { name: 'Details' }));
    expect(router.state.location.search).toBe('?tab=details');
  });

  it('has nothing that a viewer may not use', async () => {
    show({ ...done, dry_run: true, outcome: 'some', to_create: 3, failed: 1 }, { session: viewer });
    await screen.findByRole('heading', { name: 'Would create 3 products and leave out 1.' });
    expect(buttons()).toEqual(['Open the sync']);
    expect(screen.queryByRole('checkbox')).toBeNull();
  });

  describe('problems', () => {
    const problems = [problem(), problem({ cause: 'c2', field: '', label: '', message: 'the SKU is empty', count: 1, remedy: { action: 'file', field: '', text: 'Correct the file.' } }), problem({ cause: 'c3', severity: 'warning', message: 'is rounded', count: 3, remedy: { action: '', field: '', text: '' } })];
    const some = { ...done, outcome: 'some', created: 3, failed: 148, warnings: 3 } as const;

    it('tells a hundred thousand rows of one cause in one line, with an example and what to do', async () => {
      show({ ...some, failed: 100_000 }, { answers: { 'GET /runs/run-1/problems': { json: { problems: [problem({ count: 100_000 })] } } } });
      const cause = (await screen.findByRole('heading', { name: 'Price: is not a number' })).closest('li');
      expect(cause?.textContent).toContain('100,000 times');
      expect(cause?.textContent).toContain('For example: Row 7, A-1 12,50');
      expect(cause?.textContent).toContain('Change what Price comes from.');
      expect(document.querySelectorAll('li h3')).toHaveLength(1);
    });

    it('keeps problems and warnings apart, and leads to what puts them right', async () => {
      const user = userEvent.setup();
      const { router } = show(some, { answers: { 'GET /runs/run-1/problems': { json: { problems } } } });
      await screen.findByRole('heading', { name: 'What was left out, and why' });
      expect(screen.getAllByRole('heading').map((h) => `${h.tagName} ${h.textContent}`)).toEqual([
        'H1 ERP catalogue', 'H2 Created 3 products and left out 148.', 'H2 What was left out, and why', 'H3 Price: is not a number', 'H3 The SKU is empty', 'H2 Worth knowing', 'H3 Price: is rounded', 'H2 Rows',
      ]);
      await user.click(within(screen.getByRole('tabpanel')).getByRole('button', { name: 'Open the matching' }));
      expect(router.state.location).toMatchObject({ pathname: '/syncs/flow-1/matching', search: '?field=price' });
    });

    it('shows the rows of one cause, and searches them', async () => {
      const user = userEvent.setup();
      const issues = [{ line: 9, row: 7, severity: 'error', cause: 'c1', field: 'price', label: 'Price', key: 'A-1', message: 'is not a number', value: '12,50' }];
      const { calls } = show(some, { answers: { 'GET /runs/run-1/problems': { json: { problems } }, 'GET /runs/run-1/issues': { json: { issues, next: '' } } } });
      await user.click(await screen.findByRole('button', { name: 'Show all 147: Price: is not a number' }));
      const asked = () => Object.fromEntries(calls.filter((c) => c.path.endsWith('/issues')).at(-1)?.query ?? []);
      await waitFor(() => expect(asked()).toEqual({ cause: 'c1', severity: 'error', limit: '25' }));
      const table = await screen.findByRole('table', { name: 'Rows with problems' });
      expect(within(table).getAllByRole('cell').map((c) => c.textContent)).toEqual(['7', 'A-1', 'Price', 'is not a number', '12,50']);
      await user.type(screen.getByRole('searchbox'), 'a-1{Enter}');
      await waitFor(() => expect(asked()).toMatchObject({ cause: 'c1', q: 'a-1' }));
    });
  });

  describe('changes', () => {
    const changed = { ...done, outcome: 'all', created: 1, updated: 2 } as const;
    const fields = { fields: [{ field: 'price', label: 'Price', count: 40 }, { field: 'weight', label: 'Weight', count: 12 }], created: 1, updated: 2 };

    it('names the record, its fields and units, and leads to BigCommerce', async () => {
      show(changed, { answers: { 'GET /runs/run-1/changes': { json: { changes: [change()], next: '' } }, 'GET /runs/run-1/changes/fields': { json: fields } } });
      const link = await screen.findByRole('link', { name: /^Blue mug/ });
      expect([link.getAttribute('href'), link.getAttribute('target'), link.getAttribute('rel')]).toEqual(['https://store-abc.mybigcommerce.com/manage/products/edit/5', '_blank', 'noreferrer noopener']);
      expect(link.closest('li')?.textContent).toContain('A-1 · row 2');
      expect(screen.getAllByRole('cell').map((c) => c.textContent)).toEqual(['$9.50', '$12.125', '1 kg', '2 kg']);
      expect(screen.getAllByRole('rowheader').map((c) => c.textContent)).toEqual(['Price', 'Weight']);
    });

    it('narrows by field, with how many records each is of', async () => {
      const user = userEvent.setup();
      const { calls } = show(changed, { answers: { 'GET /runs/run-1/changes': { json: { changes: [change()], next: '' } }, 'GET /runs/run-1/changes/fields': { json: fields } } });
      const chip = await screen.findByRole('button', { name: 'Weight 12' });
      expect(screen.getByRole('button', { name: 'Price 40' }).getAttribute('aria-pressed')).toBe('false');
      await user.click(chip);
      await waitFor(() => expect(calls.filter((c) => c.path.endsWith('/changes')).at(-1)?.query.get('field')).toBe('weight'));
      expect(chip.getAttribute('aria-pressed')).toBe('true');
      expect((await screen.findAllByRole('rowheader')).map((c) => c.textContent)).toEqual(['Weight', 'Price']);
    });

    it('shows pictures, an empty frame where one is not there or does not come, and no frames where there are none at all', async () => {
      const changes = [change({ image_url: 'https://cdn.example/a.jpg' }), change({ key: 'B', name: '', row: 0, store_url: '' })];
      show(changed, { answers: { 'GET /runs/run-1/changes': { json: { changes, next: '' } } } });
      await screen.findByRole('link', { name: /^Blue mug/ });
      const picture = document.querySelector('img');
      expect([picture?.getAttribute('src'), picture?.alt]).toEqual(['https://cdn.example/a.jpg', '']);
      expect(document.querySelectorAll('img')).toHaveLength(1);
      expect(document.querySelectorAll('[data-picture]')).toHaveLength(2);
      if (picture) fireEvent.error(picture);
      expect(document.querySelector('img')).toBeNull();
      expect(document.querySelectorAll('[data-picture]')).toHaveLength(2);
      cleanup();
      show(changed, { answers: { 'GET /runs/run-1/changes': { json: { changes: [change()], next: '' } } } });
      await screen.findByRole('link', { name: /^Blue mug/ });
      expect(document.querySelector('[data-picture]')).toBeNull();
    });
  });

  describe('a preview', () => {
    const dry = { ...done, dry_run: true } as const;
    const start = () => screen.findByRole('button', { name: 'Start the run' });

    it('starts at once when nothing is in its way', async () => {
      const user = userEvent.setup();
      const { calls } = show({ ...dry, outcome: 'all', to_create: 3, compare: true }, { answers: { 'POST /flows/flow-1/runs': { status: 201, json: { ...base, id: 'run-2' } } } });
      expect(screen.queryByRole('checkbox')).toBeNull();
      await user.click(await start());
      await waitFor(() => expect(calls.filter((c) => c.method === 'POST')).toMatchObject([{ path: '/flows/flow-1/runs', body: { dry_run: false, compare: true, preview_id: base.id } }]));
    });

    it.each<[string, Partial<Run>, number, string]>([
      ['everything failed', { outcome: 'none', failed: 2465 }, 1, '2,465 products would be left out.'],
      ['some failed', { outcome: 'some', to_create: 1, failed: 1 }, 1, '1 product would be left out.'],
      ['a guard is crossed', { outcome: 'all', to_create: 1, question }, 1, 'The preview found something that looks like a mistake.'],
      ['the sync was changed since', { outcome: 'all', to_create: 1, flow_version: 3 }, 4, 'The sync was changed since this preview.'],
    ])('waits for a tick: %s', async (_, part, version, why) => {
      const user = userEvent.setup();
      show({ ...dry, ...part }, { answers: { 'GET /flows/flow-1': { json: { id: 'flow-1', version } } } });
      const tick = await screen.findByRole('checkbox', { name: 'I have seen this and want to start anyway' });
      await screen.findByText((text) => text.startsWith(why));
      const button = await start();
      expect(button).toHaveProperty('disabled', true);
      expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toBe('Tick the box first.');
      await user.click(tick);
      expect(button).toHaveProperty('disabled', false);
    });

    it('says why it cannot start in a store that needs a reinstall', async () => {
      show({ ...dry, outcome: 'all', to_create: 1 }, { session: paused });
      const button = await start();
      expect(button).toHaveProperty('disabled', true);
      expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).not.toBe('');
    });

    it('tells what a run would ask', async () => {
      show({ ...dry, outcome: 'all', to_create: 1, question });
      await screen.findByText('A run would ask you first');
      expect(screen.queryByRole('button', { name: 'Go on' })).toBeNull();
    });
  });

  describe('under way', () => {
    it('tells bytes while it reads the file', async () => {
      show({ phase: 'plan', read: 44_000, total: 0, bytes_read: 31_000_000, bytes_total: 48_000_000, seconds_left: null });
      await screen.findByText('31 MB of 48 MB read');
      screen.getByText('44,000 rows so far');
      const bar = screen.getByRole('progressbar', { name: 'Read the file' });
      expect(bar.getAttribute('aria-valuenow')).toBe('64');
      expect(screen.getAllByRole('listitem').filter((i) => i.getAttribute('aria-current') === 'step').map((i) => i.textContent)).toEqual(['Read the file 64%, now']);
    });

    it('tells what remains against the store’s allowance while it writes', async () => {
      show({ requests: 1200, planned_requests: 2381, seconds_left: 77 });
      await screen.findByText('1,230 of 2,460 products written');
      screen.getByText('1,181 requests are left to make. With what your store allows, this takes about 1 min 17 sec.');
      expect(screen.getByRole('progressbar', { name: 'Write to your store' }).getAttribute('aria-valuenow')).toBe('50');
    });

    it('has no share to tell while it compares', async () => {
      show({ phase: 'match', dry_run: true });
      const bar = await screen.findByRole('progressbar', { name: 'Compare with your store' });
      expect(bar.getAttribute('aria-valuenow')).toBeNull();
      expect(screen.queryByText('Write to your store')).toBeNull();
    });

    it('asks before it cancels', async () => {
      const user = userEvent.setup();
      const { calls } = show({}, { answers: { 'POST /runs/run-1/cancel': { json: { ...base, state: 'cancelling', cancel_requested: true, updated_at: '2026-11-22T10:01:01Z' } } } });
      const posts = () => calls.filter((c) => c.method === 'POST').map((c) => c.path);
      await user.click(await screen.findByRole('button', { name: 'Cancel run' }));
      const dialog = await screen.findByRole('dialog');
      await user.click(within(dialog).getByRole('button', { name: 'Keep running' }));
      expect(posts()).toEqual([]);
      await user.click(screen.getByRole('button', { name: 'Cancel run' }));
      await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Cancel run' }));
      await waitFor(() => expect(posts()).toEqual(['/runs/run-1/cancel']));
      await screen.findByRole('heading', { name: 'Stopping. What was written stays written.' });
    });
  });

  describe('a question', () => {
    it.each([
      ['Go on', 'proceed', 'running'],
      ['Stop', 'stop', 'cancelled'],
    ] as const)('is shown and answered: %s', async (button, answer, state) => {
      const user = userEvent.setup();
      const { calls } = show({ state: 'asking', outcome: 'asking', phase: 'match', question }, {
        answers: { 'POST /runs/run-1/answer': { json: { ...base, state, outcome: state === 'running' ? 'under_way' : 'cancelled', updated_at: '2026-11-22T10:03:00Z' } } },
      });
      await screen.findByRole('heading', { name: 'Is this right?' });
      for (const part of [question.message, 'This is about 1,500 of 2,465 records. More than 20% of them look like a mistake in the file.', 'For example: a-1; b-2']) screen.getByText(part);
      await user.click(screen.getByRole('button', { name: button }));
      await waitFor(() => expect(screen.queryByText('Is this right?')).toBeNull());
      expect(calls.filter((c) => c.method === 'POST')).toMatchObject([{ path: '/runs/run-1/answer', body: { guard: 'lost', answer } }]);
    });

    it('has no buttons for who may not answer', async () => {
      show({ state: 'asking', outcome: 'asking', question: { ...question, limit: 0 } }, { session: viewer });
      await screen.findByText('This is about 1,500 of 2,465 records.');
      screen.getByText('Somebody who may change things in Sluice has to answer.');
      expect(buttons().filter((b) => b === 'Go on' || b === 'Stop')).toEqual([]);
    });
  });

  it('retries what failed in a new run', async () => {
    const user = userEvent.setup();
    const retried = { ...base, id: 'run-2', flow_name: 'Retried' };
    const { calls } = show({ ...done, outcome: 'some', created: 1, failed: 3, retry: { allowed: true, reason: '' } }, {
      answers: { 'POST /runs/run-1/retry': { status: 201, json: retried }, 'GET /runs/run-2': { json: retried } },
    });
    await user.click(await screen.findByRole('button', { name: 'Retry 3' }));
    await screen.findByRole('heading', { name: 'Retried' });
    expect(calls.some((c) => c.method === 'POST' && c.path === '/runs/run-1/retry')).toBe(true);
  });

  it('offers no retry while nothing has changed since, and says why', async () => {
    const user = userEvent.setup();
    const problems = [problem({ remedy: { action: 'retry', field: '', text: 'Try it again.' } })];
    show({ ...done, outcome: 'none', failed: 147, retry: { allowed: false, reason: 'Nothing has changed since.' } }, { answers: { 'GET /runs/run-1/problems': { json: { problems } } } });
    await screen.findByText('Try it again.');
    expect(screen.queryByRole('button', { name: /^Retry/ })).toBeNull();
    await user.click(screen.getByRole('tab', { name: 'Details' }));
    await screen.findByText('Nothing has changed since.');
  });

  it('leads from numbers to what they count', async () => {
    const user = userEvent.setup();
    const { router } = show({ ...done, outcome: 'some', created: 3, failed: 2 }, { path: '/activity/run-1?tab=details' });
    await user.click(await screen.findByRole('button', { name: '3' }));
    expect(router.state.location.search).toBe('?tab=changes&action=create');
  });

  it('names the key that started it', async () => {
    show({ started_by: 'key:k1' }, { answers: { 'GET /api-keys': { json: { api_keys: [{ id: 'k1', name: 'Nightly' }], next: '' } } } });
    await screen.findByText(/by API key “Nightly”$/);
  });

  it.each<[string, Partial<Run>, string]>([
    ['problems', { ...done, outcome: 'some', created: 3, failed: 147, warnings: 1 }, 'problems'],
    ['changes', { ...done, outcome: 'all', updated: 2 }, 'changes'],
    ['details', { ...done, outcome: 'all', updated: 2 }, 'details'],
    ['a preview with a question', { ...done, dry_run: true, outcome: 'some', to_create: 3, failed: 1, question }, 'problems'],
    ['under way', {}, 'changes'],
  ])('is accessible: %s', async (_, part, tab) => {
    show(part, {
      path: `/activity/run-1?tab=${tab}`,
      answers: {
        'GET /runs/run-1/problems': { json: { problems: [problem(), problem({ cause: 'c2', severity: 'warning' })] } },
        'GET /runs/run-1/changes': { json: { changes: [change(), change({ key: 'B', image_url: 'https://cdn.example/a.jpg' })], next: '' } },
        'GET /runs/run-1/changes/fields': { json: { fields: [{ field: 'price', label: 'Price', count: 2 }], created: 1, updated: 1 } },
      },
    });
    await screen.findByRole('tabpanel');
    await waitFor(() => expect(document.querySelector('[role=tabpanel] h2, [role=tabpanel] h3')).not.toBeNull());
    await expectAccessible();
  });

  it('says that a run does not exist', async () => {
    renderInPanel(<RunPage />, { path: '/activity/nope', route: '/activity/:id' });
    expect(await screen.findByText('There is nothing here')).toBeTruthy();
  });

  it('says why a run cannot be shown, and tries again', async () => {
    const user = userEvent.setup();
    let up = false;
    show({}, { answers: { 'GET /runs/run-1': () => (up ? { json: base } : { status: 422, json: { code: 'invalid', detail: 'No.' } }) } });
    await screen.findByText('No.');
    up = true;
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByRole('heading', { name: 'ERP catalogue' })).toBeTruthy();
  });
});
