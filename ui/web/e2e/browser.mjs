// Chromium as a merchant's browser that blocks third-party cookies and storage, and a watch over
// everything that must not happen in it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { env } from './env.mjs';

/** Where BigCommerce has the pictures of stores' products. */
const pictures = 'https://cdn11.bigcommerce.com';

/** Marks the console messages that our own listener in each frame writes. */
const violationMark = 'e2e-csp-violation';

/** Opens a browser with a profile of its own. Every problem that it meets goes to problems. */
export async function openBrowser(problems) {
  const profile = join(env.work, 'profile');
  mkdirSync(join(profile, 'Default'), { recursive: true });
  // What a user sets under "Third-party cookies: block".
  writeFileSync(
    join(profile, 'Default', 'Preferences'),
    JSON.stringify({ profile: { block_third_party_cookies: true, cookie_controls_mode: 1 } }),
  );
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: env.chromium,
    headless: true,
    viewport: { width: env.width, height: env.height },
    locale: 'en-US',
    timezoneId: 'UTC',
    acceptDownloads: true,
    reducedMotion: 'reduce',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--test-third-party-cookie-phaseout',
      '--host-resolver-rules=MAP localhost 127.0.0.1',
    ],
  });
  context.setDefaultTimeout(env.patience);
  // Pictures of products come from BigCommerce, which is not there: whether the app's policy lets them is seen.
  await context.route(`${pictures}/**`, (route) => route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1" fill="#8fa9c9"/></svg>' }));
  // In every frame, before any script of the page.
  await context.addInitScript((mark) => {
    addEventListener('securitypolicyviolation', (e) => {
      console.error(`${mark} ${e.effectiveDirective} blocked ${e.blockedURI} at ${e.sourceFile}:${e.lineNumber}`);
    });
  }, violationMark);
  const watch = new Watch(context, problems);
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page, watch };
}

/** Collects what a clean panel never does, and counts its requests. */
export class Watch {
  #allowed = [];
  #problems;
  scene = 'start';
  /** Requests to the app: "GET /api/v1/flows". */
  requests = [];
  /** Origins that requests may go to. */
  #known = new Set([env.app, env.panel, pictures]);

  constructor(context, problems) {
    this.#problems = problems;
    context.on('weberror', (e) => this.problem(`page error: ${e.error().stack ?? e.error().message}`));
    context.on('console', (m) => this.#console(m));
    context.on('request', (r) => this.#request(r));
    context.on('requestfailed', (r) => this.#failed(r));
    context.on('response', (r) => this.#response(r));
  }

  /** While doing work, answers of the app that match one of patterns ("422 POST /api/v1/…") are expected, and each must come. */
  async allowing(pattern, work) {
    const rule = { pattern, met: false };
    this.#allowed.push(rule);
    try {
      const result = await work();
      if (!rule.met) this.problem(`the answer ${pattern} was expected and did not come`);
      return result;
    } finally {
      this.#allowed.splice(this.#allowed.indexOf(rule), 1);
    }
  }

  /** Lets requests go to the origins of addresses too: storefronts, an identity provider. */
  knowing(...addresses) {
    for (const address of addresses) this.#known.add(new URL(address).origin);
  }

  /** Notes something that must not happen. */
  problem(what) {
    this.#problems.push(`${this.scene}: ${what}`);
  }

  #console(m) {
    if (m.type() !== 'error' && m.type() !== 'warning') return;
    const said = m.text();
    // The browser's own line about an answer of 4xx or 5xx; response() judges the answer itself.
    if (said.startsWith('Failed to load resource: the server responded with a status of')) return;
    this.problem(`console ${m.type()}: ${said} (${withoutQuery(m.location().url)})`);
  }

  #request(r) {
    const url = new URL(r.url());
    if (!/^https?:$/.test(url.protocol)) return;
    if (url.origin === env.app) {
      this.requests.push(`${r.method()} ${url.pathname}`);
      if (url.pathname === '/csp-report') this.problem(`the browser reported a CSP violation: ${r.postData()}`);
    }
    if (!this.#known.has(url.origin)) {
      this.problem(`a request left for ${url.origin}${url.pathname}`);
    }
  }

  #failed(r) {
    const why = r.failure()?.errorText ?? '';
    // A page that closes ends its event stream and whatever it still waits for; so does a newer preview.
    if (why === 'net::ERR_ABORTED') return;
    this.problem(`${r.method()} ${withoutQuery(r.url())} failed: ${why}`);
  }

  #response(r) {
    const url = new URL(r.url());
    // A sign-in at a storefront is tied to the browser that began it; all else of the app works without cookies.
    if (url.origin === env.app && r.headers()['set-cookie'] && !url.pathname.startsWith('/sso/')) this.problem(`${url.pathname} sets a cookie`);
    if (r.status() < 400) return;
    const line = `${r.status()} ${r.request().method()} ${url.pathname}`;
    const rule = this.#allowed.find((a) => a.pattern.test(line));
    if (rule) rule.met = true;
    else this.problem(`unexpected answer: ${line}`);
  }
}

/** Queries carry signed payloads: they are not for logs. */
function withoutQuery(url) {
  return url.split('?')[0];
}
