package mapping

import (
	"fmt"
	"strings"
	"testing"
)

// TestProof: a column says itself how it is read, or a person is asked; a slip is no second reading.
func TestProof(t *testing.T) {
	for name, tt := range map[string]struct {
		target string
		values []string
		want   string // what is settled, or the kind of the question
	}{
		"points":                    {"price", []string{"1.250", "12.50"}, "point"},
		"commas":                    {"price", []string{"1.250", "12,50"}, "comma"},
		"groups":                    {"price", []string{"1.250", "1.250.000"}, "comma"},
		"either":                    {"price", []string{"1.250", "12"}, "ask decimal"},
		"both":                      {"price", []string{"1.250", "12,50", "12.50"}, "ask decimal"},
		"a slip":                    {"price", append(strings.Split(strings.Repeat("12.50 ", 20), " "), "12,50", "1.250"), "point"},
		"each by itself":            {"price", []string{"12,50", "12.50"}, ""},
		"whole numbers":             {"price", []string{"1", "0", "call", "N/A"}, ""},
		"days first":                {"preorder_release_date", []string{"3/4/2026", "31/12/2026"}, "day"},
		"months first":              {"preorder_release_date", []string{"3/4/2026", "12/31/2026"}, "month"},
		"either first":              {"preorder_release_date", []string{"3/4/2026"}, "ask date"},
		"units":                     {"weight", []string{"1 kg", "2 kg"}, ""},
		"a number without its unit": {"weight", []string{"1 kg", "2"}, "ask unit"},
		"none is none in all":       {"weight", []string{"1 kg", "0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := whole(tt.target, "X")
			p, err := parts.Compile(m, []string{"X"})
			if err != nil {
				t.Fatal(fieldsOf(err))
			}
			proof := p.Proof()
			for i, v := range tt.values {
				if err := proof.Look(t.Context(), int64(i+2), int64(i+2), []string{v}, nil); err != nil {
					t.Fatal(err)
				}
			}
			settled, asked := proof.Settle(m)
			got := ""
			for _, f := range settled.Fields {
				got += f.Decimal + f.Date
			}
			for _, q := range asked {
				got += "ask " + q.Kind
				if len(q.Examples) == 0 || len(q.Examples[0].Readings) != len(q.Choices) || q.Asks() == "" {
					t.Errorf("question %+v", q)
				}
			}
			if got != tt.want {
				t.Errorf("%q, want %q: %s", got, tt.want, fmt.Sprint(asked))
			}
		})
	}
}
