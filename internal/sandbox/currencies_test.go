package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
)

const aCurrency = `"name":"Euro","currency_exchange_rate":"0.849","token_location":"right","token":"€","decimal_token":",","thousands_token":".","decimal_places":2`

// listV2 is a V2 collection's answer.
func (r *rig) listV2(path string) (list []map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal([]byte(r.want(200, "GET", path, nil).raw), &list); err != nil {
		r.t.Fatal(err)
	}
	return list
}

func TestCurrencies(t *testing.T) {
	r := newRig(t, Options{})
	list := r.listV2("/v2/currencies")
	if len(list) != 1 || list[0]["currency_code"] != "USD" || list[0]["is_default"] != true || list[0]["enabled"] != true || list[0]["decimal_places"] != 2. {
		t.Errorf("%v", list)
	}
	r.want(200, "POST", "/v2/currencies", `{"currency_code":"eur","enabled":true,"is_transactional":true,`+aCurrency+`}`)
	r.want(200, "PUT", "/v2/currencies/2", `{"currency_exchange_rate":0.9,"currency_code":"GBP"}`)
	if c := r.listV2("/v2/currencies?limit=1&page=2")[0]; c["id"] != 2. || c["currency_code"] != "EUR" || c["token"] != "€" || c["currency_exchange_rate"] != "0.9" || c["is_default"] != false {
		t.Errorf("%v", c)
	}
	r.want(204, "GET", "/v2/currencies?page=2", nil)
	for name, tc := range map[string]struct {
		status             int
		method, path, body string
	}{
		"one that is there":     {409, "POST", "/v2/currencies", `{"currency_code":"USD",` + aCurrency + `}`},
		"no code":               {400, "POST", "/v2/currencies", `{` + aCurrency + `}`},
		"no rate":               {400, "POST", "/v2/currencies", `{"currency_code":"GBP",` + strings.Replace(aCurrency, "currency_exchange_rate", "rate", 1) + `}`},
		"a code that is none":   {400, "POST", "/v2/currencies", `{"currency_code":"pounds",` + aCurrency + `}`},
		"a rate that is none":   {400, "PUT", "/v2/currencies/2", `{"currency_exchange_rate":"much"}`},
		"a side that is none":   {400, "PUT", "/v2/currencies/2", `{"token_location":"above"}`},
		"the default no more":   {400, "PUT", "/v2/currencies/1", `{"is_default":false}`},
		"the default gone":      {400, "DELETE", "/v2/currencies/1", ``},
		"none":                  {404, "GET", "/v2/currencies/9", ``},
		"an update of none":     {404, "PUT", "/v2/currencies/9", `{}`},
		"a filter that is none": {400, "GET", "/v2/currencies?code=EUR", ``},
	} {
		var body any
		if tc.body != "" {
			body = tc.body
		}
		if a := r.do(tc.method, tc.path, body); a.status != tc.status || !strings.HasPrefix(a.raw, `[{"status":`) {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	r.want(200, "PUT", "/v2/currencies/2", `{"is_default":true}`)
	if c := r.do("GET", "/v2/currencies/1", nil); c.json["is_default"] != false {
		t.Errorf("two currencies are the default: %s", c.raw)
	}
	if s := r.want(200, "GET", "/v2/store", nil); s.json["currency"] != "EUR" {
		t.Errorf("%s", s.raw)
	}
	if err := r.st.AddCurrency("gbp"); err != nil {
		t.Error(err)
	}
	if err := r.st.AddCurrency("pounds"); err == nil {
		t.Error("pounds is a code")
	}
	r.want(204, "DELETE", "/v2/currencies/1", nil)
	r.want(204, "DELETE", "/v2/currencies", nil)
	if list := r.listV2("/v2/currencies"); len(list) != 1 || list[0]["currency_code"] != "EUR" {
		t.Errorf("%v", list)
	}
}
