package sandbox

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
)

// fuzzCall is a request that has passed the quota and the scopes.
func fuzzCall(st *Store, tok *token, method, body string) *call {
	q, _ := newQuery("")
	return &call{r: httptest.NewRequest(method, "/", strings.NewReader(body)), st: st, tok: tok, q: q}
}

// FuzzCustomerQuery: any query is either refused or answered with a page of customers.
func FuzzCustomerQuery(f *testing.F) {
	for _, q := range []string{"", "id:in=1,2&limit=2", "email:in=c1@x.example", "name:like=C,d&sort=last_name:desc&page=2", "date_modified:min=2026-01-01",
		"after=eyJpZCI6M30&limit=1", "before=eyJpZCI6M30%3D&include=addresses", "after=e30", "%zz"} {
		f.Add(q)
	}
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	st := s.AddStore(StoreSpec{Hash: "fuzz"})
	for _, email := range []string{"c1@x.example", "c2@x.example", "c3@x.example", "d4@x.example"} {
		if _, err := st.AddCustomer(CustomerSpec{Email: email}); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := newQuery(raw)
		if err != nil {
			return
		}
		rep := s.listCustomers(&call{st: st, tok: &token{}, q: q})
		var page struct {
			Data []struct{ ID int64 }
			Meta struct {
				Pagination *pageMeta   `json:"pagination"`
				Cursor     *cursorMeta `json:"cursor_pagination"`
			}
		}
		if err := json.Unmarshal(rep.body, &page); err != nil || rep.status != 200 && rep.status != 422 {
			t.Fatalf("%d %s: %v", rep.status, rep.body, err)
		}
		if rep.status == 200 && (page.Meta.Pagination == nil && page.Meta.Cursor == nil || len(page.Data) > 4) {
			t.Fatalf("%s", rep.body)
		}
	})
}

// FuzzShopWrites: any body is refused and changes nothing, or is answered with what the store has
// then.
func FuzzShopWrites(f *testing.F) {
	f.Add(`[{"email":"a@x.example","first_name":"A","last_name":"B","addresses":[{"country_code":"DE"}],"store_credit_amounts":[{"amount":1}],"authentication":{"new_password":"x"}}]`)
	f.Add(`[{"email":"a@x.example","first_name":"A","last_name":"B","channel_ids":null,"authentication":{},"store_credit_amounts":[{}]}]`)
	f.Add(`{"name":"n","kind":"script_tag","html":"<script>1</script>","integrity_hashes":[]}`)
	f.Add(`{"name":"n","src":"https://x.example/a.js","channel_id":1e0}`)
	f.Add(`{"name":"x","type":"pos","platform":"custom","discount_rules":[{"type":"all","method":"percent","amount":null}]}`)
	f.Add(`{"url":"https://x.example","channel_id":1}`)
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, body string) {
		st := newStore(s, StoreSpec{Hash: "fuzz"})
		st.defaultsLocked()
		tok := &token{ClientID: "c", Scopes: s.allScopes()}
		size := func() int {
			return len(st.shop.customers) + len(st.groups().byID) + len(st.shop.channels) + len(st.shop.sites) + len(st.shop.scripts)
		}
		for name, handle := range map[string]func(*call) reply{"customers": s.createCustomers, "groups": s.createGroup, "channels": s.createChannel,
			"sites": s.createSite, "scripts": s.createScript} {
			before := size()
			rep := handle(fuzzCall(st, tok, "POST", body))
			if rep.status >= 300 && size() != before || rep.status < 300 && size() < before {
				t.Fatalf("%s: %d things became %d with %d %s", name, before, size(), rep.status, rep.body)
			}
			if rep.status >= 500 && rep.status != 501 || !json.Valid(rep.body) {
				t.Fatalf("%s: %d %s", name, rep.status, rep.body)
			}
		}
	})
}
