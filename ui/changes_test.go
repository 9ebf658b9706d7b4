package ui

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// TestChangesOfARun: changes are shown with names, labels and the record's page, and can be searched
// and narrowed, of a run and of a dry run alike.
func TestChangesOfARun(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	ctx := p.ctx(storeA)
	if err := p.db.SetStoreInfo(ctx, storeA, tenants.StoreInfo{Name: "A", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	page := func(id int) string {
		return fmt.Sprintf("https://store-%s.mybigcommerce.com/manage/products/edit/%d", storeA, id)
	}
	p.jobs.pictures = map[flow.Record]string{{ID: 7}: "https://cdn11.bigcommerce.com/7.jpg"}
	price, name := `[{"field":"price","before":1,"after":2}]`, `[{"field":"name","before":"a \"field\":\"price\"","after":"b"},{"field":"is_visible","before":true,"after":false}]`
	for _, dry := range []bool{false, true} {
		f := &tenants.Flow{Kind: "products", Name: "F"}
		if err := p.db.CreateFlow(ctx, f); err != nil {
			t.Fatal(err)
		}
		r := &tenants.Run{FlowID: f.ID, Kind: "products", State: tenants.RunDone, DryRun: dry, ChangedFields: map[string]int64{"price": 1, "name": 2, "is_visible": 1},
			Counts: tenants.Counts{ToCreate: 1, ToUpdate: 2, Created: 1, Updated: 2}}
		if err := p.db.CreateRun(ctx, r); err != nil {
			t.Fatal(err)
		}
		var err error
		if dry {
			err = p.db.InsertRunItems(ctx, []tenants.RunItem{
				{RunID: r.ID, Line: 4, Row: 2, Key: "a-1", Name: "Apron", Action: "update", TargetID: 7, Changes: price},
				{RunID: r.ID, Line: 6, Row: 3, Key: "b-1", Name: "Bib", Action: "update", TargetID: 8, Changes: name},
				{RunID: r.ID, Line: 7, Row: 4, Key: "c-1", Name: "Cap", Action: "create", Changes: `[{"field":"name","before":"","after":"Cap"}]`},
				{RunID: r.ID, Line: 8, Row: 5, Key: "d-1", Action: "unchanged", TargetID: 9, Changes: "[]"},
			})
		} else {
			err = p.db.AddJournal(ctx, []tenants.JournalEntry{
				{RunID: r.ID, Row: 2, Key: "A-1", Name: "Apron", Action: "update", TargetID: 7, Changes: price},
				{RunID: r.ID, Row: 3, Key: "B-1", Name: "Bib", Action: "update", TargetID: 8, Changes: name},
				{RunID: r.ID, Row: 4, Key: "C-1", Name: "Cap", Action: "create", Changes: `[{"field":"name","before":"","after":"Cap"}]`},
			})
		}
		if err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string][]string{
			"":                        {"2 A-1 Apron " + page(7) + " Default price EUR", "3 B-1 Bib " + page(8) + " Name, Visible", "4 C-1 Cap  Name"},
			"action=create":           {"4 C-1 Cap  Name"},
			"field=price":             {"2 A-1 Apron " + page(7) + " Default price EUR"},
			"field=pric_":             nil,
			"q=BIB":                   {"3 B-1 Bib " + page(8) + " Name, Visible"},
			"q=a-1":                   {"2 A-1 Apron " + page(7) + " Default price EUR"},
			"q=b&field=name&limit=10": {"3 B-1 Bib " + page(8) + " Name, Visible"},
		} {
			var list struct{ Changes []changeView }
			p.call("GET", "/runs/"+r.ID+"/changes?"+query, token, nil, http.StatusOK, &list)
			var got []string
			for _, v := range list.Changes {
				var labels []string
				if (v.ImageURL != "") != (v.TargetID == 7) {
					t.Errorf("the picture of %d is %q", v.TargetID, v.ImageURL)
				}
				for _, c := range v.Changes {
					labels = append(labels, strings.TrimSpace(c.Label+" "+c.Unit))
				}
				got = append(got, fmt.Sprintf("%d %s %s %s %s", v.Row, strings.ToUpper(v.Key), v.Name, v.StoreURL, strings.Join(labels, ", ")))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("dry run %v, %q (-want +got):\n%s", dry, query, d)
			}
		}
		var fields struct {
			Fields           []fieldCount
			Created, Updated int64
		}
		p.call("GET", "/runs/"+r.ID+"/changes/fields", token, nil, http.StatusOK, &fields)
		want := []fieldCount{{"name", "Name", 2}, {"is_visible", "Visible", 1}, {"price", "Default price", 1}}
		if d := cmp.Diff(want, fields.Fields); d != "" || fields.Created != 1 || fields.Updated != 2 {
			t.Errorf("%+v (-want +got):\n%s", fields, d)
		}
		p.call("GET", "/runs/"+r.ID+"/changes?action=delete", token, nil, http.StatusUnprocessableEntity, nil)
		p.call("GET", "/runs/"+r.ID+"/changes?q="+strings.Repeat("x", 256), token, nil, http.StatusUnprocessableEntity, nil)
	}
}
