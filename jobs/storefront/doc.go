// Package storefront knows a store's storefronts: which channels it has, where they are, and the
// script that the merchant wants on their pages.
//
//	BigCommerce                                        the merchant
//	  channels, sites ─▶ Look ─▶ Sight.Save              SaveSettings, WantScript
//	                               └─▶ channels, origins ─┐   │
//	                                                      ▼   ▼
//	  scripts ─▶ list ─▶ remove, create or fix ◀─ FixScripts: what each channel should have
//	                └──────────────────────────▶ what is there, or why it is not
//
// Scripts are looked for before any is created, by remembered id, name and address, so that neither
// a crash nor an answer that never came installs one twice: whoever calls FixScripts lets one call
// of a store end before the next begins. What a store's scopes do not permit is told to the
// merchant and fails nothing.
//
// The package knows no queue: it starts nothing, waits for nothing and does not decide when to look
// or to try again; package jobs does. It never makes a script's text: Config.ScriptTag does. It
// never keeps a client or a token.
package storefront
