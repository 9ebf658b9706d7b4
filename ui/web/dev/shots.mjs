// Walks through the panel on the mock server in Chromium, takes screenshots at three widths, and fails
// on a console error, a failed request, a CSP report or a page wider than its window:
//   npm run build && npm run shots
// CHROMIUM names the browser; SHOTS the folder for the pictures.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMock } from './mock.mjs';

const folder = process.env.SHOTS ?? 'test-results/shots';
mkdirSync(folder, { recursive: true });
const mock = await startMock({ speed: 2 });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--test-third-party-cookie-phaseout'],
});
const problems = [];
const only = process.argv[2];

async function scene(name, query, steps, { widths = [1280, 1024, 400], framed = false } = {}) {
  if (only && !name.startsWith(only)) return;
  for (const width of widths) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'en-US', acceptDownloads: true });
    const page = await context.newPage();
    page.on('console', (m) => {
      if (m.text().includes('status of 422')) return; // the browser logs the refusal that the scene provokes
      if (m.type() === 'error' || m.type() === 'warning') problems.push(`${name} ${width}: ${m.type()}: ${m.text()} ${m.location().url}`);
    });
    page.on('pageerror', (e) => problems.push(`${name} ${width}: ${e.message}`));
    await page.goto(framed ? `${mock.frameURL}?${query}` : `${mock.url}/load?${query}`);
    const root = framed ? page.frameLocator('iframe') : page;
    let n = 0;
    const shot = async (label, { full = true } = {}) => {
      await page.waitForTimeout(250); // transitions
      const wide = await (framed ? page.frames()[1] : page.mainFrame()).evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wide > 0) problems.push(`${name} ${width} ${label}: ${wide} px too wide`);
      await page.screenshot({ path: join(folder, `${name}-${++n}-${label}-${width}.png`), fullPage: full });
    };
    try {
      await steps(root, shot, page);
    } catch (error) {
      problems.push(`${name} ${width}: ${error.message}`);
      await page.screenshot({ path: join(folder, `${name}-FAILED-${width}.png`) });
    }
    await context.close();
  }
}

const button = (root, name) => root.getByRole('button', { name, exact: true });

await scene('overview', '', async (p, shot) => {
  await p.getByText('requests left').waitFor();
  await p.getByText('Done, with errors').waitFor();
  await p.getByText(/Last 3 hours: [1-9]/).waitFor();
  await shot('page');
});

await scene('history', '', async (p, shot, page) => {
  const chart = p.getByRole('slider', { name: 'API requests over time' });
  await p.getByText(/Last 3 hours: [1-9]/).waitFor();
  await chart.focus();
  for (let i = 0; i < 40; i++) await page.keyboard.press('ArrowLeft');
  await p.getByText(/^At .*\d:\d\d/).waitFor();
  if (!/Sluice [1-9]/.test((await chart.getAttribute('aria-valuetext')) ?? '')) throw new Error(`the chart says ${await chart.getAttribute('aria-valuetext')}`);
  await shot('cursor', { full: false });
  for (const name of ['Last 24 hours', 'Last 7 days', 'Last 30 days']) {
    await button(p, name).click();
    await p.getByText(new RegExp(`${name}: [1-9]`)).waitFor();
    await shot(name.replaceAll(' ', '-').toLowerCase(), { full: false });
  }
  await p.getByText('Show as a table').click();
  await p.getByRole('columnheader', { name: 'Fewest left' }).waitFor();
  await shot('table');
  const fits = async () => chart.evaluate((e) => Math.abs(e.clientWidth - e.querySelector('.uplot').clientWidth) < 2);
  const size = page.viewportSize();
  for (const width of [size.width - 60, size.width + 60]) {
    await page.setViewportSize({ ...size, width });
    await page.waitForTimeout(250);
    if (!(await fits())) throw new Error(`the chart does not follow a window of ${width} px`);
  }
});

await scene('enterprise', 'quota=7000000', async (p, shot) => {
  await p.getByText('above this chart').waitFor();
  await shot('history', { full: false });
}, { widths: [1280] });

