package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// array decodes an answer that is a plain array, as V2's are.
func (a *answer) array(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	if err := json.Unmarshal([]byte(a.raw), &out); err != nil {
		t.Fatalf("no array: %s", a.raw)
	}
	return out
}

// emailsOf are the e-mail addresses of a list, in order.
func emailsOf(a *answer) string {
	var out []string
	for _, c := range a.data() {
		out = append(out, fmt.Sprint(c["email"]))
	}
	return strings.Join(out, " ")
}

func TestCustomers(t *testing.T) {
	r := newRig(t, Options{})
	group, err := r.st.AddCustomerGroup("Wholesale")
	if err != nil {
		t.Fatal(err)
	}
	a := r.want(200, "POST", "/v3/customers", `[{"email":"Jane.Smith@example.com","first_name":"Jane","last_name":"Smith","company":"Acme","phone":"555",
		"notes":"n","tax_exempt_category":"N","customer_group_id":1,"authentication":{"force_password_reset":true,"new_password":"SecurePassword123!"},
		"accepts_product_review_abandoned_cart_emails":true,"store_credit_amounts":[{"amount":43.15}],"origin_channel_id":1,"channel_ids":[1],
		"trigger_account_created_notification":true,
		"addresses":[{"address1":"Addr 1","city":"San Francisco","country_code":"US","first_name":"Ronald","last_name":"Swimmer",
		"postal_code":"33333","state_or_province":"California"}]}]`)
	got := a.data()[0]
	for name, want := range map[string]any{"id": 1., "email": "Jane.Smith@example.com", "customer_group_id": 1., "company": "Acme", "phone": "555",
		"notes": "n", "tax_exempt_category": "N", "address_count": 1., "attribute_count": 0., "origin_channel_id": 1., "registration_ip_address": "",
		"channel_ids": []any{1.}, "authentication": map[string]any{"force_password_reset": true}, "accepts_product_review_abandoned_cart_emails": true,
		"store_credit_amounts": []any{map[string]any{"amount": 43.15}}} {
		if d := cmp.Diff(want, got[name]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if ad := got["addresses"].([]any)[0].(map[string]any); ad["country"] != "United States" || ad["customer_id"] != 1. || ad["id"] != 1. || ad["address_type"] != "residential" {
		t.Errorf("address: %v", ad)
	}
	if strings.Contains(a.raw, "SecurePassword") || strings.Contains(a.raw, "new_password") {
		t.Error("the password is in the answer")
	}
	if _, ok := r.want(200, "GET", "/v3/customers", nil).data()[0]["addresses"]; ok {
		t.Error("addresses are shown without include")
	}
	a = r.want(200, "GET", "/v3/customers?include=addresses,storecredit,attributes,formfields&id:in=1", nil)
	if c := a.data()[0]; len(c["addresses"].([]any)) != 1 || c["attributes"] == nil || c["form_fields"] == nil {
		t.Errorf("include: %s", a.raw)
	}

	// An account without channel_ids is global: answers leave them out.
	a = r.want(200, "POST", "/v3/customers", `[{"email":"bob@example.com","first_name":"Bob","last_name":"Brown"}]`)
	if v, ok := a.data()[0]["channel_ids"]; ok {
		t.Errorf("channel_ids of a global account: %v", v)
	}

	// What a PUT does not name stays; read-only fields are ignored.
	a = r.want(200, "PUT", "/v3/customers", `[{"id":1,"last_name":"Jones","origin_channel_id":77,"registration_ip_address":"1.2.3.4","date_created":"2020-01-01"},
		{"id":2,"channel_ids":[1],"authentication":{"new_password":"password1"}}]`)
	if c := a.data()[0]; c["first_name"] != "Jane" || c["last_name"] != "Jones" || c["origin_channel_id"] != 1. || c["registration_ip_address"] != "" ||
		c["company"] != "Acme" || a.data()[1]["channel_ids"].([]any)[0] != 1. {
		t.Errorf("PUT: %s", a.raw)
	}
	if _, ok := r.st.CheckPassword(1, "BOB@example.com", "password1"); !ok {
		t.Error("the new password does not work")
	}
	a = r.want(200, "PUT", "/v3/customers", `[{"id":2,"channel_ids":null,"customer_group_id":0}]`)
	if v := a.data()[0]["channel_ids"]; v != nil {
		t.Errorf("channel_ids: %v", v)
	}
	if group.ID != 1 {
		t.Errorf("group %d", group.ID)
	}

	r.want(204, "DELETE", "/v3/customers", nil) // changes nothing
	if n := len(r.st.Customers()); n != 2 {
		t.Fatalf("%d customers", n)
	}
	r.want(204, "DELETE", "/v3/customers?id:in=1,99", nil)
	if _, ok := r.st.CustomerByEmail("jane.smith@example.com"); ok || len(r.st.Customers()) != 1 {
		t.Error("not deleted")
	}
	// The address is free again, the id is not.
	a = r.want(200, "POST", "/v3/customers", `[{"email":"jane.smith@example.com","first_name":"J","last_name":"S"}]`)
	if a.data()[0]["id"] != 3. {
		t.Errorf("id %v", a.data()[0]["id"])
	}
}

func TestCustomerErrors(t *testing.T) {
	r := newRig(t, Options{})
	for _, email := range []string{"a@example.com", "b@example.com"} {
		if _, err := r.st.AddCustomer(CustomerSpec{Email: email}); err != nil {
			t.Fatal(err)
		}
	}
	const ok = `"first_name":"F","last_name":"L"`
	eleven := "[" + strings.TrimSuffix(strings.Repeat(`{},`, 11), ",") + "]"
	for name, c := range map[string]struct {
		status       int
		method, body string
		field, want  string // of the errors object
	}{
		"no JSON":         {400, "POST", `{`, "", ""},
		"object":          {422, "POST", `{}`, "obj", msgArray},
		"element":         {422, "POST", `[1]`, "obj", msgObject},
		"missing":         {422, "POST", `[{"email":"x@example.com"}]`, "0.first_name", msgMissing},
		"second":          {422, "POST", `[{"email":"x@example.com",` + ok + `},{"email":"y@example.com","first_name":"F"}]`, "1.last_name", msgMissing},
		"email form":      {422, "POST", `[{"email":"nobody",` + ok + `}]`, "0.email", "error.email"},
		"email long":      {422, "POST", `[{"email":"` + strings.Repeat("x", 240) + `@example.com",` + ok + `}]`, "0.email", msgMaxLen},
		"email type":      {422, "POST", `[{"email":1,` + ok + `}]`, "0.email", msgString},
		"name empty":      {422, "POST", `[{"email":"x@example.com","first_name":"","last_name":"L"}]`, "0.first_name", msgMinLen},
		"id":              {422, "POST", `[{"id":7,"email":"x@example.com",` + ok + `}]`, "0.id", "error.readonly"},
		"channels empty":  {422, "POST", `[{"email":"x@example.com","channel_ids":[],` + ok + `}]`, "0.channel_ids", "error.minItems"},
		"channels type":   {422, "POST", `[{"email":"x@example.com","channel_ids":["1"],` + ok + `}]`, "0.channel_ids", msgNumber},
		"password type":   {422, "POST", `[{"email":"x@example.com","authentication":{"new_password":1},` + ok + `}]`, "0.authentication.new_password", msgString},
		"reset type":      {422, "POST", `[{"email":"x@example.com","authentication":{"force_password_reset":1},` + ok + `}]`, "0.authentication.force_password_reset", msgBool},
		"credit":          {422, "POST", `[{"email":"x@example.com","store_credit_amounts":[{"amount":-1}],` + ok + `}]`, "0.store_credit_amounts.0.amount", msgMin},
		"address":         {422, "POST", `[{"email":"x@example.com","addresses":[{` + ok + `,"address1":"a","city":"c"}],` + ok + `}]`, "0.addresses.0.country_code", msgMissing},
		"country":         {422, "POST", `[{"email":"x@example.com","addresses":[{` + ok + `,"address1":"a","city":"c","country_code":"ZZ"}],` + ok + `}]`, "0.addresses.0.country_code", "error.invalid.country"},
		"taken":           {422, "POST", `[{"email":"A@Example.com",` + ok + `}]`, ".customer_create", "Error creating customers: email A@Example.com already in use"},
		"twice":           {422, "POST", `[{"email":"n@example.com",` + ok + `},{"email":"N@example.com",` + ok + `}]`, ".customer_create", "Error creating customers: email N@example.com already in use"},
		"empty":           {422, "POST", `[]`, "obj", "error.minItems"},
		"short password":  {422, "POST", `[{"email":"x@example.com","authentication":{"new_password":"abc123"},` + ok + `}]`, ".customer_create", "Error creating customers: " + msgWeakPassword},
		"only letters":    {422, "POST", `[{"email":"x@example.com","authentication":{"new_password":"abcdefgh"},` + ok + `}]`, ".customer_create", "Error creating customers: " + msgWeakPassword},
		"only digits":     {422, "POST", `[{"email":"x@example.com","authentication":{"new_password":"12345678"},` + ok + `}]`, ".customer_create", "Error creating customers: " + msgWeakPassword},
		"empty password":  {422, "POST", `[{"email":"x@example.com","authentication":{"new_password":""},` + ok + `}]`, "0.authentication.new_password", msgMinLen},
		"no state":        {422, "POST", `[{"email":"x@example.com","addresses":[{` + ok + `,"address1":"a","city":"c","country_code":"US","postal_code":"33333"}],` + ok + `}]`, "0.addresses.0.state_or_province", msgMissing},
		"no postal code":  {422, "POST", `[{"email":"x@example.com","addresses":[{` + ok + `,"address1":"a","city":"c","country_code":"US","state_or_province":"Ohio","postal_code":" "}],` + ok + `}]`, "0.addresses.0.postal_code", msgMissing},
		"group":           {422, "POST", `[{"email":"x@example.com","customer_group_id":9,` + ok + `}]`, ".customer_create", "Error creating customers"},
		"origin":          {422, "POST", `[{"email":"x@example.com","origin_channel_id":9,` + ok + `}]`, ".customer_create", "Error creating customers"},
		"channel":         {422, "POST", `[{"email":"x@example.com","channel_ids":[1,9],` + ok + `}]`, ".customer_create", "Error creating customers"},
		"eleven":          {413, "POST", eleven, "", ""},
		"attributes":      {501, "POST", `[{"attributes":[{"attribute_id":1,"attribute_value":"x"}]}]`, "", ""},
		"PUT no id":       {422, "PUT", `[{"id":1},{"first_name":"x"}]`, "id", msgMissing},
		"PUT id of text":  {422, "PUT", `[{"id":"1"}]`, "0.id", msgNumber},
		"PUT unknown id":  {422, "PUT", `[{"id":9}]`, "0.id", "invalid customer ID"},
		"PUT twice":       {422, "PUT", `[{"id":1},{"id":1}]`, "1.id", "invalid customer ID"},
		"PUT empty":       {422, "PUT", `[]`, "obj", "error.minItems"},
		"PUT password":    {422, "PUT", `[{"id":1,"authentication":{"new_password":"pw1"}}]`, ".customer_update", "Error updating customers: " + msgWeakPassword},
		"PUT taken":       {422, "PUT", `[{"id":1,"email":"B@example.com"}]`, ".customer_update", "Error updating customers: email B@example.com already in use"},
		"PUT empty email": {422, "PUT", `[{"id":1,"email":""}]`, "0.email", msgMinLen},
		"PUT eleven":      {413, "PUT", eleven, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := r.do(c.method, "/v3/customers", c.body)
			if a.status != c.status || c.field != "" && a.errorsOf()[c.field] != c.want {
				t.Errorf("%d %s", a.status, a.raw)
			}
		})
	}
	if title := r.do("POST", "/v3/customers", `[{"email":"a@example.com",`+ok+`}]`).json["title"]; title != "Create customers failed." {
		t.Errorf("title %v", title)
	}
	if n := len(r.st.Customers()); n != 2 {
		t.Errorf("%d customers: a refused batch left something", n)
	}
	for query, part := range map[string]string{"id:in=hello": "hello", "id:in=1,2x": "2x", "customer_group_id:in=a": "a", "id:in=": ""} {
		a := r.want(422, "GET", "/v3/customers?"+query, nil)
		name, _, _ := strings.Cut(query, "=")
		want := fmt.Sprintf(`Query parameter %q value may contain only integer values. For input string: %q.`, name, part)
		if a.json["title"] != want || a.errorsOf() == nil || len(a.errorsOf()) != 0 {
			t.Errorf("%s: %s", query, a.raw)
		}
	}
	r.want(422, "DELETE", "/v3/customers?id:in=x", nil)
	r.want(422, "DELETE", "/v3/customers?email:in=a@example.com", nil)
}

func TestCustomerFilters(t *testing.T) {
	now := time.Date(2026, 5, 14, 9, 0, 0, 0, time.UTC)
	r := newRig(t, Options{Now: func() time.Time { return now }})
	if _, err := r.st.AddCustomerGroup("G"); err != nil {
		t.Fatal(err)
	}
	for i, s := range []CustomerSpec{
		{Email: "ada@x.example", FirstName: "Ada", LastName: "Lovelace", Company: "Engines", GroupID: 1},
		{Email: "bob@x.example", FirstName: "Bob", LastName: "Brown", Company: "Acme"},
		{Email: "cyd@x.example", FirstName: "Cyd", LastName: "Adams", RegistrationIP: "192.0.2.7"},
	} {
		now = now.Add(24 * time.Hour * time.Duration(i))
		if _, err := r.st.AddCustomer(s); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string]string{
		"":                                     "ada bob cyd",
		"id:in=1,3,8":                          "ada cyd",
		"email:in=BOB@x.example,cyd@x.example": "bob cyd",
		"email:in=b":                           "",
		"customer_group_id:in=1":               "ada",
		"customer_group_id:in=0":               "bob cyd",
		"name:in=ada+lovelace,Bob":             "ada",
		"name:like=AD,own":                     "ada bob cyd",
		"name:like=b+b":                        "bob",
		"company:in=acme":                      "bob",
		"registration_ip_address:in=192.0.2.7": "cyd",
		"date_created=2026-05-14":              "ada",
		"date_created=2026-05-15T09:00:00":     "bob",
		"date_created=2026-05-15T08:00:00":     "",
		"date_created:min=2026-05-15":          "bob cyd",
		"date_modified:max=2026-05-15":         "ada",
		"sort=last_name:asc":                   "cyd bob ada",
		"sort=date_created:desc":               "cyd bob ada",
		"limit=2&page=2":                       "cyd",
		"limit=1&sort=last_name:desc":          "ada",
	} {
		got := strings.ReplaceAll(emailsOf(r.want(200, "GET", "/v3/customers?"+query, nil)), "@x.example", "")
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for _, bad := range []string{"id=1", "email=a", "sort=email:asc", "include=orders", "id:in=a", "limit=251", "limit=x", "page=0", "date_created=soon",
		"after=%25", "after=e30", "before=eyJpZCI6Mn0&after=eyJpZCI6Mn0"} {
		r.want(422, "GET", "/v3/customers?"+bad, nil)
	}
}

func TestCustomerCursors(t *testing.T) {
	r := newRig(t, Options{})
	for i := range 7 {
		if _, err := r.st.AddCustomer(CustomerSpec{Email: fmt.Sprintf("c%d@x.example", i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	cursorOf := func(a *answer) map[string]any {
		meta, _ := a.json["meta"].(map[string]any)
		c, _ := meta["cursor_pagination"].(map[string]any)
		return c
	}
	a := r.want(200, "GET", "/v3/customers?limit=3&name:like=c", nil)
	if a.total() != 7 || cursorOf(a) == nil {
		t.Fatalf("the first page has both: %s", a.raw)
	}
	if two := r.want(200, "GET", "/v3/customers?limit=3&page=2", nil); cursorOf(two) != nil || two.total() != 7 {
		t.Errorf("the second page has pages only: %s", two.raw)
	}
	var seen []string
	for {
		seen = append(seen, emailsOf(a))
		next, _ := cursorOf(a)["links"].(map[string]any)["next"].(string)
		if next == "" {
			break
		}
		q, err := url.ParseQuery(strings.TrimPrefix(next, "?"))
		if err != nil || q.Get("after") != cursorOf(a)["end_cursor"] || q.Get("name:like") != "c" {
			t.Fatalf("link %s, %v", next, err)
		}
		a = r.want(200, "GET", "/v3/customers"+next, nil)
		if a.json["meta"].(map[string]any)["pagination"] != nil {
			t.Error("pagination beside a cursor")
		}
	}
	if got := strings.ReplaceAll(strings.Join(seen, "|"), "@x.example", ""); got != "c1 c2 c3|c4 c5 c6|c7" {
		t.Errorf("walked %s", got)
	}
	back := r.want(200, "GET", "/v3/customers"+cursorOf(a)["links"].(map[string]any)["previous"].(string), nil)
	if got := strings.ReplaceAll(emailsOf(back), "@x.example", ""); got != "c4 c5 c6" {
		t.Errorf("back: %s", got)
	}
	// The customer that a cursor names may be gone.
	r.want(204, "DELETE", "/v3/customers?id:in=4", nil)
	if got := emailsOf(r.want(200, "GET", "/v3/customers?limit=2&after=eyJpZCI6NH0%3D", nil)); got != "c5@x.example c6@x.example" {
		t.Errorf("after a deleted one: %s", got)
	}
}

func TestCustomerScopes(t *testing.T) {
	r := newRig(t, Options{})
	readOnly, login, none := r.st.Token("store_v2_customers_read_only"), r.st.Token("store_v2_customers_login"), r.st.Token("store_v2_products")
	for _, c := range []struct {
		token, method, path string
		status              int
	}{
		{readOnly, "GET", "/v3/customers", 200}, {readOnly, "POST", "/v3/customers", 403}, {readOnly, "PUT", "/v3/customers", 403},
		{readOnly, "DELETE", "/v3/customers?id:in=1", 403}, {readOnly, "GET", "/v2/customer_groups", 204}, {readOnly, "POST", "/v2/customer_groups", 403},
		{login, "GET", "/v3/customers", 403}, {none, "GET", "/v3/customers", 403}, {none, "GET", "/v2/customer_groups", 403},
	} {
		r.token = c.token
		var body any
		if c.method == "POST" || c.method == "PUT" {
			body = `[{}]`
		}
		a := r.want(c.status, c.method, c.path, body)
		if c.status == 403 && !strings.Contains(a.raw, "You don't have a required scope to access the endpoint") {
			t.Errorf("%s %s: %s", c.method, c.path, a.raw)
		}
	}
}

// Three customer writes of a store may run at a time.
func TestCustomerConcurrency(t *testing.T) {
	r := newRig(t, Options{})
	for range 3 {
		if !r.st.enter("/v3/customers", 3) {
			t.Fatal("no place")
		}
	}
	r.want(429, "PUT", "/v3/customers", `[]`)
	r.want(200, "GET", "/v3/customers", nil)
	r.st.leave("/v3/customers")
	r.want(422, "PUT", "/v3/customers", `[]`)
}

func TestSigningIn(t *testing.T) {
	r := newRig(t, Options{})
	other, err := r.st.AddChannel(ChannelSpec{Name: "Second", URL: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	add := func(email string, channels ...int64) int64 {
		c, err := r.st.AddCustomer(CustomerSpec{Email: email, Password: "right", ChannelIDs: channels})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	global, second := add("global@x.example"), add("second@x.example", other.ID)
	if _, err := r.st.AddCustomer(CustomerSpec{Email: "none@x.example"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		channel      int64
		email, pw    string
		ok           bool
		customerByID int64
	}{
		{1, "Global@X.example", "right", true, global}, {1, "global@x.example", "wrong", false, 0}, {1, "global@x.example", "", false, 0},
		{other.ID, "global@x.example", "right", false, 0}, // global logins are on for the default storefront only
		{other.ID, "second@x.example", "right", true, second}, {1, "second@x.example", "right", false, 0},
		{1, "none@x.example", "", false, 0}, {1, "nobody@x.example", "right", false, 0}, {99, "global@x.example", "right", false, 0},
	} {
		got, ok := r.st.CheckPassword(c.channel, c.email, c.pw)
		if ok != c.ok || got.ID != c.customerByID {
			t.Errorf("%d %s %q: %v, %v", c.channel, c.email, c.pw, got.ID, ok)
		}
	}
	if err := r.st.SetGlobalLogins(other.ID, true); err != nil {
		t.Fatal(err)
	}
	if !r.st.MaySignIn(global, other.ID) || r.st.MaySignIn(second, 1) || r.st.MaySignIn(99, 1) {
		t.Error("MaySignIn")
	}
	if err := r.st.SetChannelStatus(other.ID, "deleted"); err != nil {
		t.Fatal(err)
	}
	if r.st.MaySignIn(global, other.ID) {
		t.Error("a deleted channel lets shoppers in")
	}
	r.want(200, "PUT", "/v3/customers", `[{"id":1,"authentication":{"force_password_reset":true}}]`)
	if c, ok := r.st.CheckPassword(1, "global@x.example", "right"); !ok || !c.ForcePasswordReset {
		t.Error("force_password_reset is not seen")
	}
	if err := r.st.SetPassword(1, "new"); err != nil {
		t.Fatal(err)
	}
	if c, ok := r.st.CheckPassword(1, "global@x.example", "new"); !ok || c.ForcePasswordReset {
		t.Error("the reset did not end")
	}
}

func TestCustomerSettingsAndCredentials(t *testing.T) {
	r := newRig(t, Options{})
	ch, err := r.st.AddChannel(ChannelSpec{Name: "Two", Platform: "next", URL: platformSite})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.st.AddCustomer(CustomerSpec{Email: "a@x.example", Password: "pw"}); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/v3/customers/settings/channels/%d", ch.ID)
	login := func(channel int64, password string) string {
		return r.want(200, "POST", "/v3/customers/validate-credentials", map[string]any{"email": "A@x.example", "password": password, "channel_id": channel}).raw
	}
	const yes, no = `{"customer_id":1,"is_valid":true}`, `{"customer_id":null,"is_valid":false}`
	if a := r.want(200, "GET", path, nil).one(); a["allow_global_logins"] != false {
		t.Errorf("%v", a)
	}
	if a := r.want(200, "GET", "/v3/customers/settings/channels/1", nil).one(); a["allow_global_logins"] != true {
		t.Errorf("%v", a)
	}
	if login(ch.ID, "pw") != no || login(1, "pw") != yes || login(1, "x") != no {
		t.Error("credentials")
	}
	if a := r.want(200, "POST", "/v3/customers/validate-credentials", `{"email":"a@x.example","password":"pw"}`); a.raw != yes {
		t.Errorf("without a channel: %s", a.raw)
	}
	if a := r.want(200, "PUT", path, `{"allow_global_logins":true,"privacy_settings":{"policy_url":null}}`).one(); a["allow_global_logins"] != true {
		t.Errorf("%v", a)
	}
	if login(ch.ID, "pw") != yes {
		t.Error("a global account may not sign in")
	}
	r.want(200, "PUT", path, `{}`)
	if got, _ := r.st.Channel(ch.ID); !got.GlobalLogins {
		t.Error("an empty PUT changed something")
	}
	r.want(422, "PUT", path, `{"allow_global_logins":1}`)
	r.want(501, "PUT", path, `{"privacy_settings":{"policy_url":"https://x.example"}}`)
	r.want(404, "GET", "/v3/customers/settings/channels/9", nil)
	r.want(404, "PUT", "/v3/customers/settings/channels/9", `{}`)
	if a := r.want(422, "POST", "/v3/customers/validate-credentials", `{"email":"a"}`); a.errorsOf()["password"] != msgMissing {
		t.Errorf("%s", a.raw)
	}
	r.token = r.st.Token("store_v2_customers_read_only")
	r.want(403, "PUT", path, `{}`)
	r.want(403, "POST", "/v3/customers/validate-credentials", `{}`)
}

func TestCustomerGroups(t *testing.T) {
	r := newRig(t, Options{})
	if a := r.want(204, "GET", "/v2/customer_groups", nil); a.raw != "" {
		t.Errorf("body %q", a.raw)
	}
	a := r.want(200, "POST", "/v2/customer_groups", `{"name":"Wholesale","is_default":true}`)
	if a.json["id"] != 1. || a.json["is_default"] != true || a.json["is_group_for_guests"] != false || cmp.Diff(map[string]any{"type": "all"}, a.json["category_access"]) != "" {
		t.Errorf("%s", a.raw)
	}
	if _, err := time.Parse(time.DateTime, fmt.Sprint(a.json["date_created"])); err != nil {
		t.Error(err)
	}
	r.want(200, "POST", "/v2/customer_groups", `{"name":"Retail","category_access":{"type":"specific","categories":[23]},"discount_rules":[
		{"type":"all","method":"percent","amount":"5.0000"},{"type":"category","method":"fixed","amount":3,"category_id":2}]}`)
	if a := r.want(200, "GET", "/v2/customer_groups/2", nil); !strings.Contains(a.raw, `"amount":"5.0000"`) || !strings.Contains(a.raw, `"amount":"3.0000"`) {
		t.Errorf("amounts are text of four decimals: %s", a.raw)
	}
	if c := r.want(200, "POST", "/v3/customers", `[{"email":"a@x.example","first_name":"A","last_name":"B"}]`).data()[0]; c["customer_group_id"] != 1. {
		t.Errorf("a new customer is in group %v, not in the default one", c["customer_group_id"])
	}
	if c := r.want(200, "POST", "/v3/customers", `[{"email":"b@x.example","first_name":"A","last_name":"B","customer_group_id":0}]`).data()[0]; c["customer_group_id"] != 0. {
		t.Errorf("group %v", c["customer_group_id"])
	}
	names := func(query string) string {
		var out []string
		for _, g := range r.want(200, "GET", "/v2/customer_groups"+query, nil).array(t) {
			out = append(out, fmt.Sprint(g["name"]))
		}
		return strings.Join(out, " ")
	}
	for query, want := range map[string]string{"": "Wholesale Retail", "?name=Retail": "Retail", "?name:like=SALE": "Wholesale",
		"?is_default=true": "Wholesale", "?is_default=false": "Retail", "?limit=1&page=2": "Retail", "?date_created:min=2020-01-01": "Wholesale Retail"} {
		if got := names(query); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	r.want(204, "GET", "/v2/customer_groups?name=retail", nil)
	// One default at most.
	r.want(200, "PUT", "/v2/customer_groups/2", `{"is_default":true,"name":"Trade"}`)
	if got := names("?is_default=true"); got != "Trade" {
		t.Errorf("default: %s", got)
	}
	if n := r.want(200, "GET", "/v2/customer_groups/count", nil).json["count"]; n != 2. {
		t.Errorf("count %v", n)
	}
	for _, c := range []struct {
		status             int
		method, path, body string
		message            string
	}{
		{400, "POST", "", `{}`, "The required field 'name' was not supplied."}, {400, "POST", "", `[]`, "The request body is not a JSON object."},
		{400, "POST", "", `{"name":1}`, "The field 'name' is invalid."}, {400, "POST", "", `{"name":"x","category_access":{"type":"some"}}`, "The field 'category_access.type' is invalid."},
		{400, "POST", "", `{"name":"x","category_access":{"type":"all","categories":[1]}}`, "The field 'category_access.categories' is invalid."},
		{400, "POST", "", `{"name":"x","discount_rules":[{"type":"product","method":"fixed","amount":1}]}`, "The field 'discount_rules.0.product_id' is invalid."},
		{400, "POST", "", `{"name":"x","discount_rules":[{"type":"all","method":"fixed","amount":"a"}]}`, "The field 'discount_rules.0.amount' is invalid."},
		{400, "POST", "", `{"name":"x","discount_rules":[{"type":"price_list","price_list_id":1},{"type":"all","method":"fixed","amount":1}]}`, "The field 'discount_rules.0.type' is invalid."},
		{409, "POST", "", `{"name":"wholesale"}`, "a group with this name exists already"}, {400, "GET", "?color=red", "", "The field 'color' is invalid."},
		{404, "GET", "/99", "", "The requested resource was not found."}, {404, "PUT", "/99", `{"name":"x"}`, "The requested resource was not found."},
		{404, "DELETE", "/99", "", "The requested resource was not found."},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		a := r.want(c.status, c.method, "/v2/customer_groups"+c.path, body)
		if e := a.array(t); len(e) != 1 || e[0]["status"] != float64(c.status) || e[0]["message"] != c.message {
			t.Errorf("%s %s %s: %s", c.method, c.path, c.body, a.raw)
		}
	}
	r.want(204, "DELETE", "/v2/customer_groups/1", nil)
	if c, _ := r.st.Customer(1); c.GroupID != 0 {
		t.Errorf("still in group %d", c.GroupID)
	}
	if a := r.want(http.StatusOK, "GET", "/v2/customer_groups/2", nil); a.json["name"] != "Trade" {
		t.Errorf("%s", a.raw)
	}
}
