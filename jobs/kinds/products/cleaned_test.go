package products

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// described maps what BigCommerce rounds and cleans.
var described = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "SKU"}, {Target: "name", Expression: "Name"}, {Target: "type", Expression: `"physical"`},
	{Target: "weight", Expression: "0"}, {Target: "price", Expression: "number(Price)"}, {Target: "cost_price", Expression: "number(Cost)"},
	{Target: "description", Expression: "Text"},
}}

const (
	describedHeader = "SKU,Name,Price,Cost,Text\n"
	unclean         = `<P onclick=evil()>Fine<script>alert(1)</script> <b>bag`
	cleanedText     = `<p>Fine <b>bag</b></p>`
)

func describedRow(sku, price, cost, text string) string {
	return fmt.Sprintf("%s,Bag %s,%s,%s,%s\n", sku, sku, price, cost, text)
}

// forget makes the next run compare everything with the store: no row is known to have landed.
func (w *world) forget() {
	w.Helper()
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.Record{}).Where("flow_id = ?", w.Flow.ID).Update("source_hash", "").Error; err != nil {
		w.Fatal(err)
	}
	if err := w.DB.Scoped(w.Ctx).Where("flow_id = ?", w.Flow.ID).Delete(&tenants.RememberedRecord{}).Error; err != nil {
		w.Fatal(err)
	}
}

func (w *world) writes(fn func()) int {
	routes := w.Routes(fn)
	return routes["PUT/products"] + routes["POST/products"]
}

// TestCleanedValuesLandOnce: prices that are rounded and HTML that is cleaned cause no write in
// each run, whether the products are remembered, or everything is compared with the store anew; and
// are no part of other changes.
func TestCleanedValuesLandOnce(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, upserttest.PlatformOn(t, db, sandbox.Choices{}))
		w.Flow.Mapping = described
		feed := func(priceOfB, textOfC string) {
			w.Feed.Body = describedHeader + describedRow("A", "1.23456", "0.00004", "plain") +
				describedRow("B", priceOfB, "0.12345", unclean) + describedRow("C", "3", "2", textOfC)
		}
		feed("2.00006", unclean)
		w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
		var stored struct {
			Price       json.Number
			CostPrice   json.Number `json:"cost_price"`
			Description string
		}
		if err := json.Unmarshal(w.Call("GET", fmt.Sprintf("/v3/catalog/products/%d", w.products()["B"].ID), nil), &stored); err != nil {
			t.Fatal(err)
		}
		if stored.Description != cleanedText || stored.CostPrice == "0.12345" || stored.Price == "2.00006" {
			t.Fatalf("the platform cleans nothing: %+v", stored)
		}
		for round := range 2 { // without memory
			w.forget()
			var r *tenants.Run
			if n := w.writes(func() { r = w.Run(upserttest.DryRun) }); n != 0 || r.Updated != 0 {
				t.Errorf("round %d: a dry run would write %d, %v", round, r.Updated, w.ItemChanges(r))
			}
			if n := w.writes(func() { r = w.Run() }); n != 0 {
				t.Errorf("round %d: %d writes though nothing changed: %v", round, n, w.ItemChanges(r))
			}
			w.Want(r, upserttest.Counts{Read: 3, Unchanged: 3})
		}
		// With memory: another change takes along nothing that landed.
		feed("5", unclean)
		r := w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		if d := cmp.Diff([]string{"price: 2.0001 → 5"}, w.Journalled(r, "B")); d != "" {
			t.Error(d)
		}
		// Without it neither.
		w.forget()
		feed("6", unclean)
		r = w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		if d := cmp.Diff([]string{"price: 5 → 6"}, w.Journalled(r, "B")); d != "" {
			t.Error(d)
		}
		// Another text is sent, though the store shows what the old one became.
		feed("6", unclean+"s")
		r = w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		if d := cmp.Diff([]string{"description: " + cleanedText + " → " + unclean + "s"}, w.Journalled(r, "C")); d != "" {
			t.Error(d)
		}
		// So is a text that somebody else replaced.
		w.edit("B", bigcommerce.Fields{"description": "theirs"})
		w.forget()
		w.Want(w.Run(), upserttest.Counts{Read: 3, Updated: 1, Unchanged: 2})
		w.forget()
		if n := w.writes(func() { r = w.Run() }); n != 0 {
			t.Errorf("%d writes: %v", n, w.ItemChanges(r))
		}
	})
}

