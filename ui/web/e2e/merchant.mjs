// A merchant in front of the control panel: what they can do in any of its pages and in the app's frame.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { env } from './env.mjs';

/** Resolves when every animation that has an end has ended and fonts are there. Runs in the frame. */
async function atRest() {
  await document.fonts.ready;
  const finite = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
  await Promise.all(finite.map((a) => a.finished.catch(() => undefined)));
}

export class Merchant {
  constructor(page, watch, store) {
    this.page = page;
    this.watch = watch;
    this.store = store;
    /** The app, as far as the control panel lets one see it. */
    this.app = page.frameLocator('#app');
  }

  /** Opens a page of the store's control panel. */
  open(path = '/') {
    return this.page.goto(`${env.panel}/manage/${this.store}${path}`);
  }

  /** Opens the app through /load, at a deep link if given. */
  async launch(deepLink = '') {
    await this.open(`/app/${env.clientId}${deepLink ? `?url=${encodeURIComponent(deepLink)}` : ''}`);
  }

  /** Installs the app from the Apps page, and says what the consent page lists. */
  async install() {
    const { page } = this;
    await page.getByRole('navigation', { name: 'Control panel' }).getByRole('link', { name: 'Apps', exact: true }).click();
    await page.getByText('Not installed').waitFor();
    await page.getByRole('link', { name: 'View app' }).click();
    await page.getByRole('link', { name: 'Install', exact: true }).click();
    await page.getByRole('heading', { name: 'Install Sluice' }).waitFor();
    const scopes = await page.locator('.scopes code').allTextContents();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await this.app.getByRole('navigation', { name: 'Sections' }).waitFor();
    return scopes;
  }

  /** Signs in to the control panel as another user of the store. */
  async become(email) {
    await this.open('/');
    const who = this.page.getByLabel('Signed in as');
    const label = (await who.locator('option').allTextContents()).find((o) => o.startsWith(email));
    assert.ok(label, `${email} is a user of the store`);
    await who.selectOption({ label });
    await this.page.getByRole('button', { name: 'Switch' }).click();
    await this.page.getByText('You are signed in as another user.').waitFor();
  }

  /** The app's frame. */
  frame() {
    const frame = this.page.frame({ name: 'app' });
    assert.ok(frame, 'the control panel shows the app in a frame');
    return frame;
  }

  button(name) {
    return this.app.getByRole('button', { name, exact: true });
  }

  /** One of the panel's sections: Home, Syncs, Activity, Connections, Settings. */
  section(name) {
    return this.app.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name, exact: true });
  }

  heading(name) {
    return this.app.getByRole('heading', { name, exact: true });
  }

  says(text) {
    return this.app.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** The number under a name in a list of facts or counts. */
  async fact(name) {
    const said = await this.app.locator(`div:has(> dt:text-is("${name}")) > dd`).first().innerText();
    const number = /-?[\d,]+/.exec(said);
    assert.ok(number, `${name} says a number, not "${said}"`);
    return Number(number[0].replaceAll(',', ''));
  }

  /** Fails when a page of the panel is wider than its frame. */
  async fits(label) {
    const over = await this.frame().evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) this.watch.problem(`${label} is ${over} px wider than its frame`);
  }

  /** A screenshot of the window, once what moves has come to rest. */
  async shot(name) {
    if (env.shots === '') return;
    await this.#picture(join(env.shots, `${name}.png`));
  }

  /**
   * A screenshot that the documentation shows, of the page's top or of where a part of it is; the message
   * of success in the corner is closed first.
   */
  async image(name, part) {
    const close = this.app.getByRole('alert').getByRole('button', { name: 'Close', exact: true }).first();
    // It may close by itself before the click: gone is what counts.
    if (await close.count()) await Promise.race([close.click().catch(() => undefined), close.waitFor({ state: 'detached' })]);
    await this.frame().evaluate(() => scrollTo(0, 0));
    await part?.evaluate((el) => el.scrollIntoView({ block: 'end' }));
    await this.shot(name);
    if (env.images !== '') await this.#picture(join(env.images, `${name}.png`));
  }

  async #picture(path) {
    await this.page.mouse.move(0, 0);
    await this.page.frame({ name: 'app' })?.evaluate(atRest);
    await this.page.screenshot({ path });
  }
}
