package sandbox

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sri = "sha384-DgtwqxoPLKnJSER+TUmSPIpE6ZbVb2ZZwR241HHiqJipLiZQPN/JkKX5xxrEHUTt"

func TestScripts(t *testing.T) {
	r := newRig(t, Options{})
	a := r.want(200, "POST", "/v3/content/scripts", `{"name":"Bootstrap","description":"d","src":"https://cdn.example/b.js","auto_uninstall":true,
		"load_method":"async","location":"footer","visibility":"storefront","kind":"src","consent_category":"essential","integrity_hashes":["`+sri+`"],"uuid":"mine"}`).one()
	for name, want := range map[string]any{"name": "Bootstrap", "description": "d", "src": "https://cdn.example/b.js", "auto_uninstall": true, "load_method": "async",
		"location": "footer", "visibility": "storefront", "kind": "src", "consent_category": "essential", "enabled": true, "channel_id": 1., "html": nil} {
		if a[name] != want {
			t.Errorf("%s: %v", name, a[name])
		}
	}
	if cmp.Diff([]any{sri}, a["integrity_hashes"]) != "" || a["uuid"] == "mine" || a["api_client_id"] == "" {
		t.Errorf("%v", a)
	}
	path := fmt.Sprint("/v3/content/scripts/", a["uuid"])
	if d := cmp.Diff(a, r.want(200, "GET", path, nil).one()); d != "" {
		t.Error(d)
	}
	// The least: everything else has its default, and an unknown consent category.
	least := r.want(200, "POST", "/v3/content/scripts", `{"name":"A","src":"https://cdn.example/a.js"}`).one()
	for name, want := range map[string]any{"kind": "src", "load_method": "default", "location": "head", "visibility": "storefront", "consent_category": "unknown",
		"auto_uninstall": false, "enabled": true} {
		if least[name] != want {
			t.Errorf("default of %s: %v", name, least[name])
		}
	}
	// An update changes what it names; another kind takes the other kind's fields away.
	got := r.want(200, "PUT", path, `{"kind":"script_tag","load_method":"default","html":"<script>1</script>"}`).one()
	if got["src"] != nil || got["integrity_hashes"] != nil || got["html"] != "<script>1</script>" || got["consent_category"] != "essential" || got["location"] != "footer" {
		t.Errorf("%v", got)
	}
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts", nil)); got != "Bootstrap A" {
		t.Errorf("list %q", got)
	}
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts?sort=name&limit=1", nil)); got != "A" {
		t.Errorf("sorted %q", got)
	}
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts?sort=name&direction=desc&page=2&limit=1", nil)); got != "A" {
		t.Errorf("sorted %q", got)
	}
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts?channel_id:in=7", nil)); got != "" {
		t.Errorf("of channel 7: %q", got)
	}
	r.want(422, "GET", "/v3/content/scripts?sort=id", nil)
	r.want(422, "GET", "/v3/content/scripts?name=A", nil)

	// Another client sees none of them.
	mine := r.token
	r.token = r.st.Token()
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts", nil)); got != "" {
		t.Errorf("another client sees %q", got)
	}
	r.want(404, "GET", path, nil)
	r.want(404, "PUT", path, `{"name":"x"}`)
	r.want(404, "DELETE", path, nil)
	r.token = mine
	r.want(204, "DELETE", path, nil)
	r.want(404, "DELETE", path, nil)
	r.want(422, "GET", "/v3/content/scripts/1", nil)
	// The merchant deletes one; its app is not told.
	if uuid := fmt.Sprint(least["uuid"]); !r.st.RemoveScript(uuid) || r.st.RemoveScript(uuid) || len(r.st.Scripts()) != 0 {
		t.Error("RemoveScript")
	}
}

