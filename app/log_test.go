package main

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/auth"
	"sluice/internal/sandbox"
	"sluice/internal/sandbox/idp"
	"sluice/jobs"
	"sluice/tenants"
)

// forbidden is what no log line may have, whoever's it is: tokens of the platform, the provider and
// ours (all of them JWTs), signed payloads, API keys, Authorization headers, addresses that sign a
// shopper in.
var forbidden = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}|sluice_[A-Z2-7]{20,}|Bearer [^ "]+|Basic [A-Za-z0-9+/=]{8,}|/login/token/[^ "]+|signed_payload(_jwt)?=|[?&](code|state|nonce|id_token_hint)=`)

// wantQuiet looks for what is forbidden in a log.
func wantQuiet(t *testing.T, what string, log []byte) {
	t.Helper()
	for _, at := range forbidden.FindAllIndex(log, 5) {
		t.Errorf("%s has %q, after %q", what, log[at[0]:at[1]], log[max(0, at[0]-120):at[0]])
	}
}

// traffic is the browser's and the programs' side of a test: it lets requests through and keeps
// every secret that it sees in either direction.
type traffic struct {
	next http.RoundTripper

	mu   sync.Mutex
	seen map[string]string // what it is, by value
}

// secretQueries are the parameters whose values are secrets.
var (
	secretQueries = []string{"code", "state", "nonce", "code_challenge", "signed_payload", "signed_payload_jwt", "id_token_hint", "ticket"}
	jwtPattern    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
)

func (tr *traffic) note(what, value string) {
	if len(value) < 16 {
		return
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.seen[value] == "" { // its first name says most
		tr.seen[value] = what
	}
}

func (tr *traffic) noteText(what, text string) {
	for _, token := range jwtPattern.FindAllString(text, -1) {
		tr.note("JWT in "+what, token)
		tr.note("signature of a JWT in "+what, token[strings.LastIndexByte(token, '.')+1:])
	}
}

func (tr *traffic) noteURL(what string, u *url.URL) {
	for _, name := range secretQueries {
		for _, v := range u.Query()[name] {
			tr.note(name+" of "+what, v)
		}
	}
	tr.noteText(what, u.String())
}

// RoundTrip is part of http.RoundTripper.
func (tr *traffic) RoundTrip(r *http.Request) (*http.Response, error) {
	what := r.Method + " " + r.URL.Path
	if strings.Contains(what, "eyJ") {
		what = "a login address"
	}
	tr.noteURL(what, r.URL)
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		tr.note("Authorization of "+what, token)
	}
	for _, c := range r.Cookies() {
		tr.note("cookie "+c.Name, c.Value)
	}
	res, err := tr.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	for _, c := range res.Cookies() {
		tr.note("cookie "+c.Name, c.Value)
	}
	if to, err := res.Location(); err == nil {
		tr.noteURL("the answer of "+what, to)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	tr.noteText("the answer of "+what, string(body))
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, err
}

// eavesdropper is a house whose log is at debug level, as `sluice serve` writes it, and a store in
// it that has shoppers.
type eavesdropper struct {
	*shop
	logs     lockedBuffer
	traffic  *traffic
	shoppers *secretList
	front    sandbox.Storefront
	key      string // API key
}

// TestLogsTellNothing carries every flow out that has a secret in it, well and badly, and looks for
// each secret that went over a wire, for anything of their form, and for every shopper's address in
// the log.
func TestLogsTellNothing(t *testing.T) {
	t.Parallel()
	e := &eavesdropper{traffic: &traffic{next: http.DefaultTransport, seen: map[string]string{}}, shoppers: &secretList{}}
	scopes := []string{
		"store_v2_products", "store_v2_information_read_only", "store_v2_customers", "store_v2_customers_login", "store_channel_settings_read_only",
		"store_sites_read_only", "store_v2_content",
	}
	h := newHouse(t, houseOptions{log: newLogger(&e.logs, slog.LevelDebug), sandboxLog: slog.New(slog.DiscardHandler), scopes: scopes})
	e.shop = h.newShop(t)
	e.merchant.http.Transport = e.traffic
	e.do(e.store.SeedStorefronts())
	e.front = e.store.Storefronts()[0]

	e.panel()
	e.payloads()
	e.webhooks()
	e.feeds()
	e.accounts()
	e.customerLogin()
	e.singleSignOn()
	e.shopperAtThePage()
	e.store.InvalidateToken()
	e.do(e.merchant.open(t.Context()))
	second := e.accessToken()
	user := e.store.AddUser(sandbox.UserSpec{Email: "clerk@shop.example"})
	clerk, err := e.store.LoadURL(user.ID, sandbox.LoadOptions{})
	e.do(err)
	e.ask(http.StatusOK, http.MethodGet, clerk, "")
	e.do(e.store.RemoveUser(t.Context(), user.ID))
	e.do(e.store.Uninstall(t.Context()))
	e.do(h.sandbox.SettleHooks(t.Context()))

	for _, c := range e.store.Customers() {
		e.shoppers.add("shopper", c.Email)
	}
	for _, u := range idp.DefaultUsers() {
		if u.Email != "" {
			e.shoppers.add("person at the provider", u.Email)
		}
	}
	e.traffic.note("access token", second)
	e.traffic.note("client secret", h.cfg.ClientSecret)
	e.traffic.note("client secret at the provider", h.sandbox.IdentityProviderClient().Secret)
	_, key, _ := strings.Cut(h.cfg.EncryptionKeys, ":")
	e.traffic.note("encryption key", key)

	log := e.logs.bytes()
	secrets, kinds := &secretList{}, map[string]bool{}
	for value, what := range e.traffic.seen {
		secrets.add(what, value)
		kinds[strings.Fields(what)[0]] = true
	}
	for _, kind := range []string{"code", "state", "nonce", "JWT", "Authorization", "cookie", "signed_payload_jwt", "API", "feed's", "login", "access"} {
		if !kinds[kind] {
			t.Errorf("no secret of the kind %q was seen: was its flow carried out?", kind)
		}
	}
	if len(secrets.list) < 60 || len(e.shoppers.list) < 6 || bytes.Count(log, []byte(`"level":"DEBUG"`)) < 200 || !bytes.Contains(log, []byte(e.store.Hash)) {
		t.Errorf("%d secrets, %d shoppers, %d lines: that is not the whole of it", len(secrets.list), len(e.shoppers.list), bytes.Count(log, []byte("\n")))
	}
	secrets.wantNone(t, "the log", log)
	e.shoppers.wantNone(t, "the log", log)
	wantQuiet(t, "the log", log)
	for _, kind := range []string{"request", "page", "callback", "sign-in", "webhook"} {
		line := regexp.MustCompile(`.*"msg":"refused","kind":"` + kind + `".*`).Find(log)
		for _, name := range []string{`"level":"INFO"`, `"request_id":"`, `"address":"127.0.0.1"`, `"code":"`} {
			if !bytes.Contains(line, []byte(name)) {
				t.Errorf("the log of a refused %s has no %s: %s", kind, name, line)
			}
		}
	}
	t.Logf("%d secrets and %d addresses of shoppers, %d lines of log", len(secrets.list), len(e.shoppers.list), bytes.Count(log, []byte("\n")))
}

// browse follows redirects as a shopper's browser does, with cookies of its own, and returns the
// last answer's address, status and body.
func (e *eavesdropper) browse(jar http.CookieJar, req *http.Request) (*url.URL, int, string) {
	e.t.Helper()
	req.Header.Set("Accept", "text/html")
	res, err := (&http.Client{Transport: e.traffic, Jar: jar, Timeout: time.Minute}).Do(req)
	e.do(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	e.do(err)
	return res.Request.URL, res.StatusCode, string(body)
}

func (e *eavesdropper) request(method, address, body string, header ...string) *http.Request {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, address, strings.NewReader(body))
	e.do(err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// ask sends a request of a program and returns the answer, which must have a status.
func (e *eavesdropper) ask(want int, method, address, body string, header ...string) string {
	e.t.Helper()
	_, status, text := e.browse(nil, e.request(method, address, body, header...))
	if status != want {
		e.t.Fatalf("%s %s was answered %d, want %d: %s", method, address, status, want, text)
	}
	return text
}

func newJar() http.CookieJar {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it never fails
	}
	return jar
}

// panel reads everything that a merchant reads, and makes an API key.
func (e *eavesdropper) panel() {
	e.do(e.merchant.open(e.t.Context()))
	var made struct {
		Secret string `json:"secret"`
	}
	e.call(http.MethodPost, "/api-keys", map[string]any{"name": "ERP", "scopes": auth.KeyScopes()}, &made)
	e.key = made.Secret
	e.traffic.note("API key", e.key)
	for _, path := range []string{"/session", "/quota", "/flows", "/runs", "/users", "/api-keys", "/audit", "/storefront"} {
		e.call(http.MethodGet, path, nil, nil)
	}
	e.call(http.MethodPost, "/session/renew", map[string]any{}, nil)
	e.ask(http.StatusUnauthorized, http.MethodGet, e.house.app+"/api/v1/flows", "", "Authorization", "Bearer "+e.key+"X")
	e.ask(http.StatusUnauthorized, http.MethodGet, e.house.app+"/api/v1/flows", "", "Authorization", "Bearer "+e.store.SignPayload(map[string]any{"sub": "nobody"}))
}

// payloads opens the app with payloads that are refused, for each reason, and one code of nobody.
func (e *eavesdropper) payloads() {
	claims, err := e.store.Claims(0, sandbox.LoadOptions{})
	e.do(err)
	for name, value := range map[string]any{"exp": time.Now().Add(-time.Hour).Unix(), "aud": "someone-else", "sub": "stores/nobody", "iss": "me"} {
		wrong := map[string]any{}
		for k, v := range claims {
			wrong[k] = v
		}
		wrong[name] = value
		for _, path := range []string{"/load", "/uninstall", "/remove_user"} {
			if _, status, _ := e.browse(nil, e.request(http.MethodGet, e.house.app+path+"?signed_payload_jwt="+e.store.SignPayload(wrong), "")); status < 400 {
				e.t.Errorf("%s took a payload with a wrong %s", path, name)
			}
		}
	}
	if _, status, _ := e.browse(nil, e.request(http.MethodGet, e.house.app+"/auth?code=a-code-of-nobody-at-all&scope=x&context=stores/"+e.store.Hash, "")); status < 400 {
		e.t.Error("a code of nobody was taken")
	}
}

// webhooks delivers one that is signed and one that is forged, about somebody who is named in it.
func (e *eavesdropper) webhooks() {
	body := fmt.Sprintf(`{"scope":"store/product/deleted","producer":"stores/%s","created_at":1,"data":{"type":"product","id":77,"email":"hook.shopper@example.com"}}`, e.store.Hash)
	e.shoppers.add("shopper in a webhook", "hook.shopper@example.com")
	for secret, want := range map[string]int{e.house.cfg.ClientSecret: http.StatusOK, "a secret of somebody else": http.StatusUnauthorized} {
		signer, err := standardwebhooks.NewWebhookRaw([]byte(secret))
		e.do(err)
		at := time.Now()
		signature, err := signer.Sign("msg_logs", at, []byte(body))
		e.do(err)
		e.traffic.note("webhook's signature", strings.TrimPrefix(signature, "v1,"))
		e.ask(want, http.MethodPost, e.house.app+jobs.WebhookPath, body, standardwebhooks.HeaderWebhookID, "msg_logs",
			standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()), standardwebhooks.HeaderWebhookSignature, signature)
	}
}

// feeds reads a file behind a password, whose server repeats it when it is wrong, and one whose
// address has it.
func (e *eavesdropper) feeds() {
	const authorization = "Basic ZmVlZDpsZXQtbWUtaW4tcGxlYXNlLTIw"
	e.traffic.note("feed's password", strings.TrimPrefix(authorization, "Basic "))
	e.serve(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != authorization {
			http.Error(w, "need "+authorization, http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, feedHeader+"L-1,First,1.50,1\nL-2,feed.shopper@example.com,one,1\n")
	})
	e.shoppers.add("shopper in a feed", "feed.shopper@example.com")
	if r := e.run(); r.State != tenants.RunFailed {
		e.t.Fatalf("without the password the run is %s", r.State)
	}
	e.call(http.MethodPut, "/flows/"+e.flow.ID, map[string]any{
		"version": e.flow.Version, "name": e.flow.Name, "format": e.flow.Format, "mapping": e.flow.Mapping, "options": e.flow.Options,
		"source": map[string]string{"kind": "url", "url": e.address, "authorization": authorization},
	}, e.flow)
	if r := e.run(); r.State != tenants.RunDone || r.Created != 1 || r.Failed != 1 {
		e.t.Fatalf("%+v", r.Run)
	}
	e.serve(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not any more: "+authorization, http.StatusForbidden)
	})
	e.run()
}

// accounts has the ERP send accounts, one of which is wrong.
func (e *eavesdropper) accounts() {
	sam, ok := e.store.CustomerByEmail(idp.SharedEmail)
	if !ok {
		e.t.Fatal("no Sam")
	}
	answer := e.ask(http.StatusOK, http.MethodPut, e.house.app+"/api/v1/customer-accounts", fmt.Sprintf(
		`{"accounts":[{"external_id":"D-1","customer_id":%d,"email":"erp.shopper@example.com","fields":{"terms":"Net 30"}},{"external_id":"","email":"wrong.shopper@example.com","fields":{}}]}`,
		sam.ID), "Authorization", "Bearer "+e.key)
	if !strings.Contains(answer, `"saved":1`) || !strings.Contains(answer, `"index":1`) {
		e.t.Errorf("accounts: %s", answer)
	}
	e.shoppers.add("shopper of the ERP", "erp.shopper@example.com")
	e.shoppers.add("shopper that was refused", "wrong.shopper@example.com")
}

// customerLogin asks for login addresses and uses one, twice.
func (e *eavesdropper) customerLogin() {
	e.call(http.MethodPut, "/storefront", map[string]any{
		"card_fields": []tenants.CardField{{Key: "terms", Label: "Terms", Format: "text"}}, "consent_category": "functional", "allow_sign_in": true,
	}, nil)
	ask := func(want int, body string) string {
		return e.ask(want, http.MethodPost, e.house.app+"/api/v1/customer-login", body, "Authorization", "Bearer "+e.key)
	}
	answer := ask(http.StatusOK, `{"email":"`+idp.SharedEmail+`","redirect_to":"/cart.php"}`)
	match := regexp.MustCompile(`"login_url":"([^"]+)"`).FindStringSubmatch(answer)
	if match == nil {
		e.t.Fatalf("no login address in %s", answer)
	}
	e.traffic.note("login address", match[1])
	for range 2 {
		e.browse(newJar(), e.request(http.MethodGet, match[1], ""))
	}
	e.shoppers.add("shopper that there is not", "nobody.shopper@example.com")
	ask(http.StatusNotFound, `{"email":"nobody.shopper@example.com"}`)
	ask(http.StatusUnprocessableEntity, `{"email":"`+idp.SharedEmail+`","redirect_to":"https://elsewhere.example"}`)
}

