// Package source turns the bytes of a merchant's file, which a connector copied into a snapshot,
// into rows. A run may stop and go on between any two rows:
//
//	snapshot ── Detect ──▶ Found                         type, encoding, separator, sheet, path
//	snapshot ── Convert ──▶ rows                         of all but CSV and NDJSON in UTF-8, once
//	snapshot or rows ── NewReader ── Next, … ──▶ Row     with a Position to go on from
//
// What only the merchant can tell is in Found.Ask, with what may be chosen: the sheet of a workbook,
// the file in an archive, the encoding where the bytes are text in several.
//
// Reader, Convert and Detect need bounded memory whatever the file holds: at most one row
// (MaxRowBytes) plus buffers; the texts of a workbook go to a temporary file when they are many. A
// bad row is a RowError on its Row and reading goes on after it; the time a file takes stays linear
// in its size even when its quotes are broken on every line. Next only returns an error when the
// bytes themselves cannot be read.
//
// Cells of a workbook are as they are stored (0.1, not 0.10), but dates are ISO 8601, booleans TRUE
// and FALSE, errors their names (#N/A), and numbers whose format has leading zeros have them. The
// columns of an XML record are told by columnsOf.
//
// The package knows nothing of stores, flows or products, and never decides what a row means: that
// is jobs/mapping.
package source
