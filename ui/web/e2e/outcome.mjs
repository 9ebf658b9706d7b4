// The whole outcome, as a merchant meets it: in the control panel, the app in a frame of another site,
// third-party cookies and storage blocked. Started by app/e2e_test.go, which starts everything else.

import { openBrowser } from './browser.mjs';
import { env } from './env.mjs';
import { Merchant } from './merchant.mjs';
import { play } from './play.mjs';
import { cancel } from './scenes/cancel.mjs';
import { badRows, download, fixFeed, retryFailed } from './scenes/errors.mjs';
import { install } from './scenes/install.mjs';
import { dryRun, run, secondRun, setUp } from './scenes/first-run.mjs';
import { keyboardOnly } from './scenes/keyboard.mjs';
import { deepLink, reinstall, viewerRole } from './scenes/people.mjs';
import { quickStart } from './scenes/quick-start.mjs';
import { systems } from './scenes/systems.mjs';

const problems = [];
const { context, page, watch } = await openBrowser(problems);
const merchant = new Merchant(page, watch, env.stores[0]);
const other = new Merchant(page, watch, env.stores[1]);

await play(context, watch, merchant, problems, [
  ['install with consent', install],
  ['a file of another shop', quickStart],
  ['set up a sync', setUp],
  ['preview', dryRun],
  ['run', run],
  ['second run', secondRun],
  ['bad rows', badRows],
  ['download of errors', download],
  ['retry of failed rows', retryFailed],
  ['fixed file', fixFeed],
  ['cancel', cancel],
  ['viewer', viewerRole],
  ['deep link', deepLink],
  ['reinstall', reinstall],
  ['files of other systems', systems],
  ['keyboard only', () => keyboardOnly(other)],
]);
