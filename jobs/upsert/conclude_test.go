package upsert_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// TestNothingRight: a run that got nothing in has failed, and says what stopped its records; what
// stopped most of them is told once for all. A preview and a retry say what they found.
func TestNothingRight(t *testing.T) {
	const said = `Size: "huge" is not a number`
	p := upserttest.NewPlatform(t)
	for name, c := range map[string]struct {
		rows    []string
		dry     bool
		state   tenants.RunState
		wants   []string // of the run's error
		all     string   // of the warning about the file as a whole
		outcome tenants.Outcome
	}{
		"one":         {rows: []string{"A, T, huge, "}, state: tenants.RunFailed, wants: []string{"The only record failed: ", said}, outcome: tenants.OutcomeNone},
		"one reason":  {rows: []string{"A, T, huge, ", "B, T, huge, "}, state: tenants.RunFailed, wants: []string{"All 2 records failed for one reason: ", said}, outcome: tenants.OutcomeNone},
		"two reasons": {rows: []string{"A, T, huge, ", "B, T, huge, ", "C, T, -5, "}, state: tenants.RunFailed, wants: []string{"All 3 records failed, 2 of them for this reason: ", said}, outcome: tenants.OutcomeNone},
		"a preview":   {rows: []string{"A, T, huge, ", "B, T, huge, "}, dry: true, state: tenants.RunDone, all: "2 of 2 records failed for one reason: ", outcome: tenants.OutcomeNone},
		"most":        {rows: []string{"A, T, huge, ", "B, T, 2, ", "C, T, huge, "}, state: tenants.RunDone, all: "2 of 3 records failed for one reason: ", outcome: tenants.OutcomeSome},
		"half":        {rows: []string{"A, T, huge, ", "B, T, 2, ", "C, T, huge, ", "D, T, 2, "}, state: tenants.RunDone, outcome: tenants.OutcomeSome},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, p, upserttest.GadgetOptions{})
			b.Flow.Mapping.Fields = slices.Clone(b.Flow.Mapping.Fields)
			b.Flow.Mapping.Fields[2].Bad = "fail"
			if err := b.DB.UpdateFlow(b.Ctx, b.Flow); err != nil {
				t.Fatal(err)
			}
			b.feed(c.rows...)
			r := b.Run(func(r *tenants.Run) { r.DryRun = c.dry })
			if r.State != c.state || r.Outcome() != c.outcome || (r.Error == "") != (c.state == tenants.RunDone) {
				t.Errorf("%s, %s: %q", r.State, r.Outcome(), r.Error)
			}
			for _, want := range c.wants {
				if !strings.Contains(r.Error, want) {
					t.Errorf("%q does not say %q", r.Error, want)
				}
			}
			issues, _, err := b.DB.RunIssues(b.Ctx, r.ID, tenants.IssueFilter{Severity: "warning", Limit: 10})
			if err != nil || len(issues) > 1 || (len(issues) == 1) != (c.all != "") {
				t.Fatalf("%v, %v", issues, err)
			}
			if len(issues) == 1 && (issues[0].Line != 0 || !strings.HasPrefix(issues[0].Message, c.all) || !strings.Contains(issues[0].Message, said)) {
				t.Errorf("line %d: %q", issues[0].Line, issues[0].Message)
			}
			if c.state != tenants.RunFailed {
				return
			}
			again := b.Run(func(next *tenants.Run) { next.RetryOf, next.SnapshotID = r.ID, r.SnapshotID })
			if again.State != tenants.RunDone || again.Outcome() != tenants.OutcomeNone {
				t.Errorf("a retry: %s, %s", again.State, again.Outcome())
			}
		})
	}
}
