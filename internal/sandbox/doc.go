// Package sandbox is a simulated BigCommerce for many stores in one process: the login host, the REST
// APIs that Sluice speaks, the control panel with the app in its iframe, webhooks, quotas and faults.
//
// It is the judge of what the app does, so it is strict: it refuses what BigCommerce's official API
// descriptions refuse, with their status codes and error bodies, and it never repairs a request. It is
// imported by tests and by the demo and sandbox commands only, listens on loopback only, and holds
// everything in memory; Options.StateFile keeps it between processes and survives a kill.
//
// # How a request flows
//
//	API host:  log → find store → token (401) → quota (429) → scope (403) → concurrency (429) → faults → handler
//	handler:   decode → validate (422) → lock the store → uniqueness (409) → journal line → answer → webhooks
//
// Two listeners serve it. The API, login and admin host is http://127.0.0.1:PORT; the control panel is
// http://localhost:OTHER, so that an app on 127.0.0.1 is another site than the panel, as in reality,
// and a browser that blocks third-party storage blocks it here too.
//
// # Where it departs from BigCommerce
//
//   - Webhook destinations must be https on port 443, except that the origin of the registered app
//     (Options.AppAuthURL) is accepted as it is, because a sandbox and its app meet on loopback.
//   - Callback URLs of the app may be plain http, for the same reason.
//   - Product options, modifiers and reviews are not simulated; a write that has them answers 501.
//     Every product has its one base variant.
//   - The login host's error bodies are not documented; RFC 6749's are used.
//   - Name and SKU filters ignore letter case but not padding: "FOO" does not find "FOO ", though the
//     two collide on create.
package sandbox
