// Package connector says where records come from. Each Source is one file of this package and one
// line in app/kinds.go; the runs of all kinds and the panel's API know it as a Source only.
//
//	Source.Fetch ──▶ w (a snapshot)             bytes, as the other side has them
//	snapshot ── jobs/source ──▶ rows
//
// What a Source writes is a file of a format that jobs/source reads. So snapshots, previews, tries
// again after a cut, and going on in the middle of a file are the same for all of them and stand
// elsewhere (jobs/upsert).
//
// A Source has no state of a store or run: settings and secret are given to each call, and secrets,
// and what of an address may be one, never go into an error or a log.
package connector
