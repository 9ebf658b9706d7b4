package ui

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/kinds/products"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// vehicles is a kind that only this test has. What the API does with a flow of it, it knows from
// here.
type vehicles struct{ upsert.Target }

func (vehicles) Spec() flow.Spec {
	return flow.Spec{Name: "vehicles", Singular: "vehicle", Plural: "vehicles", Options: []flow.Option{
		{Name: "unknown", Type: flow.Choice, Label: "Unknown vehicles", Help: "What to do with one.", Default: "park",
			Values: []flow.Value{{Name: "park", Label: "Park it"}, {Name: "scrap", Label: "Scrap it"}}},
		{Name: "doors", Type: flow.Number, Label: "Doors", Help: "The most.", Min: 2, Max: 5, Unit: "doors", Default: 4.0},
		{Name: "note", Type: flow.Words, Label: "Note", Help: "For the driver."},
		{Name: "depots", Type: flow.Pairs, Label: "Depots", Help: "Which depot is which."},
	}}
}

// Catalogue has a field that is named after the store, as locations and attributes are.
func (vehicles) Catalogue(ctx context.Context) (*mapping.Catalogue, error) {
	return mapping.NewCatalogue([]mapping.Field{
		{Field: bigcommerce.Field{Name: "plate", Type: "string"}, Key: true, Label: "Plate", Columns: []string{"plate"}},
		{Field: bigcommerce.Field{Name: "at_" + tenants.StoreHash(ctx), Type: "integer"}},
	}, nil, nil), nil
}

func (vehicles) Key(d mapping.Document) upsert.Key {
	plate, _ := d["plate"].(string)
	return upsert.Key{Folded: plate, Shown: plate, Field: "plate"}
}

// unmapped is a kind whose flows read no source.
type unmapped struct{ flow.Kind }

func (unmapped) Spec() flow.Spec {
	return flow.Spec{Name: "errands", Singular: "errand", Plural: "errands"}
}

func newPanelOfKinds(t *testing.T) *panel {
	p := newPanel(t)
	in := upsert.Config{DB: p.db, Sources: p.api.cfg.Sources}
	p.api.cfg.Kinds = flow.New(flow.Config{}, upsert.New(in, products.New()), upsert.New(in, vehicles{}), unmapped{})
	return p
}

// optionsOf are a target's options with those that every flow which writes such records has.
func optionsOf(target upsert.Target) []flow.Option {
	return upsert.New(upsert.Config{}, target).Spec().Options
}

// TestKinds: what the panel is drawn from.
func TestKinds(t *testing.T) {
	p := newPanelOfKinds(t)
	var got struct {
		Kinds []kindView `json:"kinds"`
	}
	p.call("GET", "/kinds", p.open(storeA, 1), nil, http.StatusOK, &got)
	want := []kindView{
		{Name: "products", Singular: "product", Plural: "products", Options: optionsOf(products.New())},
		{Name: "vehicles", Singular: "vehicle", Plural: "vehicles", Options: optionsOf(vehicles{})},
		{Name: "errands", Singular: "errand", Plural: "errands", Options: []flow.Option{}, Phases: []flow.Phase{}},
	}
	for i, k := range got.Kinds {
		if i < 2 {
			bar := 0
			for _, phase := range k.Phases {
				bar += phase.Share
			}
			if bar != 100 || k.Phases[0].Name != tenants.PhaseFetch {
				t.Errorf("the phases of %s are %v", k.Name, k.Phases)
			}
			got.Kinds[i].Phases = nil
		}
	}
	if diff := cmp.Diff(want, got.Kinds); diff != "" {
		t.Error(diff)
	}
}

// TestFieldsOfAKind: each kind's own, as the caller's store has them.
func TestFieldsOfAKind(t *testing.T) {
	p := newPanelOfKinds(t)
	for _, store := range []string{storeA, storeB} {
		var got struct {
			Fields []mapping.Target `json:"fields"`
		}
		p.call("GET", "/kinds/vehicles/fields", p.open(store, 1), nil, http.StatusOK, &got)
		want := []mapping.Target{
			{Name: "at_" + store, Label: "At " + store, Type: "integer", Group: mapping.GroupMore, Synonyms: []string{}, Clears: true},
			{Name: "plate", Label: "Plate", Type: "string", Required: true, Key: true, Group: mapping.GroupRequired, Synonyms: []string{"plate"}, Strict: true},
		}
		if diff := cmp.Diff(want, got.Fields); diff != "" {
			t.Error(diff)
		}
	}
	token := p.open(storeA, 1)
	for _, path := range []string{"/kinds/errands/fields", "/kinds/boats/fields", "/fields/products"} {
		p.call("GET", path, token, nil, http.StatusNotFound, nil)
	}
	if w := p.do("GET", Prefix+"/kinds/boats/fields", token, ""); !strings.Contains(w.Body.String(), "choose products or vehicles or errands") {
		t.Error(w.Body)
	}
}

