// Package upsert is the kind of flow that makes records of a store what rows of a source say, with
// as few API requests as that can be done. It knows a record as a Target: products, and whatever
// else is written so, each have a package of their own in jobs/kinds.
//
//	fetch   source → snapshot (conditional; a cut stream is tried three times)
//	plan    snapshot rows → mapping → document + hash; the hash last landed → unchanged, no request
//	match   documents ↔ records as they are remembered, else live, by the cheaper of paging through all and
//	        looking keys up; diff; a run that is about to do what looks like a mistake asks first (Guard)
//	write   updates in batches (one that fails is split), creates one at a time, never repeated without a look-up
//	finish  totals
//
// The work list between plan and write is the run_items table, so memory does not grow with the
// source or the store. Refused rows and doubtful ones become run issues that name line, key and
// field.
//
// What a flow remembers of its records, and a store of what they refer to, makes a small change
// cost only its writes. memory.go says what is guaranteed although nobody looked first, and what
// "before" then means. A run that compares with the store (tenants.Run.Compare) recalls nothing and
// looks every record up; what it saw is the new memory.
//
// The package never deletes a record, and holds no state that a restart would miss (what records
// refer to is cached only).
package upsert
