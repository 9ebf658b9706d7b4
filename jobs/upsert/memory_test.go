package upsert

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
)

func TestAfterWrite(t *testing.T) {
	sent := bigcommerce.Fields{"id": 5, "price": 2, "inventory_level": 4, "mpn": "x"}
	answer := bigcommerce.Fields{"id": 5, "price": n("2.0"), "inventory_level": 9, "name": "Theirs"}
	want := bigcommerce.Fields{"id": 5, "price": n("2.0"), "inventory_level": 4, "name": "Theirs"}
	if d := cmp.Diff(want, afterWrite(plain{}, sent, answer)); d != "" {
		t.Error(d)
	}
	if got := afterWrite(plain{}, sent, nil); got != nil {
		t.Errorf("without an answer: %v", got)
	}
	for name, tt := range map[string]struct {
		seen bigcommerce.Fields
		want string
	}{
		"whole":      {bigcommerce.Fields{"id": 5, "name": "N", "categories": []int64{2}, "other": 1}, `{"categories":[2],"id":5,"name":"N"}`},
		"no id":      {bigcommerce.Fields{"name": "N"}, ""},
		"no answer":  {nil, ""},
		"too large":  {bigcommerce.Fields{"id": 5, "name": strings.Repeat("x", maxRemembered)}, ""},
		"just right": {bigcommerce.Fields{"id": 5, "name": strings.Repeat("x", maxRemembered-len(`{"id":5,"name":""}`))}, `{"id":5,"name":"` + strings.Repeat("x", maxRemembered-len(`{"id":5,"name":""}`)) + `"}`},
	} {
		if got, err := remembered(Live{ID: Int(tt.seen["id"]), Fields: tt.seen}, []string{"id", "name", "categories"}); err != nil || got != tt.want {
			t.Errorf("%s: %.100s, %v", name, got, err)
		}
	}
}
