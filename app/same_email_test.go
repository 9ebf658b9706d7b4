package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sluice/auth"
	"sluice/auth/customer/sso"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/internal/sandbox/idp"
	"sluice/tenants"
)

// transcript keeps all that the app and the storefronts answered to whoever goes through it.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// RoundTrip is part of http.RoundTripper.
func (tr *transcript) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	tr.mu.Lock()
	defer tr.mu.Unlock()
	fmt.Fprintf(&tr.text, "\n%s %s: %s\n%s", r.Method, r.URL.Path, res.Header.Get("Location"), body)
	return res, err
}

// namesake is a store with a shopper whose e-mail address is a shopper's of another store too.
type namesake struct {
	*eavesdropper
	said     *transcript
	customer int64  // the shopper
	terms    string // what the store's ERP tells of the shopper
	jar      http.CookieJar
	token    string // of current.jwt
	session  string // ours
}

// namesake makes one. Customers that come before the shopper shift its id, so that the id of one
// store's shopper is another person's in the other.
func (h *house) namesake(t *testing.T, before int) *namesake {
	n := &namesake{said: &transcript{}, jar: newJar()}
	n.eavesdropper = &eavesdropper{shop: h.newShop(t)}
	n.traffic = &traffic{next: n.said, seen: map[string]string{}}
	n.merchant.http.Transport = n.traffic
	n.do(n.merchant.open(t.Context()))
	for i := range before {
		_, err := n.store.AddCustomer(sandbox.CustomerSpec{Email: fmt.Sprintf("earlier%d@%s.example", i, n.store.Hash), FirstName: "Earlier", LastName: "Customer"})
		n.do(err)
	}
	n.do(n.store.SeedStorefronts())
	n.front = n.store.Storefronts()[0]
	sam, ok := n.store.CustomerByEmail(idp.SharedEmail)
	if !ok {
		t.Fatal("no Sam")
	}
	n.customer, n.terms = sam.ID, "Net 30 with "+n.store.Hash
	n.call(http.MethodPost, "/storefront/channels/refresh", map[string]any{}, nil)
	n.call(http.MethodPut, "/storefront", map[string]any{
		"card_fields": []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}}, "consent_category": "functional", "allow_sign_in": true,
	}, nil)
	client := h.sandbox.IdentityProviderClient()
	n.call(http.MethodPut, "/storefront/provider", map[string]any{
		"version": 0, "preset": "custom", "issuer": h.sandbox.URLs().Issuer, "client_id": client.ID, "client_secret": client.Secret,
		"scopes": "openid profile email", "enabled": true, "create_customers": false, "end_session": true, "claims": []any{},
	}, nil)
	var made struct {
		Secret string `json:"secret"`
	}
	n.call(http.MethodPost, "/api-keys", map[string]any{"name": "ERP", "scopes": auth.KeyScopes()}, &made)
	n.key = made.Secret
	return n
}

// erp sends a request with the store's API key.
func (n *namesake) erp(want int, method, path, body string) string {
	n.t.Helper()
	return n.ask(want, method, n.house.app+"/api/v1"+path, body, "Authorization", "Bearer "+n.key)
}

func (n *namesake) sso(what string) string {
	return fmt.Sprintf("%s/sso/%s/%s?channel_id=%d&redirect_to=/cart.php", n.house.app, n.store.Hash, what, n.front.ChannelID)
}

// current asks a storefront who is signed in, as its script does.
func (n *namesake) current() (status int, token string) {
	n.t.Helper()
	_, status, token = n.browse(n.jar, n.request(http.MethodGet, n.front.URL+"/customer/current.jwt?app_client_id="+n.house.cfg.ClientID, ""))
	return status, token
}

