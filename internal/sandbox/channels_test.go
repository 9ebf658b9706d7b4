package sandbox

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
)

// namesOf are the names of a list, in order.
func namesOf(a *answer) string {
	var out []string
	for _, c := range a.data() {
		out = append(out, fmt.Sprint(c["name"]))
	}
	return strings.Join(out, " ")
}

func TestChannels(t *testing.T) {
	now := time.Date(2026, 5, 14, 9, 0, 0, 0, time.UTC)
	r := newRig(t, Options{Now: func() time.Time { return now }})
	def := r.want(200, "GET", "/v3/channels/1", nil).one()
	for name, want := range map[string]any{"id": 1., "type": "storefront", "platform": "bigcommerce", "status": "active", "is_enabled": true,
		"is_visible": true, "external_id": "", "date_created": "2026-05-14T09:00:00Z"} {
		if def[name] != want {
			t.Errorf("%s of the default channel: %v", name, def[name])
		}
	}
	if def["currencies"] != nil {
		t.Error("currencies without include")
	}
	if c := r.want(200, "GET", "/v3/channels/1?include=currencies", nil).one()["currencies"]; cmp.Diff(map[string]any{"channel_id": 1., "enabled_currencies": []any{"USD"}, "default_currency": "USD"}, c) != "" {
		t.Errorf("currencies %v", c)
	}
	now = now.Add(24 * time.Hour)
	ebay := r.want(200, "POST", "/v3/channels", `{"name":"eBay","platform":"ebay","type":"marketplace"}`).one()
	if ebay["status"] != "connected" || ebay["id"] == 1. {
		t.Errorf("%v", ebay)
	}
	shop := r.want(200, "POST", "/v3/channels", `{"name":"Catalyst_2","platform":"catalyst","type":"storefront","status":"prelaunch","external_id":"x","is_visible":false,"is_listable_from_ui":false}`).one()
	if shop["external_id"] != "x" || shop["is_visible"] != false || shop["is_listable_from_ui"] != false || shop["is_enabled"] != true {
		t.Errorf("%v", shop)
	}
	path := fmt.Sprintf("/v3/channels/%.0f", shop["id"])
	if a := r.want(200, "PUT", path, `{"name":"Shop 3","status":"inactive"}`).one(); a["name"] != "Shop 3" || a["status"] != "inactive" || a["is_enabled"] != false || a["external_id"] != "x" {
		t.Errorf("%v", a)
	}
	for query, want := range map[string]string{
		"": "Test store eBay Shop 3", "available=true": "Test store eBay Shop 3", "available=false": "", "status:in=inactive,connected": "eBay Shop 3",
		"type:in=storefront": "Test store Shop 3", "platform:in=ebay,amazon": "eBay", "date_created=2026-05-14": "Test store",
		"date_created:min=2026-05-15": "eBay Shop 3", "date_modified:max=2026-05-14T10:00:00": "Test store", "limit=1&page=2": "eBay", "include=currencies": "Test store eBay Shop 3",
	} {
		if got := namesOf(r.want(200, "GET", "/v3/channels?"+query, nil)); got != want {
			t.Errorf("%s: %q", query, got)
		}
	}
	for _, bad := range []string{"status:in=open", "type:in=shop", "available=maybe", "include=site", "limit=a", "name=x"} {
		r.want(422, "GET", "/v3/channels?"+bad, nil)
	}
	if n := r.want(200, "GET", "/v2/store", nil).json["features"].(map[string]any)["storefront_limits"]; cmp.Diff(map[string]any{"active": 1., "total_including_inactive": 2.}, n) != "" {
		t.Errorf("storefront_limits %v", n)
	}
	for _, c := range []struct {
		status             int
		method, path, body string
		title              string
	}{
		{422, "POST", "/v3/channels", `{"name":1,"type":"pos"}`, titleFields},
		{422, "POST", "/v3/channels", `{"name":"x","type":"marketplace","platform":"bigcommerce"}`, "Input channel type [marketplace] with platform [bigcommerce] is not supported"},
		{422, "POST", "/v3/channels", `{"name":"x","type":"storefront","platform":"bigcommerce","status":"connected"}`, "Input channel status [connected] with type [storefront] is not supported"},
		{422, "POST", "/v3/channels", `{"name":"x","type":"pos","platform":"custom","status":"deleted"}`, "Input channel status [deleted] is not supported"},
		{422, "POST", "/v3/channels", `{"name":"x","type":"pos","platform":"custom","status":"terminated"}`, "Input channel status [terminated] with type [pos] is not supported"},
		{422, "POST", "/v3/channels", `{"name":"Möbel","type":"pos","platform":"custom"}`, titleChannelName},
		{409, "POST", "/v3/channels", `{"name":"eBay","type":"marketplace","platform":"ebay"}`, `Channel already exists with name: "eBay", platform: "ebay", and type: "marketplace"`},
		{404, "GET", "/v3/channels/9", "", "Not found"},
		{404, "PUT", "/v3/channels/9", `{"name":"x"}`, "The requested entity was not found."},
		{422, "PUT", path, `{"type":"pos","platform":"vend"}`, "The following fields are invalid: type, platform"},
		{422, "PUT", path, `{"status":"prelaunch"}`, "Input channel status [prelaunch] is not supported"},
		{422, "PUT", path, `{"name":"a/b"}`, titleChannelName},
		{422, "PUT", "/v3/channels/1", `{"status":"deleted"}`, "Input channel status [deleted] is not supported"},
		{200, "PUT", path, `{"status":"deleted"}`, ""},
		{422, "PUT", path, `{"name":"back"}`, "A deleted channel cannot be updated. Channel can be restored within 90 days after deleting by contacting BigCommerce support team"},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		if a := r.want(c.status, c.method, c.path, body); c.title != "" && a.json["title"] != c.title {
			t.Errorf("%s %s %s: %s", c.method, c.path, c.body, a.raw)
		}
	}
	if got := namesOf(r.want(200, "GET", "/v3/channels?available=false", nil)); got != "Shop 3" {
		t.Errorf("deleted channels: %q", got)
	}
}

