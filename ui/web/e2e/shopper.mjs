// A shopper in front of a storefront, in a tab of their own.

import { join } from 'node:path';
import { env } from './env.mjs';

export class Shopper {
  constructor(context, watch, url, { email, password }) {
    this.context = context;
    this.watch = watch;
    this.url = url;
    this.email = email;
    this.password = password;
  }

  /** Opens a page of the storefront and waits until everything that it asks for has come. */
  async visit(path) {
    this.page ??= await this.context.newPage();
    await this.page.goto(this.url + path, { waitUntil: 'networkidle' });
  }

  /** Waits until the browser is at a path of the storefront. */
  arrives(path) {
    return this.page.waitForURL(this.url + path);
  }

  /** What the theme has from the panel's examples. */
  get card() {
    return this.page.locator('#sluice-card');
  }

  get signInButton() {
    return this.page.locator('#sluice-sign-in');
  }

  get signOutButton() {
    return this.page.locator('#sluice-sign-out');
  }

  /** Who the page's header, which is the platform's and not Sluice's, says is signed in. */
  get header() {
    return this.page.locator('[data-shopper]');
  }

  async shot(name) {
    if (env.shots !== '') await this.page.screenshot({ path: join(env.shots, `${name}.png`) });
  }

  /** A screenshot that the documentation shows. */
  async image(name) {
    await this.shot(name);
    if (env.images !== '') await this.page.screenshot({ path: join(env.images, `${name}.png`) });
  }
}
