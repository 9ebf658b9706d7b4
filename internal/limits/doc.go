// Package limits is the one table of what a store, a caller and an address may keep, hold open and
// ask for.
//
// # What it is
//
// Each Limit has a name (which metrics and the log use), an environment variable, a default, a
// unit, what it counts and what somebody who reaches it is told. docs/operators.md shows the table;
// a test holds the two together. Whoever would go over a limit is refused through Limits.Refuse,
// which is also what counts sluice_limit_refusals_total: there is no other way to say no.
//
//	rows and bytes a store keeps ─▶ tenants counts them in the transaction that adds ─▶ Check
//	what is held open            ─▶ a slot in this process' memory                  ─▶ Hold
//	how often                    ─▶ internal/ratelimit, over all processes          ─▶ Rate
//
// # What it guarantees
//
// Counts of rows and bytes hold over all processes: who adds holds the store's row of usage
// meanwhile, so two requests at once never both take the last place. Slots are counted by each
// process for itself, since its memory and its connections are what they protect: a store has its
// slots in each process. Rates are those of internal/ratelimit.
//
// # What it never does
//
// It never makes anybody wait, asks nothing over the network, and never tells one store of another.
package limits
