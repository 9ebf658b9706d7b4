// Package source turns the bytes of a merchant's file, which a connector copied into a snapshot,
// into rows. A run may stop and go on between any two rows:
//
//	snapshot ── Detect ──▶ tenants.Format                CSV or NDJSON, encoding, delimiter
//	snapshot ── NewReader ── Next, Next, … ──▶ Row       with a Position to go on from
//
// The Reader needs constant memory whatever the file holds: at most one row (MaxRowBytes) plus a
// buffer. A bad row is a RowError on its Row and reading goes on after it; the time a file takes
// stays linear in its size even when its quotes are broken on every line. Next only returns an
// error when the bytes themselves cannot be read.
//
// The package knows nothing of stores, flows or products, and never decides what a row means: that
// is jobs/mapping.
package source
