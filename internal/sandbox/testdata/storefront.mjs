// What the storefronts and the identity provider do in a real browser: see TestStorefrontInChromium.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

// playwright-core is the panel's: the folder that this runs in has it.
const { chromium } = createRequire(join(process.cwd(), 'package.json'))('playwright-core');
const { SHOP_CHROMIUM, SHOP_STENCIL, SHOP_HEADLESS, SHOP_EMAIL, SHOP_PASSWORD, SHOP_AUTHORIZE, SHOP_CALLBACK } = process.env;

const browser = await chromium.launch({
  executablePath: SHOP_CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP localhost 127.0.0.1'],
});
const context = await browser.newContext();
context.setDefaultTimeout(20_000);
const page = await context.newPage();
const problems = [];
page.on('console', (m) => ['error', 'warning'].includes(m.type()) && problems.push(m.text()));
page.on('pageerror', (e) => problems.push(String(e)));

async function signIn(password) {
  await page.getByLabel('E-mail address').fill(SHOP_EMAIL);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

try {
  // The theme: a guest, a wrong password, the right one, and out again.
  await page.goto(`${SHOP_STENCIL}/account.php`);
  await signIn('wrong');
  await page.getByRole('alert').getByText('password is incorrect').waitFor();
  await signIn(SHOP_PASSWORD);
  await page.waitForURL('**/account.php');
  await page.getByText('Sam Shopper').first().waitFor();

  // The consent banner loads the page anew with what was allowed, and asks once.
  assert.equal(await page.evaluate(() => window.functional), undefined);
  await page.getByLabel('Functional').check();
  await page.getByRole('button', { name: 'Save my choice' }).click();
  await page.waitForFunction(() => window.functional === 'ran');
  assert.equal(await page.getByRole('heading', { name: 'Cookies' }).count(), 0);
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByRole('status').getByText('signed out').waitFor();

  // The application: it signs in and out and changes its address on one and the same page.
  await page.goto(`${SHOP_HEADLESS}/`);
  await page.evaluate(() => { window.samePage = true; });
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn('wrong');
  await page.getByRole('alert').getByText('password is incorrect').waitFor();
  await signIn(SHOP_PASSWORD);
  await page.getByText('Sam Shopper').waitFor();
  await page.waitForURL('**/app/account');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: 'Account' }).waitFor();
  assert.equal(await page.evaluate(() => window.samePage), true);

  // The provider: its form may lead to another origin, and its session signs in again without asking.
  await page.goto(SHOP_AUTHORIZE);
  await page.getByRole('button', { name: 'Sign in as Ada Acquisti' }).click();
  await page.waitForURL(`${SHOP_CALLBACK}?*`);
  const first = new URL(page.url()).searchParams.get('code');
  await page.goto(SHOP_AUTHORIZE);
  assert.ok(first && page.url().startsWith(`${SHOP_CALLBACK}?code=`) && !page.url().includes(first));
  assert.deepEqual(problems, []);
} finally {
  await browser.close();
}
