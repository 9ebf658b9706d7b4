package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/auth"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs"
	"sluice/tenants"
	"sluice/ui"
)

// gateProgram is a migrated program with an installed store, limits, and a log that can be read.
func gateProgram(t *testing.T, values map[limits.Name]int64) (*program, *lockedBuffer) {
	t.Helper()
	rdb, log := miniredis.RunT(t), &lockedBuffer{}
	p, err := assemble(t.Context(), &Config{
		ClientID: "id", ClientSecret: "secret", AppURL: "https://x.example", EncryptionKeys: testKey, JobLease: time.Minute,
		LoginURL: "http://127.0.0.1:1", APIURL: "http://127.0.0.1:1", Limits: values,
		DatabaseURL: "sqlite:" + t.TempDir() + "/x.db", RedisConfig: RedisConfig{RedisURL: "redis://" + rdb.Addr(), RedisShards: 1},
	}, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	if err := p.migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := tenants.WithStore(t.Context(), "abc")
	if _, err := p.db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: "abc", AccessToken: "t", Origin: tenants.OriginMarketplace}); err != nil {
		t.Fatal(err)
	}
	return p, log
}

// lines is how many lines were logged.
func (l *lockedBuffer) lines() int { return bytes.Count(l.bytes(), []byte("\n")) }

