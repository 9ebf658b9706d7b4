// Package schedule says when a flow's schedule is due: a cron expression of five fields, in the
// time zone of the store.
//
//	"0 2 * * *" ─▶ Parse ─▶ Cron ─▶ Next(after, zone) ─▶ the next occurrence
//	                                    └▶ NextDue ─▶ + Jitter: when the run starts
//
// # Daylight saving
//
// A schedule is read off the wall clock of the store. A time that the clock skips in spring happens
// once, right after the gap, and together with others of the same gap. A time that the clock shows
// twice in autumn happens once, the first time; only a schedule of every hour (hour "*") goes on
// through the repeated hour, because it is about time that passes and not about a time of day.
//
// # Jitter
//
// Many stores choose 02:00. Each flow therefore starts a while after its time: always the same
// share of at most a tenth of the time until the next occurrence, and of at most MaxJitter. It
// comes from the store's hash and the flow's id, so every process computes the same.
//
// The package is arithmetic: it reads no clock, knows no database, and starts nothing.
package schedule
