package sandbox

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// app is the app as the platform sees it: it remembers which callbacks were called.
type app struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []*http.Request
	status int
}

func newApp(t *testing.T, r *rig) *app {
	t.Helper()
	a := &app{status: 200}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.calls = append(a.calls, req)
		w.WriteHeader(a.status)
	}))
	t.Cleanup(a.Close)
	r.s.SetApp(a.URL+"/auth", a.URL+"/load", a.URL+"/uninstall", a.URL+"/remove_user")
	return a
}

func (a *app) took() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls
}

// codeRequest walks the install link and returns the parameters of a right token request.
func codeRequest(t *testing.T, r *rig, scopes ...string) map[string]string {
	t.Helper()
	raw, err := r.st.InstallURL(0, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Path != "/auth" || q.Get("account_uuid") == "" || q.Get("context") != "stores/abc123" {
		t.Fatalf("install link %s", raw)
	}
	return map[string]string{"client_id": r.s.ClientID(), "client_secret": r.s.ClientSecret(), "code": q.Get("code"), "context": q.Get("context"),
		"scope": q.Get("scope"), "grant_type": "authorization_code", "redirect_uri": strings.TrimSuffix(raw, "?"+u.RawQuery)}
}

func (r *rig) exchange(in map[string]string, form bool) (int, map[string]any) {
	r.t.Helper()
	ct, body := "application/json", ""
	if form {
		v := url.Values{}
		for k, s := range in {
			v.Set(k, s)
		}
		ct, body = "application/x-www-form-urlencoded", v.Encode()
	} else {
		raw, err := json.Marshal(in)
		if err != nil {
			r.t.Fatal(err)
		}
		body = string(raw)
	}
	res, err := r.http.Post(r.s.URLs().Login+"/oauth2/token", ct, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, adminAnswer(r.t, res)
}

func TestInstall(t *testing.T) {
	for _, form := range []bool{true, false} {
		r := newRig(t, Options{Scopes: []string{"store_v2_products", "store_v2_information_read_only"}})
		newApp(t, r)
		status, a := r.exchange(codeRequest(t, r), form)
		if status != 200 {
			t.Fatalf("%d %v", status, a)
		}
		owner := r.st.Owner()
		who := map[string]any{"id": float64(owner.ID), "username": "jane.doe", "email": "jane.doe@example.com"}
		token, _ := a["access_token"].(string)
		delete(a, "access_token")
		delete(a, "account_uuid")
		if d := cmp.Diff(map[string]any{"scope": "store_v2_products store_v2_information_read_only", "user": who, "owner": who, "context": "stores/abc123"}, a); d != "" {
			t.Error(d)
		}
		r.token = token
		r.want(200, "GET", "/v3/catalog/products", nil)
		if in, stale := r.st.Installed(); !in || stale {
			t.Errorf("installed %v, stale %v", in, stale)
		}
		// A new token invalidates the app's former one.
		_, b := r.exchange(codeRequest(t, r), form)
		r.want(401, "GET", "/v3/catalog/products", nil)
		r.token = b["access_token"].(string)
		r.want(200, "GET", "/v3/catalog/products", nil)
		// So does a change of the app's scopes, until the next install.
		r.st.InvalidateToken()
		r.want(401, "GET", "/v3/catalog/products", nil)
		if in, stale := r.st.Installed(); !in || !stale {
			t.Errorf("installed %v, stale %v", in, stale)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	c := newClock()
	r := newRig(t, Options{Now: c.now})
	a := newApp(t, r)
	for _, tc := range []struct {
		name  string
		edit  func(map[string]string)
		error string
	}{
		{"no code", func(m map[string]string) { delete(m, "code") }, "invalid_request"},
		{"no context", func(m map[string]string) { delete(m, "context") }, "invalid_request"},
		{"wrong client", func(m map[string]string) { m["client_id"] = "x" }, "invalid_client"},
		{"wrong secret", func(m map[string]string) { m["client_secret"] = "x" }, "invalid_client"},
		{"unknown code", func(m map[string]string) { m["code"] = "x" }, "invalid_grant"},
		{"another context", func(m map[string]string) { m["context"] = "stores/other" }, "invalid_grant"},
		{"more scopes", func(m map[string]string) { m["scope"] += " store_v2_orders" }, "invalid_scope"},
		{"fewer scopes", func(m map[string]string) { m["scope"] = "store_v2_products" }, "invalid_scope"},
		{"another grant type", func(m map[string]string) { m["grant_type"] = "refresh_token" }, "unsupported_grant_type"},
		{"redirect URI with a slash more", func(m map[string]string) { m["redirect_uri"] = a.URL + "/auth/" }, "invalid_grant"},
		{"late", func(map[string]string) { c.add(codeLife + time.Second) }, "invalid_grant"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := codeRequest(t, r)
			tc.edit(in)
			status, got := r.exchange(in, true)
			if status != 400 || got["error"] != tc.error || got["access_token"] != nil {
				t.Errorf("%d %v", status, got)
			}
		})
	}
	in := codeRequest(t, r)
	if status, got := r.exchange(in, true); status != 200 {
		t.Fatalf("%d %v", status, got)
	}
	if status, got := r.exchange(in, true); status != 400 || got["error"] != "invalid_grant" {
		t.Errorf("a code worked twice: %d %v", status, got)
	}
	res, err := r.http.Post(r.s.URLs().Login+"/oauth2/token", "text/plain", strings.NewReader("code=x"))
	if err != nil {
		t.Fatal(err)
	}
	if got := adminAnswer(t, res); res.StatusCode != 400 || got["error"] != "invalid_request" {
		t.Errorf("%d %v", res.StatusCode, got)
	}
}

// payload verifies a signed payload as an app does, and returns its claims.
func payload(t *testing.T, r *rig, raw string) jwt.MapClaims {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	_, err = jwt.ParseWithClaims(u.Query().Get("signed_payload_jwt"), claims, func(*jwt.Token) (any, error) { return []byte(r.s.ClientSecret()), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithAudience(r.s.ClientID()), jwt.WithIssuer("bc"), jwt.WithExpirationRequired())
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestSignedPayload(t *testing.T) {
	r := newRig(t, Options{})
	newApp(t, r)
	u := r.st.AddUser(UserSpec{Email: "bob@example.com", Locale: "de-DE"})
	channel := int64(7)
	raw, err := r.st.LoadURL(u.ID, LoadOptions{URL: "/runs/5", ChannelID: &channel})
	if err != nil {
		t.Fatal(err)
	}
	claims := payload(t, r, raw)
	iat, nbf, exp := claims["iat"].(float64), claims["nbf"].(float64), claims["exp"].(float64)
	if nbf >= iat || iat-nbf > 60 || exp-iat != 24*3600 {
		t.Errorf("iat %v, nbf %v, exp %v", iat, nbf, exp)
	}
	jti, _ := claims["jti"].(string)
	if len(jti) != 36 {
		t.Errorf("jti %q", jti)
	}
	for _, k := range []string{"iat", "nbf", "exp", "jti"} {
		delete(claims, k)
	}
	owner := r.st.Owner()
	want := jwt.MapClaims{"aud": r.s.ClientID(), "iss": "bc", "sub": "stores/abc123", "url": "/runs/5", "channel_id": 7.0,
		"user":  map[string]any{"id": float64(u.ID), "email": "bob@example.com", "locale": "de-DE"},
		"owner": map[string]any{"id": float64(owner.ID), "email": owner.Email}}
	if d := cmp.Diff(want, claims); d != "" {
		t.Error(d)
	}
	raw, err = r.st.LoadURL(0, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	claims = payload(t, r, raw)
	if claims["url"] != "/" || claims["channel_id"] != nil || claims["jti"] == jti {
		t.Errorf("%v", claims)
	}
	if _, err := r.st.LoadURL(5, LoadOptions{}); err == nil {
		t.Error("no error for an unknown user")
	}
	bad, err := r.st.Claims(0, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bad["iss"] = "someone else"
	if r.st.SignPayload(bad) == "" {
		t.Error("claims cannot be altered")
	}
}

func TestUninstall(t *testing.T) {
	r := newRig(t, Options{})
	a := newApp(t, r)
	if err := r.st.Uninstall(context.Background()); err == nil {
		t.Error("uninstalled what was not installed")
	}
	_, ans := r.exchange(codeRequest(t, r), true)
	credentials := r.token
	r.token = ans["access_token"].(string)
	r.want(200, "POST", "/v3/hooks", map[string]any{"scope": "store/app/uninstalled", "destination": a.URL + "/webhooks"})
	if err := r.st.Uninstall(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := r.s.SettleHooks(within(t)); err != nil {
		t.Fatal(err)
	}
	r.want(401, "GET", "/v2/time", nil)
	got := map[string]bool{}
	for _, c := range a.took() {
		got[c.Method+" "+c.URL.Path] = true
		if c.URL.Path == "/uninstall" {
			if claims := payload(t, r, c.URL.String()); claims["sub"] != "stores/abc123" {
				t.Errorf("%v", claims)
			}
		}
	}
	if d := cmp.Diff(map[string]bool{"GET /uninstall": true, "POST /webhooks": true}, got); d != "" {
		t.Error(d)
	}
	if len(r.st.hooks) != 0 {
		t.Error("the app's hooks are still there")
	}
	if in, _ := r.st.Installed(); in {
		t.Error("still installed")
	}
	r.token = credentials // other clients are not touched
	r.want(200, "GET", "/v2/time", nil)
}

// TestUninstallTellsFirst: the token works while the callback is under way, whatever is answered,
// and not afterwards.
func TestUninstallTellsFirst(t *testing.T) {
	r := newRig(t, Options{Choices: Choices{UninstallTellsFirst: true}})
	var during int
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if ans, err := r.try("GET", "/v2/time", nil); err == nil {
			during = ans.status
		}
		w.WriteHeader(http.StatusConflict)
	}))
	defer app.Close()
	r.s.SetApp(app.URL+"/auth", app.URL+"/load", app.URL+"/uninstall", app.URL+"/remove_user")
	_, ans := r.exchange(codeRequest(t, r), true)
	r.token = ans["access_token"].(string)
	if err := r.st.Uninstall(within(t)); err == nil || during != http.StatusOK {
		t.Errorf("%v; during the callback the token got %d", err, during)
	}
	if in, _ := r.st.Installed(); in {
		t.Error("still installed")
	}
	r.want(401, "GET", "/v2/time", nil)
}

func TestRemoveUser(t *testing.T) {
	r := newRig(t, Options{})
	a := newApp(t, r)
	bob := r.st.AddUser(UserSpec{Email: "bob@example.com"})
	eve := r.st.AddUser(UserSpec{Email: "eve@example.com"})
	if err := r.st.RemoveUser(within(t), bob.ID); err != nil {
		t.Fatal(err)
	}
	if len(a.took()) != 0 {
		t.Error("the app was called though it is not installed")
	}
	r.exchange(codeRequest(t, r), true)
	if err := r.st.RemoveUser(within(t), eve.ID); err != nil {
		t.Fatal(err)
	}
	calls := a.took()
	if len(calls) != 1 || calls[0].URL.Path != "/remove_user" {
		t.Fatalf("%v", calls)
	}
	if u := payload(t, r, calls[0].URL.String())["user"].(map[string]any); u["id"] != float64(eve.ID) {
		t.Errorf("%v", u)
	}
	if err := r.st.RemoveUser(within(t), r.st.Owner().ID); err == nil {
		t.Error("the owner was removed")
	}
	if _, err := r.st.InstallURL(eve.ID); err == nil {
		t.Error("a removed user may install")
	}
	a.status = 500
	dan := r.st.AddUser(UserSpec{Email: "dan@example.com"})
	if err := r.st.RemoveUser(within(t), dan.ID); err == nil || strings.Contains(err.Error(), "jwt") {
		t.Errorf("error %v", err)
	}
}
