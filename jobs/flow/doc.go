// Package flow carries out runs as chains of bounded steps, without knowing any record.
//
// A Kind says what one kind of flow is (Spec) and does one bounded unit of a run's work at a time.
// jobs calls Engine.Step; the kind does at most about a second of work on the Step that it is
// given, which then saves what the kind left with it, the run's counts and its checkpoint in one
// transaction, into which jobs puts the job row of the next step. A step that was interrupted
// anywhere is simply carried out again: whatever it had not saved did not happen, or is found again
// before anything is sent twice.
//
// What a run shares with every other is here: cancelling, waiting for quota, the verdict that ends
// a run, errors and warnings of rows, tidying up, going on after an operator's repair.
//
// The package never schedules anything, and knows neither Redis nor HTTP handlers.
package flow
