package customer

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

func TestAcceptedRequests(t *testing.T) {
	f := newFixture(t)
	good := token(t, storeA, 5)
	const path = "/storefront/" + storeA + "/current-customer"
	ago := func(d time.Duration) int64 { return began.Add(-d).Unix() }
	signed := func(method jwt.SigningMethod, change func(jwt.MapClaims)) string {
		return sign(t, method, claimsOf(storeA, 5, change), nil)
	}
	for name, test := range map[string]struct {
		body, kind string
		group      string
	}{
		"text":                   {good, "text/plain", "6"},
		"text as browsers write": {good, "text/plain;charset=UTF-8", "6"},
		"a line end after it":    {good + "\r\n", "text/plain; charset=utf-8", "6"},
		"JSON":                   {`{"token":"` + good + `"}`, "application/json", "6"},
		"JSON with spaces":       {" { \"token\" : \"" + good + "\" } \n", "Application/JSON; charset=UTF-8", "6"},
		"HS384":                  {signed(jwt.SigningMethodHS384, nil), "text/plain", "6"},
		"HS256":                  {signed(jwt.SigningMethodHS256, nil), "text/plain", "6"},
		"just expired":           {signed(jwt.SigningMethodHS256, func(c jwt.MapClaims) { c["iat"], c["exp"] = ago(15*time.Minute), ago(leeway-time.Second) }), "text/plain", "6"},
		"a clock ahead of ours":  {signed(jwt.SigningMethodHS256, with("iat", ago(-leeway))), "text/plain", "6"},
		"times with fractions":   {signed(jwt.SigningMethodHS256, with("exp", float64(ago(-time.Minute))+0.5)), "text/plain", "6"},
		"another version":        {signed(jwt.SigningMethodHS256, with("version", 2)), "text/plain", "6"},
		"an application_id as real stores send it":   {signed(jwt.SigningMethodHS512, with("application_id", testClient)), "text/plain", "6"},
		"an application_id as the documents have it": {signed(jwt.SigningMethodHS512, with("application_id", "6sv16tasdgr2b5hs5dd67g2srvq")), "text/plain", "6"},
		"no application_id":                          {signed(jwt.SigningMethodHS512, with("application_id", nil)), "text/plain", "6"},
		"no group":                                   {signed(jwt.SigningMethodHS256, customerIs(map[string]any{"id": 5, "email": "john.doe@example.com"})), "text/plain", ""},
		"group null":                                 {signed(jwt.SigningMethodHS256, customerIs(map[string]any{"id": 5, "email": "john.doe@example.com", "group_id": nil})), "text/plain", ""},
		"group a number":                             {signed(jwt.SigningMethodHS256, customerIs(map[string]any{"id": 5, "email": "john.doe@example.com", "group_id": 6})), "text/plain", "6"},
	} {
		for _, origin := range []string{originA, ""} { // a page's request, and a server's
			header := map[string]string{"Content-Type": test.kind}
			if origin != "" {
				header["Origin"] = origin
			}
			w := f.do(request{http.MethodPost, path, test.body, header})
			if w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
				continue
			}
			h := w.Header()
			if h.Get("Access-Control-Allow-Origin") != origin || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" ||
				h.Get("Cache-Control") != "no-store" || h.Get("Set-Cookie") != "" || h.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("%s: headers %v", name, h)
			}
			got := decode[current](t, w)
			want := current{
				Customer: Shopper{ID: 5, Email: "john.doe@example.com", GroupID: test.group}, StoreHash: storeA,
				ExpiresAt: began.Add(15 * time.Minute), Account: testApp + "/storefront/" + storeA + "/account",
				Session: got.Session,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			if who, err := f.service.sessions.read(got.Session, storeA); err != nil || who.ID != 5 {
				t.Errorf("%s: the session is %+v, %v", name, who, err)
			}
		}
	}
}

