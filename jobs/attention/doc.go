// Package attention finds what is wrong in a store and waits for somebody: a cause and a flow each,
// or the store as a whole. Problems open and heal by themselves.
//
// Keeper.Check looks at one flow, or at the store itself. It reads what is so (the flow, its last
// runs, its connection, the store), asks findings what is wrong with that, and compares the answer
// with the open problems: rows are made, changed and deleted, and what a rule (rules.go) wants told
// becomes news in the outbox (jobs/alerts), all in one transaction that holds the flow's check.
//
//	a run ends, asks, goes on; a flow, a store or a rule changes ─▶ check due now ─┐
//	something may be late, old or no longer muted at a time      ─▶ check due then ┴─▶ Check ─▶ problems, news
//
// So a look costs a few queries of one flow, and nobody looks while nothing can have changed. A
// lost process loses nothing: the check stays due. The same facts always give the same findings, so
// that a look may be repeated, and two processes never tell the same twice.
package attention
