package auth

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/limits"
	"sluice/internal/ratelimit"
	"sluice/tenants"
)

// limit gives a fixture limits, over its own clock.
func (f *fixture) limit(values map[limits.Name]int64) {
	f.t.Helper()
	l := limits.New(values, nil)
	limiter := ratelimit.New(nil, ratelimit.Options{Now: f.clock.Now})
	f.auth.cfg.Limits, f.auth.cfg.Limiter = l, limiter
	f.auth.cfg.Gate = ratelimit.NewGate(limiter, l.Rate(limits.AddressRate))
	f.auth.installs = newInstallLimits(l)
}

func (f *fixture) from(address, path string, query url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path+"?"+query.Encode(), nil)
	r.RemoteAddr = address + ":1"
	w := httptest.NewRecorder()
	f.router.ServeHTTP(w, r)
	return w
}

func (f *fixture) tokens() (n int64) {
	f.t.Helper()
	if err := f.db.AcrossStores(f.t.Context()).Model(&tenants.UsedToken{}).Count(&n).Error; err != nil {
		f.t.Fatal(err)
	}
	return n
}

func codeFor(store, code string) url.Values {
	return url.Values{"code": {code}, "context": {"stores/" + store}, "scope": {"store_v2_products"}}
}

// TestMadeUpCodesAreBounded: by address over all stores, by store over all addresses, and what is
// over stores nothing and asks BigCommerce nothing. A merchant from elsewhere can install
// meanwhile.
func TestMadeUpCodesAreBounded(t *testing.T) {
	f := newFixture(t)
	f.login.status = http.StatusBadRequest
	f.limit(map[limits.Name]int64{limits.InstallRate: 30})
	for i := range 50 {
		f.from("203.0.113.7", "/auth", codeFor(fmt.Sprint("made", i), fmt.Sprint("code", i)))
	}
	if n := f.login.count(); n != 30 || f.tokens() != 30 {
		t.Errorf("one address: %d codes were sent to BigCommerce, and %d stored", n, f.tokens())
	}
	w := f.from("203.0.113.7", "/auth", codeFor("made", "code"))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	for i := range 50 {
		f.from("203.0.113.9", "/auth", codeFor("onestore", fmt.Sprint("code", i)))
	}
	if n := f.login.count(); n != 33 {
		t.Errorf("one address at one store: %d codes were sent to BigCommerce", n-30)
	}
	if w := f.from("203.0.113.8", "/auth", codeFor(testStore, "another")); w.Code == http.StatusTooManyRequests {
		t.Errorf("another address: %d", w.Code)
	}
	before := f.login.count()
	for i := range 200 {
		f.from(fmt.Sprintf("198.51.100.%d", i), "/auth", codeFor("victim", fmt.Sprint("code", i)))
	}
	if n := f.login.count() - before; n != 30 {
		t.Errorf("many addresses for one store: %d codes were sent to BigCommerce", n)
	}
	if n := strings.Count(f.log.String(), "page refused"); n > 70 {
		t.Errorf("%d lines were logged", n)
	}
	f.clock.advance(time.Hour)
	if w := f.from("203.0.113.7", "/auth", codeFor(testStore, "later")); w.Code == http.StatusTooManyRequests {
		t.Errorf("an hour later: %d", w.Code)
	}
}

// TestAStrangerCannotKeepAStoreFromInstalling: whoever brings made-up codes for a store again and
// again, from ten IPv4 addresses and from all networks of an IPv6 line, leaves its merchant, who
// comes from elsewhere, half of the rate.
func TestAStrangerCannotKeepAStoreFromInstalling(t *testing.T) {
	f := newFixture(t)
	f.limit(nil)
	f.login.status = http.StatusBadRequest
	attack := func(round int) (most int) {
		for i := range 50 {
			code := fmt.Sprint("code-", round, "-", i)
			for j, from := range []string{fmt.Sprintf("198.51.100.%d", i%10), fmt.Sprintf("[2001:db8:1:%d::1]", i)} {
				if f.from(from, "/auth", codeFor(testStore, fmt.Sprint(code, "-", j))).Code != http.StatusTooManyRequests {
					most++
				}
			}
		}
		return most
	}
	refused := 0
	for round := range 20 {
		if most := attack(round); round > 3 && most > 60 {
			t.Errorf("minute %d: %d made-up codes were sent to BigCommerce", round, most)
		}
		if w := f.from(fmt.Sprintf("203.0.113.%d", round), "/auth", codeFor(testStore, fmt.Sprint("merchant", round))); round > 3 && w.Code == http.StatusTooManyRequests {
			refused++
		}
		f.clock.advance(time.Minute)
	}
	if refused > 0 {
		t.Errorf("the merchant was turned away %d times of 16", refused)
	}
	f.login.status = http.StatusOK
	attack(99)
	if w := f.from("203.0.113.200", "/auth", codeFor(testStore, "the-right-one")); w.Code != http.StatusOK {
		t.Errorf("the merchant's install: %d %s", w.Code, w.Body)
	}
}

