// Every English sentence of the panel, a module a page. Kind, short, and saying what to do next.

import { commonText } from './texts/common';
import { errorsText } from './texts/errors';
import { flowText } from './texts/flow';
import { flowsText } from './texts/flows';
import { overviewText } from './texts/overview';
import { runText } from './texts/run';
import { runsText } from './texts/runs';
import { scheduleText } from './texts/schedule';
import { settingsText } from './texts/settings';
import { shellText } from './texts/shell';
import { storefrontText } from './texts/storefront';

export const text = {
  ...commonText,
  errors: errorsText,
  flow: flowText,
  flows: flowsText,
  overview: overviewText,
  run: runText,
  runs: runsText,
  schedule: scheduleText,
  settings: settingsText,
  shell: shellText,
  storefront: storefrontText,
};