func TestScriptErrors(t *testing.T) {
	r := newRig(t, Options{})
	for name, c := range map[string]struct{ body, field string }{
		"no name":             {`{"src":"https://x.example/a.js"}`, "name"},
		"long name":           {`{"name":"` + strings.Repeat("x", 256) + `","src":"https://x.example/a.js"}`, "name"},
		"no src":              {`{"name":"n"}`, "src"},
		"src no URL":          {`{"name":"n","src":"a.js"}`, "src"},
		"src scheme":          {`{"name":"n","src":"data:text/javascript,1"}`, "src"},
		"src with html":       {`{"name":"n","src":"https://x.example/a.js","html":"<script></script>"}`, "html"},
		"kind":                {`{"name":"n","kind":"inline"}`, "kind"},
		"tag without html":    {`{"name":"n","kind":"script_tag"}`, "html"},
		"tag empty":           {`{"name":"n","kind":"script_tag","html":""}`, "html"},
		"tag no script":       {`{"name":"n","kind":"script_tag","html":"<b>x</b>"}`, "html"},
		"tag two":             {`{"name":"n","kind":"script_tag","html":"<script></script><script></script>"}`, "html"},
		"tag self-closed":     {`{"name":"n","kind":"script_tag","html":"<script src='a.js'/>"}`, "html"},
		"tag open":            {`{"name":"n","kind":"script_tag","html":"<script>1"}`, "html"},
		"tag long":            {`{"name":"n","kind":"script_tag","html":"<script>` + strings.Repeat("x", 65536) + `</script>"}`, "html"},
		"tag src":             {`{"name":"n","kind":"script_tag","html":"<script></script>","src":"https://x.example/a.js"}`, "src"},
		"tag load method":     {`{"name":"n","kind":"script_tag","html":"<script></script>","load_method":"defer"}`, "load_method"},
		"tag integrity":       {`{"name":"n","kind":"script_tag","html":"<script></script>","integrity_hashes":["` + sri + `"]}`, "integrity_hashes"},
		"load method":         {`{"name":"n","src":"https://x.example/a.js","load_method":"lazy"}`, "load_method"},
		"location":            {`{"name":"n","src":"https://x.example/a.js","location":"body"}`, "location"},
		"visibility":          {`{"name":"n","src":"https://x.example/a.js","visibility":"cart"}`, "visibility"},
		"consent":             {`{"name":"n","src":"https://x.example/a.js","consent_category":"unknown"}`, "consent_category"},
		"channel":             {`{"name":"n","src":"https://x.example/a.js","channel_id":9}`, "channel_id"},
		"channel zero":        {`{"name":"n","src":"https://x.example/a.js","channel_id":0}`, "channel_id"},
		"integrity algorithm": {`{"name":"n","src":"https://x.example/a.js","integrity_hashes":["md5-abc"]}`, "integrity_hashes"},
		"integrity short":     {`{"name":"n","src":"https://x.example/a.js","integrity_hashes":["sha384-abc"]}`, "integrity_hashes"},
		"integrity six":       {`{"name":"n","src":"https://x.example/a.js","integrity_hashes":["` + strings.Repeat(sri+`","`, 5) + sri + `"]}`, "integrity_hashes"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := r.want(422, "POST", "/v3/content/scripts", c.body); a.errorsOf()[c.field] == nil {
				t.Errorf("no word on %s: %s", c.field, a.raw)
			}
		})
	}
	r.want(400, "POST", "/v3/content/scripts", `{"name"`)
	if n := len(r.st.Scripts()); n != 0 {
		t.Errorf("%d scripts", n)
	}
}

func TestScriptLimits(t *testing.T) {
	r := newRig(t, Options{})
	add := func(want int) *answer {
		return r.want(want, "POST", "/v3/content/scripts", `{"name":"n","src":"https://x.example/a.js"}`)
	}
	for range 5 {
		for range 10 {
			add(200)
		}
		if a := add(422); a.json["title"] != "The limit of 10 scripts for this app is reached." {
			t.Errorf("%s", a.raw)
		}
		r.token = r.st.Token()
	}
	if a := add(422); a.json["title"] != "The limit of 50 scripts for this channel is reached." {
		t.Errorf("%s", a.raw)
	}
}