await scene('new', 'empty=1', async (p, shot) => {
  await p.getByText('Next steps').waitFor();
  await shot('overview');
  await button(p, 'Connect a feed').click();
  await p.getByText('Connect your first feed').waitFor();
  await shot('products');
  await button(p, 'New feed').click();
  await p.getByRole('dialog').waitFor();
  await shot('create', { full: false });
  await button(p, 'Create feed').click();
  await p.getByText('Where the products come from').waitFor();
  await p.getByText('A web address').click();
  await shot('source');
  await p.getByLabel('Address of the file').fill('https://erp.example.com/404.csv');
  await button(p, 'Check the source').click();
  await p.getByText('The address answered 404').waitFor();
  await shot('source-error');
  await p.getByLabel('Address of the file').fill('https://erp.example.com/products.csv');
  await button(p, 'Check the source').click();
  await p.getByText('First rows').waitFor();
  await shot('source-checked');
  await button(p, 'Save and continue').click();
  await p.getByText('Which column fills which field').waitFor();
  await p.getByText('accessories > backpack', { exact: true }).waitFor();
  await shot('mapping');
  await p.getByLabel('Expression for Price').fill('ListPrise');
  await p.getByText('unknown name ListPrise').waitFor();
  await p.getByText('Columns and functions').click();
  await shot('mapping-error');
  await p.getByLabel('Expression for Price').fill('number(ListPrice)');
  await p.getByText('accessories > backpack', { exact: true }).waitFor();
  await button(p, 'Save and continue').click();
  await p.getByText('Products with the same name').waitFor();
  await p.getByRole('combobox', { name: /^Runs/ }).click();
  await p.getByRole('option', { name: 'Every week', exact: true }).click();
  await p.getByText('Next runs').waitFor();
  await shot('options');
  await button(p, 'Save and continue').click();
  await button(p, 'Start dry run').click();
  await p.getByText('What the run would do').waitFor();
  await p.getByText('Adventure-Ready Expedition Backpack').first().waitFor();
  await shot('dry-run');
  await button(p, 'Start the run').click();
  await p.getByText('Writing to the store').first().waitFor();
  await shot('running');
  await p.getByText('Some rows need your attention').waitFor();
  await p.getByText('use a point (12.50)').first().waitFor();
  await shot('done');
});

await scene('run', 'link=/runs/run-3', async (p, shot, page) => {
  await p.getByText('Some rows need your attention').waitFor();
  await p.getByText('the limit is 250').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), button(p, 'Download as CSV').click()]);
  if (download.suggestedFilename().endsWith('.csv') === false) throw new Error(`downloaded ${download.suggestedFilename()}`);
  await shot('errors');
  await p.getByRole('tab', { name: /Changes/ }).click();
  await p.getByText('Adventure-Ready').first().waitFor();
  await shot('changes');
});

await scene('failed', 'link=/runs/run-6', async (p, shot) => {
  await p.getByText('404 Not Found').waitFor();
  await shot('page');
});

await scene('flow', 'link=/flows/flow-1/mapping', async (p, shot) => {
  await p.getByText('accessories > backpack', { exact: true }).waitFor();
  await shot('mapping');
  await p.getByRole('tab', { name: 'Source' }).click();
  await p.getByText('A value is stored').waitFor();
  await shot('source');
  await p.getByText('A file that I upload').click();
  await p.locator('input[type=file]').setInputFiles({ name: 'feed.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b\n1,2\n') });
  await p.getByText('feed.csv was uploaded').waitFor();
  await p.getByText('Current file: feed.csv').waitFor();
  await shot('upload');
});

await scene('schedule', 'link=/flows/flow-1/options', async (p, shot) => {
  await p.getByText('Next runs').waitFor();
  await shot('daily');
  await p.getByRole('combobox', { name: /^Runs/ }).click();
  await p.getByRole('option', { name: 'Custom (cron expression)' }).click();
  await p.getByLabel('Cron expression').fill('* * * * *');
  await p.getByText('at least 5 minutes have to lie between two.').waitFor();
  await shot('custom-error');
  await p.getByLabel('Cron expression').fill('0,30 8-18 * * 1-5');
  await p.getByText('Next runs').waitFor();
  await button(p, 'Save').click();
  await p.getByText('Saved.').waitFor();
  await p.getByRole('tab', { name: 'Dry run and start' }).click();
  await button(p, 'Change schedule').waitFor();
  await shot('review');
});

await scene('runs', 'link=/runs', async (p, shot) => {
  await p.getByRole('link', { name: 'ERP catalogue' }).first().waitFor();
  await shot('page');
});

await scene('settings', 'link=/settings', async (p, shot) => {
  await p.getByText('agency@example.com').waitFor();
  await shot('users');
  await p.getByRole('tab', { name: 'API keys' }).click();
  await p.getByText('Nightly ERP job').waitFor();
  await button(p, 'Create key').click();
  await p.getByLabel('Name').fill('Nightly job');
  await shot('create-key', { full: false });
  await p.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  await p.getByText('Copy your new key now').waitFor();
  await button(p, 'Copy').click();
  await p.getByText('Copied.').or(p.getByText('press Ctrl+C')).waitFor();
  await shot('secret', { full: false });
  await button(p, 'I have stored it').click();
  await shot('keys');
  await p.getByRole('tab', { name: 'Activity' }).click();
  await p.getByText('Store installed').waitFor();
  await shot('activity');
});