// verify sends a token to a store's endpoint from a page of another, and returns what a page may
// read.
func (n *namesake) verify(at, page *namesake, token string) (status int, body string, readable bool) {
	n.t.Helper()
	req := n.request(http.MethodPost, n.house.app+"/storefront/"+at.store.Hash+"/current-customer", token, "Content-Type", "text/plain;charset=UTF-8", "Origin", page.front.URL)
	res, err := (&http.Client{Transport: n.traffic}).Do(req)
	n.do(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	n.do(err)
	return res.StatusCode, string(b), res.Header.Get("Access-Control-Allow-Origin") == page.front.URL
}

// card asks a store's endpoint for the account of whoever has a session.
func (n *namesake) card(at *namesake, session string) (status int, body string) {
	n.t.Helper()
	_, status, body = n.browse(nil, n.request(http.MethodGet, n.house.app+"/storefront/"+at.store.Hash+"/account", "", "Authorization", "Bearer "+session, "Origin", at.front.URL))
	return status, body
}

// wantCode checks that an answer is a problem with a code.
func (n *namesake) wantCode(what string, status int, body, code string) {
	n.t.Helper()
	var p problem.Body
	if err := json.Unmarshal([]byte(body), &p); err != nil || status < 400 || string(p.Code) != code {
		n.t.Errorf("%s: %d %s, want %s", what, status, body, code)
	}
}

// callback goes through the provider with a browser and stops before the app gets the answer.
func (n *namesake) callback(jar http.CookieJar) (callback *url.URL) {
	n.t.Helper()
	stop := errors.New("at the callback")
	client := &http.Client{Transport: n.traffic, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if address, _, _ := strings.Cut(r.URL.String(), "?"); address != sso.OwnAddresses(n.house.app, n.store.Hash).Callback {
			return nil
		}
		callback = r.URL
		return stop
	}}
	fetch := func(req *http.Request) (at *url.URL, page string) {
		res, err := client.Do(req)
		if errors.Is(err, stop) {
			return nil, ""
		}
		n.do(err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		n.do(err)
		return res.Request.URL, string(body)
	}
	at, page := fetch(n.request(http.MethodGet, n.sso("login"), ""))
	if callback != nil {
		return callback // the person has a session at the provider
	}
	ticket, form := ticketElement.FindStringSubmatch(page), formElement.FindStringSubmatch(page)
	if ticket == nil || form == nil {
		n.t.Fatalf("at %s: %s", at, page)
	}
	fetch(n.request(http.MethodPost, at.ResolveReference(&url.URL{Path: form[1]}).String(),
		url.Values{"ticket": {html.UnescapeString(ticket[1])}, "user": {"user-sam"}}.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
	if callback == nil {
		n.t.Fatal("the provider sent nobody back")
	}
	return callback
}

// TestSameEMailAtTwoStores goes through every identity endpoint with two stores, one provider and
// one person who is a shopper of both by one address: with each store's credentials, with the
// other's, and after one store forgot the person or is gone. Neither ever answers with what is the
// other's.
func TestSameEMailAtTwoStores(t *testing.T) {
	t.Parallel()
	h := newHouse(t, houseOptions{scopes: strings.Fields(storefrontScopes)})
	a, b := h.namesake(t, 0), h.namesake(t, 1)
	if other, ok := b.store.Customer(a.customer); !ok || other.Email == idp.SharedEmail || a.customer == b.customer {
		t.Fatalf("customer %d of one store must be another person in the other: %+v", a.customer, other)
	}
	stores := []*namesake{a, b}
	other := map[*namesake]*namesake{a: b, b: a}

	// What each ERP tells of the shopper, under the same number, and one number that only one has.
	for _, n := range stores {
		n.erp(200, http.MethodPut, "/customer-accounts", fmt.Sprintf(
			`{"accounts":[{"external_id":"D-1","customer_id":%d,"email":%q,"fields":{"terms":%q}},{"external_id":"of-%s","email":"only@%s.example","fields":{"terms":%q}}]}`,
			n.customer, idp.SharedEmail, n.terms, n.store.Hash, n.store.Hash, n.terms))
	}
	for _, n := range stores {
		for _, query := range []string{"external_id=D-1", "email=" + url.QueryEscape(idp.SharedEmail), fmt.Sprintf("customer_id=%d", n.customer)} {
			if got := n.erp(200, http.MethodGet, "/customer-accounts?"+query, ""); strings.Count(got, `"external_id"`) != 1 || !strings.Contains(got, n.terms) {
				t.Errorf("%s by %s: %s", n.store.Hash, query, got)
			}
		}
		if got := n.erp(200, http.MethodGet, "/customer-accounts?external_id=of-"+other[n].store.Hash, ""); strings.Contains(got, `"external_id"`) {
			t.Errorf("%s has an account of the other: %s", n.store.Hash, got)
		}
		var preview struct{ Fields []tenants.CardValue }
		n.call(http.MethodPost, "/storefront/preview", map[string]any{"email": idp.SharedEmail, "card_fields": []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}}}, &preview)
		if len(preview.Fields) != 1 || preview.Fields[0].Value != n.terms {
			t.Errorf("%s: preview %+v", n.store.Hash, preview)
		}
	}

	// Addresses that the ERPs ask for sign the own shopper in at the own storefront, and nobody at the
	// other's.
	for _, n := range stores {
		for _, who := range []string{`"email":"` + idp.SharedEmail + `"`, `"external_id":"D-1"`} {
			var login struct {
				URL string `json:"login_url"`
			}
			n.do(json.Unmarshal([]byte(n.erp(200, http.MethodPost, "/customer-login", `{`+who+`,"redirect_to":"/cart.php"}`)), &login))
			elsewhere := strings.Replace(login.URL, n.front.URL, other[n].front.URL, 1)
			if elsewhere == login.URL {
				t.Fatalf("%s signs in elsewhere: %s", n.store.Hash, login.URL)
			}
			jar := newJar()
			other[n].browse(jar, other[n].request(http.MethodGet, elsewhere, ""))
			if got := other[n].store.SignIns(); len(got) == 0 || got[len(got)-1].Refused == "" {
				t.Errorf("%s let the other's shopper in: %+v", other[n].store.Hash, got)
			}
			n.browse(jar, n.request(http.MethodGet, login.URL, ""))
			if got := n.store.SignIns(); got[len(got)-1].Customer != n.customer || got[len(got)-1].Refused != "" {
				t.Errorf("%s signed in %+v, want customer %d", n.store.Hash, got[len(got)-1], n.customer)
			}
		}
		n.erp(404, http.MethodPost, "/customer-login", `{"external_id":"of-`+other[n].store.Hash+`"}`)
	}

	// The provider's one user is each store's own shopper, in one browser; what was begun at one store
	// does not end at the other.
	b.jar = a.jar
	for _, n := range stores {
		stranger := newJar()
		other[n].callback(stranger)
		if at, status, _ := n.browse(stranger, n.request(http.MethodGet, n.callback(newJar()).String(), "")); status < 400 || !strings.HasPrefix(at.String(), h.app) {
			t.Errorf("a sign-in at %s ended in the browser of one at the other: %s (%d)", n.store.Hash, at.Host, status)
		}
		// Nor under the other's redirect URI, nor under the one that stores shared.
		for _, address := range []string{sso.OwnAddresses(h.app, other[n].store.Hash).Callback, sso.SharedAddresses(h.app).Callback} {
			answer := n.callback(n.jar)
			if _, status, page := n.browse(n.jar, n.request(http.MethodGet, address+"?"+answer.RawQuery, "")); status < 400 || !strings.Contains(page, "store_mix_up") {
				t.Errorf("an answer for %s came in by %s: %d %s", n.store.Hash, address, status, page)
			}
		}
		if _, ok := n.store.CheckPassword(n.front.ChannelID, idp.SharedEmail, sandbox.ShopperPassword); !ok {
			t.Fatalf("%s: whoever registered cannot sign in to begin with", n.store.Hash)
		}
		callback := n.callback(n.jar)
		if at, status, page := n.browse(n.jar, n.request(http.MethodGet, callback.String(), "")); status != 200 || !strings.HasPrefix(at.String(), n.front.URL) {
			t.Fatalf("the person came to %s (%d): %s", at.Host, status, page)
		}
		if got := n.store.SignIns(); got[len(got)-1].Customer != n.customer || got[len(got)-1].Refused != "" {
			t.Errorf("%s signed in %+v, want customer %d", n.store.Hash, got[len(got)-1], n.customer)
		}
		// The address was there before its owner came by single sign-on: whoever has the password is out.
		if _, ok := n.store.CheckPassword(n.front.ChannelID, idp.SharedEmail, sandbox.ShopperPassword); ok {
			t.Errorf("%s: whoever registered can still sign in", n.store.Hash)
		}
	}

	// Who is signed in, and the card.
	for _, n := range stores {
		var status int
		if status, n.token = n.current(); status != 200 {
			t.Fatalf("%s: current.jwt %d %s", n.store.Hash, status, n.token)
		}
		status, body, readable := n.verify(n, n, n.token)
		var who struct {
			Session   string
			StoreHash string `json:"store_hash"`
			Customer  struct {
				ID    int64
				Email string
			}
		}
		n.do(json.Unmarshal([]byte(body), &who))
		if status != 200 || !readable || who.StoreHash != n.store.Hash || who.Customer.ID != n.customer || who.Customer.Email != idp.SharedEmail {
			t.Fatalf("%s: %d %s", n.store.Hash, status, body)
		}
		n.session = who.Session
	}
	for _, n := range stores {
		status, body, _ := n.verify(other[n], other[n], n.token)
		n.wantCode("a token at the other store", status, body, "wrong_store")
		if _, _, readable := n.verify(n, other[n], n.token); readable {
			t.Errorf("a page of the other store reads who is signed in at %s", n.store.Hash)
		}
		if status, body := n.card(n, n.session); status != 200 || !strings.Contains(body, n.terms) {
			t.Errorf("%s: card %d %s", n.store.Hash, status, body)
		}
		status, body = n.card(other[n], n.session)
		n.wantCode("a session at the other store", status, body, "wrong_store")
	}

	// The log and the links of one store are nothing to the other.
	for _, n := range stores {
		var page struct {
			SignIns []tenants.SignIn `json:"sign_ins"`
		}
		n.call(http.MethodGet, "/storefront/sign-ins?limit=100", nil, &page)
		ok := 0
		for _, s := range page.SignIns {
			if s.Result == "ok" {
				ok++
			}
			if s.Email == idp.SharedEmail && s.CustomerID != 0 && s.CustomerID != n.customer {
				t.Errorf("%s has the other's sign-in: %+v", n.store.Hash, s)
			}
		}
		if ok != 3 { // two addresses of the ERP, one of the provider
			t.Errorf("%s has %d sign-ins: %+v", n.store.Hash, ok, page.SignIns)
		}
		for _, path := range []string{"/storefront", "/storefront/provider", "/storefront/provider/presets", "/storefront/customer-groups", "/audit", "/api-keys"} {
			n.call(http.MethodGet, path, nil, nil)
		}
		client := h.sandbox.IdentityProviderClient()
		n.call(http.MethodPost, "/storefront/provider/test", map[string]any{
			"version": 1, "preset": "custom", "issuer": h.sandbox.URLs().Issuer, "client_id": client.ID, "client_secret": client.Secret,
			"scopes": "openid profile email", "enabled": true, "claims": []any{},
		}, nil)
		n.ask(200, http.MethodGet, h.app+"/storefront/"+n.store.Hash+"/sluice.js", "")
		var gone *apiError
		err := n.merchant.call(t.Context(), http.MethodDelete, fmt.Sprintf("/storefront/subject-links/%d", other[n].customer), nil, nil)
		if !errors.As(err, &gone) {
			t.Errorf("%s unlinked the other's customer: %v", n.store.Hash, err)
		}
	}

	// One store forgets the shopper's account and link, then signs out, then is gone: the other goes
	// on.
	a.erp(204, http.MethodDelete, "/customer-accounts/D-1", "")
	a.call(http.MethodDelete, fmt.Sprintf("/storefront/subject-links/%d", a.customer), nil, nil)
	if status, body := a.card(a, a.session); strings.Contains(body, a.terms) {
		t.Errorf("the forgotten account is shown: %d %s", status, body)
	}
	wantOther := func(when string) {
		t.Helper()
		if status, body := b.card(b, b.session); status != 200 || !strings.Contains(body, b.terms) {
			t.Errorf("%s: the other's card is %d %s", when, status, body)
		}
		if status, body, _ := b.verify(b, b, b.token); status != 200 {
			t.Errorf("%s: the other's shopper is %d %s", when, status, body)
		}
		if status, _ := b.current(); status != 200 {
			t.Errorf("%s: the other's shopper is signed out", when)
		}
		b.erp(200, http.MethodPost, "/customer-login", `{"external_id":"D-1"}`)
	}
	wantOther("after one account was forgotten")
	a.atProvider(a.jar, a.sso("logout"), "confirm", "1")
	if status, _ := a.current(); status == 200 {
		t.Error("still signed in after the sign-out")
	}
	wantOther("after a sign-out")
	a.do(a.store.Uninstall(t.Context()))
	a.do(h.sandbox.SettleHooks(t.Context()))
	status, body, _ := a.verify(a, a, a.token)
	a.wantCode("a token of a store that is gone", status, body, "store_not_installed")
	if status, body := a.card(a, a.session); status < 400 {
		t.Errorf("the card of a store that is gone: %d %s", status, body)
	}
	if _, status, _ := a.browse(newJar(), a.request(http.MethodGet, a.sso("login"), "")); status < 400 {
		t.Errorf("a store that is gone begins a sign-in: %d", status)
	}
	wantOther("after an uninstall")

	for _, n := range stores {
		for what, mark := range map[string]string{"account": other[n].terms, "API key": other[n].key, "session": other[n].session, "token": other[n].token} {
			if mark == "" {
				t.Fatalf("no %s to look for", what)
			}
			if bytes.Contains(n.said.text.Bytes(), []byte(mark)) {
				t.Errorf("%s was answered the other's %s", n.store.Hash, what)
			}
		}
	}
}