var (
	ticketElement = regexp.MustCompile(`name="ticket" value="([^"]+)"`)
	formElement   = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
)

// atProvider goes to address, which leads to the provider, and answers its form there.
func (e *eavesdropper) atProvider(jar http.CookieJar, address, button, value string) (*url.URL, int, string) {
	e.t.Helper()
	at, status, page := e.browse(jar, e.request(http.MethodGet, address, ""))
	ticket, form := ticketElement.FindStringSubmatch(page), formElement.FindStringSubmatch(page)
	if ticket == nil || form == nil {
		return at, status, page
	}
	e.traffic.note("ticket", html.UnescapeString(ticket[1]))
	body := url.Values{"ticket": {html.UnescapeString(ticket[1])}, button: {value}}.Encode()
	return e.browse(jar, e.request(http.MethodPost, at.ResolveReference(&url.URL{Path: form[1]}).String(), body, "Content-Type", "application/x-www-form-urlencoded"))
}

// singleSignOn signs in, is refused for each reason that a person can bring about, and signs out.
func (e *eavesdropper) singleSignOn() {
	client := e.house.sandbox.IdentityProviderClient()
	e.call(http.MethodPut, "/storefront/provider", map[string]any{
		"version": 0, "preset": "custom", "issuer": e.house.sandbox.URLs().Issuer, "client_id": client.ID, "client_secret": client.Secret,
		"scopes": "openid profile email", "enabled": true, "create_customers": false, "end_session": true, "claims": []any{},
	}, nil)
	e.call(http.MethodPost, "/storefront/provider/test", map[string]any{
		"version": 1, "preset": "custom", "issuer": e.house.sandbox.URLs().Issuer, "client_id": client.ID, "client_secret": client.Secret + "-wrong",
		"scopes": "openid profile email", "enabled": true, "claims": []any{},
	}, nil)
	login := fmt.Sprintf("%s/sso/%s/login?channel_id=%d&redirect_to=/cart.php", e.house.app, e.store.Hash, e.front.ChannelID)
	before := len(e.store.SignIns())
	sam := newJar()
	if at, status, page := e.atProvider(sam, login, "user", "user-sam"); status != http.StatusOK || !strings.HasPrefix(at.String(), e.front.URL) {
		e.t.Fatalf("Sam came to %s (%d): %s", at.Host, status, page)
	}
	if got := e.store.SignIns(); len(got) != before+1 || got[before].Refused != "" {
		e.t.Fatalf("BigCommerce saw %+v", got[before:])
	}
	at, status, _ := e.atProvider(sam, fmt.Sprintf("%s/sso/%s/logout?channel_id=%d&redirect_to=/", e.house.app, e.store.Hash, e.front.ChannelID), "confirm", "1")
	if status != http.StatusOK || !strings.HasPrefix(at.String(), e.front.URL) {
		e.t.Errorf("after the sign-out Sam is at %s (%d)", at.Host, status)
	}
	for _, who := range []string{"user-ada", "user-uma", "user-noel", "user-eli"} { // no shopper, not verified, not said, none at all
		if at, status, _ := e.atProvider(newJar(), login, "user", who); status < 400 || !strings.HasPrefix(at.String(), e.house.app) {
			e.t.Errorf("%s came to %s (%d)", who, at.Host, status)
		}
	}
	e.atProvider(newJar(), login, "cancel", "1")
	for _, fault := range []string{ // no more: an address may ask 40 times at once
		idp.FaultWrongIssuer, idp.FaultWrongAudience, idp.FaultExpiredToken, idp.FaultBadSignature, idp.FaultAlgorithmNone, idp.FaultWrongNonce,
		idp.FaultNoEmailVerified, idp.FaultTokenAway, idp.FaultJWKSAway,
	} {
		e.do(e.house.sandbox.IdentityProvider().SetFaults(fault))
		if _, status, _ := e.atProvider(newJar(), login, "user", "user-sam"); status == http.StatusTooManyRequests {
			e.t.Errorf("%s was not tried: too many requests", fault)
		}
	}
	e.do(e.house.sandbox.IdentityProvider().SetFaults())
	if _, status, _ := e.browse(newJar(), e.request(http.MethodGet, e.house.app+"/sso/callback?code=a-code-of-nobody-at-all&state=a-state-of-nobody-at-all", "")); status < 400 {
		e.t.Error("a state of nobody was taken")
	}
	e.call(http.MethodGet, "/storefront/sign-ins", nil, nil)
}

