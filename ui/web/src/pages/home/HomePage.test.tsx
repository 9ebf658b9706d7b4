import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Attention, Overview, Run, Session } from '../../api/types';
import { problem } from '../../test/attention';
import { expectAccessible } from '../../test/axe';
import { overview } from '../../test/overview';
import { renderInPanel, run, session } from '../../test/render';
import { homeText } from '../../texts/home';
import { HomePage } from './HomePage';

const t = homeText.guide;
type Guide = Overview['guide'];

function show(o: Overview, { runs = [], of = session, problems = [], open = 0 }: { runs?: Run[]; of?: Session; problems?: Attention[]; open?: number } = {}) {
  const known = Object.fromEntries(runs.map((r) => [`GET /runs/${r.id}`, { json: r }]));
  return renderInPanel(<HomePage />, {
    answers: { 'GET /overview': { json: o }, 'GET /attention': { json: { problems, next: '', open } }, 'GET /runs': { json: { runs, next: '' } }, ...known },
    route: '/', session: of,
  });
}

const guide = (part: Partial<Guide>): Overview => ({ ...overview, guide: { ...overview.guide, flow_id: 'flow-1', ...part } });

describe('the guide of a new store', () => {
  it('asks one thing: what to bring in', async () => {
    show(overview);
    expect((await screen.findByRole('link', { name: /^Stock levels/ })).getAttribute('href')).toBe('#/syncs/new?kind=levels');
    expect(screen.queryByText(homeText.needs.none)).toBeNull();
    expect(screen.queryByRole('list', { name: t.stages })).toBeNull();
    await expectAccessible();
  });

  const preview: Run = { ...run, dry_run: true, state: 'done', created: 0, to_create: 5 };
  const real: Run = { ...run, state: 'done', failed: 0 };
  const goOn = '/syncs/new?sync=flow-1';
  it.each<[string, Partial<Guide>, Run | undefined, string, string | undefined, string]>([
    ['a sync without data', {}, undefined, t.connect.title, t.connect.action, goOn],
    ['data without a matching', { connected: true }, undefined, t.match.title, t.match.action, goOn],
    ['matched', { connected: true, matched: true }, undefined, t.land.title, t.land.check, goOn],
    ['checked', { connected: true, matched: true, previewed: true, run_id: 'run-1' }, preview, t.land.title, t.land.start, '/activity/run-1'],
    ['under way', { connected: true, matched: true, previewed: true, run_id: 'run-1', under_way: true }, run, t.land.title, undefined, ''],
    ['failed', { connected: true, matched: true, previewed: true, run_id: 'run-1' }, { ...real, state: 'failed' }, t.land.title, t.notCleanAction, '/activity/run-1'],
    ['left some out', { connected: true, matched: true, run_id: 'run-1' }, { ...real, failed: 3 }, t.land.title, t.notCleanAction, '/activity/run-1'],
    ['wrote nothing, as the file was empty', { connected: true, matched: true, run_id: 'run-1' }, { ...real, created: 0, updated: 0 }, t.land.title, t.land.check, goOn],
  ])('%s', async (_, facts, last, stage, action, to) => {
    const { container, router } = show(guide(facts), { runs: last ? [last] : [] });
    await waitFor(() => expect(container.querySelector('[aria-current="step"] h3')?.textContent).toContain(stage));
    if (action === undefined) {
      expect(screen.getByText(t.underWay)).toBeTruthy();
      expect(screen.getByRole('button', { name: t.underWayAction })).toBeTruthy();
      for (const other of [t.land.start, t.land.check, t.notCleanAction]) expect(screen.queryByRole('button', { name: other })).toBeNull();
      return;
    }
    await userEvent.click(await screen.findByRole('button', { name: action }));
    const { pathname, search } = router.state.location;
    expect(pathname + search).toBe(to);
  });

  it('lets a viewer read what has been done, and no more', async () => {
    const viewer = { ...session, permissions: { write: false, admin: false, owner: false } };
    show(guide({ connected: true }), { of: viewer });
    expect(await screen.findByText(t.notAllowed)).toBeTruthy();
    expect(screen.queryByRole('button')).toBeNull();
  });
});