func (p *program) ask(method, target, from, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.RemoteAddr = from + ":4711"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// TestEveryRouteIsBehindTheGate walks the router's own list. An address that has used up its rate
// gets 429 of each route, and of one that does not exist, and nothing is stored for it, nor logged
// but the refusal itself; what is outside of the gate is on a list, with a reason, and proves its
// callers before it counts.
func TestEveryRouteIsBehindTheGate(t *testing.T) {
	p, log := gateProgram(t, map[limits.Name]int64{limits.AddressRate: 3})
	const stranger, other = "203.0.113.7", "203.0.113.8"
	for range 3 {
		if w := p.ask(http.MethodGet, "/nothing", stranger, ""); w.Code != http.StatusNotFound {
			t.Fatalf("within the rate: %d", w.Code)
		}
	}
	probes := map[string]bool{"/healthz": true, readyPath: true}
	before, tokens := log.lines(), usedTokens(t, p)
	routes := append(p.router.Routes(), p.router.Routes()[0])
	routes[len(routes)-1].Method, routes[len(routes)-1].Path = http.MethodGet, "/nothing"
	for _, route := range routes {
		target := strings.NewReplacer(":store_hash", "madeup", ":id", "1", "*id", "1", "*path", "x.js").Replace(route.Path)
		switch route.Path {
		case "/auth":
			target += "?code=made-up&scope=store_v2_products&context=stores/madeup"
		case "/load", "/uninstall", "/remove_user":
			target += "?signed_payload_jwt=x.y.z"
		}
		w := p.ask(route.Method, target, stranger, "x", "Authorization", "Bearer sluice_madeupmadeupmadeup")
		if probes[route.Path] {
			if w.Code == http.StatusTooManyRequests {
				t.Errorf("%s is a probe", route.Path)
			}
			continue
		}
		if after, _ := strconv.Atoi(w.Header().Get("Retry-After")); w.Code != http.StatusTooManyRequests || after < 1 {
			t.Errorf("%s %s: %d, Retry-After %d: it is not behind the limiter by address", route.Method, route.Path, w.Code, after)
		}
	}
	// package refusals bounds these lines, which name no more than who asked for what.
	if n := log.lines() - before - bytes.Count(log.bytes(), []byte("msg=refused ")); n > 0 {
		t.Errorf("%d other lines were logged for requests that were refused: %s", n, log.bytes())
	}
	if n := usedTokens(t, p); n != tokens {
		t.Errorf("%d rows were stored for requests that were refused", n-tokens)
	}
	if w := p.ask(http.MethodGet, "/nothing", other, ""); w.Code != http.StatusNotFound {
		t.Errorf("another address: %d", w.Code)
	}
	if got := value(gather(t, p.metrics), "sluice_limit_refusals_total", "limit=address_rate"); got < float64(len(routes)-2) {
		t.Errorf("%v refusals are counted", got)
	}
	// The list of what is outside has no more on it than there is, and each has its reason.
	for _, o := range outsideGate {
		found := false
		for _, route := range p.router.Routes() {
			found = found || route.Path == o.route || strings.HasSuffix(o.route, "/") && strings.HasPrefix(route.Path, o.route)
		}
		if !found || len(o.reason) < 20 {
			t.Errorf("%s is on the list of what is outside of the gate: %q", o.route, o.reason)
		}
	}
}

// TestALineOfIPv6HasOneRateAtTheGate, not as many as it has networks: 256 with a /56, 65,536 with a
// /48.
func TestALineOfIPv6HasOneRateAtTheGate(t *testing.T) {
	p, _ := gateProgram(t, map[limits.Name]int64{limits.AddressRate: 2})
	admitted := 0
	for i := range 256 {
		if p.ask(http.MethodGet, "/nothing", fmt.Sprintf("[2001:db8:0:%x::1]", i), "").Code == http.StatusNotFound {
			admitted++
		}
	}
	if admitted != 32 { // of a /48 as many as of 16 networks of /64
		t.Errorf("256 networks of a line: %d requests were admitted, want 32", admitted)
	}
	if w := p.ask(http.MethodGet, "/nothing", "[2001:db8:1::1]", ""); w.Code != http.StatusNotFound {
		t.Errorf("another line: %d", w.Code)
	}
}

func usedTokens(t *testing.T, p *program) (n int64) {
	t.Helper()
	if err := p.db.AcrossStores(t.Context()).Model(&tenants.UsedToken{}).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWhoProvesItselfIsNotCountedByAddress: an API key and a signed webhook come through from an
// address that somebody else has used up; the key has a rate of its own.
func TestWhoProvesItselfIsNotCountedByAddress(t *testing.T) {
	p, _ := gateProgram(t, map[limits.Name]int64{limits.AddressRate: 2, limits.PrincipalRate: 5})
	const address = "203.0.113.7"
	ctx := tenants.WithStore(t.Context(), "abc")
	_, key, err := auth.CreateAPIKey(ctx, p.db, "operator", auth.NewAPIKey{Name: "x", Scopes: []string{auth.ScopeFlowsRead}})
	if err != nil {
		t.Fatal(err)
	}
	call := func(token string) *httptest.ResponseRecorder {
		return p.ask(http.MethodGet, ui.Prefix+"/flows", address, "", "Authorization", "Bearer "+token)
	}
	if w := call(key); w.Code != http.StatusOK { // the first is looked up, and counted by address
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for range 5 {
		call("sluice_madeup")
	}
	if w := call("sluice_madeup"); w.Code != http.StatusTooManyRequests {
		t.Fatalf("made-up keys: %d", w.Code)
	}
	for i := range 5 {
		if w := call(key); w.Code != http.StatusOK {
			t.Errorf("the key's call %d: %d %s", i, w.Code, w.Body)
		}
	}
	if w := call(key); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("Content-Type") != problem.ContentType {
		t.Errorf("above the key's own rate: %d %v", w.Code, w.Header())
	}

	signer, err := standardwebhooks.NewWebhookRaw([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(i int, body string) int {
		now := time.Now()
		signature, err := signer.Sign(fmt.Sprint("msg_", i), now, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return p.ask(http.MethodPost, jobs.WebhookPath, address, body, standardwebhooks.HeaderWebhookID, fmt.Sprint("msg_", i),
			standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(now.Unix()), standardwebhooks.HeaderWebhookSignature, signature).Code
	}
	for i := range 100 {
		if status := deliver(i, `{"scope":"store/product/deleted","producer":"stores/abc","data":{"id":5}}`); status != http.StatusOK {
			t.Fatalf("signed delivery %d: %d", i, status)
		}
	}
	if w := p.ask(http.MethodPost, jobs.WebhookPath, address, "{}", standardwebhooks.HeaderWebhookID, "x", standardwebhooks.HeaderWebhookTimestamp,
		fmt.Sprint(time.Now().Unix()), standardwebhooks.HeaderWebhookSignature, "v1,forged"); w.Code != http.StatusTooManyRequests {
		t.Errorf("a forged delivery: %d", w.Code)
	}
}

// TestViolationReportsDoNotFillTheLog, whatever they have in them.
func TestViolationReportsDoNotFillTheLog(t *testing.T) {
	p, log := gateProgram(t, map[limits.Name]int64{limits.ReportRate: 20})
	long := strings.Repeat("x", 4000)
	report := `{"csp-report":{"effective-directive":"` + long + `","blocked-uri":"https://` + long + `?` + long + `","source-file":"` + long + `"}}`
	for i := range 100 {
		for address := range 5 {
			if w := p.ask(http.MethodPost, "/csp-report", fmt.Sprint("203.0.113.", address), report); w.Code != http.StatusNoContent {
				t.Fatalf("report %d: %d", i, w.Code)
			}
		}
	}
	if n, size := log.lines(), len(log.bytes()); n < 1 || n > 20+1 || size > n*1200 {
		t.Errorf("500 reports made %d lines of %d bytes", n, size)
	}
}

// TestAnUnknownProxyIsNoticed, and a client that only says so is not.
func TestAnUnknownProxyIsNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		from, forwarded string
		want            bool
	}{
		"a proxy of ours":       {"10.1.2.3", "203.0.113.9", true},
		"in IPv6":               {"[fd00::7]", "203.0.113.9", true},
		"a client that says so": {"203.0.113.9", "198.51.100.1", false},
		"nothing was forwarded": {"10.1.2.3", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			p, log := gateProgram(t, nil)
			for range 3 {
				p.ask(http.MethodGet, "/nothing", test.from, "", "X-Forwarded-For", test.forwarded)
			}
			if _, r := askProgram(t, p, "/healthz"); r.UnknownProxy != test.want {
				t.Errorf("noticed %v, want %v", r.UnknownProxy, test.want)
			}
			if n := bytes.Count(log.bytes(), []byte("TRUSTED_PROXIES")); (n > 0) != test.want {
				t.Errorf("%d warnings: %s", n, log.bytes())
			}
		})
	}
}
