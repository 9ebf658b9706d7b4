package upserttest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"sluice/jobs/upsert"
	"sluice/tenants"
)

var gadgetHeader = []string{"Code", "Title", "Size", "Parts"}

func code(i int) string { return fmt.Sprintf("G-%03d", i) }

// gadgetRow is record i of a feed.
func gadgetRow(i, version int) []string {
	return []string{code(i), fmt.Sprint("Gadget ", i, " of ", version), strconv.Itoa(i + version), strings.Join(gadgetParts(i, version), " ")}
}

func gadgetParts(i, version int) []string {
	return []string{fmt.Sprint("bolt-", i), fmt.Sprint("nut-", version)}
}

func workshop(w *World) *Workshop { return w.API.(*Workshop) }

func setup(o GadgetOptions) Setup {
	return Setup{
		Target: func() upsert.Target { return Gadgets(o) }, Mapping: GadgetMapping, Options: tenants.Options{},
		API: func() http.Handler { return NewWorkshop() },
	}
}

func gadgetConfig(o GadgetOptions) Config {
	cfg := Config{
		Setup: setup(o), Header: gadgetHeader, Row: gadgetRow, Size: 100,
		Landed: func(w *World) (out []Record) {
			for _, g := range workshop(w).Gadgets() {
				out = append(out, Record{g.Code, map[string]string{"title": g.Title, "size": strconv.FormatInt(g.Size, 10), "parts": strings.Join(g.Parts, " ")}})
			}
			return out
		},
		Want: func(i, version int) Record {
			row := gadgetRow(i, version)
			return Record{row[0], map[string]string{"title": row[1], "size": row[2], "parts": row[3]}}
		},
		Bad: []Bad{
			{Name: "a size that is no number", Row: func(i int) []string { return []string{code(i), "Bad", "large", "bolt"} }, Field: "size"},
			{Name: "no code", Row: func(int) []string { return []string{"", "Bad", "1", "bolt"} }, Key: func(int) string { return "" }, Field: "code"},
			{Name: "a title that is refused", Row: func(i int) []string { return []string{code(i), RefusedTitle, "1", "bolt"} }, Field: "title", Before: func(*World, int) {}},
		},
		Edit:   func(w *World, i int) { workshop(w).Edit(code(i), func(g *Gadget) { g.Title, g.Size = "Theirs", 7777 }) },
		Remove: func(w *World, i int) { workshop(w).Remove(code(i)) },
		First:  func(n int) int { return 2 + n + ceil(n, DefaultPartsBatch) },
		// A record of which both routes wrote something was seen whole by none of their answers.
		Changed: func(changed, n int) int {
			return min(ceil(changed, gadgetsPage), 1+ceil(n, gadgetsPage)) + ceil(changed, gadgetsBatch) + ceil(changed, DefaultPartsBatch)
		},
	}
	if o.UpdateOnly {
		cfg.Seed = func(w *World, n int) {
			for i := range n {
				workshop(w).Add(Gadget{Code: code(i), Title: "Seeded", Size: 9999})
			}
		}
		cfg.First = func(n int) int { return ceil(n, gadgetsPage) + ceil(n, gadgetsBatch) + ceil(n, DefaultPartsBatch) }
	}
	return cfg
}

func ceil(n, d int) int { return (n + d - 1) / d }

// TestSoakGadgets: a kind that is nowhere else passes what every kind must pass.
func TestSoakGadgets(t *testing.T) {
	for _, o := range []GadgetOptions{{}, {Blind: true}, {UpdateOnly: true, Blind: true}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			cfg := gadgetConfig(o)
			cfg.EachDB = o == GadgetOptions{}
			Run(t, cfg)
		})
	}
}