// shopperAtThePage is what the storefront's script does: who is signed in, the account, and tokens
// that are refused.
func (e *eavesdropper) shopperAtThePage() {
	sam, ok := e.store.CustomerByEmail(idp.SharedEmail)
	if !ok {
		e.t.Fatal("no Sam")
	}
	// The first single sign-on ended the password from before; Sam has had a link to set another.
	e.do(e.store.SetPassword(sam.ID, sandbox.ShopperPassword))
	jar := newJar()
	e.browse(jar, e.request(http.MethodPost, e.front.URL+"/login.php?action=check_login",
		url.Values{"login_email": {idp.SharedEmail}, "login_pass": {sandbox.ShopperPassword}}.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
	_, status, token := e.browse(jar, e.request(http.MethodGet, e.front.URL+"/customer/current.jwt?app_client_id="+e.house.cfg.ClientID, ""))
	if status != http.StatusOK {
		e.t.Fatalf("current.jwt: %d %s", status, token)
	}
	verify := e.house.app + "/storefront/" + e.store.Hash + "/current-customer"
	header := []string{"Content-Type", "text/plain;charset=UTF-8", "Origin", e.front.URL}
	answer := e.ask(http.StatusOK, http.MethodPost, verify, token, header...)
	session := regexp.MustCompile(`"session":"([^"]+)"`).FindStringSubmatch(answer)
	account := regexp.MustCompile(`"account":"([^"]+)"`).FindStringSubmatch(answer)
	if session == nil || account == nil {
		e.t.Fatalf("answered %s", answer)
	}
	e.traffic.note("session of a shopper", session[1])
	e.ask(http.StatusOK, http.MethodGet, account[1], "", "Authorization", "Bearer "+session[1], "Origin", e.front.URL)
	e.ask(http.StatusUnauthorized, http.MethodGet, account[1], "", "Authorization", "Bearer "+session[1]+"x", "Origin", e.front.URL)

	for name, value := range map[string]any{"exp": 1, "aud": "another-app", "store_hash": "another", "operation": "customer_login", "customer": map[string]any{"id": "x", "email": idp.SharedEmail}} {
		claims, err := e.store.CurrentCustomerClaims(sam.ID)
		e.do(err)
		claims[name] = value
		if _, status, _ := e.browse(nil, e.request(http.MethodPost, verify, e.store.SignPayload(claims), header...)); status < 400 {
			e.t.Errorf("a token with a wrong %s was taken", name)
		}
	}
	if _, status, _ := e.browse(nil, e.request(http.MethodPost, verify, strings.Repeat(token, 40), header...)); status < 400 {
		e.t.Error("a token of many was taken")
	}
	if !slices.ContainsFunc(e.store.SignIns(), func(s sandbox.SignIn) bool { return s.Method == "token" && s.Refused != "" }) {
		e.t.Error("no login address was used twice")
	}
}