// TestTheAnswersForm is what clients were promised, by name.
func TestTheAnswersForm(t *testing.T) {
	f := newFixture(t)
	var got map[string]any
	f.must(json.Unmarshal(f.verify(storeA, originA, token(t, storeA, 5)).Body.Bytes(), &got))
	if session, ok := got["session"].(string); !ok || session == "" {
		t.Errorf("session %v", got["session"])
	}
	delete(got, "session")
	want := map[string]any{
		"customer":   map[string]any{"id": 5.0, "email": "john.doe@example.com", "group_id": "6"},
		"store_hash": storeA, "expires_at": "2026-11-25T12:15:00Z", "account": testApp + "/storefront/" + storeA + "/account",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPreflight(t *testing.T) {
	f := newFixture(t)
	for path, method := range map[string]string{"/current-customer": "POST", "/account": "GET"} {
		w := f.do(request{http.MethodOptions, "/storefront/" + storeA + path, "", map[string]string{
			"Origin": originA, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization",
		}})
		h := w.Header()
		if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != originA || h.Get("Access-Control-Allow-Methods") != method ||
			h.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type" || h.Get("Access-Control-Max-Age") != "7200" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
	}
	if w := f.do(request{http.MethodDelete, "/storefront/" + storeA + "/account", "", nil}); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", w.Code)
	}
}

// account asks for the card of a session.
func (f *fixture) account(store, origin, session, language string) card {
	f.t.Helper()
	w := f.do(request{http.MethodGet, "/storefront/" + store + "/account", "", map[string]string{
		"Authorization": "Bearer " + session, "Origin": origin, "Accept-Language": language,
	}})
	if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != origin || w.Header().Get("Cache-Control") != "no-store" {
		f.t.Fatalf("%d %s %v", w.Code, w.Body, w.Header())
	}
	return decode[card](f.t, w)
}

func TestTheCardHasTheChosenFieldsOnly(t *testing.T) {
	f := newFixture(t)
	ctx := f.ctx(storeA)
	session := f.session(storeA, 5).Session
	if got := f.account(storeA, originA, session, ""); got.UpdatedAt != nil || len(got.Fields) != 0 || got.Fields == nil {
		t.Errorf("without an account: %+v", got)
	}
	f.must(f.db.PutAccounts(ctx, []tenants.Account{{ExternalID: "D-1", CustomerID: 5, Fields: map[string]string{
		"terms": "Net 30", "limit": "12500.5", "secret_score": "C-", "discount": "12.5", "due": "2026-12-01T00:00:00Z", "empty": "",
	}}}))
	if got := f.account(storeA, originA, session, ""); len(got.Fields) != 0 || got.UpdatedAt == nil {
		t.Errorf("before the merchant chose: %+v", got)
	}
	f.must(f.db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "functional", CardFields: []tenants.CardField{
		{Key: "limit", Label: "Credit limit", Format: "money"}, {Key: "terms", Label: "Terms", Format: "text"}, {Key: "empty", Label: "E", Format: "text"},
		{Key: "absent", Label: "A", Format: "text"}, {Key: "discount", Label: "Discount", Format: "percent"}, {Key: "due", Label: "Due", Format: "date"},
	}}))
	want := []tenants.CardValue{
		{Key: "limit", Label: "Credit limit", Format: "money", Value: "€ 12.500,50"}, {Key: "terms", Label: "Terms", Format: "text", Value: "Net 30"},
		{Key: "discount", Label: "Discount", Format: "percent", Value: "12,5\u00a0%"}, {Key: "due", Label: "Due", Format: "date", Value: "2026-12-01"},
	}
	if diff := cmp.Diff(want, f.account(storeA, originA, session, "de-DE,de;q=0.9").Fields); diff != "" {
		t.Error(diff)
	}
}

