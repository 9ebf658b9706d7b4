/* Sluice for storefronts. Settings: the data- attributes of this script's own element. Events on document:
   sluice:ready, sluice:customer (detail: customer or null); dispatch sluice:refresh after a sign-in or
   sign-out that happened without loading a page. */
(() => {
  'use strict';
  const me = document.currentScript;
  if (window.Sluice || !me) return;
  const { client, channel, signIn, customer } = me.dataset;
  const base = me.src.replace(/\/sluice\.js.*$/, '');
  // BigCommerce writes the customer's id here, nothing for a guest. What it did not write (a headless
  // page) says nothing, and current.jwt is asked.
  let guest = customer === '';
  let used = false; // somebody asked: tell them of changes
  let asked = null; // promise of the latest answer, null for a guest
  let until = 0; // when to ask again
  let known; // id that was told last, 0 for a guest

  const failure = async (response) => {
    let body = {};
    try {
      body = await response.json();
    } catch (e) {
      // not an answer of Sluice: the status has to do
    }
    const error = new Error(body.detail || 'HTTP ' + response.status);
    return Object.assign(error, { code: body.code || 'unavailable', status: response.status });
  };

  const ask = async () => {
    if (guest) return null;
    const path = '/customer/current.jwt?app_client_id=' + encodeURIComponent(client);
    const own = await fetch(path, { credentials: 'same-origin', cache: 'no-store', headers: { Accept: 'application/json' } });
    if (own.status === 404) return null;
    if (!own.ok) throw await failure(own);
    const token = (await own.text()).trim().replace(/^"|"$/g, '');
    // A body of text spares browsers the preflight.
    const answer = await fetch(base + '/current-customer', { method: 'POST', credentials: 'omit', body: token });
    if (!answer.ok) throw await failure(answer);
    return answer.json();
  };

  const session = () => {
    used = true;
    if (asked && Date.now() < until) return asked;
    until = Infinity;
    const mine = ask().then(
      (answer) => {
        if (mine !== asked) return session(); // somebody signed in or out meanwhile
        if (answer) until = Date.now() + 14 * 60000; // a session has 15 minutes
        const id = answer ? answer.customer.id : 0;
        if (id !== known) {
          known = id;
          document.dispatchEvent(new CustomEvent('sluice:customer', { detail: answer && answer.customer }));
        }
        return answer;
      },
      (error) => {
        if (mine !== asked) return session();
        asked = null;
        throw error;
      },
    );
    asked = mine;
    return mine;
  };

  const changed = (toGuest) => {
    guest = toGuest;
    asked = null;
    if (used) session().catch(() => {}); // whoever needs the answer asks, and gets the error
  };

  const account = async (again) => {
    const answer = await session();
    if (!answer) return null;
    const mine = asked;
    const card = await fetch(answer.account, { credentials: 'omit', cache: 'no-store', headers: { Authorization: 'Bearer ' + answer.session } });
    if (mine !== asked) return account(again);
    if (card.status === 401 && !again) {
      asked = null;
      return account(true);
    }
    if (!card.ok) throw await failure(card);
    return card.json();
  };

  const here = () => {
    const path = location.pathname + location.search + location.hash;
    return path.length > 1000 || /\/\/|\\|%(5c|[01]|7f|25)/i.test(path) ? '/' : path;
  };

  const go = (action, to, storePage, done) => {
    if (signIn !== 'sso') return location.assign(storePage);
    const query = new URLSearchParams({ redirect_to: to });
    if (channel) query.set('channel_id', channel);
    if (done) query.set('storefront', 'done');
    location.assign(base.replace(/\/storefront\/([^/]+)$/, '/sso/$1/') + action + '?' + query);
  };

  // BigCommerce's sign-out leads nowhere in particular. One that is fetched leaves it to us where to go.
  const leave = async (to) => {
    const path = '/login.php?action=logout';
    const done = await fetch(path, { credentials: 'same-origin', cache: 'no-store' }).then(
      (response) => response.ok,
      () => false,
    );
    const safe = /^\/(?![/\\])/.test(to) ? to : '/';
    go('logout', safe, done ? safe : path, done);
  };

  if (window.PerformanceObserver) {
    new PerformanceObserver((list) => {
      for (const { name } of list.getEntries()) {
        const url = new URL(name, location.href);
        if (url.origin !== location.origin) continue;
        const action = url.pathname === '/login.php' && url.searchParams.get('action');
        if (action || url.pathname.startsWith('/login/token/')) changed(action === 'logout');
      }
    }).observe({ entryTypes: ['resource'] });
  }
  document.addEventListener('sluice:refresh', () => changed(false));
  // A page that the browser kept may be shown again after a sign-out.
  window.addEventListener('pageshow', (event) => event.persisted && !guest && changed(false));

  window.Sluice = Object.freeze({
    currentCustomer: () => session().then((answer) => answer && answer.customer),
    account: () => account(false),
    login: (redirectTo) => go('login', redirectTo || here(), '/login.php'),
    logout: (redirectTo) => leave(redirectTo || '/'),
  });
  document.dispatchEvent(new CustomEvent('sluice:ready'));
})();
