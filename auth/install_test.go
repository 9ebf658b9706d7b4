package auth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"sluice/tenants"
)

func TestInstallKeepsASealedTokenAndOpensThePanel(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	if s.StoreHash != testStore || s.DeepLink != "/" || s.Token == "" {
		t.Fatalf("session %+v", s)
	}
	ctx := tenants.WithStore(context.Background(), testStore)
	token, err := f.db.AccessToken(ctx, testStore)
	if err != nil || token != testToken {
		t.Fatalf("token %q, %v", token, err)
	}
	if strings.Contains(string(f.store(testStore).AccessToken), testToken) {
		t.Fatal("the token is stored in plain text")
	}
	if got := f.lifecycle.String(); got != "installed "+testStore {
		t.Fatalf("lifecycle: %s", got)
	}
	posted := f.login.posts[0]
	want := url.Values{
		"client_id": {testClientID}, "client_secret": {testSecret}, "code": {"a-code"}, "context": {"stores/" + testStore},
		"scope": {"store_v2_products store_v2_information"}, "grant_type": {"authorization_code"}, "redirect_uri": {"https://sluice.example/auth"},
	}
	if posted.Encode() != want.Encode() {
		t.Fatalf("posted %s\nwant   %s", posted.Encode(), want.Encode())
	}
	users, err := f.db.Users(ctx)
	if err != nil || len(users) != 1 || users[0].Role != tenants.RoleOwner || users[0].UserID != 7 {
		t.Fatalf("users %+v, %v", users, err)
	}
	f.mustNotLog(testToken, "a-code", testSecret, s.Token)
}

func TestACodeIsPostedOnce(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		wg.Go(func() { codes[i] = f.get("/auth", installQuery("the-one-code")).Code })
	}
	wg.Wait()
	if n := f.login.count(); n != 1 {
		t.Fatalf("the code was posted %d times", n)
	}
	var ok, refused int
	for _, c := range codes {
		switch c {
		case http.StatusOK:
			ok++
		case http.StatusConflict:
			refused++
		}
	}
	if ok != 1 || refused != len(codes)-1 {
		t.Fatalf("answers %v", codes)
	}
	if w := f.get("/auth", installQuery("the-one-code")); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "used already") {
		t.Fatalf("a reload: %d %s", w.Code, w.Body)
	}
}

func TestInstallRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		query  url.Values
		change func(*loginHost)
		status int
		says   string
		posts  int
	}{
		"no code":              {query: url.Values{"context": {"stores/abc"}, "scope": {"x"}}, status: 422, says: "Install Sluice"},
		"no context":           {query: url.Values{"code": {"c"}, "scope": {"x"}}, status: 422, says: "Install Sluice"},
		"path in context":      {query: url.Values{"code": {"c"}, "context": {"stores/abc/../x"}}, status: 422, says: "Install Sluice"},
		"oversized code":       {query: url.Values{"code": {strings.Repeat("c", 513)}, "context": {"stores/abc"}}, status: 422, says: "Install Sluice"},
		"the merchant said no": {query: url.Values{"error": {"access_denied"}}, status: 422, says: "did not complete"},
		"code refused": {query: installQuery("c"), change: func(l *loginHost) {
			l.status, l.answer = 400, map[string]any{"error": "invalid_grant", "error_description": "code c is wrong"}
		}, status: 422, says: "did not accept", posts: 1},
		"login host is down": {query: installQuery("c"), change: func(l *loginHost) { l.status = 503 }, status: 422, says: "did not accept", posts: 1},
		"another store confirmed": {query: installQuery("c"), change: func(l *loginHost) { l.answer["context"] = "stores/" + otherStore },
			status: 401, says: "another store", posts: 1},
		"nobody installed it": {query: installQuery("c"), change: func(l *loginHost) { delete(l.answer, "user") }, status: 503, says: "who installed", posts: 1},
		"odd answer":          {query: installQuery("c"), change: func(l *loginHost) { l.answer["user"] = "ada" }, status: 503, says: "does not understand", posts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			if test.change != nil {
				test.change(f.login)
			}
			w := f.get("/auth", test.query)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.says) {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if csp := w.Header().Get("Content-Security-Policy"); !strings.HasSuffix(csp, "https://login.bigcommerce.com") || strings.Contains(csp, "*") {
				t.Fatalf("policy %q", csp)
			}
			if n := f.login.count(); n != test.posts {
				t.Fatalf("%d posts, want %d", n, test.posts)
			}
			if f.lifecycle.String() != "" {
				t.Fatalf("lifecycle was told: %s", f.lifecycle)
			}
			stores, err := f.db.Stores(context.Background())
			if err != nil || len(stores) != 0 {
				t.Fatalf("stores %v, %v", stores, err)
			}
			f.mustNotLog(testToken, testSecret)
		})
	}
}

// TestFewScopesAreAnInstall: what the store did not grant stops only what needs it, which jobs and
// the panel say.
func TestFewScopesAreAnInstall(t *testing.T) {
	f := newFixture(t)
	f.login.answer["scope"] = "store_v2_information"
	f.install()
	if s := f.store(testStore); s.State != tenants.StoreActive || s.Scopes != "store_v2_information" {
		t.Fatalf("state %s, scopes %s", s.State, s.Scopes)
	}
	if f.lifecycle.String() == "" {
		t.Fatal("nobody was told of the install")
	}
	// The merchant confirms wider scopes, and the audit names the change.
	f.login.answer["scope"] = "store_v2_information store_v2_products"
	f.session(f.get("/auth", installQuery("another-code")))
	if s := f.store(testStore); s.State != tenants.StoreActive {
		t.Fatalf("state %s: %s", s.State, s.StateReason)
	}
	entries, _, err := f.db.AuditLog(tenants.WithStore(context.Background(), testStore), tenants.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	for _, e := range entries {
		found = found || e.Action == "store.reinstalled" && strings.Contains(e.Detail, "+store_v2_products")
	}
	if !found {
		t.Fatalf("audit %+v", entries)
	}
}

func TestReinstallReplacesTheToken(t *testing.T) {
	f := newFixture(t)
	f.install()
	if w := f.get("/uninstall", f.payload(nil)); w.Code != http.StatusOK {
		t.Fatalf("uninstall: %d %s", w.Code, w.Body)
	}
	f.login.answer["access_token"] = "a-newer-token"
	f.session(f.get("/auth", installQuery("second")))
	ctx := tenants.WithStore(context.Background(), testStore)
	if token, err := f.db.AccessToken(ctx, testStore); err != nil || token != "a-newer-token" {
		t.Fatalf("token %q, %v", token, err)
	}
	if s := f.store(testStore); s.State != tenants.StoreActive || s.UninstalledAt != nil || s.DeleteAfter != nil {
		t.Fatalf("store %+v", s)
	}
}