func TestFormatCard(t *testing.T) {
	for _, test := range []struct{ format, value, language, want string }{
		{"number", "1234567.891", "", "1,234,567.891"},
		{"number", "-5", "fr", "-5"},
		{"number", "1.5e3", "", "1,500"},
		{"number", "123456789012345678", "", "123456789012345678"}, // an identifier, too long to count with
		{"number", "1e99", "", "1e99"},
		{"number", "0x10", "", "0x10"},
		{"number", "NaN", "", "NaN"},
		{"number", "on request", "", "on request"},
		{"money", "12500.5", "", "€ 12,500.50"},
		{"money", "-0.005", "", "€ -0.01"},
		{"money", "EUR 5", "", "EUR 5"},
		{"percent", "12.5", "", "12.5%"},
		{"percent", "100", "", "100%"},
		{"date", "2026-12-01", "de", "2026-12-01"},
		{"date", "2026-12-01 10:00:00", "", "2026-12-01"},
		{"date", "01/12/2026", "", "01/12/2026"},
		{"text", " 007 ", "", " 007 "},
		{"money", "5", "not a language!", "€ 5.00"},
		{"money", "5", strings.Repeat("de-DE,", 1000), "€ 5,00"},
	} {
		got := FormatCard([]tenants.CardValue{{Key: "k", Format: test.format, Value: test.value}}, "EUR", test.language)
		if got[0].Value != test.want {
			t.Errorf("%s %q in %.20q: %q, want %q", test.format, test.value, test.language, got[0].Value, test.want)
		}
	}
	if got := FormatCard([]tenants.CardValue{{Format: "money", Value: "5"}}, "", ""); got[0].Value != "5.00" {
		t.Errorf("money of an unknown currency: %q", got[0].Value)
	}
}

// TestStoresWithTheSameShopper: the same e-mail and the same customer id in two stores are two
// people.
func TestStoresWithTheSameShopper(t *testing.T) {
	f := newFixture(t)
	const email = "john.doe@example.com" // the e-mail of every test token
	for _, store := range []string{storeA, storeB} {
		ctx := f.ctx(store)
		f.must(f.db.PutStorefrontSettings(ctx, tenants.StorefrontSettings{ConsentCategory: "functional", CardFields: []tenants.CardField{{Key: "of", Label: "Of", Format: "text"}}}))
		f.must(f.db.PutAccounts(ctx, []tenants.Account{
			{ExternalID: "id", CustomerID: 5, Email: email, Fields: map[string]string{"of": store + " by id"}},
			{ExternalID: "mail", Email: email, Fields: map[string]string{"of": store + " by e-mail"}},
		}))
	}
	// Customer 7 of store A, and of store A only, has signed in with a provider that verified the
	// e-mail.
	f.must(f.db.Scoped(f.ctx(storeA)).Create(&tenants.SubjectLink{Issuer: "https://idp.example", Subject: "s", CustomerID: 7, Email: email, Secured: true}).Error)
	for _, test := range []struct {
		store, origin string
		customer      int64
		want          string
	}{
		{storeA, originA, 5, storeA + " by id"},
		{storeB, originB, 5, storeB + " by id"},
		{storeA, originA, 7, storeA + " by e-mail"},
		{storeB, originB, 7, ""},
		{storeA, originA, 8, ""},
	} {
		got := ""
		if fields := f.account(test.store, test.origin, f.session(test.store, test.customer).Session, "").Fields; len(fields) > 0 {
			got = fields[0].Value
		}
		if got != test.want {
			t.Errorf("customer %d of %s sees %q, want %q", test.customer, test.store, got, test.want)
		}
	}
	// Neither a token nor a session of one store opens the other, from whichever page.
	for _, origin := range []string{originA, originB} {
		code := problem.WrongStore
		if origin == originA {
			code = problem.OriginRefused
		}
		refused(t, f.verify(storeB, origin, token(t, storeA, 5)), code)
		w := f.do(request{http.MethodGet, "/storefront/" + storeB + "/account", "", map[string]string{"Authorization": "Bearer " + f.session(storeA, 5).Session, "Origin": origin}})
		refused(t, w, code)
	}
}

func TestASessionEnds(t *testing.T) {
	f := newFixture(t)
	session := f.session(storeA, 5)
	f.now = session.ExpiresAt.Add(-time.Second)
	f.account(storeA, originA, session.Session, "")
	f.now = session.ExpiresAt
	refused(t, f.do(request{http.MethodGet, "/storefront/" + storeA + "/account", "", map[string]string{"Authorization": "Bearer " + session.Session}}), problem.TokenExpired)
}

