// Every page at the widths a control panel gives to an app, and with axe-core: nothing wider than its frame,
// nothing that a screen reader cannot take.

import { axeProblems } from '../../dev/look.mjs';
import { env } from '../env.mjs';
import { openRun } from './errors.mjs';

// Windows of a desktop with a frame of 1024 px, a small one, and a phone.
const windows = [1248, 1024, 400];

export async function widths(m) {
  await m.launch('/syncs');
  const sync = (await m.app.getByRole('link', { name: 'ERP catalogue' }).first().getAttribute('href')).replace(/^#/, '');
  await openRun(m, 'left out');
  const problems = new URL(m.frame().url()).hash.slice(1).split('?')[0];
  const pages = {
    home: '/',
    syncs: '/syncs',
    'sync-summary': `${sync}/summary`,
    'sync-matching': `${sync}/matching`,
    'sync-rules': `${sync}/rules`,
    'sync-schedule': `${sync}/schedule`,
    'sync-history': `${sync}/history`,
    activity: '/activity',
    'run-problems': problems,
    attention: '/attention',
    connections: '/connections',
    users: '/settings/users',
    alerts: '/settings/alerts',
    keys: '/settings/keys',
    store: '/settings/store',
  };
  for (const [name, to] of Object.entries(pages)) {
    await m.launch(to);
    await m.app.locator('main h1').waitFor();
    await m.frame().waitForFunction(() => !document.querySelector('main [data-skeleton]') && !/Updating the preview|Reading your file/.test(document.querySelector('main')?.textContent ?? ''));
    for (const found of await axeProblems(m.frame())) m.watch.problem(`${name}: ${found}`);
    for (const width of windows) {
      await m.page.setViewportSize({ width, height: env.height });
      await m.fits(`${name} in a window of ${width} px`);
      await m.shot(`${name}-${width}`);
    }
    await m.page.setViewportSize({ width: env.width, height: env.height });
  }
}
