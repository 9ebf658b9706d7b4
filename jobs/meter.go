package jobs

import (
	"time"

	"sluice/jobs/queue"
	"sluice/tenants"
)

// Meter is told what Workers do, for an operator's metrics. It is told no store on purpose: there
// may be ten thousand. Its methods must be quick and safe for concurrent use.
type Meter interface {
	// Claimed is told how long a job was due before it was claimed: waiting for its turn, for quota or
	// for a worker.
	Claimed(waited time.Duration)
	// Attempted is told how an attempt of a job ended. kind is one of this package's, or "unknown".
	Attempted(kind string, how Ending, took time.Duration)
	// Stepped is told how long the engine was at a step of a run, saved or not.
	Stepped(phase tenants.Phase, took time.Duration)
	// Reaped is told how many leases of dead workers were taken back.
	Reaped(leases int)
	// Rebuilt is told that an empty Redis was filled from SQL.
	Rebuilt(jobs int, took time.Duration)
	// Audited is told how many of the queue's counters an audit found wrong, and put right. Any is a
	// bug.
	Audited(wrong int)
}

// Ending is how an attempt of a job ended.
type Ending string

// The endings of an attempt. Only a failed and a dead one count as attempts in SQL.
const (
	EndDone     Ending = "done"     // also: it had been done before
	EndFailed   Ending = "failed"   // to be tried again
	EndDead     Ending = "dead"     // given up
	EndHeld     Ending = "held"     // waits for quota
	EndPaused   Ending = "paused"   // the store needs a reinstall
	EndReturned Ending = "returned" // given back by a process that stops
	EndUnknown  Ending = "unknown"  // kept for a version of Sluice that knows its kind
	EndLost     Ending = "lost"     // its lease, or all of Redis, was lost
)

type noMeter struct{}

func (noMeter) Claimed(time.Duration)                   {}
func (noMeter) Attempted(string, Ending, time.Duration) {}
func (noMeter) Stepped(tenants.Phase, time.Duration)    {}
func (noMeter) Reaped(int)                              {}
func (noMeter) Rebuilt(int, time.Duration)              {}
func (noMeter) Audited(int)                             {}

// claimed meters how long a job waited. One that was given back for at once has no time to count
// from.
func (w *Workers) claimed(lease *queue.Lease) {
	if !lease.RunAt.IsZero() {
		w.cfg.Meter.Claimed(max(0, time.Since(lease.RunAt)))
	}
}

// kindOf is a job's kind as a label: what Redis says is never passed on unless it is known.
func (w *Workers) kindOf(kind string) string {
	if _, ok := w.kinds[kind]; ok {
		return kind
	}
	return "unknown"
}
