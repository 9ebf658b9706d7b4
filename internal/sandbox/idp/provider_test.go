package idp

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientID     = "shop"
	clientSecret = "s:cret/with+odd=characters"
	callback     = "https://app.example/sso/callback"
	loggedOut    = "https://shop.example/login.php?action=logout"
)

// rig is a served provider and one browser.
type rig struct {
	t     *testing.T
	p     *Provider
	url   string
	c     *http.Client
	mu    sync.Mutex
	clock time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, clock: time.Now()}
	p := New(Options{Now: func() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.clock }})
	if err := p.Register(Client{ID: clientID, Secret: clientSecret, RedirectURIs: []string{callback}, PostLogoutRedirectURIs: []string{loggedOut}}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p.Handler())
	t.Cleanup(srv.Close)
	p.SetIssuer(srv.URL)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	r.p, r.url = p, srv.URL
	r.c = &http.Client{Jar: jar, Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r
}

func (r *rig) pass(d time.Duration) { r.mu.Lock(); defer r.mu.Unlock(); r.clock = r.clock.Add(d) }

func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.Background(), r.c), 20*time.Second)
	r.t.Cleanup(cancel)
	return ctx
}

// answer is what is left of a response once its body is read.
type answer struct {
	StatusCode int
	Header     http.Header
}

func (r *rig) read(res *http.Response, err error) (*answer, string) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return &answer{res.StatusCode, res.Header}, string(body)
}

func (r *rig) config(style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{ClientID: clientID, ClientSecret: clientSecret, RedirectURL: callback, Scopes: []string{"openid", "profile", "email", "phone"},
		Endpoint: oauth2.Endpoint{AuthURL: r.url + "/authorize", TokenURL: r.url + "/token", AuthStyle: style}}
}

// ticket is the hidden field of a page's form.
var ticket = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

// submit presses a button of a form.
func (r *rig) submit(action, page string, fields url.Values) (*answer, string) {
	r.t.Helper()
	m := ticket.FindStringSubmatch(page)
	if m == nil {
		r.t.Fatalf("no form in %s", page)
	}
	fields.Set("ticket", html.UnescapeString(m[1]))
	return r.read(r.c.PostForm(r.url+action, fields))
}

// query is that of a redirect to the client.
func (r *rig) query(res *answer) url.Values {
	r.t.Helper()
	loc := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(loc, callback+"?") {
		r.t.Fatalf("status %d, location %q: no redirect to the client", res.StatusCode, loc)
	}
	u, err := url.Parse(loc)
	if err != nil {
		r.t.Fatal(err)
	}
	return u.Query()
}

// authorized signs in as a person and returns the answer.
func (r *rig) authorized(verifier, subject string) url.Values {
	r.t.Helper()
	_, page := r.read(r.c.Get(r.config(0).AuthCodeURL("st", oauth2.S256ChallengeOption(verifier), oidc.Nonce("n1"), oauth2.SetAuthURLParam("prompt", "login"))))
	res, _ := r.submit("/sign-in", page, url.Values{"user": {subject}})
	return r.query(res)
}

// code signs in as a person and returns the code.
func (r *rig) code(verifier, subject string) string {
	r.t.Helper()
	q := r.authorized(verifier, subject)
	if q.Get("state") != "st" || q.Get("iss") != r.url || q.Get("code") == "" {
		r.t.Fatalf("answer %v", q)
	}
	return q.Get("code")
}

// exchange is what a careful client does with a code: exchange, verification, nonce, userinfo.
func (r *rig) exchange(verifier, code string) (*oidc.IDToken, *oidc.UserInfo, error) {
	ctx := r.ctx()
	provider, err := oidc.NewProvider(ctx, r.url)
	if err != nil {
		return nil, nil, err
	}
	tok, err := r.config(oauth2.AuthStyleInHeader).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, nil, err
	}
	raw, _ := tok.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: clientID, Now: r.p.now}).Verify(ctx, raw)
	if err != nil {
		return nil, nil, err
	}
	if err := id.VerifyAccessToken(tok.AccessToken); err != nil {
		return nil, nil, err
	}
	if id.Nonce != "n1" {
		return nil, nil, errors.New("nonce differs")
	}
	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(tok))
	if err != nil {
		return nil, nil, err
	}
	if info.Subject != id.Subject {
		return nil, nil, errors.New("userinfo is about somebody else")
	}
	return id, info, nil
}

