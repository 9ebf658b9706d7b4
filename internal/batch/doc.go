// Package batch merges calls that are made at the same time into one, as a database merges commits:
// while one call is under way those that come meanwhile gather, and all of them are the next one. A
// call that is alone goes at once, and the busier the callers, the larger their batches.
//
// What a batch does is its owner's function. It knows nothing of what is merged, and keeps nothing
// between batches.
package batch