const used: Overview = {
  kinds: [
    { kind: 'products', label: 'Products', flows: 2, state: 'attention', records: 12_480, last_success_at: '2026-11-22T10:00:00Z', problems: 40 },
    { kind: 'levels', label: 'Stock levels', flows: 0, state: 'none', records: 0, last_success_at: null, problems: 0 },
  ],
  history: overview.history.map((d, i) => (i === 12 ? { ...d, runs: 2, changed: 1240, problems: 3, failed: 1, seconds: 95 } : i === 13 ? { ...d, runs: 1, changed: 1, seconds: 30 } : d)),
  next: [{ flow_id: 'flow-1', flow_name: 'ERP catalogue', at: '2099-01-01T02:00:00Z', compare: false }],
  guide: { ...overview.guide, connected: true, matched: true, previewed: true, landed: true, flow_id: 'flow-1' },
};

describe('Home of a store in use', () => {
  it('says first what needs somebody, then how each kind is', async () => {
    const { container, router } = show(used, { problems: [problem], open: 7, runs: [{ ...run, state: 'done' }] });
    expect(await screen.findByRole('heading', { name: '7 things need you' })).toBeTruthy();
    const headings = [...container.querySelectorAll('h2')].map((h) => h.textContent);
    expect(headings[0]).toBe('7 things need you');
    expect(screen.getByText('12,480 records in step')).toBeTruthy();
    expect(screen.getByRole('link', { name: '40 records left out' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Set up stock levels' }).getAttribute('href')).toBe('#/syncs/new?kind=levels');
    expect(screen.queryByText(t.header)).toBeNull();
    await expectAccessible();
    await userEvent.click(screen.getByRole('button', { name: /^Check its data/ }));
    expect(router.state.location.pathname).toBe('/syncs/flow-1/source');
  });

  it('says that nothing needs anybody, and where shoppers are set up', async () => {
    const { unmount, router } = show(used);
    expect(await screen.findByText(homeText.needs.none)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: homeText.shoppers.action }));
    expect(router.state.location.pathname).toBe('/settings/shoppers');
    unmount();
    show(used, { of: { ...session, permissions: { write: false, admin: false, owner: false } } });
    expect(await screen.findByText(homeText.needs.none)).toBeTruthy();
    expect(screen.queryByRole('button', { name: homeText.shoppers.action })).toBeNull();
    expect(screen.queryByRole('button', { name: homeText.create })).toBeNull();
  });

  it('draws fourteen days, of which each leads to its runs, and lists them', async () => {
    show(used);
    const days = within(await screen.findByRole('list', { name: homeText.history.chart.changed }));
    expect(days.getAllByRole('listitem')).toHaveLength(14);
    const day = days.getByRole('link', { name: 'Sat, Nov 21: 1,240 records changed, 1 run failed' });
    expect(day.getAttribute('href')).toBe('#/activity?from=2026-11-21&to=2026-11-21');
    expect(days.getByRole('link', { name: 'Sun, Nov 22: 1 record changed' })).toBeTruthy();
    expect(days.getByRole('img', { name: 'Mon, Nov 9: no run' })).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: homeText.history.measures.problems }));
    expect(screen.getByRole('link', { name: /^Sat, Nov 21: 3 problems/ })).toBeTruthy();
    const details = document.querySelector('details');
    if (!details) throw new Error('no details');
    details.open = true; // jsdom does not open them by a click
    details.dispatchEvent(new Event('toggle'));
    const table = within(await screen.findByRole('table', { name: homeText.history.table.caption }));
    expect(table.getAllByRole('row')[2]?.textContent).toBe('Sat, Nov 212' + '1,240' + '3' + '1' + '1 min 35 sec');
  });
});
