package harness

import (
	"strings"
	"testing"
	"time"

	"sluice/internal/testenv"
)

// Each way to write the file leaves the other parts as they are.
func TestPartsOfTheDocument(t *testing.T) {
	var d Document
	d.SetWhole("# Benchmarks\n\nwhole 1\n")
	d.SetSoak("# Soak\n\nsoak 1\n")
	d.SetSince(map[string]string{"queue/a": "## queue/a\n\nfirst\n", "queue/b": "## queue/b\n\nfirst\n"})
	d = ParseDocument(d.String())
	d.SetSince(map[string]string{"queue/b": "## queue/b\n\nsecond\n"})
	d = ParseDocument(d.String())
	d.SetSoak("# Soak\n\nsoak 2\n")
	got := ParseDocument(d.String()).String()
	for _, want := range []string{"# Benchmarks\n\nwhole 1\n\n# Measured since\n", "## queue/a\n\nfirst\n\n## queue/b\n\nsecond\n\n# Soak\n\nsoak 2\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	d.SetWhole("# Benchmarks\n\nwhole 2\n")
	if got := d.String(); got != "# Benchmarks\n\nwhole 2\n\n# Soak\n\nsoak 2\n" {
		t.Errorf("after a whole run:\n%s", got)
	}
}

func TestFiguresOfASoak(t *testing.T) {
	list, err := Figures(strings.NewReader(`{"scenario":"TestSoakX/a","name":"kills","value":200,"unit":"","seed":7}` + "\n"))
	if err != nil || len(list) != 1 || list[0] != (testenv.Figure{Scenario: "TestSoakX/a", Name: "kills", Value: 200, Seed: 7}) {
		t.Fatalf("%+v, %v", list, err)
	}
	if got := (Report{Began: time.Unix(0, 0)}).Soak(list); !strings.Contains(got, "| X/a | 7 | kills | 200 |\n") {
		t.Errorf("the report:\n%s", got)
	}
	if _, err := Figures(strings.NewReader("{}\nno\n")); err == nil {
		t.Error("a line that is no figure is taken")
	}
}

func TestASharedMachineIsTold(t *testing.T) {
	for load, want := range map[string]bool{"2.01, 0.10, 0.10": true, "2.00, 9.00, 9.00": false, "unknown": false} {
		if got := (Machine{Cores: 2, Load: load}).shared() != ""; got != want {
			t.Errorf("load %s on 2 cores: %v", load, got)
		}
	}
}
