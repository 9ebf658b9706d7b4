// Walks over every page and state of the panel on the mock server in Chromium, and fails on what axe-core
// finds, on what is cut at 390 px or at 200 %, on a focus that is not seen or gets lost, on a page that jumps
// while it loads, on console errors, failed requests and reports of the page's policy:
//   npm run walk [only the scenes that begin with this]
// CHROMIUM names the browser; SHOTS the folder for pictures of everything; IMAGES one for the documentation's.
// WALK=short leaves out windows and states that seldom tell anything new: what the tests have time for.
// WALK=pictures takes the documentation's pictures and looks at nothing else.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { axeProblems, fitProblems, focusProblems, measure, roundProblems, settled } from './look.mjs';
import { startMock } from './mock.mjs';
import { dialogs, pages, press, states } from './pages.mjs';

const shots = process.env.SHOTS ?? 'test-results/shots';
const images = process.env.IMAGES ?? '';
const only = process.argv[2] ?? '';
mkdirSync(shots, { recursive: true });
const mock = await startMock({ speed: 2 });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--test-third-party-cookie-phaseout'],
});
const problems = [];

const windows = {
  wide: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
  zoomed: { width: 640, height: 450 }, // 1280 at 200 %
};

// Each state of a store or user, and the pages that look different in it.
const scenes = [
  { name: 'store', query: '', windows: ['wide', 'phone', 'zoomed'], keyboard: true, jumps: true },
  { name: 'new', query: 'empty=1', windows: ['wide', 'phone'], pages: ['home', 'syncs', 'create', 'activity', 'attention', 'connections', 'settings-alerts'] },
  { name: 'viewer', query: 'role=viewer', windows: ['wide', 'phone'] },
  { name: 'reinstall', query: 'state=needs_reinstall&scopes=missing', windows: ['wide', 'phone'], pages: ['home', 'syncs', 'sync-summary'] },
  { name: 'failing', query: 'broken=1', windows: ['wide', 'phone'], expect: /status of 500/ },
  { name: 'loading', query: 'slow=1', windows: ['wide', 'phone'], loading: true },
];

async function open(where, { query, window, path, expect, locale = 'en-US' }) {
  const context = await browser.newContext({ viewport: windows[window], locale, reducedMotion: 'reduce', acceptDownloads: true });
  await context.addInitScript(measure);
  const page = await context.newPage();
  page.on('console', (m) => {
    if (expect?.test(m.text())) return;
    if (m.type() === 'error' || m.type() === 'warning') problems.push(`${where}: ${m.type()}: ${m.text()} ${m.location().url}`);
  });
  page.on('pageerror', (e) => problems.push(`${where}: ${e.message}`));
  await page.goto(`${mock.url}/load?${query}&link=${encodeURIComponent(path)}`);
  return { context, page };
}

const note = (where, found) => problems.push(...found.map((p) => `${where}: ${p}`));

const short = process.env.WALK === 'short';
const picturesOnly = process.env.WALK === 'pictures';
const telling = ['home', 'sync-matching', 'run-problems'];
const atOnce = 3; // pages: they wait more than they work

const looks = [];
for (const scene of picturesOnly ? [] : scenes) {
  for (const { name, path } of pages) {
    if (scene.pages && !scene.pages.includes(name)) continue;
    const tells = telling.includes(name);
    if (short && scene.name !== 'store' && !tells) continue;
    for (const window of short ? scene.windows.slice(0, scene.name === 'store' && tells ? 2 : 1) : scene.windows) {
      const where = `${scene.name}/${name} ${window}`;
      if (where.startsWith(only)) looks.push(() => lookAtPage(where, scene, name, path, window));
    }
  }
}
for (const [kind, list, look] of picturesOnly ? [] : [['state', states, lookAtState], ['dialog', dialogs, lookAtDialog]]) {
  for (const what of list) {
    for (const window of short ? ['phone'] : ['wide', 'phone']) {
      const where = `${kind}/${what.name} ${window}`;
      if (where.startsWith(only)) looks.push(() => look(where, what, window));
    }
  }
}
if (images) looks.push(...pages.filter((p) => p.picture !== false).map((p) => () => takePicture(p)));
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (let look = looks.shift(); look; look = looks.shift()) await look();
}));

async function takePicture({ name, path }) {
  await looking(`picture/${name}`, `picture-${name}`, { window: 'wide', path }, async (page) => {
    await page.locator('main [role=status] circle').first().waitFor({ state: 'detached' }); // what turns while a file is read
    await page.screenshot({ path: join(images, `panel-${name}.png`) });
  });
}

async function lookAtPage(where, scene, name, path, window) {
  await looking(where, `${scene.name}-${name}-${window}`, { ...scene, window, path }, async (page) => {
    note(where, await axeProblems(page));
    note(where, await fitProblems(page));
    if (scene.jumps && window === 'wide') {
      const { cls, shifts } = await page.evaluate(() => window.measured);
      if (cls > 0.05) problems.push(`${where}: the page jumps by ${cls.toFixed(3)} while it loads: ${shifts.slice(0, 3).join(' / ')}`);
    }
    await page.screenshot({ path: join(shots, `${scene.name}-${name}-${window}.png`), fullPage: window !== 'zoomed' });
    if (scene.keyboard && window !== 'phone' && (!short || telling.includes(name))) note(where, await focusProblems(page, page));
    if (short && window === 'wide') { // the look at a phone's window is left out: at least nothing is cut there
      await page.setViewportSize(windows.phone);
      note(`${where} made narrow`, await fitProblems(page));
    }
  });
}