// The default channel is called as its store, with characters that no channel may be given.
func TestDefaultChannelKeepsItsName(t *testing.T) {
	r := newRig(t, Options{})
	r.st = r.s.AddStore(StoreSpec{Hash: "oz", Name: "Bob's Parts & Co."})
	r.token = r.st.Token()
	if a := r.want(200, "PUT", "/v3/channels/1", `{"status":"inactive"}`).one(); a["name"] != "Bob's Parts & Co." || a["status"] != "inactive" {
		t.Errorf("%v", a)
	}
	r.want(422, "PUT", "/v3/channels/1", `{"name":"Bob's"}`)
}

func TestChannelWebhooks(t *testing.T) {
	r := newRig(t, Options{})
	k := newSink(t, r)
	for _, scope := range []string{"store/channel/created", "store/channel/updated", "store/customer/*"} {
		r.want(200, "POST", "/v3/hooks", map[string]any{"scope": scope, "destination": k.URL + "/h"})
	}
	id := int64(r.want(200, "POST", "/v3/channels", `{"name":"Two","platform":"custom","type":"storefront"}`).one()["id"].(float64))
	path := fmt.Sprintf("/v3/channels/%d", id)
	expect := func(scope, kind string, id int64) {
		t.Helper()
		h := k.next(t)
		if h.body["scope"] != scope || cmp.Diff(map[string]any{"type": kind, "id": float64(id)}, h.body["data"]) != "" {
			t.Errorf("%s, want %s of %d", h.raw, scope, id)
		}
	}
	expect("store/channel/created", "channel", id)
	// A change of nothing, and changes of sites and scripts, are told to nobody.
	r.want(200, "PUT", path, `{"name":"Two"}`)
	r.want(200, "POST", path+"/site", `{"url":"https://two.example.com"}`)
	r.want(200, "PUT", path+"/site", `{"url":"https://zwei.example.com"}`)
	r.want(200, "POST", "/v3/content/scripts", `{"name":"S","src":"https://cdn.example/s.js"}`)
	r.want(200, "PUT", path, `{"status":"inactive"}`)
	expect("store/channel/updated", "channel", id)
	r.want(200, "POST", "/v3/customers", `[{"email":"a@x.example","first_name":"A","last_name":"B"}]`)
	expect("store/customer/created", "customer", 1)
	r.want(200, "PUT", "/v3/customers", `[{"id":1,"first_name":"C"}]`)
	expect("store/customer/updated", "customer", 1)
	r.want(204, "DELETE", "/v3/customers?id:in=1,2", nil)
	expect("store/customer/deleted", "customer", 1)
	if err := r.s.SettleHooks(within(t)); err != nil || len(k.got) != 0 {
		t.Errorf("%d more, %v", len(k.got), err)
	}
}

// urlsOf maps the types of a site's URLs to them.
func urlsOf(site map[string]any) map[string]string {
	out := map[string]string{}
	list, _ := site["urls"].([]any)
	for _, e := range list {
		u := e.(map[string]any)
		out[fmt.Sprint(u["type"])] = fmt.Sprint(u["url"])
	}
	return out
}