// TestFlowOfAnotherKind goes from nothing to a preview with a kind that the API was not made for.
func TestFlowOfAnotherKind(t *testing.T) {
	p := newPanelOfKinds(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "vehicles", "name": "Fleet"}, http.StatusCreated, &f)
	if diff := cmp.Diff(tenants.Options{"unknown": "park", "doors": 4.0, "guard_shrank": 30.0}, f.Options); f.Kind != "vehicles" || diff != "" {
		t.Fatalf("%+v: %s", f, diff)
	}
	snap := p.upload(storeA, "Plate,SKU\nZH 1,x\n,y\n")
	source := map[string]any{"kind": "upload", "snapshot_id": snap}
	var seen upsert.Inspection
	// The flow's kind counts, whatever the request says besides.
	for _, body := range []map[string]any{{"flow_id": f.ID}, {"kind": "vehicles"}, {"flow_id": f.ID, "kind": "products"}} {
		body["source"] = source
		p.call("POST", "/sources/inspect", token, body, http.StatusOK, &seen)
		want := tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "plate", Expression: "Plate"}}}
		if diff := cmp.Diff(want, seen.SuggestedMapping.Mapping()); diff != "" {
			t.Error(diff)
		}
		delete(body, "source")
		body["snapshot_id"], body["mapping"] = snap, seen.SuggestedMapping.Mapping()
		var shown upsert.Preview
		p.call("POST", "/mappings/preview", token, body, http.StatusOK, &shown)
		if len(shown.Rows) != 2 || shown.Rows[1].Key != "ZH 1" || shown.Rows[1].Document["plate"] != "ZH 1" || len(shown.CompileErrors) > 0 {
			t.Errorf("%+v", shown)
		}
	}
	save := func(options map[string]any, status int, out any) {
		t.Helper()
		p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": f.Name, "source": source, "format": seen.Format,
			"mapping": seen.SuggestedMapping.Mapping(), "options": options}, status, out)
	}
	for option, value := range map[string]any{"unknown": "sell", "doors": 9, "note": 1, "depots": "x", "repeated_names": "fail"} {
		var refused problem.Body
		save(map[string]any{option: value}, http.StatusUnprocessableEntity, &refused)
		if len(refused.Errors) != 1 || refused.Errors[0].Field != "options."+option {
			t.Errorf("%s: %+v", option, refused)
		}
	}
	save(map[string]any{"unknown": "scrap", "doors": 3, "note": "mind the dog", "depots": map[string]string{"Z": "Zürich"}}, http.StatusOK, &f)
	want := tenants.Options{"unknown": "scrap", "doors": 3.0, "note": "mind the dog", "depots": map[string]any{"Z": "Zürich"}, "guard_shrank": 30.0}
	if diff := cmp.Diff(want, f.Options); diff != "" {
		t.Error(diff)
	}
}

// TestAKindHasToBeNamed where no flow says it, and another store's flow says nothing.
func TestAKindHasToBeNamed(t *testing.T) {
	p := newPanelOfKinds(t)
	token := p.open(storeA, 1)
	snap := p.snapshot(storeA).ID
	other := &tenants.Flow{Kind: "products", Name: "theirs"}
	if err := p.db.CreateFlow(p.ctx(storeB), other); err != nil {
		t.Fatal(err)
	}
	for path, body := range map[string]map[string]any{
		"/sources/inspect":  {"source": map[string]any{"kind": "upload", "snapshot_id": snap}},
		"/mappings/preview": {"snapshot_id": snap},
	} {
		for _, kind := range []string{"", "boats"} {
			body["kind"] = kind
			var refused problem.Body
			p.call("POST", path, token, body, http.StatusUnprocessableEntity, &refused)
			if len(refused.Errors) != 1 || refused.Errors[0].Field != "kind" || !strings.Contains(refused.Errors[0].Message, "products or vehicles") {
				t.Errorf("%s of kind %q: %+v", path, kind, refused)
			}
		}
		body["kind"] = "errands"
		p.call("POST", path, token, body, http.StatusNotFound, nil)
		body["kind"], body["flow_id"] = "products", other.ID
		p.call("POST", path, token, body, http.StatusNotFound, nil)
	}
}

// upload stores a file of store and returns its id.
func (p *panel) upload(store, text string) string {
	p.t.Helper()
	w, err := p.db.NewSnapshotWriter(p.ctx(store), tenants.Snapshot{Filename: "x.csv"})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := w.Commit(true, tenants.SnapshotMeta{})
	if err != nil {
		p.t.Fatal(err)
	}
	return s.ID
}
