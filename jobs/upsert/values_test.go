package upsert

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
)

func n(s string) json.Number { return json.Number(s) }

func TestSame(t *testing.T) {
	tests := []struct {
		name       string
		live, want any
		same       bool
	}{
		{"numbers by value", n("12.50"), n("12.5"), true},
		{"numbers of other Go types", n("12.50"), 12.5, true},
		{"whole numbers", n("15"), int64(15), true},
		{"other numbers", n("12.50"), n("12.51"), false},
		{"a hostile exponent takes no memory", n("1e999999999"), n("1"), false},
		{"an exponent", n("1e2"), n("100"), true},
		{"text to the byte", "Chair", "chair", false},
		{"text with a space", "Chair ", "Chair", false},
		{"white space of a description", "a  b\n", "a  b\n", true},
		{"number-like text differs as text", "012", "12", false},
		{"the same instant", "2026-01-02T03:04:05+00:00", "2026-01-02T04:04:05+01:00", true},
		{"null is empty", nil, "", true},
		{"null is zero", nil, n("0"), true},
		{"null is false", nil, false, true},
		{"null is not a value", nil, "x", false},
		{"booleans", true, true, true},
		{"booleans differ", true, false, false},
		{"a boolean is no number", true, n("1"), false},
		{"lists of ids are sets", []any{n("1"), n("2")}, []int64{2, 1}, true},
		{"other sets", []any{n("1"), n("2")}, []int64{1, 3}, false},
		{"a subset", []any{n("1"), n("2")}, []int64{1}, false},
		{"a repeated id", []any{n("1")}, []int64{1, 1}, true},
		{"lists of text have an order", []any{"a", "b"}, []any{"b", "a"}, false},
		{"an empty keyword list is answered as one empty keyword", []any{""}, []any{}, true},
		{"objects by what is wanted of them", map[string]any{"url": "/a/", "is_customized": false}, map[string]any{"url": "/a/"}, true},
		{"objects differ", map[string]any{"url": "/a/"}, map[string]any{"url": "/b/"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Same(tt.live, tt.want); got != tt.same {
				t.Errorf("Same(%v, %v) = %v", tt.live, tt.want, got)
			}
		})
	}
}

func TestDiffering(t *testing.T) {
	sent := bigcommerce.Fields{"id": int64(1), "price": n("12.345"), "name": "A", "categories": []int64{2, 1}, "upc": "1"}
	answer := bigcommerce.Fields{"id": n("1"), "price": n("12.35"), "name": "A", "categories": []any{n("1"), n("2")}}
	if d := cmp.Diff([]string{"price"}, Differing(plain{}, sent, answer)); d != "" {
		t.Error(d)
	}
}
