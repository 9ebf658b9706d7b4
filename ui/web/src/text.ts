// The sentences that every page may need. Each page imports those of its own from its module in texts,
// so that they are loaded with the page. Kind, short, and saying what to do next.

import { commonText } from './texts/common';
import { errorsText } from './texts/errors';
import { shellText } from './texts/shell';

export const text = { ...commonText, errors: errorsText, shell: shellText };
