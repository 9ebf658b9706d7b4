package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// addScript installs a script through the API and returns the text to look for in pages.
func (sr *shopRig) addScript(channel int64, fields string) {
	sr.t.Helper()
	sr.want(200, "POST", "/v3/content/scripts", sprint(`{"channel_id":%d,%s}`, channel, fields))
}

func TestScriptsOnPages(t *testing.T) {
	sr := newShop(t)
	src := func(name, more string) string {
		return sprint(`"name":%q,"kind":"src","src":"https://cdn.example/%s.js"%s`, name, name, more)
	}
	sr.addScript(1, src("head", `,"location":"head"`))
	sr.addScript(1, src("footer", `,"location":"footer","load_method":"defer","integrity_hashes":["`+sri+`"]`))
	sr.addScript(1, src("async", `,"load_method":"async","src":"https://cdn.example/async.js?a=1&b=2"`))
	sr.addScript(1, src("everywhere", `,"visibility":"all_pages"`))
	sr.addScript(1, src("checkout", `,"visibility":"checkout"`))
	sr.addScript(1, src("confirmation", `,"visibility":"order_confirmation"`))
	sr.addScript(1, src("off", `,"enabled":false`))
	sr.addScript(sr.headless.ChannelID, src("other-channel", ``))

	page := sr.visit(sr.url + "/").body
	for what, want := range map[string]string{
		"default":   `<script src="https://cdn.example/head.js"></script>`,
		"integrity": `<script src="https://cdn.example/footer.js" integrity="` + sri + `" crossorigin="anonymous" defer></script>`,
		"async":     `<script src="https://cdn.example/async.js?a=1&amp;b=2" async></script>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s: no %s in %s", what, want, page)
		}
	}
	if head := strings.Index(page, "</head>"); strings.Index(page, "head.js") > head || strings.Index(page, "footer.js") < head || strings.Index(page, "footer.js") < strings.Index(page, "</main>") {
		t.Error("location")
	}
	all := []string{"head", "everywhere", "checkout", "confirmation", "off", "other-channel"}
	for where, want := range map[string]string{
		sr.url + "/":                              "head everywhere",
		sr.url + "/cart.php":                      "head everywhere",
		sr.url + "/login.php":                     "head everywhere",
		sr.url + "/app/x":                         "head everywhere",
		sr.url + "/checkout":                      "everywhere checkout",
		sr.url + "/checkout/order-confirmation/7": "everywhere confirmation",
		sr.url + "/checkout-help":                 "head everywhere",
		sr.headless.URL + "/":                     "other-channel",
	} {
		body, got := sr.visit(where).body, []string{}
		for _, name := range all {
			if strings.Contains(body, "cdn.example/"+name+".js") {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %v, want %s", where, got, want)
		}
	}
}

func TestHandlebarsInScripts(t *testing.T) {
	sr := newShop(t)
	const tag = `<script src=\"https://app.example/s.js\" data-customer=\"{{customer.id}}\" data-name=\"{{ customer.name }}\" data-raw=\"{{{customer.email}}}\" data-x=\"{{nothing.here}}\"></script>`
	for _, channel := range []int64{1, sr.headless.ChannelID} {
		sr.addScript(channel, `"name":"s","kind":"script_tag","html":"`+tag+`"`)
	}
	sr.addScript(1, `"name":"t","kind":"src","src":"https://cdn.example/{{customer.id}}.js"`)
	mallory, err := sr.st.AddCustomer(CustomerSpec{Email: "mallory@example.com", FirstName: `"><script>`, LastName: "M", Password: "pw"})
	if err != nil {
		t.Fatal(err)
	}
	shape := func(id, name, raw string) string {
		return sprint(`data-customer="%s" data-name="%s" data-raw="%s" data-x=""`, id, name, raw)
	}
	if body := sr.visit(sr.url + "/").body; !strings.Contains(body, shape("", "", "")) {
		t.Errorf("a guest's page: %s", body)
	}
	sr.signIn(sr.url, mallory.Email, "pw")
	body := sr.visit(sr.url + "/").body
	if want := shape(sprint("%d", mallory.ID), "&#34;&gt;&lt;script&gt; M", mallory.Email); !strings.Contains(body, want) {
		t.Errorf("no %s in %s", want, body)
	}
	if !strings.Contains(body, `src="https://cdn.example/{{customer.id}}.js"`) {
		t.Error("kind src is rendered")
	}
	if sr.signIn(sr.headless.URL, mallory.Email, "pw"); sr.name(sr.headless.URL) == "" {
		t.Fatal("not signed in at the headless storefront")
	}
	if body := sr.visit(sr.headless.URL + "/").body; !strings.Contains(body, `data-customer="{{customer.id}}" data-name="{{ customer.name }}"`) {
		t.Errorf("headless: %s", body)
	}
	sr.st.SetTheme(`<div id="card" data-for="{{customer.id}}"></div>`)
	if body := sr.visit(sr.url + "/").body; !strings.Contains(body, sprint(`<div id="card" data-for="%d"></div>`, mallory.ID)) {
		t.Errorf("theme: %s", body)
	}
}

func TestConsent(t *testing.T) {
	sr := newShop(t)
	categories := []string{"essential", "functional", "analytics", "targeting", "unknown"}
	for _, c := range categories {
		category := sprint(`,"consent_category":%q`, c)
		if c == "unknown" { // what a script without a category has
			category = ""
		}
		sr.addScript(1, sprint(`"name":%q,"kind":"src","src":"https://cdn.example/%s.js"%s`, c, c, category))
	}
	runs := func() string {
		body, out := sr.visit(sr.url+"/").body, []string{}
		for _, c := range categories {
			if strings.Contains(body, "cdn.example/"+c+".js") {
				out = append(out, c)
			}
		}
		return strings.Join(out, " ")
	}
	choose := func(body string) seen {
		return sr.see(sr.c.Post(sr.url+"/api/storefront/consent", "application/json", strings.NewReader(body)))
	}
	if got := runs(); got != strings.Join(categories, " ") {
		t.Errorf("without a banner: %s", got)
	}
	if a := choose(`{"allow":[1,2,3],"deny":[]}`); a.status != 400 {
		t.Errorf("consent where nobody asks: %d", a.status)
	}
	sr.st.SetConsentBanner(true)
	if a := sr.want(200, "GET", "/v2/store", nil); a.json["features"].(map[string]any)["shopper_consent_tracking_enabled"] != true {
		t.Error("GET /v2/store does not tell of the banner")
	}
	if got := runs(); got != "essential" {
		t.Errorf("before a choice: %s", got)
	}
	if !strings.Contains(sr.visit(sr.url+"/").body, `<form id="consent"`) {
		t.Error("no banner")
	}
	for _, body := range []string{``, `{}`, `[]`, `{"allow":[1,2,3]}`, `{"allow":[1,2],"deny":[]}`, `{"allow":[1,2,3],"deny":[3]}`, `{"allow":[1,2,4],"deny":[3]}`,
		`{"allow":["1",2,3],"deny":[]}`, `{"allow":[1,2,3],"deny":null}`, `{"allow":[1,2,3],"deny":[],"x":1}`} {
		if a := choose(body); a.status != 400 || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", body, a.status)
		}
	}
	if a := sr.see(sr.c.Post(sr.url+"/api/storefront/consent", "text/plain", strings.NewReader(`{"allow":[1,2,3],"deny":[]}`))); a.status != 415 {
		t.Errorf("text/plain: %d", a.status)
	}
	for body, want := range map[string]string{
		`{"allow":[1],"deny":[2,3]}`:   "essential analytics",
		`{"allow":[2],"deny":[3,1]}`:   "essential functional",
		`{"allow":[3],"deny":[1,2]}`:   "essential targeting",
		`{"allow":[1,2,3],"deny":[]}`:  "essential functional analytics targeting",
		`{"allow":[],"deny":[1,2,3]}`:  "essential",
		`{"allow":[3, 2],"deny":[ 1]}`: "essential functional targeting",
	} {
		if a := choose(body); a.status != 200 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
		if got := runs(); got != want {
			t.Errorf("%s runs %s, want %s", body, got, want)
		}
	}
	if strings.Contains(sr.visit(sr.url+"/").body, `<form id="consent"`) {
		t.Error("the banner asks again")
	}
	// A cookie that somebody made up is no choice.
	u, _ := url.Parse(sr.url)
	sr.c.Jar.SetCookies(u, []*http.Cookie{{Name: "bc_consent_abc123_1", Value: `%7B%22allow%22%3A%5B1%5D%7D`, Path: "/"}})
	if got := runs(); got != "essential" {
		t.Errorf("an incomplete cookie runs %s", got)
	}
}

