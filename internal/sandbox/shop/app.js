// An application as headless storefronts are: one page, views by pushState, signing in and out by fetch.
const byID = (id) => document.getElementById(id);
const { login, logout } = document.querySelector("[data-shopper]").dataset;
const views = { "": "Home", account: "Account", login: "Sign in" };

function show() {
  const view = location.pathname.replace(/^\/(app\/?)?/, "").replace(/\/$/, "");
  byID("view").textContent = views[view] ?? view;
  byID("sign-in").hidden = view !== "login";
  document.title = byID("view").textContent;
}

function go(path) {
  history.pushState(null, "", path);
  show();
  byID("view").focus();
}

function link(text, path) {
  const a = document.createElement("a");
  a.href = path;
  a.dataset.app = "";
  a.textContent = text;
  return a;
}

async function who() {
  const { name } = await (await fetch("/app/session.json")).json();
  const place = document.querySelector("[data-shopper]");
  if (!name) return place.replaceChildren(link("Sign in", "/app/login"));
  const out = document.createElement("button");
  out.textContent = "Sign out";
  out.addEventListener("click", async () => {
    await fetch(logout);
    await who();
    go("/app");
  });
  const label = document.createElement("span");
  label.textContent = name;
  place.replaceChildren(label, " ", out);
}

document.addEventListener("click", (event) => {
  const a = event.target.closest("a[data-app]");
  if (!a || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(a.getAttribute("href"));
});
addEventListener("popstate", show);

byID("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  byID("sign-in-error").textContent = "";
  const answer = await fetch(login + "?action=check_login", { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
  if (new URL(answer.url).pathname === login) {
    byID("sign-in-error").textContent = "Your email address or password is incorrect. Please try again.";
    return;
  }
  event.target.reset();
  await who();
  go("/app/account");
});

show();
who();
