// Package source reads a merchant's records: it copies a feed from a URL and turns the copied bytes
// into rows.
//
// Data flows in two separate halves, so that a run may stop and go on between any two rows:
//
//	URL ── Fetcher.Fetch ──▶ w (a snapshot)             bytes, as received, gzip undone
//	snapshot ── Detect ──▶ tenants.Format                CSV or NDJSON, encoding, delimiter
//	snapshot ── NewReader ── Next, Next, … ──▶ Row       with a Position to go on from
//
// The Fetcher connects to addresses that merchants typed in. It checks every address at the moment of
// connecting (internal/publicnet), never follows a redirect unless the operator
// allowed it, never goes through a proxy, and never puts the Authorization header's value or a URL's
// query into an error or a log.
//
// The Reader needs constant memory whatever the file holds: at most one row (MaxRowBytes) plus a
// buffer. A bad row is a RowError on its Row and reading goes on after it; the time a file takes
// stays linear in its size even when its quotes are broken on every line. Next only returns an error
// when the bytes themselves cannot be read.
//
// The package never writes anywhere but to the given io.Writer, knows nothing of stores, flows or
// products, and never decides what a row means: that is jobs/mapping.
package source
