package ui

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluice/internal/limits"
	"sluice/tenants"
)

func TestFlowFromNothingToASource(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": " Parts "}, http.StatusCreated, &f)
	if f.Name != "Parts" || f.Source.Kind != "" || f.Options.Text("repeated_names") != "append_sku" {
		t.Fatalf("new flow %+v", f)
	}
	change := func(source map[string]any) map[string]any {
		return map[string]any{"version": f.Version, "name": "Parts", "source": source, "format": f.Format,
			"mapping": map[string]any{"fields": []map[string]string{{"target": "sku", "expression": "PartNum"}}, "ignored": []string{"colour"}}, "options": map[string]string{"repeated_names": "fail"}}
	}
	p.call("PUT", "/flows/"+f.ID, token, change(map[string]any{"kind": "url", "url": "https://erp.example/parts.csv", "authorization": "Bearer erp-secret"}), http.StatusOK, &f)
	if f.Source.Kind != "url" || !f.Source.HasSecret || f.Options.Text("repeated_names") != "fail" || len(f.Mapping.Fields) != 1 || !slices.Equal(f.Mapping.Ignored, []string{"colour"}) {
		t.Fatalf("saved flow %+v", f)
	}
	if w := p.do("GET", Prefix+"/flows/"+f.ID, token, ""); strings.Contains(w.Body.String(), "erp-secret") {
		t.Fatal("the secret came back")
	}

	// A stale version is refused and changes nothing.
	stale := change(map[string]any{"kind": "url", "url": "https://erp.example/other.csv"})
	stale["version"] = f.Version - 1
	p.call("PUT", "/flows/"+f.ID, token, stale, http.StatusConflict, nil)

	// The secret stays for the same host and never follows to another one.
	p.call("PUT", "/flows/"+f.ID, token, change(map[string]any{"kind": "url", "url": "https://erp.example/v2.csv"}), http.StatusOK, &f)
	if !f.Source.HasSecret {
		t.Fatal("the secret was lost")
	}
	p.call("PUT", "/flows/"+f.ID, token, change(map[string]any{"kind": "url", "url": "https://elsewhere.example/v2.csv"}), http.StatusOK, &f)
	if f.Source.HasSecret {
		t.Fatal("the secret followed to another host")
	}

	snap := p.snapshot(storeA)
	p.call("PUT", "/flows/"+f.ID, token, change(map[string]any{"kind": "upload", "snapshot_id": snap.ID}), http.StatusOK, &f)
	if f.Source.Kind != "upload" || f.Source.SnapshotID != snap.ID || f.Source.Size == 0 {
		t.Fatalf("source %+v", f.Source)
	}
	p.call("DELETE", "/flows/"+f.ID, token, nil, http.StatusNoContent, nil)
	p.call("GET", "/flows/"+f.ID, token, nil, http.StatusNotFound, nil)
}

// TestFlowsOfAStoreThatDidNotGrantThem: the flow says which scope is missing, and the store as a
// whole goes on.
func TestFlowsOfAStoreThatDidNotGrantThem(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	for _, test := range []struct {
		scopes string
		origin tenants.Origin
		paused bool
	}{
		{"store_v2_information", tenants.OriginMarketplace, true},
		{"", tenants.OriginCredentials, false}, // those do not say what they grant
		{"store_v2_products", tenants.OriginMarketplace, false},
	} {
		p.reinstall(storeA, test.scopes, test.origin)
		p.call("GET", "/flows/"+f.ID, token, nil, http.StatusOK, &f)
		if paused := strings.Contains(f.Paused, "store_v2_products"); paused != test.paused || !paused && f.Paused != "" {
			t.Errorf("%q: paused %q", test.scopes, f.Paused)
		}
	}
	p.call("DELETE", "/flows/"+f.ID, token, nil, http.StatusNoContent, nil)
	if got := p.jobs.changed; len(got) != 2 || got[0] != "products" || got[1] != "products" {
		t.Errorf("jobs were told of flows of %v", got)
	}
}

