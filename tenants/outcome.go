package tenants

// Outcome is what became of a run, in one word; of a dry run, what would become of it.
type Outcome string

// The outcomes of runs.
const (
	OutcomeUnderWay  Outcome = "under_way"
	OutcomeAsking    Outcome = "asking"
	OutcomePaused    Outcome = "paused"
	OutcomeEmpty     Outcome = "empty"     // the source had no row with data
	OutcomeUnchanged Outcome = "unchanged" // the store had everything already
	OutcomeAll       Outcome = "all"       // every record is in the store as the source says
	OutcomeSome      Outcome = "some"      // some records failed
	OutcomeNone      Outcome = "none"      // all records failed
	OutcomeFailed    Outcome = "failed"    // the run as a whole could not go on
	OutcomeCancelled Outcome = "cancelled"
)

// Outcome is computed from what happened: the state alone does not say why a run failed, and says
// of a preview in which every record would fail that it is done.
func (r *Run) Outcome() Outcome {
	switch r.State {
	case RunAsking:
		return OutcomeAsking
	case RunPaused:
		return OutcomePaused
	case RunFailed:
		if r.Phase != PhaseFinish {
			return OutcomeFailed
		}
		return OutcomeNone // it came to its end, and nothing was right
	case RunCancelled:
		return OutcomeCancelled
	case RunDone:
	default:
		return OutcomeUnderWay
	}
	written := r.Created + r.Updated
	switch {
	case r.Total == 0 && r.RetryOf == "":
		return OutcomeEmpty
	case r.Failed > 0 && written+r.Unchanged+r.Skipped == 0:
		return OutcomeNone
	case r.Failed > 0:
		return OutcomeSome
	case written == 0: // also a retry none of whose records is in the source any more
		return OutcomeUnchanged
	}
	return OutcomeAll
}
