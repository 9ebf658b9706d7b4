// The storefront script against a page made of plain objects: node --test auth/customer/script/
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const text = readFileSync(new URL('./sluice.js', import.meta.url), 'utf8');
const base = 'https://app.example/storefront/abc123';
const shop = 'https://shop.example';

// page loads the script as a storefront page does. server answers fetch: (path or URL, options) => [status, body].
function page({ customer, signIn = 'sso', path = '/shoes/?size=9#top', server = {} }) {
  const requests = [];
  const events = [];
  const gone = [];
  const errors = [];
  let observe;
  const document = new EventTarget();
  document.currentScript = {
    src: base + '/sluice.js?v=0123456789abcdef',
    dataset: { client: 'app id', channel: '7', signIn, ...(customer === undefined ? {} : { customer }) },
  };
  const window = new EventTarget();
  const url = new URL(path, shop);
  const context = Object.assign(window, {
    document, URL, URLSearchParams, CustomEvent, encodeURIComponent,
    Date: { now: () => page.now, parse: Date.parse },
    location: { origin: url.origin, href: url.href, pathname: url.pathname, search: url.search, hash: url.hash, assign: (to) => gone.push(to) },
    PerformanceObserver: class {
      constructor(callback) { observe = callback; }
      observe(what) { assert.deepEqual([...what.entryTypes], ['resource']); }
    },
    fetch: async (to, options = {}) => {
      requests.push({ to, ...options });
      const key = Object.keys(server).find((k) => to === k || to.startsWith(k + '?'));
      const [status, body] = await (key ? server[key](options) : [404, '']);
      const raw = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, ok: status >= 200 && status < 300, text: async () => raw, json: async () => JSON.parse(raw) };
    },
    console: { error: (...e) => errors.push(e), log: (...e) => errors.push(e), warn: (...e) => errors.push(e) },
  });
  window.window = window;
  document.addEventListener('sluice:ready', () => events.push('ready'));
  document.addEventListener('sluice:customer', (e) => events.push(e.detail && e.detail.id));
  vm.runInContext(text, vm.createContext(context));
  return {
    Sluice: window.Sluice, window, document, requests, events, gone, errors,
    requested: (...urls) => observe({ getEntries: () => urls.map((name) => ({ name })) }),
    paths: () => requests.map((r) => r.to.replace(base, '')),
    rerun: () => vm.runInContext(text, context),
  };
}
page.now = Date.parse('2026-11-25T12:00:00Z');

const answer = (id, session = 's' + id) => [200, {
  customer: { id, email: id + '@example.com', group_id: '2' }, store_hash: 'abc123', expires_at: '2026-11-25T12:15:00Z', session, account: base + '/account',
}];
const signedIn = (id) => ({
  '/customer/current.jwt': () => [200, 'jwt-of-' + id + '\n'],
  [base + '/current-customer']: () => answer(id),
  [base + '/account']: () => [200, { fields: [{ key: 'terms', label: 'Terms', format: 'text', value: 'Net 30' }], updated_at: null }],
});
const settled = () => new Promise((resolve) => setImmediate(resolve));
const plain = (value) => JSON.parse(JSON.stringify(value)); // objects of the page's realm have other prototypes

test('a guest of a page that BigCommerce rendered costs no request', async () => {
  const p = page({ customer: '' });
  assert.equal(await p.Sluice.currentCustomer(), null);
  assert.equal(await p.Sluice.account(), null);
  assert.deepEqual(p.requests, []);
  assert.deepEqual(p.events, ['ready', null]);
  assert.deepEqual(p.errors, []);
});

test('nothing is requested before somebody asks', async () => {
  const p = page({ customer: '5', server: signedIn(5) });
  p.requested(shop + '/login.php?action=logout');
  p.document.dispatchEvent(new CustomEvent('sluice:refresh'));
  await settled();
  assert.deepEqual(p.requests, []);
});

for (const customer of [undefined, '{{customer.id}}']) {
  test(`a page that BigCommerce did not render (${customer}) asks current.jwt, and 404 is a guest`, async () => {
    const p = page({ customer });
    assert.equal(await p.Sluice.currentCustomer(), null);
    assert.equal(await p.Sluice.currentCustomer(), null);
    assert.deepEqual(p.paths(), ['/customer/current.jwt?app_client_id=app%20id']);
    assert.deepEqual(p.errors, []);
  });
}

test('a customer is verified once, and the card is fetched with the session', async () => {
  const p = page({ customer: '5', server: signedIn(5) });
  const [who, card, again] = await Promise.all([p.Sluice.currentCustomer(), p.Sluice.account(), p.Sluice.currentCustomer()]);
  assert.equal(who.email, '5@example.com');
  assert.equal(again.id, 5);
  assert.equal(card.fields[0].value, 'Net 30');
  assert.deepEqual(p.paths(), ['/customer/current.jwt?app_client_id=app%20id', '/current-customer', '/account']);
  const [own, verify, account] = p.requests;
  assert.equal(own.credentials, 'same-origin');
  assert.deepEqual([verify.method, verify.body, verify.credentials, verify.headers], ['POST', 'jwt-of-5', 'omit', undefined]);
  assert.deepEqual([account.credentials, account.headers.Authorization], ['omit', 'Bearer s5']);
  assert.deepEqual(p.events, ['ready', 5]);
});