func TestTooOften(t *testing.T) {
	f := newFixture(t)
	good := token(t, storeA, 5)
	n := 0
	for ; f.verify(storeA, originA, good).Code == http.StatusOK; n++ {
		if n > perAddress.Burst {
			break
		}
	}
	if n != perAddress.Burst {
		t.Fatalf("%d requests, want %d", n, perAddress.Burst)
	}
	w := f.verify(storeA, originA, good)
	refused(t, w, problem.RateLimited)
	// The page may read the answer, and when to come back.
	h := w.Header()
	if h.Get("Retry-After") != "1" || h.Get("Access-Control-Allow-Origin") != originA || h.Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("headers %v", h)
	}
	if w := f.verify(storeB, originB, token(t, storeB, 5)); w.Code != http.StatusOK {
		t.Errorf("the other store pays for it: %d", w.Code)
	}
	f.now = f.now.Add(time.Second)
	if w := f.verify(storeA, originA, good); w.Code != http.StatusOK {
		t.Errorf("later: %d %s", w.Code, w.Body)
	}
	for path, limit := range map[string]*ratelimit.Limit{"/storefront/nobody/account": strangers, "/storefront/" + storeA + "/sluice.js": scriptsPerAddress} {
		n := 0
		for ; f.do(request{http.MethodGet, path, "", nil}).Code != http.StatusTooManyRequests && n <= limit.Burst; n++ {
			f.service.Forget("nobody")
		}
		if n != limit.Burst {
			t.Errorf("%s: %d requests, want %d", path, n, limit.Burst)
		}
	}
}

func TestWhatIsRememberedOfAStore(t *testing.T) {
	f := newFixture(t)
	good := token(t, storeA, 5)
	status := func(origin string) int { return f.verify(storeA, origin, good).Code }
	if status(originA) != 200 || status("https://new.example") != 403 {
		t.Fatal("not as set up")
	}
	// Another process changed the origins: noticed in time, and at once where it was said.
	f.must(f.db.ReplaceChannelOrigins(f.ctx(storeA), 1, []string{"https://new.example"}))
	if status(originA) != 200 {
		t.Error("the store was looked up for a request")
	}
	f.now = f.now.Add(storeFor)
	if status(originA) != 403 || status("https://new.example") != 200 {
		t.Error("new origins are not noticed")
	}
	f.must(f.db.MarkUninstalled(f.ctx(storeA), storeA, f.now.AddDate(0, 0, 30)))
	f.service.Forget(storeA)
	refused(t, f.verify(storeA, "https://new.example", good), problem.StoreNotInstalled)
	_, err := f.db.UpsertInstalledStore(f.ctx(storeA), tenants.Install{StoreHash: storeA, AccessToken: "t", Origin: tenants.OriginMarketplace})
	f.must(err)
	f.service.Forget(storeA)
	if status("https://new.example") != 200 {
		t.Error("a reinstall is not noticed")
	}
}

// TestWithoutTheDatabase: shoppers of stores that are known go on being verified.
func TestWithoutTheDatabase(t *testing.T) {
	f := newFixture(t)
	good := token(t, storeA, 5)
	if w := f.verify(storeA, originA, good); w.Code != 200 {
		t.Fatal(w.Code)
	}
	pool, err := f.db.AcrossStores(t.Context()).DB()
	f.must(err)
	f.must(pool.Close())
	f.now = f.now.Add(storeFor + time.Second)
	if w := f.verify(storeA, originA, good); w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	refused(t, f.verify(storeB, originB, token(t, storeB, 5)), problem.Unavailable)
	f.now = f.now.Add(storeForWithout)
	refused(t, f.verify(storeA, originA, sign(t, jwt.SigningMethodHS256, claimsOf(storeA, 5, with("exp", f.now.Add(time.Minute).Unix())), nil)), problem.Unavailable)
}