// An official client goes through the whole flow as each of the people.
func TestFlowWithOfficialClient(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		subject, email string
		verified       *bool
		company        string
	}{
		{"user-sam", SharedEmail, &yes, "Halyard & Co."},
		{"user-ada", "ada.acquisti@example.com", &yes, "Acquisti Marine"},
		{"user-uma", SharedEmail, &no, "Uma's"},
		{"user-noel", "noel.noclaim@example.com", nil, "Noclaim Ltd"},
		{"user-eli", "", nil, ""},
	} {
		t.Run(tc.subject, func(t *testing.T) {
			r := newRig(t)
			v := oauth2.GenerateVerifier()
			id, info, err := r.exchange(v, r.code(v, tc.subject))
			if err != nil {
				t.Fatal(err)
			}
			var c struct {
				Email, Company string
				Verified       *bool    `json:"email_verified"`
				Number         string   `json:"customer_number"`
				Groups         []string `json:"groups"`
				GivenName      string   `json:"given_name"`
			}
			if err := id.Claims(&c); err != nil {
				t.Fatal(err)
			}
			if id.Subject != tc.subject || c.Email != tc.email || c.Company != tc.company || c.Number == "" || c.GivenName == "" {
				t.Errorf("ID token %+v of %s", c, id.Subject)
			}
			if (c.Verified == nil) != (tc.verified == nil) || c.Verified != nil && *c.Verified != *tc.verified {
				t.Errorf("email_verified %v", c.Verified)
			}
			if info.Email != tc.email || info.EmailVerified != (tc.verified != nil && *tc.verified) {
				t.Errorf("userinfo %+v", info)
			}
		})
	}
}

