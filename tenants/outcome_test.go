package tenants

import "testing"

// TestOutcome: what a run is said to have done is what it did.
func TestOutcome(t *testing.T) {
	for name, c := range map[string]struct {
		run  Run
		want Outcome
	}{
		"queued":                   {Run{State: RunQueued}, OutcomeUnderWay},
		"running":                  {Run{State: RunRunning}, OutcomeUnderWay},
		"cancelling":               {Run{State: RunCancelling}, OutcomeUnderWay},
		"asking":                   {Run{State: RunAsking}, OutcomeAsking},
		"paused":                   {Run{State: RunPaused}, OutcomePaused},
		"failed with records":      {Run{State: RunFailed, Counts: Counts{Total: 2, Created: 1}}, OutcomeFailed},
		"cancelled with records":   {Run{State: RunCancelled, Counts: Counts{Total: 2, Created: 1}}, OutcomeCancelled},
		"only a header":            {Run{State: RunDone}, OutcomeEmpty},
		"a retry of what is gone":  {Run{State: RunDone, RetryOf: "r"}, OutcomeUnchanged},
		"nothing new":              {Run{State: RunDone, Counts: Counts{Total: 2, Unchanged: 2}}, OutcomeUnchanged},
		"all":                      {Run{State: RunDone, Counts: Counts{Total: 3, Created: 1, Updated: 1, Unchanged: 1}}, OutcomeAll},
		"some":                     {Run{State: RunDone, Counts: Counts{Total: 2, Created: 1, Failed: 1}}, OutcomeSome},
		"some, the rest as it was": {Run{State: RunDone, Counts: Counts{Total: 2, Unchanged: 1, Failed: 1}}, OutcomeSome},
		"nothing right":            {Run{State: RunFailed, Phase: PhaseFinish, Counts: Counts{Total: 2, Failed: 2}}, OutcomeNone},
		"none":                     {Run{State: RunDone, Counts: Counts{Total: 2, Failed: 2}}, OutcomeNone},
		"a dry run of none":        {Run{State: RunDone, DryRun: true, Counts: Counts{Total: 2, Failed: 2}}, OutcomeNone},
	} {
		if got := c.run.Outcome(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
