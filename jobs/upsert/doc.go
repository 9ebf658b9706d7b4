// Package upsert carries out a products run: rows of a source become products of a store, with as few
// API requests as that can be done.
//
// A run is a chain of bounded steps. jobs calls Engine.Step; the step does at most about a second of
// work, then saves what it did, the run's counts and its checkpoint in one transaction, into which
// jobs puts the job row of the next step. A step that was interrupted anywhere is simply carried out
// again: whatever it had not saved did not happen, or is found again in the store before anything is
// sent twice.
//
//	fetch   source → snapshot (conditional; a cut stream is tried three times)
//	plan    snapshot rows → mapping → document + hash; the hash last landed → unchanged, no request
//	match   documents ↔ products as they are remembered, else live, by the cheaper of paging the catalogue and
//	        looking keys up; diff
//	write   PUT in tens (a failed batch is split), POST one at a time, never repeated without a look-up
//	finish  totals, clean-up of older snapshots and work lists
//
// The work list between plan and write is the run_items table, so memory does not grow with the feed
// or the catalogue. Refused rows and doubtful ones become run issues that name line, key and field.
//
// What a flow remembers of its products, and a store of its categories and brands, makes a small change cost
// only its writes. memory.go says what is guaranteed although nobody looked first, and what "before" then means.
//
// The package never deletes a product, never schedules anything, knows neither Redis nor HTTP
// handlers, and holds no state that a restart would miss (categories and brands are cached only).
package upsert