test('a token in JSON quotes is a token', async () => {
  const p = page({ customer: '5', server: { ...signedIn(5), '/customer/current.jwt': () => [200, '"a.b.c"'] } });
  await p.Sluice.currentCustomer();
  assert.equal(p.requests[1].body, 'a.b.c');
});

test('an expired session is replaced once, unseen', async () => {
  let n = 0;
  const p = page({
    customer: '5',
    server: {
      ...signedIn(5),
      [base + '/current-customer']: () => answer(5, 's' + ++n),
      [base + '/account']: ({ headers }) => (headers.Authorization === 'Bearer s1' ? [401, { code: 'token_expired', detail: 'over' }] : [200, { fields: [], updated_at: null }]),
    },
  });
  const [one, two] = await Promise.all([p.Sluice.account(), p.Sluice.account()]);
  assert.deepEqual(plain([one.fields, two.fields]), [[], []]);
  assert.equal(n, 2);
  assert.deepEqual(p.events, ['ready', 5]);
});

test('a session that is refused twice is an error with its code', async () => {
  const p = page({ customer: '5', server: { ...signedIn(5), [base + '/account']: () => [401, { code: 'token_invalid', detail: 'no' }] } });
  await assert.rejects(p.Sluice.account(), (e) => e.code === 'token_invalid' && e.status === 401 && e.message === 'no');
  assert.equal(p.paths().filter((x) => x === '/account').length, 2);
});

test('a session is asked for anew before its fifteen minutes are over', async () => {
  const p = page({ customer: '5', server: signedIn(5) });
  const began = page.now;
  await p.Sluice.currentCustomer();
  page.now = began + 13 * 60000;
  await p.Sluice.currentCustomer();
  assert.equal(p.requests.length, 2);
  page.now = began + 14 * 60000;
  await p.Sluice.currentCustomer();
  page.now = began;
  assert.equal(p.requests.length, 4);
});

test('a failure is not remembered', async () => {
  let up = false;
  const p = page({ customer: '5', server: { ...signedIn(5), [base + '/current-customer']: () => (up ? answer(5) : [502, '<html>']) } });
  await assert.rejects(p.Sluice.currentCustomer(), (e) => e.code === 'unavailable' && e.status === 502);
  up = true;
  assert.equal((await p.Sluice.currentCustomer()).id, 5);
});

test('a sign-out without a page load hides the card at once', async () => {
  const p = page({ customer: '5', server: signedIn(5) });
  assert.ok(await p.Sluice.account());
  p.requested(shop + '/other.js', 'https://elsewhere.example/login.php?action=logout', shop + '/login.php?action=logout');
  assert.equal(await p.Sluice.account(), null);
  assert.deepEqual(p.events, ['ready', 5, null]);
  assert.equal(p.requests.length, 3);
});

test('a card that was on its way during a sign-out is not shown', async () => {
  let release;
  const p = page({ customer: '5', server: { ...signedIn(5), [base + '/account']: () => new Promise((resolve) => { release = () => resolve([200, { fields: ['secret'] }]); }) } });
  const card = p.Sluice.account();
  await settled();
  p.requested(shop + '/login.php?action=logout');
  release();
  assert.equal(await card, null);
});

test('a verification that was on its way during a change is replaced', async () => {
  let release;
  const server = signedIn(6);
  server[base + '/current-customer'] = () => new Promise((resolve) => { release = () => resolve(answer(5)); });
  const p = page({ customer: '5', server });
  const who = p.Sluice.currentCustomer();
  await settled();
  server[base + '/current-customer'] = () => answer(6);
  p.document.dispatchEvent(new CustomEvent('sluice:refresh'));
  release();
  assert.equal((await who).id, 6);
  assert.deepEqual(p.events, ['ready', 6]);
});

for (const url of ['/login.php?action=check_login', '/login/token/eyJ']) {
  test(`a sign-in without a page load is noticed (${url})`, async () => {
    const p = page({ customer: '', server: signedIn(9) });
    assert.equal(await p.Sluice.currentCustomer(), null);
    p.requested(shop + url);
    await settled();
    assert.deepEqual(p.events, ['ready', null, 9]);
    assert.equal((await p.Sluice.currentCustomer()).id, 9);
  });
}

test('the sign-in page itself changes nothing', async () => {
  const p = page({ customer: '', server: signedIn(9) });
  await p.Sluice.currentCustomer();
  p.requested(shop + '/login.php');
  await settled();
  assert.deepEqual(p.requests, []);
});