// The whole of the provider is reached over the sandbox's own origin and endpoints.
func TestStorefrontAdmin(t *testing.T) {
	sr := newShop(t)
	do := func(method, path, body string, want int) map[string]any {
		t.Helper()
		req, err := http.NewRequest(method, sr.s.URLs().Admin+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := sr.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Fatalf("%s %s: %s", method, path, res.Status)
		}
		if want == 204 {
			res.Body.Close()
			return nil
		}
		return adminAnswer(t, res)
	}
	a := do("GET", "/sandbox/stores/abc123/storefronts", "", 200)
	if n := len(a["storefronts"].([]any)); n != 2 || a["shoppers"].([]any)[0].(map[string]any)["email"] != "sam.shopper@example.com" {
		t.Errorf("%v", a)
	}
	do("GET", "/sandbox/stores/nobody/storefronts", "", 404)
	do("PUT", "/sandbox/stores/abc123/storefronts", `{"consent_banner":true}`, 204)
	do("PUT", "/sandbox/stores/abc123/storefronts", `{"theme":"<i>x</i>"}`, 204)
	if !sr.st.ConsentBanner() || sr.st.Theme() != "<i>x</i>" {
		t.Error("settings")
	}
	do("PUT", "/sandbox/stores/abc123/storefronts", `{"banner":true}`, 400)
	sr.signIn(sr.url, "sam.shopper@example.com", "wrong")
	if a := do("GET", "/sandbox/stores/abc123/sign-ins", "", 200)["sign_ins"].([]any); a[0].(map[string]any)["refused"] != "credentials" {
		t.Errorf("%v", a)
	}
	do("PUT", "/sandbox/stores/abc123/password", `{"email":"Sam.shopper@example.com","password":"another-one-2"}`, 204)
	do("PUT", "/sandbox/stores/abc123/password", `{"email":"nobody@example.com","password":"another-one-2"}`, 422)
	if _, ok := sr.st.CheckPassword(1, "sam.shopper@example.com", "another-one-2"); !ok {
		t.Error("the password was not set")
	}
	do("PUT", "/sandbox/idp/faults", `{"faults":["jwks_away"]}`, 204)
	do("PUT", "/sandbox/idp/faults", `{"faults":["nonsense"]}`, 422)
	do("PUT", "/sandbox/idp/users", `{"sub":"u1","given_name":"Una","email":"una@example.com","email_verified":true,"claims":{"company":"U"}}`, 204)
	do("PUT", "/sandbox/idp/users", `{"sub":""}`, 422)
	do("PUT", "/sandbox/idp/clients", `{"client_id":"c2","client_secret":"s","redirect_uris":["https://x.example/cb"]}`, 204)
	do("PUT", "/sandbox/idp/clients", `{"client_id":"c2","client_secret":"s","redirect_uris":["/cb"]}`, 422)
	p := do("GET", "/sandbox/idp", "", 200)
	if p["issuer"] != sr.s.URLs().Issuer || p["faults"].([]any)[0] != "jwks_away" || !strings.Contains(sprint("%v", p["users"]), "una@example.com") {
		t.Errorf("%v", p)
	}
	if a := sr.visit(sr.s.URLs().Issuer + "/jwks"); a.status != 503 {
		t.Errorf("jwks: %d", a.status)
	}
	if _, ok := sr.s.IdentityProvider().Client("c2"); !ok {
		t.Error("the client is not registered")
	}
	sr.s.SetApp("https://app.example/auth", "https://app.example/load", "", "")
	later := sr.s.AddStore(StoreSpec{Hash: "later1"})
	c := sr.s.IdentityProviderClient()
	if want := []string{"https://app.example/sso/callback", "https://app.example/sso/abc123/callback", "https://app.example/sso/" + later.Hash + "/callback"}; !slices.Equal(c.RedirectURIs, want) || !strings.Contains(strings.Join(c.PostLogoutRedirectURIs, " "), sr.url+"/login.php?action=logout") {
		t.Errorf("%+v", c)
	}
}