// TestCodesOfNoFormAreRefused before anything is done for them.
func TestCodesOfNoFormAreRefused(t *testing.T) {
	f := newFixture(t)
	for _, query := range []url.Values{
		codeFor(testStore, "a code with spaces"), codeFor(testStore, "<script>"), codeFor(testStore, strings.Repeat("x", 513)), codeFor("Not/AStore", "x"),
		{"code": {"x"}, "context": {"stores/" + testStore}}, {"code": {"x"}, "context": {"stores/" + testStore}, "scope": {"<x>"}},
	} {
		if w := f.from("203.0.113.7", "/auth", query); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", query, w.Code)
		}
	}
	if f.login.count() != 0 || f.tokens() != 0 {
		t.Errorf("%d codes were sent to BigCommerce, and %d stored", f.login.count(), f.tokens())
	}
}

// TestInstallsUnderWayAreBounded: while BigCommerce takes its time, no more than so many wait for
// it, and who is turned away may come again with the same code.
func TestInstallsUnderWayAreBounded(t *testing.T) {
	f := newFixture(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-answer
		f.login.ServeHTTP(w, r)
	}))
	defer slow.Close()
	f.auth.oauth.Endpoint.TokenURL = slow.URL
	f.limit(map[limits.Name]int64{limits.Installs: 2})
	var group sync.WaitGroup
	for i := range 2 {
		group.Go(func() { f.from("203.0.113.7", "/auth", codeFor(testStore, fmt.Sprint("code", i))) })
	}
	<-asked
	<-asked
	if w := f.from("203.0.113.8", "/auth", codeFor(testStore, "third")); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the third: %d %v", w.Code, w.Header())
	}
	close(answer)
	group.Wait()
	go func() { <-asked }()
	if w := f.from("203.0.113.8", "/auth", codeFor(testStore, "third")); w.Code != http.StatusOK {
		t.Errorf("the third, later: %d %s", w.Code, w.Body)
	}
}

// TestCallersAreCountedByWhoTheyAre: also one who may not do what is asked, and one who was
// removed; a store's callers together have a rate as well.
func TestCallersAreCountedByWhoTheyAre(t *testing.T) {
	f := newFixture(t)
	f.limit(map[limits.Name]int64{limits.PrincipalRate: 10, limits.StoreRate: 25, limits.AddressRate: 5})
	ctx := tenants.WithStore(t.Context(), testStore)
	if _, err := f.db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: testStore, AccessToken: testToken, Origin: tenants.OriginMarketplace}); err != nil {
		t.Fatal(err)
	}
	call := func(path, token string) int { return f.get(path, nil, "Authorization", "Bearer "+token).Code }
	calls := func(path, token string) (n int) {
		for range 100 {
			if call(path, token) == http.StatusTooManyRequests {
				return n
			}
			n++
		}
		return n
	}
	session := func(user int64) string {
		u, err := f.db.EnsureUser(ctx, tenants.UserSeen{UserID: user})
		if err != nil {
			t.Fatal(err)
		}
		claims := sessionClaims{UserID: u.ID, OpenedAt: f.clock.Now().Unix()}
		claims.Subject = testStore
		s, err := f.auth.newSession(claims)
		if err != nil {
			t.Fatal(err)
		}
		return s.Token
	}
	one, two := session(1), session(2)
	if n := calls("/read", one); n != 10 {
		t.Errorf("one person: %d", n)
	}
	if call("/read", session(1)) != http.StatusTooManyRequests {
		t.Error("a second session of the same person has a rate of its own")
	}
	_, key, err := CreateAPIKey(ctx, f.db, "operator", NewAPIKey{Name: "x", Scopes: []string{ScopeFlowsRead}})
	if err != nil {
		t.Fatal(err)
	}
	call("/read", key) // from now on it is known
	if n := calls("/admin", key); n != 10 {
		t.Errorf("a key that may not: %d", n)
	}
	if n := calls("/read", two); n != 5 {
		t.Errorf("what is left of the store's rate: %d", n)
	}
	f.clock.advance(time.Minute)
	if err := f.db.RemoveUser(ctx, 2, f.clock.Now(), "test"); err != nil {
		t.Fatal(err)
	}
	if n := calls("/read", two); n != 10 {
		t.Errorf("a person who was removed: %d", n)
	}
	if n := calls("/read", "x.y.z"); n != 5 {
		t.Errorf("nobody: %d, the address has 5", n)
	}
}

// TestAForgedPayloadCountsByAddress and is logged no more than so often; BigCommerce's own calls
// come through.
func TestAForgedPayloadCountsByAddress(t *testing.T) {
	for _, path := range []string{"/load", "/uninstall", "/remove_user"} {
		f := newFixture(t)
		f.limit(map[limits.Name]int64{limits.AddressRate: 4})
		f.router = gin.New()
		f.auth.Register(f.router)
		forged := url.Values{"signed_payload_jwt": {"x.y.z"}}
		for range 50 {
			f.from("203.0.113.7", path, forged)
		}
		if w := f.from("203.0.113.7", path, forged); w.Code != http.StatusTooManyRequests {
			t.Errorf("%s: %d", path, w.Code)
		}
		if n := strings.Count(f.log.String(), "refused"); n > 4 {
			t.Errorf("%s: %d lines were logged: %s", path, n, f.log.String())
		}
	}
}