test('a page that comes back from the browser is asked again, but no guest', async () => {
  for (const [customer, requests] of [['5', 2], ['', 0]]) {
    const p = page({ customer, server: signedIn(5) });
    await p.Sluice.currentCustomer();
    const show = new Event('pageshow');
    show.persisted = true;
    p.window.dispatchEvent(show);
    await settled();
    assert.equal(p.requests.length, 2 * requests);
  }
});

test('login and logout go through single sign-on with the page as it is', async () => {
  const p = page({ customer: '', server: { '/login.php?action=logout': () => [200, ''] } });
  p.Sluice.login();
  p.Sluice.login('/account.php');
  await p.Sluice.logout();
  await p.Sluice.logout('/bye');
  const sso = 'https://app.example/sso/abc123/';
  assert.deepEqual(p.gone, [
    sso + 'login?redirect_to=%2Fshoes%2F%3Fsize%3D9%23top&channel_id=7',
    sso + 'login?redirect_to=%2Faccount.php&channel_id=7',
    sso + 'logout?redirect_to=%2F&channel_id=7&storefront=done',
    sso + 'logout?redirect_to=%2Fbye&channel_id=7&storefront=done',
  ]);
});

for (const answer of [[404, ''], null]) {
  test(`a sign-out of the store that cannot be fetched (${answer}) is left to the server`, async () => {
    const p = page({ customer: '', server: { '/login.php?action=logout': () => answer ?? Promise.reject(new Error('offline')) } });
    await p.Sluice.logout('/bye');
    assert.deepEqual(p.gone, ['https://app.example/sso/abc123/logout?redirect_to=%2Fbye&channel_id=7']);
  });
}

// What a page may be handed, by a link for example: an address of another site, however it is written.
const elsewhere = [
  '//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example', '\n//evil.example', ' //evil.example', '/./\\evil.example', '/.//evil.example', '/a/..//evil.example',
  'https://evil.example', 'HTTPS://shop.example@evil.example', 'https://shop.example.evil.example', 'http://shop.example/', 'https://shop.example:8443/',
  'javascript:alert(1)', 'java\tscript:alert(1)', 'data:text/html,x', 'blob:https://shop.example/x', 'https://', '/%2f%2fevil.example', '/%2F/evil.example', '/%5cevil.example',
];

test('login and logout lead to no other origin, however it is written', async () => {
  for (const signIn of ['sso', 'store']) {
    for (const to of elsewhere) {
      const p = page({ customer: '', signIn, server: { '/login.php?action=logout': () => [200, ''] } });
      p.Sluice.login(to);
      await p.Sluice.logout(to);
      assert.deepEqual(p.gone.map((x) => (x.startsWith('https://app.example/') ? new URL(x).searchParams.get('redirect_to') : x)), signIn === 'sso' ? ['/', '/'] : ['/login.php', '/'], JSON.stringify(to));
    }
  }
});

test('an address of this shop is taken, as its path', async () => {
  for (const [to, path] of [['https://shop.example/cart.php?x=1#y', '/cart.php?x=1#y'], ['/a?next=https://shop.example//b', '/a?next=https://shop.example//b'], ['cart.php', '/shoes/cart.php'], ['?a=1', '/shoes/?a=1'], ['/a/../b', '/b']]) {
    const p = page({ customer: '', server: { '/login.php?action=logout': () => [200, ''] } });
    p.Sluice.login(to);
    await p.Sluice.logout(to);
    assert.deepEqual(p.gone.map((x) => new URL(x).searchParams.get('redirect_to')), [path, path], to);
  }
});

test('an address that the server would refuse becomes the home page', () => {
  for (const path of ['/a//b', '/?q=%5C', '/?q=%0d', '/?q=%25', '/' + 'x'.repeat(1000)]) {
    const p = page({ customer: '', path });
    p.Sluice.login();
    assert.match(p.gone[0], /redirect_to=%2F&/);
  }
});

test("without single sign-on the store's own pages are used", async () => {
  const p = page({ customer: '', signIn: 'store', server: { '/login.php?action=logout': () => [200, ''] } });
  p.Sluice.login('/x');
  await p.Sluice.logout('/bye');
  for (const elsewhere of ['//evil.example', '/\\\\evil.example', 'https://evil.example', 'javascript:alert(1)']) await p.Sluice.logout(elsewhere);
  assert.deepEqual(p.gone, ['/login.php', '/bye', '/', '/', '/', '/']);
  const away = page({ customer: '', signIn: 'store' });
  await away.Sluice.logout('/bye');
  assert.deepEqual(away.gone, ['/login.php?action=logout']);
});

test('a second copy of the script changes nothing', () => {
  const p = page({ customer: '' });
  p.rerun();
  assert.equal(p.window.Sluice, p.Sluice);
  assert.deepEqual(p.events, ['ready']);
});
