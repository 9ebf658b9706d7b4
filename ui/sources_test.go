package ui

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/kinds/products"
	"sluice/jobs/upsert"
)

// drawer is a connector that only these tests have. It has a key and no address.
type drawer struct{ opened *[]string } // with which keys

func (drawer) Spec() connector.Spec {
	return connector.Spec{Name: "drawer", Label: "A drawer", Help: "For what is kept at home.",
		Fields: []connector.Field{{Type: connector.Secret, Label: "Key", Help: "Of brass.", Required: true}}}
}

func (drawer) Check(connector.Settings) error { return nil }

func (d drawer) Fetch(_ context.Context, s connector.Settings, key string, _ connector.Have, w io.Writer) (connector.Got, error) {
	*d.opened = append(*d.opened, s.URL+key)
	_, err := io.WriteString(w, "SKU,Name\nA,Cap\n")
	return connector.Got{Complete: true}, err
}

// addresses stands for the source of web addresses.
type addresses struct {
	connector.Source
	content drawer
}

func (a addresses) Fetch(ctx context.Context, s connector.Settings, key string, have connector.Have, w io.Writer) (connector.Got, error) {
	return a.content.Fetch(ctx, s, key, have, w)
}

func newPanelWithDrawer(t *testing.T) (p *panel, opened *[]string) {
	p, opened = newPanel(t), new([]string)
	p.api.cfg.Sources = connector.NewSources(addresses{connector.NewURL(connector.URLOptions{}), drawer{opened}}, connector.NewUpload(), drawer{opened})
	p.api.cfg.Kinds = flow.New(flow.Config{}, upsert.New(upsert.Config{DB: p.db, Sources: p.api.cfg.Sources}, products.New()))
	return p, opened
}

func TestConnectors(t *testing.T) {
	p, _ := newPanelWithDrawer(t)
	var got struct {
		Connectors []connectorView `json:"connectors"`
	}
	p.call("GET", "/connectors", p.open(storeA, 1), nil, http.StatusOK, &got)
	var names []string
	for _, c := range got.Connectors {
		for _, f := range c.Fields {
			names = append(names, c.Name+"."+string(f.Name))
		}
	}
	if diff := cmp.Diff([]string{"url.url", "url.authorization", "upload.snapshot_id", "drawer.authorization"}, names); diff != "" {
		t.Error(diff)
	}
	want := connectorView{Name: "drawer", Label: "A drawer", Help: "For what is kept at home.",
		Fields: []settingsView{{Name: connector.Secret, Label: "Key", Help: "Of brass.", Required: true}}}
	if diff := cmp.Diff(want, got.Connectors[2]); diff != "" {
		t.Error(diff)
	}
}

// TestASecretStaysWithItsConnector: neither a change of the source nor a look at another one takes
// it along.
func TestASecretStaysWithItsConnector(t *testing.T) {
	p, opened := newPanelWithDrawer(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	const address = "https://erp.example/a.csv"
	file := p.snapshot(storeA).ID
	for _, step := range []struct {
		name     string
		source   map[string]any
		kept     bool
		looks    map[string]any // at another source, without a secret
		lookedAt string         // its address and the secret that came with it
	}{
		{"an address", map[string]any{"kind": "url", "url": address, "authorization": "web-key"}, true, map[string]any{"kind": "drawer"}, ""},
		{"a file", map[string]any{"kind": "upload", "snapshot_id": file}, true, map[string]any{"kind": "url", "url": address}, address + "web-key"},
		{"back to the address", map[string]any{"kind": "url", "url": address}, true, map[string]any{"kind": "url", "url": address}, address + "web-key"},
		{"the drawer", map[string]any{"kind": "drawer"}, false, map[string]any{"kind": "drawer"}, ""},
		{"the drawer with its key", map[string]any{"kind": "drawer", "authorization": "brass"}, true, map[string]any{"kind": "drawer"}, "brass"},
		{"the drawer as it is", map[string]any{"kind": "drawer"}, true, map[string]any{"kind": "url", "url": address}, address},
		{"the address again", map[string]any{"kind": "url", "url": address}, false, map[string]any{"kind": "drawer"}, ""},
	} {
		p.call("PUT", "/flows/"+f.ID, token, map[string]any{"version": f.Version, "name": f.Name, "source": step.source, "format": map[string]any{},
			"mapping": map[string]any{"fields": []any{}}, "options": map[string]any{}}, http.StatusOK, &f)
		if f.Source.Kind != step.source["kind"] || f.Source.HasSecret != step.kept {
			t.Fatalf("%s: %+v", step.name, f.Source)
		}
		*opened = nil
		p.call("POST", "/sources/inspect", token, map[string]any{"flow_id": f.ID, "source": step.looks, "format": map[string]any{}}, http.StatusOK, nil)
		if got := strings.Join(*opened, ","); got != step.lookedAt {
			t.Errorf("%s: looked with %q, want %q", step.name, got, step.lookedAt)
		}
	}
}
