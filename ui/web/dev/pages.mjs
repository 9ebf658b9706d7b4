// Every page of the panel and every dialog, for the walk. The mock server's store has the ids.

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
  { name: 'run-failed', path: '/activity/run-6' },
  { name: 'run-preview', path: '/activity/run-7' },
  { name: 'run-nothing-written', path: '/activity/run-8' },
  { name: 'run-empty', path: '/activity/run-9' },
  { name: 'run-cancelled', path: '/activity/run-10' },
  { name: 'run-preview-clean', path: '/activity/run-11' },
  { name: 'run-asking', path: '/activity/run-12' },
  { name: 'run-writing', path: '/activity/run-13' },
  { name: 'activity-narrowed', path: '/activity?result=problems&who=user' },
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
  { name: 'nowhere', path: '/no/such/page' },
];

const button = (page, name) => page.getByRole('button', { name, exact: true });

const file = { name: '11-northwind-products.csv', mimeType: 'text/csv', buffer: Buffer.from('productID,productName\n1,Chai\n') };

async function checked(page) {
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByText(/fields are matched/).waitFor();
}

export const dialogs = [
  { name: 'create-checked', path: '/syncs/new', closes: false, open: checked },
  {
    name: 'create-matching',
    path: '/syncs/new',
    closes: false,
    open: async (page) => {
      await checked(page);
      await button(page, 'Show the whole matching').click();
    },
  },
  {
    name: 'create-previewed',
    path: '/syncs/new',
    closes: false,
    open: async (page) => {
      await checked(page);
      await button(page, 'Check what would change').click();
      await button(page, 'Start the run').waitFor();
    },
  },
  {
    name: 'matching-add-field',
    path: '/syncs/flow-1/matching',
    closes: false,
    open: async (page) => {
      await button(page, 'Add field').click();
      await page.keyboard.type('price');
    },
  },
  {
    name: 'matching-formula',
    path: '/syncs/flow-1/matching',
    closes: false,
    open: async (page) => {
      await page.getByRole('combobox', { name: 'What SKU comes from' }).click();
      await page.getByRole('option', { name: 'Formula (advanced)' }).click();
      await page.getByText('How to write a formula').click();
    },
  },
  { name: 'help', path: '/', open: (page) => button(page, 'Help').click() },
  {
    name: 'create-key',
    path: '/settings/keys',
    open: (page) => button(page, 'Create key').click(),
  },
];
