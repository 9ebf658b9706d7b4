package prices

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTiers(t *testing.T) {
	for text, want := range map[string]string{
		"10:9.50; 50:8.00":        "10:9.5; 50:8",
		" 50 : 8 ;10:9.5;":        "10:9.5; 50:8",
		"10:5%":                   "10:5%",
		"10 : 12.5 %; 20:-1.50":   "10:12.5%; 20:-1.5",
		"10-49:9.5; 50+:8":        "10:9.5; 50:8",
		"10-19:9.5; 50-99:8":      "10-19:9.5; 50-99:8",
		"1:0":                     "1:0",
		"10:100%":                 "10:100%",
		"":                        "",
		" ; ":                     "",
		"1:0.00000001":            "1:0.00000001",
		"10:9.50;50:8.00;100:7.0": "10:9.5; 50:8; 100:7",
	} {
		tiers, problem := parseTiers(text)
		if problem != "" || textOfTiers(tiers) != want {
			t.Errorf("%q: %q, %s; want %q", text, textOfTiers(tiers), problem, want)
		}
		again, problem := parseTiers(textOfTiers(tiers))
		if d := cmp.Diff(tiers, again, cmp.AllowUnexported(tier{})); d != "" || problem != "" {
			t.Errorf("%q is not the same when it is read again: %s%s", text, d, problem)
		}
	}
}

func TestTiersRefused(t *testing.T) {
	for text, want := range map[string]string{
		"10":                           "no colon",
		"9.50":                         "no colon",
		"10:9,50":                      "with a point",
		"ten:9.50":                     "no number of pieces",
		"0:9.50":                       "no number of pieces",
		"-5:1":                         "no number of pieces",
		"9999999999:1":                 "no number of pieces",
		"1.5:1":                        "no number of pieces",
		"10:":                          "no price",
		"10:--1":                       "no price",
		"10:1 EUR":                     "no price",
		"10:101%":                      "more than 100 percent",
		"10:1; 10:2":                   "two bulk prices begin at 10",
		"10-60:1; 50:2":                "overlaps",
		"50-10:1":                      "no range",
		strings.Repeat("1:1;", 51):     "more than 50",
		"10:9.50 | 50:8.00":            "no price",
		"10:9.50, 50:8.00":             "no price",
		"10:1e999999999":               "no price",
		"10:" + strings.Repeat("a", 9): "no price",
	} {
		if _, problem := parseTiers(text); !strings.Contains(problem, want) {
			t.Errorf("%q: %q, want %q", text, problem, want)
		}
	}
}

// TestTiersOfBigCommerce: what is sent is what BigCommerce answers, in its own order, with its own
// rounding and its null for no end.
func TestTiersOfBigCommerce(t *testing.T) {
	tiers, _ := parseTiers("10:9.50004; 50:5%; 100:-1.5")
	sent := fieldOfTiers(tiers)
	if d := cmp.Diff([]any{
		map[string]any{"quantity_min": int64(10), "quantity_max": int64(49), "type": "fixed", "amount": json.Number("9.50004")},
		map[string]any{"quantity_min": int64(50), "quantity_max": int64(99), "type": "percent", "amount": json.Number("5")},
		map[string]any{"quantity_min": int64(100), "type": "price", "amount": json.Number("1.5")},
	}, sent); d != "" {
		t.Error(d)
	}
	live := func(last string) any {
		var v any
		if err := json.Unmarshal([]byte(`[{"quantity_min":50,"quantity_max":99,"type":"percent","amount":5},
			{"quantity_min":100,"quantity_max":null,"type":"price","amount":1.5},
			{"quantity_min":10,"quantity_max":49,"type":"fixed","amount":`+last+`}]`), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for last, want := range map[string]bool{"9.5": true, "9.5001": false, "9.51": false, "null": false} {
		if got := sameTiers(live(last), sent); got != want {
			t.Errorf("%s is the same: %t", last, got)
		}
	}
	if !sameTiers(nil, []any{}) || sameTiers(nil, sent) || sameTiers("?", []any{}) {
		t.Error("no tiers are an empty list, and nothing else")
	}
}

func TestSameAmount(t *testing.T) {
	for _, c := range []struct {
		live, want any
		same       bool
	}{
		{json.Number("9.5"), json.Number("9.50"), true},
		{json.Number("9.5001"), json.Number("9.50005"), true},
		{json.Number("9.5"), json.Number("9.50005"), true},
		{json.Number("9.5"), json.Number("9.5001"), false},
		{json.Number("9.50005"), json.Number("9.50005"), true},
		{json.Number("9.50005"), json.Number("9.50006"), false},
		{json.Number("0"), json.Number("0.00"), true},
		{nil, json.Number("0"), false},
		{nil, nil, true},
		{json.Number("0"), nil, false},
		{"9.5", json.Number("9.5"), true},
		{"x", json.Number("9.5"), false},
		{json.Number("1e999999999"), json.Number("1"), false},
	} {
		if got := sameAmount(c.live, c.want); got != c.same {
			t.Errorf("%v and %v: %t", c.live, c.want, got)
		}
	}
}
