// Other users of the store, deep links, and uninstalling.

import assert from 'node:assert/strict';
import { env } from '../env.mjs';
import { productsIn, requestsDuring } from '../sandbox.mjs';
import { openRun } from './errors.mjs';

const viewer = 'viewer@example.com';

/** A user whom the owner makes a viewer sees everything and can change nothing. */
export async function viewerRole(m) {
  await m.open('/users');
  await m.page.getByLabel('E-mail').fill(viewer);
  await m.page.getByRole('button', { name: 'Add user' }).click();
  await m.page.getByText('The user was added.').waitFor();
  await m.become(viewer);
  await m.launch();
  await m.section('Syncs').click();
  await m.button('Create sync').waitFor();

  await m.become('owner@');
  await m.launch('/settings/users');
  await m.app.getByLabel(`Role of ${viewer}`).click();
  await m.app.getByRole('option', { name: 'Viewer' }).click();
  await m.button('Make viewer').click();
  await m.says(`${viewer} is now viewer.`);
  await m.fits('settings');
  await m.shot('users');

  await m.become(viewer);
  await m.launch();
  await m.says('You can look, but not change anything');
  await m.section('Syncs').click();
  await m.app.getByRole('link', { name: 'ERP catalogue' }).first().click();
  await m.app.getByRole('tab', { name: 'Matching' }).click();
  await m.says('PartNum');
  await openRun(m);
  // What a viewer may not do is not there, on no page.
  for (const name of ['Create sync', 'Make a preview', 'Save', 'Delete', 'Switch off', 'Run again', 'Start the run']) assert.equal(await m.button(name).count(), 0, `no ${name}`);
  await m.section('Settings').click();
  assert.equal(await m.app.getByLabel(/^Role of/).count(), 0, 'no roles to change');
  await m.app.getByRole('tab', { name: 'API keys' }).click();
  await m.says('Only admins and the owner can see and manage API keys.');
  await m.shot('viewer');
  await m.become('owner@');
}

/** The control panel's ?url= opens a run, the locale of the user its numbers. */
export async function deepLink(m) {
  await m.launch();
  await openRun(m);
  const path = new URL(m.frame().url()).hash.slice(1);
  // The address from before there were syncs leads there too.
  await m.launch(path.replace('/activity/', '/runs/').split('?')[0]);
  await m.app.getByRole('tab', { name: 'Details' }).waitFor();
  assert.equal(await m.app.getByRole('navigation', { name: 'Sections' }).locator('[aria-current=page]').innerText(), 'Activity');
  await m.launch('https://evil.example/');
  await m.heading('Last runs').waitFor();
}

/** Uninstalling ends open panels; installing again finds feeds, history and records where they were. */
export async function reinstall(m) {
  await m.launch();
  await m.heading('Last runs').waitFor();
  const products = await productsIn(m.store);
  await m.watch.allowing(/^401 (GET|POST) \/api\/v1\//, async () => {
    const other = await m.page.context().newPage();
    await other.goto(`${env.panel}/manage/${m.store}/apps`);
    await other.getByRole('button', { name: 'Uninstall' }).click();
    await other.getByText('Sluice was uninstalled.').waitFor();
    await other.close();
    // The panel hears of it with its next request: the user's, or its own for live events.
    const ended = m.app.getByText('Your session has ended').first();
    await m.section('Settings').or(ended).first().click();
    await ended.waitFor();
  });
  await m.shot('ended');

  await m.open('/');
  await m.install();
  await m.heading('Last runs').waitFor();
  await m.section('Syncs').click();
  await m.app.getByRole('link', { name: 'Spare parts' }).first().waitFor();
  await m.app.getByRole('link', { name: 'ERP catalogue' }).first().click();
  await m.button('Make a preview').waitFor();
  await openRun(m, 'Spare parts');
  const seen = await requestsDuring(m.store, async () => {
    await m.button('Run again').click();
    await m.says('Nothing to do');
  });
  assert.deepEqual(Object.keys(seen.by_method_path).filter((p) => p.includes('/catalog/products')), [], 'no product was read or written');
  assert.equal(await productsIn(m.store), products);
}
