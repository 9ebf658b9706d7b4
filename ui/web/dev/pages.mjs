// Every page of the panel and every dialog, for the walk. The mock server's store has the ids. The
// documentation shows each page once, without those that are a page in another state.

export const pages = [
  { name: 'home', path: '/' },
  { name: 'syncs', path: '/syncs' },
  { name: 'create', path: '/syncs/new' },
  { name: 'sync-summary', path: '/syncs/flow-1/summary' },
  { name: 'sync-source', path: '/syncs/flow-1/source' },
  { name: 'sync-matching', path: '/syncs/flow-1/matching' },
  { name: 'sync-rules', path: '/syncs/flow-1/rules' },
  { name: 'sync-schedule', path: '/syncs/flow-1/schedule' },
  { name: 'sync-history', path: '/syncs/flow-1/history' },
  { name: 'activity', path: '/activity' },
  { name: 'run-problems', path: '/activity/run-3' },
  { name: 'run-changes', path: '/activity/run-3?tab=changes' },
  { name: 'run-details', path: '/activity/run-3?tab=details' },
  { name: 'run-failed', path: '/activity/run-6', picture: false },
  { name: 'run-preview', path: '/activity/run-7' },
  { name: 'run-nothing-written', path: '/activity/run-8', picture: false },
  { name: 'run-empty', path: '/activity/run-9', picture: false },
  { name: 'run-cancelled', path: '/activity/run-10', picture: false },
  { name: 'run-preview-clean', path: '/activity/run-11', picture: false },
  { name: 'run-asking', path: '/activity/run-12' },
  { name: 'run-writing', path: '/activity/run-13' },
  { name: 'activity-narrowed', path: '/activity?result=problems&who=user', picture: false },
  { name: 'attention', path: '/attention' },
  { name: 'connections', path: '/connections' },
  { name: 'settings-users', path: '/settings/users' },
  { name: 'settings-alerts', path: '/settings/alerts' },
  { name: 'settings-keys', path: '/settings/keys' },
  { name: 'settings-store', path: '/settings/store' },
  { name: 'shoppers-channels', path: '/settings/shoppers' },
  { name: 'shoppers-card', path: '/settings/shoppers/card' },
  { name: 'shoppers-sign-on', path: '/settings/shoppers/signOn' },
  { name: 'shoppers-sign-ins', path: '/settings/shoppers/signIns' },
  { name: 'shoppers-examples', path: '/settings/shoppers/examples' },
  { name: 'nowhere', path: '/no/such/page', picture: false },
];

const button = (page, name) => page.getByRole('button', { name, exact: true });

const file = { name: '11-northwind-products.csv', mimeType: 'text/csv', buffer: Buffer.from('productID,productName\n1,Chai\n') };

async function checked(page) {
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByText(/fields are matched/).waitFor();
}

/** What pages look like once somebody has done something there. */
export const states = [
  { name: 'create-checked', path: '/syncs/new', open: checked },
  {
    name: 'create-matching',
    path: '/syncs/new',
    open: async (page) => {
      await checked(page);
      await button(page, 'Show the whole matching').click();
    },
  },
  {
    name: 'create-previewed',
    path: '/syncs/new',
    open: async (page) => {
      await checked(page);
      await button(page, 'Check what would change').click();
      await button(page, 'Start the run').waitFor();
    },
  },
  {
    name: 'matching-add-field',
    path: '/syncs/flow-1/matching',
    open: async (page) => {
      await button(page, 'Add field').click();
      await page.keyboard.type('price');
    },
  },
  {
    name: 'matching-formula',
    path: '/syncs/flow-1/matching',
    open: async (page) => {
      await page.getByRole('combobox', { name: 'What SKU comes from' }).click();
      await page.getByRole('option', { name: 'Formula (advanced)' }).click();
      await page.getByText('How to write a formula').click();
    },
  },
  {
    name: 'matching-ignored',
    path: '/syncs/flow-1/matching',
    open: async (page) => {
      await button(page, 'Ignore (Season)').click();
      await button(page, 'Show 1 ignored').click();
    },
  },
  {
    name: 'saved-by-somebody-else',
    path: '/syncs/flow-1/rules',
    expect: /status of 409/,
    open: async (page) => {
      await page.getByLabel(/Name of the sync/).fill('Theirs');
      await button(page, 'Save').click();
      await page.getByRole('heading', { name: /somebody else/i }).or(page.getByText(/somebody else/i)).first().waitFor();
    },
  },
];

const modal = '[role=dialog]';

/** Presses a control, as somebody does who has no mouse. */
export async function press(page, control, key = 'Enter') {
  await control.focus();
  await page.keyboard.press(key);
}

