package prices

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/internal/sandbox"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// TestMoves: what counts as a large move, and as a factor of ten.
func TestMoves(t *testing.T) {
	for _, c := range []struct {
		before, after string
		moved, tens   bool
	}{
		{"10", "15", false, false}, {"10", "15.01", true, false}, {"10", "5", false, false}, {"10", "4.99", true, false},
		{"9.99", "999", true, true}, {"999", "9.99", true, true}, {"10", "100", true, true}, {"10", "104", true, true}, {"10", "106", true, false},
		{"10", "9500", true, true}, {"1000", "1", true, true}, {"1", "20", true, false}, {"10", "10", false, false}, {"1", "100000", true, false},
	} {
		before, after := json.Number(c.before), json.Number(c.after)
		if movedBy(before, after, 50) != c.moved || powerOfTen(before, after) != c.tens {
			t.Errorf("%s → %s: %t %t", c.before, c.after, movedBy(before, after, 50), powerOfTen(before, after))
		}
	}
}

// TestGuards: what looks like a mistake at the source is asked about before anything is written,
// and nothing else is.
func TestGuards(t *testing.T) {
	const n = 10
	rows := func(row func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(row(i))
		}
		return b.String()
	}
	first := func(i int) string { return fmt.Sprintf("P%d,%d.50,,2,Dealers,USD,\n", i, i+10) }
	for name, c := range map[string]struct {
		row     func(i int) string
		guard   string
		count   int64
		example string
	}{
		"cents": {func(i int) string { return fmt.Sprintf("P%d,%d50,,2,Dealers,USD,\n", i, i+10) }, "magnitude", n, "price 10.5 → 1050"},
		"one price in cents": {func(i int) string {
			if i == 0 {
				return "P0,1050,,2,Dealers,USD,\n"
			}
			return fmt.Sprintf("P%d,%d.60,,2,Dealers,USD,\n", i, i+10)
		}, "", 0, ""},
		"zero": {func(i int) string {
			if i == 3 {
				return "P3,0,,2,Dealers,USD,\n"
			}
			return first(i)
		}, "zero", 1, "price 13.5 → 0"},
		"below cost":  {func(i int) string { return fmt.Sprintf("P%d,%d.60,1.99,2,Dealers,USD,\n", i, i+10) }, "below_cost", n, "price 1.99, cost 2"},
		"large moves": {func(i int) string { return fmt.Sprintf("P%d,%d,,2,Dealers,USD,\n", i, 2*i+25) }, "moved", n, "price 10.5 → 25"},
		"a raise":     {func(i int) string { return fmt.Sprintf("P%d,%d,,2,Dealers,USD,\n", i, i+12) }, "", 0, ""},
	} {
		for destination, options := range map[string]tenants.Options{
			toCatalogue: {}, toLists: {}, "lists read first": {optionFirst: firstRead},
		} {
			t.Run(name+" "+destination, func(t *testing.T) {
				options := tenants.Options{optionDestination: toLists, optionFirst: options.Text(optionFirst)}
				rows := rows
				if destination == toCatalogue {
					options = tenants.Options{optionDestination: toCatalogue}
					lists := rows
					rows = func(row func(i int) string) string { return strings.ReplaceAll(lists(row), "Dealers", "") }
				}
				w := worldThat(t, tenantstest.AnyDB(t), sandbox.Choices{}, options)
				for i := range n {
					w.product(fmt.Sprint("P", i), fmt.Sprint(i+10))
				}
				w.list("Dealers")
				w.feed = rows(first)
				w.want(w.run(), counts{Read: n, Updated: n})
				w.feed = rows(c.row)
				r, writes := w.start(), 0
				e := w.Engine()
				_, routes := w.requests(func() {
					for range 100 {
						res, err := e.Step(w.Ctx, r, nil)
						if err != nil {
							t.Fatal(err)
						}
						if res.Done || r.State == tenants.RunAsking {
							break
						}
					}
				})
				for route, n := range routes {
					if strings.HasPrefix(route, "PUT") {
						writes += n
					}
				}
				if c.guard == "" {
					if r.State != tenants.RunDone || writes == 0 {
						t.Fatalf("%s, %d writes, question %+v", r.State, writes, r.Question)
					}
					return
				}
				if r.State != tenants.RunAsking || writes != 0 || r.Question == nil {
					t.Fatalf("%s, %d writes", r.State, writes)
				}
				if q := r.Question; q.Guard != c.guard || q.Count != c.count || len(q.Examples) == 0 || !strings.Contains(q.Examples[0], c.example) {
					t.Errorf("%+v", q)
				}
			})
		}
	}
}

// TestGuardsOfAFirstRun: of a price list that nobody read nothing is known to have moved, but a
// price of 0 is one.
func TestGuardsOfAFirstRun(t *testing.T) {
	w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionPriceList: "Dealers", optionCurrency: "USD"})
	w.feed = "A,100,,,,,\nB,100,,,,,\nC,0,,,,,\n"
	r := w.run(upserttest.DryRun)
	if r.Question == nil || r.Question.Guard != "zero" || r.Question.Count != 1 {
		t.Errorf("%+v", r.Question)
	}
}

// TestBulkPricesOfNothing: a bulk price that leaves nothing of the price is a price of 0.
func TestBulkPricesOfNothing(t *testing.T) {
	for tiers, asks := range map[string]bool{
		"10:100%": true, "10:-13.50": true, "5:12; 10:0": true, "10:13; 20:-5; 30:99%": false, "": false,
	} {
		w := listsWorld(t, tenantstest.AnyDB(t), sandbox.Choices{}, tenants.Options{optionPriceList: "Dealers", optionCurrency: "USD"})
		w.feed = "A,13.5,,,,," + tiers + "\n"
		if r := w.run(upserttest.DryRun); (r.Question != nil && r.Question.Guard == "zero") != asks {
			t.Errorf("%q: %+v", tiers, r.Question)
		}
	}
}
