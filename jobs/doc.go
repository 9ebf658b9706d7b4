// Package jobs carries out the work of stores: runs of flows, webhooks, and the upkeep around them.
//
// SQL is the truth. A job is a row (tenants.Job) before anyone is told that it will be done, and an
// entry of the Redis queue (jobs/queue) afterwards; whoever loses Redis loses no work. Three things
// bring rows back into the queue: the rebuild after Redis was emptied, the sweeper for rows whose
// entry was never made, and a repeated step that finds its successor's row already there. Of a
// store with more jobs than Redis takes the rest waits in SQL and is paged in as there is room
// (sweep.go).
//
//	Service (web)                       Workers (any process)
//	  StartRun ─┐                         claim → load row → kind's handler
//	  webhook  ─┼→ row in SQL → Enqueue     ├ done:     row done [+ next row], ack
//	  Installed─┘                           ├ no quota: snooze, not an attempt
//	                                        ├ failed:   row + attempt, retry with backoff, or dead
//	                                        └ lease lost or stopping: nothing, or give back
//
// What a process saves for many jobs at the same time, their rows and their ends, is one
// transaction, and what it reads of them one statement (merged.go). A worker hands a job that was
// done over to be ended and claims the next; the job keeps its lease, and its place under the
// store's cap, until its end is committed and told.
//
// A run is a chain of jobs "run:<run>:<step>". Each calls the Engine (jobs/flow) for one bounded
// step; the engine saves what the step did, and this package ends the step's row and writes the
// next one, in the same transaction. A step that is carried out twice therefore has its effect in
// SQL once: the second finds Run.Step or its row moved on, and its transaction fails.
//
// What a kind of flow is, its flow.Spec says: the webhooks that a store has while it has a flow of
// the kind, what is done about their events (events.go), and the OAuth scopes without which its
// flows are paused, and nothing else is.
//
// Schedules (schedules.go) are columns of the flow. Workers look every few seconds for flows whose
// time has come; one transaction moves the time on and inserts the run with its first job, so of
// many processes one starts it, once. A flow has two: of runs that trust what is remembered of the
// store, and of runs that compare with it. If both are due, a run that compares is for both.
//
// The history of each store's quota goes the other way: the queue notes it in Redis with each
// answer, and one process at a time moves the minutes that are over to SQL, where they are kept for
// 30 days (quota.go). Losing Redis loses the minutes that were not moved yet, the last one or two.
//
// Storefronts (storefront.go): which channels a store has, where they are, and the script that the
// merchant wants on their pages are looked at daily, when a webhook tells of a channel, and when
// somebody asks. What is done then is jobs/storefront; here are the rows that ask for it. Jobs of
// one store run one at a time (queue.ClassStorefront), so that no two install a script twice.
//
// The package never talks to a browser's session (package auth) and never maps, diffs or writes a
// product: it knows a flow as a flow.Kind. It never keeps an access token: clients are made for one
// job.
//
// Work that belongs to no live store (housekeeping, deleting the data of a store that left) is
// queued under SystemStore.
package jobs
