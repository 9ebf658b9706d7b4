package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"sluice/internal/testenv"
)

// Figures reads what the scenarios of a soak have measured.
func Figures(r io.Reader) ([]testenv.Figure, error) {
	var list []testenv.Figure
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return list, lines.Err()
		}
		var f testenv.Figure
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			return nil, fmt.Errorf("line %d of the figures: %w", len(list)+1, err)
		}
		list = append(list, f)
	}
}

// Soak is the report of a soak.
func (r Report) Soak(figures []testenv.Figure) string {
	var out strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&out, format, args...) }
	p("%s\n\nWritten by `make soak`; do not edit. What is timed, large or cruel, at its whole size, once. Each scenario fails if what it\n", PartSoak)
	p("promises does not hold; `make test` runs the same ones small. `SEED` repeats the random choices, `SIZE` is a factor.\n\n")
	p("%s; %s, %d cores, %s; load average before %s", r.Began.UTC().Format("2006-01-02 15:04 MST"), r.Before.CPU, r.Before.Cores, r.Before.Memory, r.Before.Load)
	for _, v := range r.Versions {
		p("; %s %s", v.Name, v.Version)
	}
	p(".\n\n| scenario | seed | figure | value |\n|---|--:|---|--:|\n")
	for _, f := range figures {
		p("| %s | %d | %s | %s |\n", strings.TrimPrefix(f.Scenario, "TestSoak"), f.Seed, f.Name,
			strings.TrimSpace(strconv.FormatFloat(f.Value, 'g', 6, 64)+" "+f.Unit))
	}
	return out.String()
}
