package prices

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestAudiences(t *testing.T) {
	for text, want := range map[string]string{
		"group:Dealers": "[group:Dealers]",
		"Group: Dealers ; channel:1;CHANNEL: Outlet":    "[group:Dealers channel:1 channel:Outlet]",
		"group:Dealers on channel:Outlet":               "[group:Dealers on channel:Outlet]",
		"group:Dealers ON CHANNEL: 1;group:Dealers;":    "[group:Dealers on channel:1 group:Dealers]",
		"group:Hands on channel:x on channel:Outlet":    "[group:Hands on channel:x on channel:Outlet]",
		"group:A;group:A":                               "[group:A]",
		"group:All: the rest":                           "[group:All: the rest]",
		"group:Dealers on channels; channel:on channel": "[group:Dealers on channels channel:on channel]",
	} {
		out, problem := parseAudiences(text)
		if got := fmt.Sprint(out); got != want || problem != "" {
			t.Errorf("%q: %s, %s; want %s", text, got, problem, want)
		}
	}
	for _, text := range []string{"", ";", "Dealers", "group:", "channel: ", "group:Dealers on channel:", "group: on channel:1", "group:A;B", "list:3"} {
		if out, problem := parseAudiences(text); problem == "" {
			t.Errorf("%q: %v", text, out)
		}
	}
}

func TestAssigned(t *testing.T) {
	padded := "  Dealers"
	out, problem := parseAssigned(map[string]any{padded: "group:Dealers", "7": "channel:1"})
	if d := cmp.Diff(assigned{"dealers": {{group: "Dealers"}}, "7": {{channel: "1"}}}, out, cmp.AllowUnexported(audience{})); d != "" || problem != "" {
		t.Error(d, problem)
	}
	if out, problem := parseAssigned(nil); len(out) != 0 || problem != "" {
		t.Error(out, problem)
	}
	for list, who := range map[string]any{"Dealers": "Dealers", " ": "channel:1", "A": 7, "B": ""} {
		if _, problem := parseAssigned(map[string]any{list: who}); !strings.Contains(problem, audienceForm) {
			t.Errorf("%q %v: %q", list, who, problem)
		}
	}
}

// TestTwoListsOfOneAudience: of two lists that are to have one group on one channel one gets it,
// and the run ends.
func TestTwoListsOfOneAudience(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionCurrency: "EUR", optionAssign: map[string]any{
		"Dealers": "group:VIP on channel:1", "Staff": "group:VIP on channel:1",
	}})
	if _, err := w.Store.AddCustomerGroup("VIP"); err != nil {
		t.Fatal(err)
	}
	w.feed = "A,9,,,Dealers,,\nA,8,,,Staff,,\n"
	var r *tenants.Run
	_, routes := w.requests(func() { r = w.run() })
	w.want(r, counts{Read: 2, Updated: 2})
	w.told(r, flow.SeverityWarning, "assign: ", "group:VIP on channel:1", "another price list too")
	if n := routes["PUT /v3/pricelists/{id}/assignments"]; n != 1 {
		t.Errorf("%d assignments: %v", n, routes)
	}
}

// TestAssignmentsWaitForTheAnswer: a run that asks has assigned nothing, whatever the answer will
// be. After "proceed" it assigns, also when no price is left to be written.
func TestAssignmentsWaitForTheAnswer(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{
		optionCurrency: "EUR", optionPriceList: "Dealers", optionAssign: map[string]any{"Dealers": "channel:1"},
	})
	assigned := func() (n int) {
		for _, err := range w.Hand().PriceLists.Assignments(w.Ctx, bigcommerce.AssignmentFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	w.feed = "A,9,,,,,\nB,0,,,,,\n"
	r := w.run()
	if r.State != tenants.RunAsking || assigned() != 0 {
		t.Fatalf("%s, %d assignments", r.State, assigned())
	}
	w.Answer(r, time.Minute)
	r = w.Finish(r)
	w.want(r, counts{Read: 2, Updated: 2})
	if assigned() != 1 {
		t.Errorf("%d assignments after the answer", assigned())
	}

	w.Flow.Options[optionAssign] = map[string]any{"Dealers": "channel:1; group:VIP"}
	if _, err := w.Store.AddCustomerGroup("VIP"); err != nil {
		t.Fatal(err)
	}
	w.feed = "A,9,,,,,\n"
	w.want(w.run(func(r *tenants.Run) { r.Compare = true }), counts{Read: 1, Unchanged: 1})
	if assigned() != 2 {
		t.Errorf("%d assignments of a list whose prices are right", assigned())
	}
}
