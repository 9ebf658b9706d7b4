package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/auth"
	"sluice/tenants"
)

// saved is the answer of PUT /customer-accounts.
type saved struct {
	Saved  int            `json:"saved"`
	Errors []accountError `json:"errors"`
}

func TestAccountsAreSavedOneByOne(t *testing.T) {
	p := newPanel(t)
	key := p.key(storeA, auth.ScopeAccountsWrite)
	long := strings.Repeat("x", 1001)
	for name, test := range map[string]struct{ account, externalID, field, message string }{
		"no id":               {`{"customer_id":1}`, "", "external_id", "write your system's id"},
		"an id too long":      {`{"external_id":"` + strings.Repeat("x", 101) + `","customer_id":1}`, "", "external_id", "write your system's id"},
		"an id with a line":   {`{"external_id":"a\nb","customer_id":1}`, "", "external_id", "write your system's id"},
		"an id with NUL":      {`{"external_id":"a\u0000","customer_id":1}`, "", "external_id", "write your system's id"},
		"an id that is none":  {`{"external_id":5,"customer_id":1}`, "", "external_id", "has to be a text"},
		"nobody's":            {`{"external_id":"a"}`, "a", "customer_id", "say whose account it is"},
		"a negative customer": {`{"external_id":"a","customer_id":-1}`, "a", "customer_id", "is BigCommerce's id"},
		"customer as text":    {`{"external_id":"a","customer_id":"1"}`, "", "customer_id", "has to be a whole number"},
		"no e-mail":           {`{"external_id":"a","email":"ann"}`, "a", "email", "is not an e-mail"},
		"e-mail with spaces":  {`{"external_id":"a","email":"a b@example.com"}`, "a", "email", "is not an e-mail"},
		"a long e-mail":       {`{"external_id":"a","email":"` + strings.Repeat("x", 250) + `@example.com"}`, "a", "email", "is not an e-mail"},
		"a misspelt field":    {`{"external_id":"a","customer":1}`, "", "customer", "is none of"},
		"a field's name":      {`{"external_id":"a","customer_id":1,"fields":{"credit limit":1}}`, "a", "fields.credit limit", "name fields with"},
		"a long value":        {`{"external_id":"a","customer_id":1,"fields":{"note":"` + long + `"}}`, "a", "fields.note", "has to be a text"},
		"an object":           {`{"external_id":"a","customer_id":1,"fields":{"address":{}}}`, "a", "fields.address", "has to be a text"},
		"a list":              {`{"external_id":"a","customer_id":1,"fields":{"tags":["a"]}}`, "a", "fields.tags", "has to be a text"},
		"a value with NUL":    {`{"external_id":"a","customer_id":1,"fields":{"note":"\u0000"}}`, "a", "fields.note", "has to be a text"},
		"fields a list":       {`{"external_id":"a","customer_id":1,"fields":[]}`, "", "fields", "has to be an object"},
		"too many fields":     {`{"external_id":"a","customer_id":1,"fields":{` + manyFields(101) + `}}`, "a", "fields", "at most 100"},
		"no account":          {`5`, "", "", "has to be"},
		"sent twice":          {`{"external_id":"good","customer_id":2}`, "good", "external_id", "is in this request before"},
	} {
		w := p.do(http.MethodPut, Prefix+"/customer-accounts", key, `{"accounts":[{"external_id":"good","customer_id":1},`+test.account+`]}`)
		var got saved
		if err := decodeBody(w.Body.String(), &got); err != nil || w.Code != 200 || got.Saved != 1 || len(got.Errors) != 1 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		e := got.Errors[0]
		if e.Index != 1 || e.ExternalID != test.externalID || e.Field != test.field || !strings.Contains(e.Message, test.message) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for name, body := range map[string]string{
		"none": `{"accounts":[]}`, "not a list": `{"accounts":{}}`, "nothing": `{}`, "501": `{"accounts":[` + strings.TrimSuffix(strings.Repeat(`{"external_id":"a","customer_id":1},`, 501), ",") + `]}`,
	} {
		if w := p.do(http.MethodPut, Prefix+"/customer-accounts", key, body); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

func manyFields(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = fmt.Sprintf(`"f%d":1`, i)
	}
	return strings.Join(fields, ",")
}

func TestAccountsOfTwoStores(t *testing.T) {
	p := newPanel(t)
	keyA, keyB := p.key(storeA, auth.ScopeAccountsWrite), p.key(storeB, auth.ScopeAccountsWrite)
	put := func(key, limit string) {
		t.Helper()
		var got saved
		p.call(http.MethodPut, "/customer-accounts", key, map[string]any{"accounts": []any{map[string]any{
			"external_id": "D/1", "customer_id": 5, "email": " Same@Example.com", "fields": map[string]any{"limit": limit, "open": 12.50, "vip": true, "note": nil},
		}}}, http.StatusOK, &got)
		if got.Saved != 1 || len(got.Errors) != 0 {
			t.Fatalf("%+v", got)
		}
	}
	put(keyA, "A")
	put(keyB, "B")
	find := func(token, query string) (limits []string) {
		t.Helper()
		var got struct{ Accounts []tenants.Account }
		p.call(http.MethodGet, "/customer-accounts?"+query, token, nil, http.StatusOK, &got)
		for _, a := range got.Accounts {
			if diff := cmp.Diff(map[string]string{"limit": a.Fields["limit"], "open": "12.5", "vip": "true"}, a.Fields); diff != "" {
				t.Error(diff)
			}
			limits = append(limits, a.Fields["limit"])
		}
		return limits
	}
	for _, query := range []string{"customer_id=5", "email=SAME@example.com", "external_id=D%2F1"} {
		for token, want := range map[string]string{keyA: "A", keyB: "B", p.open(storeA, 1): "A", p.open(storeB, 1): "B"} {
			if got := find(token, query); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %v, want %s", query, got, want)
			}
		}
	}
	if got := find(keyA, "external_id=%00"); len(got) != 0 {
		t.Errorf("NUL: %v", got)
	}
	for _, query := range []string{"", "email=a@b.c&customer_id=1", "customer_id=x", "customer_id=0", "customer_id=-1"} {
		p.call(http.MethodGet, "/customer-accounts?"+query, keyA, nil, http.StatusUnprocessableEntity, nil)
	}
	// What one deletes, the other keeps.
	p.call(http.MethodDelete, "/customer-accounts/D%2F1", keyA, nil, http.StatusNoContent, nil)
	p.call(http.MethodDelete, "/customer-accounts/D%2F1", keyA, nil, http.StatusNotFound, nil)
	p.call(http.MethodDelete, "/customer-accounts/", keyA, nil, http.StatusNotFound, nil)
	p.call(http.MethodDelete, "/customer-accounts/%00", keyA, nil, http.StatusNotFound, nil)
	if a, b := find(keyA, "customer_id=5"), find(keyB, "customer_id=5"); len(a) != 0 || len(b) != 1 {
		t.Errorf("after the deletion: %v, %v", a, b)
	}
	entries, _, err := p.db.AuditLog(p.ctx(storeA), tenants.Page{})
	if err != nil || len(entries) == 0 || entries[0].Action != "account.deleted" || entries[0].Subject != "D/1" || !strings.HasPrefix(entries[0].Actor, "key:") {
		t.Errorf("audit %+v, %v", entries, err)
	}
}

// TestTheScopeOfAccounts: the key of a system that syncs products reads no customers' terms, and
// the other way round.
func TestTheScopeOfAccounts(t *testing.T) {
	p := newPanel(t)
	flows, accounts := p.key(storeA, auth.ScopeFlowsRead, auth.ScopeFlowsWrite), p.key(storeA, auth.ScopeAccountsWrite)
	body := `{"accounts":[{"external_id":"a","customer_id":1}]}`
	for _, test := range []struct {
		method, path, key string
		status            int
	}{
		{"PUT", "/customer-accounts", flows, 403}, {"GET", "/customer-accounts?customer_id=1", flows, 403}, {"DELETE", "/customer-accounts/a", flows, 403},
		{"PUT", "/customer-accounts", accounts, 200}, {"GET", "/flows", accounts, 403}, {"POST", "/flows", accounts, 403}, {"GET", "/api-keys", accounts, 403},
	} {
		if w := p.do(test.method, Prefix+test.path, test.key, body); w.Code != test.status {
			t.Errorf("%s %s: %d, want %d: %s", test.method, test.path, w.Code, test.status, w.Body)
		}
	}
}

func decodeBody(body string, into any) error { return json.Unmarshal([]byte(body), into) }