// TestTheFirstCompareOfCleanedValues: products that are there already, as BigCommerce keeps them.
// Known rounding is no difference; HTML is sent once, to learn what becomes of it.
func TestTheFirstCompareOfCleanedValues(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = described
	for sku, text := range map[string]string{"A": "plain", "B": unclean} {
		w.add(bigcommerce.Fields{"sku": sku, "name": "Bag " + sku, "type": "physical", "weight": 0, "price": json.Number("1.23456"),
			"cost_price": json.Number("0.00004"), "description": text})
	}
	w.Feed.Body = describedHeader + describedRow("A", "1.23456", "0.00004", "plain") + describedRow("B", "1.23456", "0.00004", unclean)
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
	if d := cmp.Diff([]string{"description: " + cleanedText + " → " + unclean}, w.Journalled(r, "B")); d != "" {
		t.Error(d)
	}
	w.forget()
	if n := w.writes(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d writes: %v", n, w.ItemChanges(r))
	}
}

// hiding takes a field out of every answer.
type hiding struct {
	http.RoundTripper
	field string
}

func (h hiding) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := h.RoundTripper.RoundTrip(r)
	if err != nil || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		return res, err
	}
	raw, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if dec.Decode(&v) == nil {
		h.strip(v)
		if raw, err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	res.Header.Del("Content-Length")
	return res, nil
}

func (h hiding) strip(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			h.strip(e)
		}
	case map[string]any:
		delete(v, h.field)
		for _, e := range v {
			h.strip(e)
		}
	}
}

// TestAFieldThatIsNotShownIsUnknown: it is sent once, not in each run, and nobody is told that it
// was empty.
func TestAFieldThatIsNotShownIsUnknown(t *testing.T) {
	for _, target := range []tenants.FieldMapping{
		{Target: "map_price", Expression: "7"}, {Target: "sort_order", Expression: "7"},
		{Target: "category", Expression: `"Bags"`},
	} {
		t.Run(target.Target, func(t *testing.T) {
			w := newWorld(t, upserttest.NewPlatform(t))
			w.Wrap = func(rt http.RoundTripper) http.RoundTripper { return hiding{rt, products{}.FieldOf(target.Target)} }
			w.Flow.Mapping = tenants.Mapping{Fields: append([]tenants.FieldMapping{target}, described.Fields[:5]...)}
			w.add(bigcommerce.Fields{"sku": "A", "name": "Bag A", "type": "physical", "weight": 0, "price": 1})
			w.Feed.Body = describedHeader + describedRow("A", "1", "1", "") + describedRow("N", "1", "1", "")
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: 2, Created: 1, Updated: 1})
			for _, c := range w.ItemChanges(r)["a"] {
				if !c.Unknown {
					t.Errorf("%+v says that the value before is known", c)
				}
			}
			for range 2 {
				w.forget()
				if n := w.writes(func() { r = w.Run() }); n != 0 {
					t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
				}
			}
			w.Feed.Body = strings.Replace(w.Feed.Body, "Bag N,1,", "Bag N,2,", 1)
			r = w.Run()
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
			if d := cmp.Diff([]string{"price: 1 → 2"}, w.Journalled(r, "N")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestSamePrice(t *testing.T) {
	for _, tt := range []struct {
		live, want string
		same       bool
	}{
		{"1.2346", "1.23456", true}, {"1.2345", "1.23455", true}, {"1.2346", "1.23455", true}, {"1.2345", "1.23456", false},
		{"1.2346", "1.23465", true}, {"1.2346", "1.234651", false}, {"0", "0.00004", true}, {"0", "0.00006", false},
		{"1.23456", "1.234561", false}, {"12.5", "12.50", true}, {"12.5", "12.5001", false}, {"-1.2346", "-1.23456", true},
		{"1e1", "10", true}, {"1e-999999999", "0.00001", false},
	} {
		if got := (products{}).Same("price", json.Number(tt.live), json.Number(tt.want)); got != tt.same {
			t.Errorf("%s and %s: %t", tt.live, tt.want, got)
		}
	}
	if !(products{}).Same("price", nil, json.Number("0.00001")) || (products{}).Same("weight", json.Number("1.2346"), json.Number("1.23456")) {
		t.Error("null is 0, and only prices are known to be rounded")
	}
}