func TestSites(t *testing.T) {
	r := newRig(t, Options{})
	ch, err := r.st.AddChannel(ChannelSpec{Name: "Two", Platform: "catalyst"})
	if err != nil {
		t.Fatal(err)
	}
	alias := fmt.Sprintf("/v3/channels/%d/site", ch.ID)
	own, second := r.st.StorefrontURL(1), r.st.StorefrontURL(ch.ID)
	def := r.want(200, "GET", "/v3/sites/1000", nil).one()
	if def["channel_id"] != 1. || def["url"] != own || def["is_checkout_url_customized"] != false || cmp.Diff(map[string]string{"primary": own, "canonical": own, "checkout": own}, urlsOf(def)) != "" {
		t.Errorf("%v", def)
	}
	r.want(404, "GET", alias, nil)
	// The alias answers 200 where POST /sites answers 201.
	site := r.want(200, "POST", alias, map[string]any{"url": "https://www.two.example.com/", "channel_id": ch.ID}).one()
	if site["url"] != "https://www.two.example.com/" || cmp.Diff(map[string]string{"primary": "https://www.two.example.com/", "canonical": second, "checkout": own}, urlsOf(site)) != "" {
		t.Errorf("%v", site)
	}
	if r.st.PrimaryURL(ch.ID) != "https://www.two.example.com" || r.st.PrimaryURL(1) != own || r.st.PrimaryURL(9) != "" {
		t.Error("PrimaryURL")
	}
	path := fmt.Sprintf("/v3/sites/%.0f", site["id"])
	if a := r.want(200, "PUT", path, `{"url":"https://two.example.com"}`).one(); a["url"] != "https://two.example.com" || a["id"] != site["id"] {
		t.Errorf("%v", a)
	}
	if a := r.want(200, "GET", alias, nil).one(); a["id"] != site["id"] {
		t.Errorf("%v", a)
	}
	list := func(query string, want int) {
		t.Helper()
		a := r.want(200, "GET", "/v3/sites"+query, nil)
		p := a.json["meta"].(map[string]any)["pagination"].(map[string]any)
		if len(a.data()) != want || p["offset"] == nil || p["limit"] == nil || p["total_items"] == nil || p["total_pages"] != nil {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	list("", 2)
	list(fmt.Sprintf("?channel_id:in=%d,7", ch.ID), 1)
	list("?url_type:in=primary", 2)
	list("?url_type:in=checkout", 0)
	list("?limit=1&page=2", 1)
	// A checkout URL stays within the storefront's main domain and is https always; the answer is
	// bare.
	a := r.want(200, "PUT", alias+"/checkout-url", `{"url":"http://checkout.two.example.com"}`)
	if a.json["is_checkout_url_customized"] != true || urlsOf(a.json)["checkout"] != "https://checkout.two.example.com" {
		t.Errorf("%s", a.raw)
	}
	list("?url_type:in=checkout", 1)
	if a := r.want(422, "PUT", alias+"/checkout-url", `{"url":"https://bc.kittykat.me"}`); !strings.HasPrefix(fmt.Sprint(a.json["title"]), "Incorrect checkout url https://bc.kittykat.me.") {
		t.Errorf("%s", a.raw)
	}
	r.want(200, "DELETE", alias+"/checkout-url", nil)
	list("?url_type:in=checkout", 0)
	for _, c := range []struct {
		status             int
		method, path, body string
	}{
		{400, "POST", "/v3/sites", `{`}, {422, "POST", "/v3/sites", `{"url":"https://x.example"}`}, {422, "POST", "/v3/sites", `{"channel_id":1}`},
		{404, "POST", "/v3/sites", `{"channel_id":99,"url":"https://x.example"}`}, {409, "POST", "/v3/sites", `{"channel_id":1,"url":"https://x.example"}`},
		{409, "PUT", "/v3/sites/1000", `{"url":"https://two.example.com/"}`}, {422, "PUT", path, `{"url":"two.example.com"}`},
		{422, "PUT", path, `{"url":"javascript:alert(1)"}`}, {422, "PUT", path, `{"url":"https://u:p@two.example.com"}`}, {422, "PUT", path, `{}`},
		{404, "PUT", "/v3/sites/9", `{"url":"https://x.example"}`}, {404, "GET", "/v3/sites/9", ""}, {404, "DELETE", "/v3/sites/9", ""},
		{422, "POST", alias, `{"url":"https://x.example","channel_id":1}`}, {404, "DELETE", "/v3/channels/9/site", ""}, {422, "GET", "/v3/sites?channel_id=1", ""},
		{422, "GET", "/v3/sites?url_type:in=main", ""},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		r.want(c.status, c.method, c.path, body)
	}
	r.want(204, "DELETE", path, nil)
	made := r.want(201, "POST", "/v3/sites", map[string]any{"url": "https://three.example.com", "channel_id": ch.ID}).one()
	if made["id"] == site["id"] {
		t.Error("an id was given twice")
	}
	if a := r.want(200, "DELETE", alias, nil); a.raw != "{}" {
		t.Errorf("body %q", a.raw)
	}
	r.want(404, "GET", alias, nil)
	// The default storefront always has an address.
	r.want(200, "PUT", "/v3/sites/1000", `{"url":"https://shop.example.com"}`)
	r.want(204, "DELETE", "/v3/sites/1000", nil)
	if a := r.want(200, "GET", "/v3/sites/1000", nil).one(); a["url"] != own {
		t.Errorf("%v", a)
	}
}

func TestChannelAndSiteScopes(t *testing.T) {
	r := newRig(t, Options{})
	channels, sites := r.st.Token("store_channel_settings_read_only"), r.st.Token("store_sites_read_only")
	for _, c := range []struct {
		token, method, path string
		status              int
	}{
		{channels, "GET", "/v3/channels", 200}, {channels, "GET", "/v3/channels/1", 200}, {channels, "POST", "/v3/channels", 403}, {channels, "PUT", "/v3/channels/1", 403},
		{channels, "GET", "/v3/sites", 403}, {channels, "GET", "/v3/channels/1/site", 403}, {sites, "GET", "/v3/channels", 403}, {sites, "GET", "/v3/sites", 200},
		{sites, "GET", "/v3/sites/1000", 200}, {sites, "GET", "/v3/channels/1/site", 200}, {sites, "POST", "/v3/sites", 403}, {sites, "PUT", "/v3/sites/1000", 403},
		{sites, "DELETE", "/v3/sites/1000", 403}, {sites, "POST", "/v3/channels/1/site", 403}, {sites, "PUT", "/v3/channels/1/site/checkout-url", 403},
	} {
		r.token = c.token
		var body any
		if c.method == "POST" || c.method == "PUT" {
			body = `{}`
		}
		r.want(c.status, c.method, c.path, body)
	}
}

// The app's own client understands channels, sites and scripts.
func TestOurClientStorefronts(t *testing.T) {
	r := newRig(t, Options{})
	if _, err := r.st.AddChannel(ChannelSpec{Name: "Two", Platform: "next", URL: "https://two.example.com"}); err != nil {
		t.Fatal(err)
	}
	c, ctx := newClient(t, r), within(t)
	platforms := map[int64]string{}
	for ch, err := range c.Channels.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		platforms[ch.ID] = ch.Platform + " " + ch.Status
	}
	if d := cmp.Diff(map[int64]string{1: "bigcommerce active", firstChannelID: "next active"}, platforms); d != "" {
		t.Error(d)
	}
	primaries := map[int64]string{}
	for site, err := range c.Sites.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		primaries[site.ChannelID] = site.URLs[0].Type + " " + site.URLs[0].URL
	}
	if d := cmp.Diff(map[int64]string{1: "primary " + r.st.StorefrontURL(1), firstChannelID: "primary https://two.example.com"}, primaries); d != "" {
		t.Error(d)
	}
	script := bigcommerce.Script{Name: "S", Kind: "script_tag", HTML: `<script src="https://app.example/s.js" data-customer="{{customer.id}}"></script>`,
		LoadMethod: "default", Location: "footer", Visibility: "storefront", ConsentCategory: "functional", Enabled: true, ChannelID: firstChannelID, AutoUninstall: true}
	made, err := c.Scripts.Create(ctx, script)
	if err != nil || made.UUID == "" || made.HTML != script.HTML {
		t.Fatalf("%+v, %v", made, err)
	}
	script.Enabled = false
	if got, err := c.Scripts.Update(ctx, made.UUID, script); err != nil || got.Enabled || got.UUID != made.UUID {
		t.Errorf("%+v, %v", got, err)
	}
	n := 0
	for _, err := range c.Scripts.List(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if err := c.Scripts.Delete(ctx, made.UUID); err != nil || n != 1 {
		t.Errorf("%d scripts, %v", n, err)
	}
	if err := c.Scripts.Delete(ctx, made.UUID); !as[*bigcommerce.NotFoundError](err) {
		t.Errorf("%v", err)
	}
}