await scene('storefront', 'link=/storefront', async (p, shot) => {
  await p.getByText('https://trade.harbour.example').waitFor();
  await button(p, 'Install the script in Outlet').click();
  await p.getByText('Being changed').waitFor();
  await shot('channels');
  await p.getByRole('tab', { name: 'Account card' }).click();
  await p.getByText('$4,200.00').waitFor();
  await button(p, 'Add a field').click();
  await p.getByLabel('Field in your system, field 3').fill('price_tier');
  await p.getByLabel('What the shopper reads, field 3').fill('Price tier');
  await p.getByLabel('Shopper', { exact: true }).fill('ana@buyer.example');
  await button(p, 'Show').click();
  await p.getByText('Gold').waitFor();
  await shot('card');
  await p.getByRole('tab', { name: 'Single sign-on' }).click();
  await p.getByLabel('Issuer').fill('https://id.wrong.example');
  await button(p, 'Test').click();
  await p.getByText('answers 404').waitFor();
  await shot('sign-on');
  await p.getByRole('tab', { name: 'Sign-ins' }).click();
  await p.getByText('bo@buyer.example').waitFor();
  await shot('sign-ins');
  await p.getByRole('tab', { name: 'Examples' }).click();
  await p.getByText('Stencil theme').waitFor();
  await shot('examples');
});

await scene('storefront-empty', 'link=/storefront&empty=1&scopes=missing', async (p, shot) => {
  await p.getByText('No storefronts known yet').waitFor();
  await shot('channels');
  await p.getByRole('tab', { name: 'Single sign-on' }).click();
  await p.getByText('Redirect address').waitFor();
  await shot('sign-on');
});

await scene('viewer', 'role=viewer', async (p, shot) => {
  await p.getByText('You can look').waitFor();
  await shot('overview');
  await p.getByRole('link', { name: 'Feeds', exact: true }).click();
  await p.getByText('Clearance prices').waitFor();
  await shot('products');
}, { widths: [1024] });

await scene('reinstall', 'state=needs_reinstall&scopes=missing', async (p, shot) => {
  await p.getByText('Sluice needs to be installed again').waitFor();
  await shot('overview');
}, { widths: [1024, 400] });

await scene('framed', '', async (p, shot) => {
  await p.getByText('requests left').waitFor();
  await p.getByRole('link', { name: 'Feeds', exact: true }).click();
  await p.getByText('Clearance prices').waitFor();
  await shot('products');
}, { widths: [1024], framed: true });

await scene('keyboard', '', async (p, shot, page) => {
  await p.getByText('requests left').waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
  const press = async (key, want) => {
    await page.keyboard.press(key);
    const got = await focused();
    if (got !== want) throw new Error(`after ${key} the focus is on ${JSON.stringify(got)}, not on ${want}`);
  };
  await press('Tab', 'Skip to content');
  await press('Tab', 'Overview');
  await press('Tab', 'Feeds');
  await shot('focus', { full: false });
  await page.keyboard.press('Enter');
  await p.getByText('Clearance prices').waitFor();
  await press('Tab', 'New feed');
  await page.keyboard.press('Enter');
  await p.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await p.getByRole('dialog').waitFor({ state: 'detached' });
  if ((await focused()) !== 'New feed') throw new Error('the dialog does not give the focus back');
  await press('Tab', 'ERP catalogue');
  await page.keyboard.press('Enter');
  await p.getByRole('tab', { name: 'Dry run and start', selected: true }).focus();
  await press('ArrowLeft', 'Options');
  await p.getByText('Products with the same name').waitFor();
}, { widths: [1024] });

await scene('ended', '', async (p, shot) => {
  await p.getByText('requests left').waitFor();
  const before = problems.length;
  mock.endSessions();
  await p.getByRole('link', { name: 'Feeds', exact: true }).click();
  await p.getByRole('link', { name: 'Settings', exact: true }).click();
  await p.getByText('reopen Sluice from the control panel').waitFor();
  problems.splice(before, problems.length - before, ...problems.slice(before).filter((x) => !x.includes('401'))); // the browser logs each 401
  await shot('page');
}, { widths: [1024] });

await browser.close();
mock.close();
for (const r of mock.reports) problems.push(`CSP: ${r}`);
for (const p of problems) console.error(p);
console.log(problems.length === 0 ? `No problems. Screenshots are in ${folder}.` : `${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
