// Package upserttest holds kinds of flows against what jobs/upsert promises of all of them. A test
// of a kind calls Run with a Config that says what its records are; it makes one-off stores of its
// own (World) for what only this kind does.
//
// What Run proves, on SQLite and on PostgreSQL:
//
//   - a run takes no more requests than the least, and a run without changes none
//   - a dry run writes nothing, keeps nothing, and says what the run then does
//   - bad rows are named with line, key and field, and all others land; a retry of the failed takes no others
//   - killed at any point, a run goes on to the same end, with every record once
//   - throttling, outages and cut connections are waited out, with every record once
//   - what others change or delete in the store is set right, and what webhooks report deleted is looked up
//   - stores, flows and kinds do not touch each other's records and memory
//   - journal, items and counts say what happened
//
// It is imported by tests only.
package upserttest
