// Package mapping turns a row of a source into a document for the store.
//
// A Catalogue lists what the mappings of one kind of record may fill: fields, their limits, labels,
// and the names that sources give their columns. A tenants.Mapping names, for each target field, an
// expression over the row's columns. Catalogue.Compile checks it once against the header; Apply
// then evaluates it for each row and returns typed values, or what is wrong with which field and
// what to do about it:
//
//	Catalogue ── Compile(mapping, header) ──▶ Program ── Apply(values) ──▶ Document, []problem.Field
//
// Expressions are expr-lang with a short list of functions, all pure: the same row gives the same
// document on every machine and day. There are no loops, variables, clocks or random numbers, and
// all expressions of a row, with what becomes of their values, share one budget of steps and bytes,
// so that none can hang a worker or fill its memory (internal/expression).
//
// The package never calls BigCommerce, never reads a file and never guesses: a value that does not
// fit its field is an error with the value in it, not a silent conversion. What a record refers to
// by name leaves it as text; the kind of flow turns it into ids.
package mapping
