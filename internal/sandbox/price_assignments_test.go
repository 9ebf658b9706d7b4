package sandbox

import (
	"strings"
	"testing"
)

func TestPriceAssignments(t *testing.T) {
	r, _ := priceRig(t, Options{})
	r.want(200, "POST", "/v3/pricelists", `{"name":"Second"}`)
	for _, g := range []string{"Trade", "Retail"} {
		if _, err := r.st.AddCustomerGroup(g); err != nil {
			t.Fatal(err)
		}
	}
	r.want(200, "POST", "/v2/customer_groups", `{"name":"Discounted","discount_rules":[{"type":"all","method":"percent","amount":5}]}`)
	r.want(200, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"customer_group_id":1},{"price_list_id":1,"channel_id":1},{"price_list_id":2,"customer_group_id":1,"channel_id":1}]`)
	all := r.want(200, "GET", "/v3/pricelists/assignments", nil)
	if all.total() != 3 || all.data()[0]["channel_id"] != nil || all.data()[0]["customer_group_id"] != 1. || all.data()[2]["price_list_id"] != 2. {
		t.Errorf("%s", all.raw)
	}
	for query, want := range map[string]int{
		"id=2": 1, "price_list_id=1": 2, "customer_group_id=1": 2, "channel_id=1": 2, "id:in=1,3": 2, "customer_group_id:in=1,2": 2, "price_list_id:in=2": 1,
		"channel_id:in=1&customer_group_id=1": 1, "limit=1": 3,
	} {
		if a := r.want(200, "GET", "/v3/pricelists/assignments?"+query, nil); a.total() != want {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	for name, tc := range map[string]struct{ body, field string }{
		"one that is there":      {`[{"price_list_id":2,"channel_id":1}]`, "0.price_list_id"},
		"one twice":              {`[{"price_list_id":2,"customer_group_id":2},{"price_list_id":1,"customer_group_id":2}]`, "1.price_list_id"},
		"no list":                {`[{"customer_group_id":2}]`, "0.price_list_id"},
		"a list that is not":     {`[{"price_list_id":9,"customer_group_id":2}]`, "0.price_list_id"},
		"a group that is not":    {`[{"price_list_id":1,"customer_group_id":9}]`, "0.customer_group_id"},
		"a channel that is not":  {`[{"price_list_id":1,"channel_id":9}]`, "0.channel_id"},
		"to nobody":              {`[{"price_list_id":1}]`, "0.customer_group_id"},
		"a group with discounts": {`[{"price_list_id":1,"customer_group_id":3}]`, "0.customer_group_id"},
	} {
		a := r.want(422, "POST", "/v3/pricelists/assignments", tc.body)
		if saved := a.json["meta"].(map[string]any)["saved_records"]; a.errorsOf()[tc.field] == nil || len(a.errorsOf()) != 1 || saved != 0. {
			t.Errorf("%s: %s", name, a.raw)
		}
	}
	r.want(422, "POST", "/v3/pricelists/assignments", `[]`)
	r.want(422, "POST", "/v3/pricelists/assignments", `[`+strings.TrimSuffix(strings.Repeat(`{"price_list_id":1,"customer_group_id":2},`, 26), ",")+`]`)

	got := r.want(200, "PUT", "/v3/pricelists/1/assignments", `{"customer_group_id":1,"channel_id":1}`).one()
	if got["id"] != 3. || got["price_list_id"] != 1. {
		t.Errorf("%v", got)
	}
	for name, tc := range map[string]struct {
		status     int
		path, body string
	}{
		"no channel":             {422, "/v3/pricelists/1/assignments", `{"customer_group_id":1}`},
		"no group":               {422, "/v3/pricelists/1/assignments", `{"channel_id":1}`},
		"a group that is not":    {404, "/v3/pricelists/1/assignments", `{"customer_group_id":9,"channel_id":1}`},
		"a channel that is not":  {404, "/v3/pricelists/1/assignments", `{"customer_group_id":1,"channel_id":9}`},
		"a list that is not":     {404, "/v3/pricelists/9/assignments", `{"customer_group_id":1,"channel_id":1}`},
		"a group with discounts": {422, "/v3/pricelists/1/assignments", `{"customer_group_id":3,"channel_id":1}`},
	} {
		if a := r.do("PUT", tc.path, tc.body); a.status != tc.status {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}

	if a := r.want(422, "DELETE", "/v3/pricelists/assignments", nil); a.json["title"] != "At least one filter must be set for a delete action." {
		t.Errorf("%s", a.raw)
	}
	r.want(422, "DELETE", "/v3/pricelists/assignments?id:in=1", nil) // not described
	r.want(204, "DELETE", "/v3/pricelists/assignments?price_list_id=1&channel_id:in=1", nil)
	if n := r.want(200, "GET", "/v3/pricelists/assignments", nil).total(); n != 1 {
		t.Errorf("%d are left", n)
	}
	r.want(204, "DELETE", "/v2/customer_groups/1", nil) // and what was its goes with it
	if n := r.want(200, "GET", "/v3/pricelists/assignments", nil).total(); n != 0 {
		t.Errorf("%d are left", n)
	}
	r.want(200, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"customer_group_id":2}]`)
	r.want(204, "DELETE", "/v3/pricelists/1", nil)
	if n := r.want(200, "GET", "/v3/pricelists/assignments", nil).total(); n != 0 {
		t.Errorf("%d are left of a deleted list", n)
	}
}

func TestPriceAssignmentsSavedInPart(t *testing.T) {
	r, _ := priceRig(t, Options{Choices: Choices{GoodOfBatchSaved: true}})
	a := r.want(422, "POST", "/v3/pricelists/assignments", `[{"price_list_id":1,"channel_id":1},{"price_list_id":1,"channel_id":9}]`)
	if a.json["meta"].(map[string]any)["saved_records"] != 1. || a.errorsOf()["1.channel_id"] == nil {
		t.Errorf("%s", a.raw)
	}
	if n := r.want(200, "GET", "/v3/pricelists/assignments", nil).total(); n != 1 {
		t.Errorf("%d", n)
	}
}
