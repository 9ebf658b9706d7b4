// Every page at the widths a control panel gives to an app: nothing wider than its frame.

import { env } from '../env.mjs';

// Windows of a desktop with a frame of 1024 px, a small one, and a phone.
const windows = [1248, 1024, 400];

export async function widths(m) {
  await m.launch('/runs');
  const errors = await path(m.app.getByRole('table').getByRole('row').filter({ hasText: 'failed' }).getByRole('link').first());
  await m.section('Feeds').click();
  await m.button('New feed').waitFor();
  const feed = await path(m.app.getByRole('link', { name: 'ERP catalogue' }));
  const pages = {
    overview: '/',
    feeds: '/flows',
    'feed-source': `${feed}/source`,
    'feed-mapping': `${feed}/mapping`,
    'feed-options': `${feed}/options`,
    'feed-review': `${feed}/review`,
    runs: '/runs',
    'run-errors': errors,
    users: '/settings/users',
    keys: '/settings/keys',
    activity: '/settings/audit',
  };
  for (const [name, to] of Object.entries(pages)) {
    await m.launch(to);
    await m.app.locator('main h1').waitFor();
    await m.frame().waitForFunction(() => !/Loading|Reading the first rows|Updating the preview/.test(document.querySelector('main')?.textContent ?? ''));
    for (const width of windows) {
      await m.page.setViewportSize({ width, height: env.height });
      await m.fits(`${name} in a window of ${width} px`);
      await m.shot(`${name}-${width}`);
    }
  }
  await m.page.setViewportSize({ width: env.width, height: env.height });
}

/** Where a link of the panel leads. */
async function path(link) {
  return (await link.getAttribute('href')).replace(/^#/, '');
}
