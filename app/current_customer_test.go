package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/auth"
	"sluice/auth/customer"
	"sluice/internal/sandbox"
	"sluice/tenants"
)

// TestCurrentCustomerOfTheWholeProgram: an ERP writes accounts, a page asks who is signed in and
// sees the card, and a store that uninstalls is refused from the next request on.
func TestCurrentCustomerOfTheWholeProgram(t *testing.T) {
	h := newHouse(t, houseOptions{})
	store := h.sandbox.AddStore(sandbox.StoreSpec{Hash: "current1"})
	m := &merchant{app: h.app, panel: appPanelURL(h.sandbox, store), http: &http.Client{Timeout: time.Minute}}
	t.Cleanup(m.http.CloseIdleConnections)
	if err := m.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, db, origin := tenants.WithStore(t.Context(), store.Hash), h.program.db, "https://shop.example"
	if err := db.ReplaceChannelOrigins(ctx, 1, []string{origin}); err != nil {
		t.Fatal(err)
	}
	_, key, err := auth.CreateAPIKey(ctx, db, "operator", auth.NewAPIKey{Name: "ERP", Scopes: []string{auth.ScopeAccountsWrite}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{
		ConsentCategory: "functional", CardFields: []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}},
	}); err != nil {
		t.Fatal(err)
	}
	call := func(method, url, body string, header map[string]string, want int, out any) http.Header {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range header {
			req.Header.Set(k, v)
		}
		res, err := m.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b bytes.Buffer
		if _, err := b.ReadFrom(res.Body); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != want {
			t.Fatalf("%s %s: %d %s", method, url, res.StatusCode, b.String())
		}
		if out != nil {
			if err := json.Unmarshal(b.Bytes(), out); err != nil {
				t.Fatal(err)
			}
		}
		return res.Header
	}
	call("PUT", h.app+"/api/v1/customer-accounts", `{"accounts":[{"external_id":"D-1","customer_id":5,"fields":{"terms":"Net 30","score":"C"}}]}`,
		map[string]string{"Authorization": "Bearer " + key}, 200, nil)

	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"customer": map[string]any{"id": 5, "email": "ann@example.com", "group_id": "0"}, "iss": "bc/apps", "sub": store.Hash, "store_hash": store.Hash,
		"iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "aud": h.cfg.ClientID, "operation": "current_customer", "version": 1,
	}).SignedString([]byte(h.cfg.ClientSecret))
	if err != nil {
		t.Fatal(err)
	}
	verify := fmt.Sprintf("%s/storefront/%s/current-customer", h.app, store.Hash)
	page := map[string]string{"Origin": origin, "Content-Type": "text/plain;charset=UTF-8"}
	var who struct {
		Session, Account string
		Customer         customer.Shopper
	}
	if got := call("POST", verify, token, page, 200, &who).Get("Access-Control-Allow-Origin"); got != origin {
		t.Errorf("the page may not read it: %q", got)
	}
	var card struct{ Fields []tenants.CardValue }
	call("GET", who.Account, "", map[string]string{"Origin": origin, "Authorization": "Bearer " + who.Session}, 200, &card)
	if who.Customer.ID != 5 || len(card.Fields) != 1 || card.Fields[0].Value != "Net 30" {
		t.Errorf("customer %+v, card %+v", who.Customer, card)
	}
	tag := customer.Script(customer.ScriptSettings{AppURL: h.app, ClientID: h.cfg.ClientID, StoreHash: store.Hash, ChannelID: 1})
	if cache := call("GET", tag.URL, "", map[string]string{"Origin": origin}, 200, nil).Get("Cache-Control"); !strings.Contains(cache, "immutable") {
		t.Errorf("the script: %q", cache)
	}

	if err := store.Uninstall(t.Context()); err != nil {
		t.Fatal(err)
	}
	var refusal struct{ Code string }
	call("POST", verify, token, page, 404, &refusal)
	if refusal.Code != "store_not_installed" {
		t.Errorf("after the uninstall: %s", refusal.Code)
	}
}