func TestScriptScopes(t *testing.T) {
	r := newRig(t, Options{})
	// The scope decides about checkout pages of one and the same client.
	withScopes := func(scopes ...string) {
		r.st.mu.Lock()
		defer r.st.mu.Unlock()
		r.st.tokens[digest(r.token)].Scopes = scopes
	}
	script := func(visibility string) string {
		return `{"name":"` + visibility + `","src":"https://x.example/a.js","visibility":"` + visibility + `"}`
	}
	checkout := fmt.Sprint("/v3/content/scripts/", r.want(200, "POST", "/v3/content/scripts", script("checkout")).one()["uuid"])
	withScopes("store_v2_content")
	plain := fmt.Sprint("/v3/content/scripts/", r.want(200, "POST", "/v3/content/scripts", script("order_confirmation")).one()["uuid"])
	r.want(403, "POST", "/v3/content/scripts", script("all_pages"))
	r.want(403, "POST", "/v3/content/scripts", script("checkout"))
	r.want(403, "PUT", plain, `{"visibility":"all_pages"}`)
	r.want(403, "PUT", checkout, `{"visibility":"storefront"}`)
	r.want(403, "DELETE", checkout, nil)
	r.want(403, "GET", checkout, nil)
	if got := namesOf(r.want(200, "GET", "/v3/content/scripts", nil)); got != "order_confirmation" {
		t.Errorf("without the scope it sees %q", got)
	}
	withScopes("store_v2_content_read_only", "store_content_checkout_read_only")
	r.want(200, "GET", checkout, nil)
	r.want(403, "PUT", plain, `{"name":"x"}`)
	r.want(403, "DELETE", plain, nil)
	withScopes("store_content_checkout")
	if a := r.want(403, "GET", plain, nil); a.json["title"] != "You don't have a required scope to access the endpoint" {
		t.Errorf("%s", a.raw)
	}
	withScopes("store_v2_content", "store_content_checkout")
	r.want(204, "DELETE", checkout, nil)
}

// What a page carries: by channel, visibility and whether it is enabled.
func TestPageScripts(t *testing.T) {
	r := newRig(t, Options{})
	for _, visibility := range []string{"storefront", "all_pages", "checkout", "order_confirmation"} {
		r.want(200, "POST", "/v3/content/scripts", `{"name":"`+visibility+`","src":"https://x.example/a.js","visibility":"`+visibility+`"}`)
	}
	r.want(200, "POST", "/v3/content/scripts", `{"name":"off","src":"https://x.example/a.js","enabled":false}`)
	for page, want := range map[string]string{"storefront": "storefront all_pages", "checkout": "all_pages checkout", "order_confirmation": "all_pages order_confirmation"} {
		var got []string
		for _, sc := range r.st.PageScripts(1, page) {
			got = append(got, sc.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", page, got)
		}
	}
	if n := len(r.st.PageScripts(2, "storefront")); n != 0 {
		t.Errorf("%d scripts on another channel", n)
	}
}

func TestUninstallRemovesScripts(t *testing.T) {
	r := newRig(t, Options{})
	other := r.token
	r.s.SetApp("http://127.0.0.1:1/auth", "", "", "")
	r.st.mu.Lock()
	r.token = r.st.issueLocked(token{ClientID: r.s.ClientID(), Scopes: r.s.allScopes(), App: true})
	r.st.info.Install = &install{UserID: r.st.users[0].ID, Scopes: r.s.allScopes()}
	r.st.mu.Unlock()
	r.want(200, "POST", "/v3/content/scripts", `{"name":"goes","src":"https://x.example/a.js","auto_uninstall":true}`)
	r.want(200, "POST", "/v3/content/scripts", `{"name":"stays","src":"https://x.example/a.js"}`)
	r.token = other
	r.want(200, "POST", "/v3/content/scripts", `{"name":"other","src":"https://x.example/a.js","auto_uninstall":true}`)
	if err := r.st.Uninstall(within(t)); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, sc := range r.st.Scripts() {
		left = append(left, sc.Name)
	}
	if d := cmp.Diff([]string{"stays", "other"}, left); d != "" {
		t.Error(d)
	}
}