func TestFlowRefusalsNameTheField(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	body := func(edit func(map[string]any)) string {
		m := map[string]any{"version": f.Version, "name": "Parts", "source": map[string]any{}, "format": map[string]any{},
			"mapping": map[string]any{"fields": []any{}}, "options": map[string]any{}}
		edit(m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	source := func(s map[string]any) func(map[string]any) {
		return func(m map[string]any) { m["source"] = s }
	}
	fields := func(targets ...string) func(map[string]any) {
		return func(m map[string]any) {
			var list []any
			for _, target := range targets {
				list = append(list, map[string]string{"target": target, "expression": "x"})
			}
			m["mapping"] = map[string]any{"fields": list}
		}
	}
	otherSnapshot := p.snapshot(storeB).ID
	for name, test := range map[string]struct {
		edit   func(map[string]any)
		status int
		field  string
	}{
		"no name":              {func(m map[string]any) { m["name"] = " " }, 422, "name"},
		"unknown target":       {fields("colour"), 422, "colour"},
		"a target twice":       {fields("sku", "sku"), 422, "sku"},
		"unknown option":       {func(m map[string]any) { m["options"] = map[string]string{"repeated_names": "x"} }, 422, "options.repeated_names"},
		"no address":           {source(map[string]any{"kind": "url"}), 422, "source.url"},
		"a file address":       {source(map[string]any{"kind": "url", "url": "file:///etc/passwd"}), 422, "source.url"},
		"password in address":  {source(map[string]any{"kind": "url", "url": "https://u:p@erp.example/x"}), 422, "source.url"},
		"unknown kind":         {source(map[string]any{"kind": "ftp"}), 422, "source.kind"},
		"no file":              {source(map[string]any{"kind": "upload"}), 422, "source.snapshot_id"},
		"another store's file": {source(map[string]any{"kind": "upload", "snapshot_id": otherSnapshot}), 404, ""},
		"misspelt field":       {func(m map[string]any) { m["mappings"] = 1 }, 422, ""},
		"wrong type":           {func(m map[string]any) { m["version"] = "1" }, 422, "version"},
	} {
		t.Run(name, func(t *testing.T) {
			w := p.do("PUT", Prefix+"/flows/"+f.ID, token, body(test.edit))
			if w.Code != test.status {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if test.field != "" && !strings.Contains(w.Body.String(), `"field":"`+test.field+`"`) {
				t.Fatalf("the answer does not name %s: %s", test.field, w.Body)
			}
		})
	}
	if got, err := p.db.Flow(p.ctx(storeA), f.ID); err != nil || got.Version != f.Version {
		t.Fatalf("a refused change was saved: %+v, %v", got, err)
	}
}

func TestAFlowWithARunUnderWayStays(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	a := fill(t, p)
	p.call("DELETE", "/flows/"+a.flow, token, nil, http.StatusConflict, nil)
	p.call("POST", "/runs/"+a.run+"/cancel", token, nil, http.StatusOK, nil)
	r, err := p.db.Run(p.ctx(storeA), a.run)
	if err != nil || r.State != tenants.RunCancelling {
		t.Fatalf("run %+v, %v", r, err)
	}
}

func TestUploads(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	w := p.do("POST", Prefix+"/uploads?filename=..%2F..%5Cparts.csv", token, "a,b\n1,2\n")
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"filename":"parts.csv"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := p.do("POST", Prefix+"/uploads", token, ""); w.Code != 422 || !strings.Contains(w.Body.String(), "empty") {
		t.Fatalf("an empty file: %d %s", w.Code, w.Body)
	}
	p.api.cfg.Limits = limits.New(map[limits.Name]int64{limits.UploadBytes: 10}, nil)
	if w := p.do("POST", Prefix+"/uploads", token, "12345678901"); w.Code != http.StatusRequestEntityTooLarge {
		t.Fatalf("a large file: %d %s", w.Code, w.Body)
	}
	var n int64
	if err := p.db.Scoped(p.ctx(storeA)).Model(&tenants.Snapshot{}).Count(&n).Error; err != nil || n != 1 {
		t.Fatalf("%d snapshots are left, %v", n, err)
	}
}