/** Of a menu that is open: the item of this name, by its arrow keys. */
async function item(page, name) {
  await page.getByRole('dialog').getByRole('button', { name }).waitFor();
  for (let i = 0; i < 10; i++) {
    if (await page.evaluate((n) => document.activeElement?.textContent.startsWith(n), name)) return page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
  }
  throw new Error(`no item ${name} is reached`);
}

/**
 * Every dialog, menu and drawer: opener is the control that opens it, by Enter, and that has the focus
 * again after Escape; then what else it takes; first what has to be done before. within is where the focus
 * goes round: by Tab, or in a menu by arrows. shut is the button of one that Escape does not close, and back
 * what has the focus afterwards if that is not the opener.
 */
export const dialogs = [
  { name: 'help', path: '/', opener: (page) => button(page, 'Help'), within: 'aside', goesRound: false },
  {
    name: 'unsaved',
    path: '/syncs/flow-1/rules',
    first: (page) => page.getByLabel(/Name of the sync/).fill('Mine'),
    opener: (page) => page.getByRole('link', { name: 'Home', exact: true }),
    within: modal,
  },
  { name: 'sync-menu', path: '/syncs', opener: (page) => button(page, 'Actions for ERP catalogue'), within: modal, step: 'ArrowDown' },
  { name: 'sync-delete', path: '/syncs', opener: (page) => button(page, 'Actions for ERP catalogue'), then: (page) => item(page, 'Delete'), within: modal },
  { name: 'summary-delete', path: '/syncs/flow-2/summary', opener: (page) => button(page, 'Delete'), within: modal },
  { name: 'start-unseen', path: '/syncs/flow-2/summary', opener: (page) => button(page, 'Start without a preview'), within: modal },
  { name: 'suggest-again', path: '/syncs/flow-1/matching', opener: (page) => button(page, 'Suggest again'), within: modal },
  { name: 'field-search', path: '/syncs/flow-1/matching', opener: (page) => button(page, 'Add field'), then: (page) => page.keyboard.type('p'), within: '[role=combobox]', goesRound: false, shownBy: '[role=listbox][aria-label="Field to add"]' },
  { name: 'column-search', path: '/syncs/flow-1/matching', opener: (page) => button(page, 'Match (Season)'), then: (page) => page.keyboard.type('p'), within: '[role=combobox]', goesRound: false, shownBy: '[role=listbox][aria-label="Field that Season fills"]' },
  { name: 'run-cancel', path: '/activity/run-13', opener: (page) => button(page, 'Cancel run'), within: modal },
  { name: 'attention-mute', path: '/attention', opener: (page) => page.getByRole('button', { name: /^Mute / }).first(), within: modal, step: 'ArrowDown' },
  {
    name: 'user-demote',
    path: '/settings/users',
    opener: (page) => page.getByRole('combobox', { name: 'Role of catalogue.manager@harbour.example' }),
    key: 'ArrowDown',
    then: async (page) => {
      await page.getByRole('option', { name: 'Viewer' }).waitFor();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
    },
    within: modal,
  },
  { name: 'key-create', path: '/settings/keys', opener: (page) => button(page, 'Create key'), within: modal },
  {
    name: 'key-secret',
    path: '/settings/keys',
    opener: (page) => button(page, 'Create key'),
    then: async (page) => {
      await page.getByRole('dialog').getByLabel('Name').fill('Nightly');
      await page.keyboard.press('Enter');
      await page.getByLabel('API key', { exact: true }).waitFor();
    },
    within: modal,
    shut: 'I have stored it',
  },
  { name: 'key-revoke', path: '/settings/keys', opener: (page) => button(page, 'Revoke Nightly ERP job'), within: modal },
  {
    name: 'alert-secret',
    path: '/settings/alerts',
    first: async (page) => {
      await button(page, 'Add').click();
      await page.getByRole('combobox', { name: 'Kind of address 3' }).click();
      await page.getByRole('option', { name: 'Webhook' }).click();
      await page.getByLabel('Address', { exact: true }).fill('https://erp.harbour.example/alerts');
    },
    opener: (page) => button(page, 'Save'),
    within: modal,
    shut: 'I have stored it',
    back: (page) => page.locator('#main'), // the button waits for the next change
  },
  { name: 'provider-remove', path: '/settings/shoppers/signOn', opener: (page) => button(page, 'Remove provider'), within: modal },
  { name: 'sign-in-unlink', path: '/settings/shoppers/signIns', opener: (page) => button(page, 'Undo link of customer 7'), within: modal },
];
