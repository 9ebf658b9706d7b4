package ui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/auth"
	"sluice/tenants"
)

// TestFeedCredentialsAreMasked: what an address has of credentials is in no answer, for nobody, and
// a form that is saved with what it was shown keeps them.
func TestFeedCredentialsAreMasked(t *testing.T) {
	const token, whole = "s3cr3t-T0ken-of-the-feed", "https://erp.example/export.csv?format=csv&token=s3cr3t-T0ken-of-the-feed"
	p := newPanel(t)
	owner := p.open(storeA, 1)
	viewer, err := p.db.EnsureUser(p.ctx(storeA), tenants.UserSeen{UserID: 9})
	if err == nil {
		_, err = p.db.SetRole(p.ctx(storeA), viewer.ID, tenants.RoleViewer, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	var f flowView
	p.call("POST", "/flows", owner, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	save := func(name, address string, want int) {
		t.Helper()
		p.call("PUT", "/flows/"+f.ID, owner, map[string]any{"version": f.Version, "name": name, "source": map[string]any{"kind": "url", "url": address},
			"format": f.Format, "mapping": f.Mapping, "options": f.Options}, want, &f)
	}
	saved := func() string {
		t.Helper()
		row, err := p.db.Flow(p.ctx(storeA), f.ID)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := p.db.Connection(p.ctx(storeA), row.ConnectionID)
		if err != nil {
			t.Fatal(err)
		}
		address, err := p.db.ConnectionAddress(p.ctx(storeA), conn)
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	save("Parts", whole, http.StatusOK)
	if f.Source.URL != "https://erp.example/export.csv?format=csv&token=•••" {
		t.Errorf("the owner is shown %s", f.Source.URL)
	}
	save("Renamed", f.Source.URL, http.StatusOK)
	if got := saved(); got != whole {
		t.Errorf("after saving what was shown the address is %s", got)
	}
	for name, caller := range map[string]string{
		"viewer": p.open(storeA, 9), "reading key": p.key(storeA, auth.ScopeFlowsRead), "writing key": p.key(storeA, auth.ScopeFlowsWrite),
	} {
		for _, path := range []string{"/flows", "/flows/" + f.ID} {
			w := p.do("GET", Prefix+path, caller, "")
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "?format=•••") || strings.Contains(w.Body.String(), "=csv") {
				t.Errorf("a %s sees %s", name, w.Body)
			}
		}
	}
	for _, path := range []string{"/flows", "/flows/" + f.ID, "/audit"} {
		if w := p.do("GET", Prefix+path, owner, ""); strings.Contains(w.Body.String(), token) {
			t.Errorf("%s tells the token: %s", path, w.Body)
		}
	}
	refused := p.do("PUT", Prefix+"/flows/"+f.ID, owner, `{"version":3,"name":"x","source":{"kind":"url","url":"https://evil.example/export.csv?token=•••"},"format":{},"mapping":{},"options":{}}`)
	if refused.Code != 422 || !strings.Contains(refused.Body.String(), `"field":"source.url"`) || strings.Contains(refused.Body.String(), token) {
		t.Errorf("a mask for another host: %d %s", refused.Code, refused.Body)
	}
	if got := saved(); got != whole {
		t.Errorf("a refused change was saved: %s", got)
	}
}

func TestUploadsHavePlainNames(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	for name, want := range map[string]string{
		"parts.csv": "parts.csv", "cod\u202evsc.exe": "codvsc.exe", "a\x00\x1b[31m\r\nb.csv": "a[31mb.csv", "\u2066\u200f\u061c": "upload", "..": "upload",
		`C:\feeds\x.csv`: "x.csv", "a/../../b.csv": "b.csv", strings.Repeat("x", 300) + ".csv": "upload",
	} {
		w := p.do("POST", Prefix+"/uploads?filename="+url.QueryEscape(name), token, "a,b\n1,2\n")
		if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"filename":"`+want+`"`) {
			t.Errorf("%q: %d %s", name, w.Code, w.Body)
		}
	}
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Pa\u202erts\n"}, http.StatusCreated, &f)
	if f.Name != "Parts" {
		t.Errorf("flow %q", f.Name)
	}
	if w := p.do("POST", Prefix+"/flows", token, `{"kind":"products","name":"\u202e\u200f"}`); w.Code != 422 {
		t.Errorf("a flow with a name that nobody sees: %d %s", w.Code, w.Body)
	}
	var made newKeyView
	p.call("POST", "/api-keys", token, map[string]any{"name": "E\u2067RP\t", "scopes": []string{auth.ScopeFlowsRead}}, http.StatusCreated, &made)
	if made.Name != "ERP" {
		t.Errorf("key %q", made.Name)
	}
}

// TestAuditSaysFromWhere: each entry of what a caller did has the caller's address.
func TestAuditSaysFromWhere(t *testing.T) {
	p := newPanel(t)
	token := p.open(storeA, 1)
	var f flowView
	p.call("POST", "/flows", token, map[string]string{"kind": "products", "name": "Parts"}, http.StatusCreated, &f)
	p.call("POST", "/api-keys", token, map[string]any{"name": "ERP", "scopes": []string{auth.ScopeFlowsRead}}, http.StatusCreated, nil)
	p.call("DELETE", "/flows/"+f.ID, token, nil, http.StatusNoContent, nil)
	if err := p.db.Audit(p.ctx(storeA), tenants.AuditEntry{Actor: "system", Action: "run.started"}); err != nil {
		t.Fatal(err)
	}
	var page struct {
		Entries []tenants.AuditEntry `json:"entries"`
	}
	p.call("GET", "/audit", token, nil, http.StatusOK, &page)
	if len(page.Entries) != 4 {
		t.Fatalf("%d entries", len(page.Entries))
	}
	for _, e := range page.Entries {
		want := "192.0.2.1" // where httptest's requests come from
		if e.Actor == "system" {
			want = ""
		}
		if e.Address != want {
			t.Errorf("%s by %s came from %q", e.Action, e.Actor, e.Address)
		}
	}
}
