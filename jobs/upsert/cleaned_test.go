package upsert

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// plain is a target of which only what is asked of values is there.
type plain struct{ Target }

func (plain) TargetOf(field string) string {
	if field == "categories" {
		return "category"
	}
	return field
}
func (plain) FieldOf(target string) string {
	if target == "category" {
		return "categories"
	}
	return target
}
func (plain) Blind(field string) bool            { return field == "inventory_level" }
func (plain) Same(_ string, live, want any) bool { return Same(live, want) }

func TestCleaned(t *testing.T) {
	d := Doc{Fields: mapping.Document{"description": "<p", "price": n("1"), "weight": n("2.00001"), "category": "A", "inventory_level": int64(3)}}
	sent := bigcommerce.Fields{"description": "<p", "price": n("1"), "weight": n("2.00001"), "categories": []int64{2, 1}, "inventory_level": 3, "inventory_tracking": "product"}
	answer := bigcommerce.Fields{"description": "", "price": n("1"), "weight": n("2"), "categories": []any{n("1")}, "inventory_level": n("0")}
	c := cleaned{"price": {"x", "y"}, "mpn": {"x", "y"}}.learn(plain{}, d.Fields, sent, answer, false)
	d.cleaned = c
	text, err := encodeCleaned(plain{}, d)
	if err != nil {
		t.Fatal(err)
	}
	back, err := decodeCleaned(text)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{}
	for _, f := range []string{"description", "price", "weight", "categories", "inventory_level", "mpn"} {
		if _, ok := back[f]; ok {
			keys = append(keys, f)
		}
	}
	if diff := cmp.Diff([]string{"description", "weight", "categories"}, keys); diff != "" {
		t.Error(diff)
	}
	for name, got := range map[string]bool{
		"the same":             back.explains("description", "<p", "", true),
		"a number's notation":  back.explains("weight", n("2.00001"), n("2.0"), true),
		"a set's order":        back.explains("categories", []int64{1, 2}, []int64{1}, true),
		"another source value": !back.explains("description", "<q", "", true),
		"another store value":  !back.explains("description", "<p", "p", true),
		"not shown":            !back.explains("description", "<p", nil, false),
		"nothing known":        !back.explains("price", n("1"), n("2"), true),
	} {
		if !got {
			t.Error(name)
		}
	}
	if out := c.learn(plain{}, d.Fields, sent, answer, true); len(out) != 1 { // mpn was not sent
		t.Errorf("a write that failed in part taught %v", out)
	}
	d.cleaned = cleaned{"description": {digest("other"), "k"}}
	if text, err := encodeCleaned(plain{}, d); err != nil || text != "" {
		t.Errorf("what was sent before the source changed is kept: %q, %v", text, err)
	}
	if _, err := decodeCleaned("{"); err == nil {
		t.Error("damaged text was read")
	}
}