async function lookAtState(where, state, window) {
  await looking(where, `state-${state.name}-${window}`, { ...state, window }, async (page, shot) => {
    await state.open(page);
    await page.mouse.move(0, 0); // what the mouse is over has colours of its own
    await settled(page);
    note(where, await axeProblems(page));
    note(where, await fitProblems(page));
    await shot();
  });
}

/** Opens a dialog by the keyboard, goes round in it, and leaves it the same way. */
async function lookAtDialog(where, dialog, window) {
  await looking(where, `dialog-${dialog.name}-${window}`, { ...dialog, window }, async (page, shot) => {
    await dialog.first?.(page);
    await press(page, dialog.opener(page), dialog.key);
    await dialog.then?.(page);
    const box = page.locator(dialog.shownBy ?? dialog.within).last();
    await box.waitFor();
    await page.mouse.move(0, 0);
    await settled(page);
    note(where, await axeProblems(page));
    note(where, await fitProblems(page));
    await shot();
    note(where, await roundProblems(page, page, dialog));
    if (dialog.shut) await press(page, page.getByRole('button', { name: dialog.shut, exact: true }));
    else await page.keyboard.press('Escape');
    await box.waitFor({ state: 'detached', timeout: 5_000 });
    const back = (dialog.back ?? dialog.opener)(page);
    const has = await page.waitForFunction((el) => el === document.activeElement, await back.elementHandle(), { timeout: 3_000 }).then(() => true, () => false);
    if (!has) problems.push(`${where}: the focus does not come back to what opened it, but is on ${await page.evaluate(() => `${document.activeElement?.tagName} "${document.activeElement?.textContent.slice(0, 40)}"`)}`);
  });
}

async function looking(where, name, scene, look) {
  const { context, page } = await open(where, { query: '', ...scene });
  try {
    await settled(page, scene);
    await look(page, () => page.screenshot({ path: join(shots, `${name}.png`) }));
  } catch (error) {
    problems.push(`${where}: ${error.message.split('\n')[0]}`);
    await page.screenshot({ path: join(shots, `${name}-FAILED.png`) }).catch(() => undefined);
  }
  await context.close();
}

if (!picturesOnly && (!only || only === 'first')) await first();

/** What is seen before the program comes, how soon Home is there, and what its server's silence looks like. */
async function first() {
  const bare = await browser.newContext({ viewport: windows.wide, javaScriptEnabled: false });
  const page = await bare.newPage();
  await page.goto(`${mock.url}/load`);
  if (!(await page.getByText('Sluice', { exact: true }).isVisible())) problems.push('first: nothing is seen before the program has come');
  const style = await page.locator('.first-bar').evaluate((e) => getComputedStyle(e).backgroundColor);
  if (style !== 'rgb(255, 255, 255)') problems.push('first: the style of the first paint is not let in by the policy');
  await bare.close();

  const times = [];
  for (let i = 0; i < 3; i++) {
    const { context, page: home } = await open('first', { query: '', window: 'wide', path: '/' });
    await settled(home);
    times.push(await home.evaluate(() => window.measured.lcp));
    await context.close();
  }
  const lcp = Math.min(...times);
  console.log(`Home's largest part is painted after ${Math.round(lcp)} ms`);
  if (lcp === 0 || lcp > 1_500) problems.push(`first: Home's largest part is painted after ${Math.round(lcp)} ms`);

  const { context, page: home } = await open('first', { query: '', window: 'wide', path: '/syncs', expect: /ERR_INTERNET_DISCONNECTED|ERR_FAILED|network error|ERR_INCOMPLETE/i });
  await settled(home);
  await context.setOffline(true);
  mock.dropStreams();
  await home.getByText(/^As of .*reconnecting…$/).first().waitFor();
  note('first/offline', await axeProblems(home));
  await home.screenshot({ path: join(shots, 'offline-syncs-wide.png') });
  await context.setOffline(false);
  await home.getByText(/^As of .*reconnecting…$/).first().waitFor({ state: 'detached' });
  await context.close();

  // A page whose file did not come is asked for again.
  const part = await open('first', { query: '', window: 'wide', path: '/', expect: /ERR_FAILED|dynamically imported module|preload/i });
  await settled(part.page);
  let gone = true;
  await part.page.route(/\/assets\/ConnectionsPage/, (route) => (gone ? route.abort() : route.continue()));
  await part.page.getByRole('link', { name: 'Connections', exact: true }).click();
  await part.page.getByText('This page could not be loaded').waitFor();
  note('first/part', await axeProblems(part.page));
  gone = false;
  await part.page.getByRole('button', { name: 'Try again', exact: true }).click();
  await part.page.getByRole('heading', { name: 'Connections', level: 1 }).waitFor();
  await part.context.close();
}

await browser.close();
mock.close();
for (const r of mock.reports) problems.push(`policy: ${r}`);
for (const p of problems) console.error(p);
console.log(problems.length === 0 ? `No problems. Pictures are in ${shots}.` : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