func TestSessionSignsInAgain(t *testing.T) {
	r := newRig(t)
	v := oauth2.GenerateVerifier()
	r.code(v, "user-ada")
	ask := func(opts ...oauth2.AuthCodeOption) (*answer, string) {
		return r.read(r.c.Get(r.config(0).AuthCodeURL("st", append(opts, oauth2.S256ChallengeOption(v))...)))
	}
	res, _ := ask()
	if r.query(res).Get("code") == "" {
		t.Error("a session gives no code")
	}
	res, _ = ask(oauth2.SetAuthURLParam("prompt", "none"))
	if r.query(res).Get("code") == "" {
		t.Error("prompt=none with a session gives no code")
	}
	if _, page := ask(oauth2.SetAuthURLParam("prompt", "select_account")); !strings.Contains(page, "Sign in as Ada Acquisti") {
		t.Error("prompt=select_account does not ask")
	}
	r.pass(time.Minute)
	if _, page := ask(oauth2.SetAuthURLParam("max_age", "30")); !strings.Contains(page, "Sign in as") {
		t.Error("max_age does not ask")
	}
	r.pass(sessionLife)
	res, _ = ask(oauth2.SetAuthURLParam("prompt", "none"))
	if got := r.query(res).Get("error"); got != "login_required" {
		t.Errorf("prompt=none without a session: %q", got)
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	r := newRig(t)
	challenge := oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())
	good := func() url.Values {
		return url.Values{"client_id": {clientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"st"},
			"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	}
	for _, tc := range []struct {
		name   string
		change func(url.Values)
		want   string // error code, or "page" where the client must not be told
	}{
		{"unknown client", func(v url.Values) { v.Set("client_id", "other") }, "page"},
		{"no redirect URI", func(v url.Values) { v.Del("redirect_uri") }, "page"},
		{"longer redirect URI", func(v url.Values) { v.Set("redirect_uri", callback+"/x") }, "page"},
		{"redirect URI with a query", func(v url.Values) { v.Set("redirect_uri", callback+"?x=1") }, "page"},
		{"redirect URI in capitals", func(v url.Values) { v.Set("redirect_uri", "https://APP.example/sso/callback") }, "page"},
		{"repeated parameter", func(v url.Values) { v.Add("state", "other") }, "page"},
		{"no response type", func(v url.Values) { v.Del("response_type") }, "invalid_request"},
		{"implicit flow", func(v url.Values) { v.Set("response_type", "id_token") }, "unsupported_response_type"},
		{"fragment", func(v url.Values) { v.Set("response_mode", "fragment") }, "invalid_request"},
		{"no openid", func(v url.Values) { v.Set("scope", "profile") }, "invalid_scope"},
		{"no PKCE", func(v url.Values) { v.Del("code_challenge") }, "invalid_request"},
		{"plain PKCE", func(v url.Values) { v.Set("code_challenge_method", "plain") }, "invalid_request"},
		{"no PKCE method", func(v url.Values) { v.Del("code_challenge_method") }, "invalid_request"},
		{"challenge of another form", func(v url.Values) { v.Set("code_challenge", "abc") }, "invalid_request"},
		{"request object", func(v url.Values) { v.Set("request", "x.y.z") }, "request_not_supported"},
		{"request URI", func(v url.Values) { v.Set("request_uri", "https://x.example/") }, "request_uri_not_supported"},
		{"unknown prompt", func(v url.Values) { v.Set("prompt", "please") }, "invalid_request"},
		{"none and login", func(v url.Values) { v.Set("prompt", "none login") }, "invalid_request"},
		{"max_age", func(v url.Values) { v.Set("max_age", "-1") }, "invalid_request"},
		{"nobody signed in", func(v url.Values) { v.Set("prompt", "none") }, "login_required"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := good()
			tc.change(v)
			res, page := r.read(r.c.Get(r.url + "/authorize?" + v.Encode()))
			if tc.want == "page" {
				if res.StatusCode != 400 || !strings.Contains(page, `role="alert"`) {
					t.Errorf("status %d, location %q", res.StatusCode, res.Header.Get("Location"))
				}
				return
			}
			if q := r.query(res); q.Get("error") != tc.want || q.Get("state") != "st" || q.Get("iss") != r.url || q.Has("code") {
				t.Errorf("answer %v, want error %s", q, tc.want)
			}
		})
	}
}

func TestSignInPage(t *testing.T) {
	r := newRig(t)
	v := oauth2.GenerateVerifier()
	_, page := r.read(r.c.Get(r.config(0).AuthCodeURL("st", oauth2.S256ChallengeOption(v), oauth2.SetAuthURLParam("login_hint", "ada.acquisti@example.com"))))
	for _, u := range r.p.Users() {
		if !strings.Contains(page, "Sign in as "+u.Name()) {
			t.Errorf("%s is not offered", u.Name())
		}
	}
	if n := strings.Count(page, `class="hint"`); n != 1 {
		t.Errorf("login_hint marks %d people", n)
	}
	if res, _ := r.submit("/sign-in", page, url.Values{"user": {"nobody"}}); res.StatusCode != 400 {
		t.Errorf("an unknown person: %d", res.StatusCode)
	}
	req, _ := http.NewRequest("POST", r.url+"/sign-in", strings.NewReader(url.Values{"ticket": {ticket.FindStringSubmatch(page)[1]}, "user": {"user-sam"}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if res, _ := r.read(r.c.Do(req)); res.StatusCode != 403 {
		t.Errorf("another site pressed the button: %d", res.StatusCode)
	}
	res, _ := r.submit("/sign-in", page, url.Values{"cancel": {"1"}})
	if got := r.query(res).Get("error"); got != "access_denied" {
		t.Errorf("cancel: %q", got)
	}
	if res, _ := r.submit("/sign-in", page, url.Values{"user": {"user-sam"}}); res.StatusCode != 400 {
		t.Errorf("a page that was used: %d", res.StatusCode)
	}
	if res, page := r.read(r.c.Get(r.url + "/nothing")); res.StatusCode != 404 || !strings.Contains(page, "does not exist") {
		t.Errorf("unknown page: %d", res.StatusCode)
	}
}

func TestRegister(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]Client{
		"no id":        {Secret: "x"},
		"no secret":    {ID: "x"},
		"relative":     {ID: "x", Secret: "x", RedirectURIs: []string{"/callback"}},
		"fragment":     {ID: "x", Secret: "x", RedirectURIs: []string{"https://a.example/#x"}},
		"empty":        {ID: "x", Secret: "x", PostLogoutRedirectURIs: []string{""}},
		"no authority": {ID: "x", Secret: "x", RedirectURIs: []string{"javascript:alert(1)"}},
	} {
		if err := r.p.Register(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := r.p.PutUser(User{Subject: "x"}); err == nil {
		t.Error("a user without a name was accepted")
	}
	if err := r.p.PutUser(User{Subject: "user-sam", GivenName: "Samuel"}); err != nil || r.p.Users()[0].Name() != "Samuel" {
		t.Errorf("%v", err)
	}
}
