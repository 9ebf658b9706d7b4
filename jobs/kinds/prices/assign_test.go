package prices

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
