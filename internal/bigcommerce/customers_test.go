package bigcommerce

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCustomersByEmail(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":7,"email":"Ada+b@Example.com","first_name":"Ada","customer_group_id":3,"channel_ids":[2]},
		{"id":8,"email":"ada@example.com.evil.test"}],"meta":{}}`))
	got, err := f.Customers.ByEmail(t.Context(), "ada+b@example.com")
	want := []*Customer{{ID: 7, Email: "Ada+b@Example.com", FirstName: "Ada", GroupID: 3, ChannelIDs: []int64{2}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if r := f.log()[0]; r.Path != "/stores/"+testHash+customersPath || r.Query != "email:in=ada%2Bb%40example.com&page=1&limit=250" {
		t.Error(r.Path, r.Query)
	}
	if c := got[0]; c.MaySignIn(1) || !c.MaySignIn(2) || !(&Customer{}).MaySignIn(1) {
		t.Error("channels of a customer")
	}
	for _, email := range []string{"", "a,b@example.com"} {
		if _, err := f.Customers.ByEmail(t.Context(), email); err == nil {
			t.Errorf("%q was looked for", email)
		}
	}
}

func TestCustomerGet(t *testing.T) {
	f := newFixture(t, script(answer(200, `{"data":[{"id":7,"email":"ada@example.com"}],"meta":{}}`), answer(200, `{"data":[],"meta":{}}`)))
	if c, err := f.Customers.Get(t.Context(), 7); err != nil || c == nil || c.ID != 7 {
		t.Error(c, err)
	}
	if c, err := f.Customers.Get(t.Context(), 8); err != nil || c != nil {
		t.Error(c, err)
	}
	if _, err := f.Customers.Get(t.Context(), 0); err == nil {
		t.Error("customer 0 was looked for, which filters nothing")
	}
	if q := f.log()[0].Query; q != "id:in=7&page=1&limit=1" {
		t.Error(q)
	}
}

func TestCustomerWrites(t *testing.T) {
	f := newFixture(t, answer(200, `{"data":[{"id":7,"email":"ada@example.com","customer_group_id":4}],"meta":{}}`))
	c, err := f.Customers.Create(t.Context(), NewCustomer{Email: "ada@example.com", FirstName: "Ada", LastName: "L", GroupID: 4, ChannelIDs: []int64{2}})
	if err != nil || c.ID != 7 || c.GroupID != 4 {
		t.Fatal(c, err)
	}
	company, none := "", int64(0)
	if _, err := f.Customers.Update(t.Context(), CustomerChange{ID: 7, Company: &company, GroupID: &none}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`POST [{"email":"ada@example.com","first_name":"Ada","last_name":"L","customer_group_id":4,"channel_ids":[2]}]`,
		`PUT [{"id":7,"company":"","customer_group_id":0}]`,
	}
	for i, r := range f.log() {
		if got := r.Method + " " + r.Body; got != want[i] {
			t.Error(got)
		}
	}
	for i, call := range f.limiter.calls {
		if call.Class != ClassCustomers {
			t.Errorf("request %d is of class %q", i, call.Class)
		}
	}
}

func TestCustomerGroups(t *testing.T) {
	f := newFixture(t, answer(200, `[{"id":1,"name":"Wholesale","is_default":false,"discount_rules":[]}]`))
	for g, err := range f.CustomerGroups.List(t.Context()) {
		if err != nil || *g != (CustomerGroup{ID: 1, Name: "Wholesale"}) {
			t.Error(g, err)
		}
	}
	if r := f.log(); len(r) != 1 || r[0].Path != "/stores/"+testHash+customerGroupsPath {
		t.Error(r)
	}
}
