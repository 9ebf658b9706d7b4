package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// admin sends a request to the sandbox's own endpoints.
func (r *rig) admin(want int, method, path, body string) map[string]any {
	r.t.Helper()
	req, err := http.NewRequest(method, r.s.URLs().Admin+"/sandbox/stores/"+r.st.Hash+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		r.t.Fatalf("%s %s: status %d, want %d; %s %v", method, path, res.StatusCode, want, raw, err)
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	return out
}

func TestAdminActsAsTheMerchant(t *testing.T) {
	r := newRig(t, Options{})
	r.admin(201, "POST", "/groups", `{"name":"Trade"}`)
	two := r.admin(201, "POST", "/channels", `{"name":"Two","platform":"catalyst","url":"https://two.example.com/"}`)
	if two["url"] != "https://two.example.com" {
		t.Errorf("%v", two)
	}
	channel := int64(two["id"].(float64))
	c := r.admin(201, "POST", "/customers", `{"email":"ann@x.example","password":"pw","group_id":1,"company":"Acme"}`)
	if c["id"] != 1. || c["customer_group_id"] != 1. || c["first_name"] != "ann" {
		t.Errorf("%v", c)
	}
	if _, ok := r.st.CheckPassword(1, "ann@x.example", "pw"); !ok {
		t.Error("she cannot sign in")
	}
	r.admin(204, "PUT", "/customers/1/password", `{"password":"new"}`)
	if _, ok := r.st.CheckPassword(1, "ann@x.example", "new"); !ok {
		t.Error("the new password does not work")
	}
	r.admin(204, "PUT", fmt.Sprintf("/channels/%d", channel), `{"allow_global_logins":true,"status":"inactive"}`)
	if ch, _ := r.st.Channel(channel); ch.Status != "inactive" || !r.st.MaySignIn(1, channel) {
		t.Errorf("%+v", ch)
	}
	r.admin(204, "PUT", fmt.Sprintf("/channels/%d/site", channel), `{"url":""}`)
	if got := r.st.PrimaryURL(channel); got != r.st.StorefrontURL(channel) {
		t.Errorf("site %s", got)
	}
	uuid := r.want(200, "POST", "/v3/content/scripts", `{"name":"S","src":"https://cdn.example/s.js"}`).one()["uuid"]
	if list := r.admin(200, "GET", "/scripts", "")["scripts"].([]any); len(list) != 1 || list[0].(map[string]any)["uuid"] != uuid {
		t.Errorf("%v", list)
	}
	r.admin(204, "DELETE", fmt.Sprint("/scripts/", uuid), "")
	r.admin(404, "DELETE", fmt.Sprint("/scripts/", uuid), "")
	if list := r.admin(200, "GET", "/customers", "")["customers"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	r.admin(204, "DELETE", "/customers/1", "")
	for _, bad := range []struct {
		status             int
		method, path, body string
	}{
		{404, "DELETE", "/customers/1", ""}, {400, "DELETE", "/customers/x", ""}, {400, "POST", "/customers", `{"mail":"x"}`}, {422, "POST", "/customers", `{"email":"x"}`},
		{422, "POST", "/customers", `{"email":"a@x.example","registration_ip":"home"}`}, {422, "POST", "/customers", `{"email":"a@x.example","channel_ids":[7]}`},
		{422, "POST", "/groups", `{"name":"trade"}`}, {422, "POST", "/channels", `{"name":"A/B"}`}, {422, "POST", "/channels", `{"name":"A","url":"a.example"}`},
		{422, "PUT", "/channels/7", `{"status":"active"}`}, {422, "PUT", "/channels/1", `{"status":"connected"}`}, {422, "PUT", "/channels/7", `{"allow_global_logins":true}`},
		{422, "PUT", "/channels/7/site", `{"url":""}`}, {422, "PUT", "/channels/1/site", `{"url":"ftp://x.example"}`}, {422, "PUT", "/customers/9/password", `{"password":"x"}`},
	} {
		if a := r.admin(bad.status, bad.method, bad.path, bad.body); a["error"] == "" || a["error"] == nil {
			t.Errorf("%+v: no word on what is wrong", bad)
		}
	}
}
