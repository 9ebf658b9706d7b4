package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox/idp"
	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/vault"
)

// clinic is a healthy installation with one store, and the environment of its doctor.
type clinic struct {
	t    *testing.T
	shop *shop
	app  *bigcommerce.Client // with the token of the installed app, which sees the app's webhooks
	env  map[string]string
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	h := newHouse(t, houseOptions{})
	c := &clinic{t: t, shop: h.newShop(t), env: map[string]string{
		"BIGCOMMERCE_CLIENT_ID": h.cfg.ClientID, "BIGCOMMERCE_CLIENT_SECRET": h.cfg.ClientSecret, "APP_URL": h.cfg.AppURL,
		"APP_SCOPES": strings.Join(h.cfg.Scopes, " "), "DATABASE_URL": h.cfg.DatabaseURL, "ENCRYPTION_KEYS": h.cfg.EncryptionKeys,
		"BIGCOMMERCE_LOGIN_URL": h.cfg.LoginURL, "BIGCOMMERCE_API_URL": h.cfg.APIURL, "REDIS_URL": testenv.Redis(t),
		"FRAME_ANCESTORS": strings.Join(h.cfg.FrameAncestors, " "), "SUPPORT_URL": "mailto:help@example.com",
	}}
	token, err := h.program.db.AccessToken(t.Context(), c.shop.store.Hash)
	c.shop.do(err)
	c.app, err = bigcommerce.New(bigcommerce.Config{APIURL: h.cfg.APIURL, StoreHash: c.shop.store.Hash, AccessToken: token})
	c.shop.do(err)
	testenv.Eventually(t, "the webhooks are registered", func() bool {
		r, err := jobs.CheckHooks(t.Context(), c.app, h.cfg.AppURL, c.wantedHooks())
		return err == nil && len(r.Missing) == 0
	})
	return c
}

// wantedHooks are those that the shop is to have.
func (c *clinic) wantedHooks() []string {
	c.t.Helper()
	store, err := c.shop.house.program.db.Store(c.t.Context(), c.shop.store.Hash)
	c.shop.do(err)
	wanted, err := jobs.WantedHooks(tenants.WithStore(c.t.Context(), store.Hash), c.shop.house.program.db, store, kindSpecs())
	c.shop.do(err)
	return wanted
}

// examine runs the doctor in c's environment, but for the variables in changed.
func (c *clinic) examine(changed map[string]string, prepare func(*doctor)) *doctor {
	c.t.Helper()
	env := map[string]string{}
	for name, value := range c.env {
		env[name] = value
	}
	for name, value := range changed {
		env[name] = value
	}
	setEnvironment(c.t, env)
	d := newDoctor(nil, 25)
	if prepare != nil {
		prepare(d)
	}
	d.examine(c.t.Context())
	return d
}

// TestDoctor plants one fault after another. Each is found under its name, said in words, with what
// to do; and nothing else is found that is not there.
func TestDoctor(t *testing.T) {
	c := newClinic(t)
	healthy := func() {
		t.Helper()
		if d := c.examine(nil, nil); d.faults() != 0 {
			t.Errorf("faults are found where there are none: %+v", d.findings)
		}
	}
	healthy()

	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	moved := httptest.NewServer(http.RedirectHandler(c.shop.house.app, http.StatusMovedPermanently))
	defer moved.Close()
	newKey, err := vault.GenerateKey("other")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		env     map[string]string
		prepare func(*doctor)
		check   string
		says    string
		do      string
	}{
		{"a variable is missing", map[string]string{"BIGCOMMERCE_CLIENT_SECRET": ""}, nil, "configuration", "BIGCOMMERCE_CLIENT_SECRET", "README"},
		{"two variables are wrong", map[string]string{"PORT": "http", "LOG_LEVEL": "loud"}, nil, "configuration", "LOG_LEVEL", "README"},
		{"no help", map[string]string{"SUPPORT_URL": ""}, nil, "configuration", "SUPPORT_URL is not set", "mailto:"},
		{"no TLS", map[string]string{"BIGCOMMERCE_API_URL": bigcommerce.DefaultAPIURL}, func(d *doctor) { d.http.Transport = noNetwork{} }, "configuration", "https on port 443", "TLS"},
		{"database away", map[string]string{"DATABASE_URL": "postgres://app:secret@127.0.0.1:1/x"}, nil, "database", "does not answer", "DATABASE_URL"},
		{"migrations missing", map[string]string{"DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "new.db")}, nil, "migrations", "0001_initial", "sluice migrate"},
		{"wrong encryption key", map[string]string{"ENCRYPTION_KEYS": newKey}, nil, "keys", "house", "ENCRYPTION_KEYS"},
		{"Redis away", map[string]string{"REDIS_URL": "redis://:secret@127.0.0.1:1"}, nil, "redis", "does not answer", "REDIS_URL"},
		{"clock ahead", nil, func(d *doctor) { d.now = func() time.Time { return time.Now().Add(5 * time.Minute) } }, "clock", " ahead of BigCommerce", "NTP"},
		{"clock behind", nil, func(d *doctor) { d.now = func() time.Time { return time.Now().Add(-time.Hour) } }, "clock", " behind BigCommerce", "NTP"},
		{"nobody at the address", map[string]string{"APP_URL": "http://127.0.0.1:1"}, nil, "address", "does not answer", "proxy"},
		{"somebody else at the address", map[string]string{"APP_URL": other.URL}, nil, "address", "something else than Sluice", "proxy"},
		{"the address redirects", map[string]string{"APP_URL": moved.URL}, nil, "address", "redirects to " + c.shop.house.app, "Developer Portal"},
		{"scopes missing", map[string]string{"APP_SCOPES": "store_v2_products store_v2_marketing"}, nil, "scopes", "store_v2_marketing", "Developer Portal"},
		{"webhooks for another address", map[string]string{"APP_URL": other.URL}, nil, "webhooks", "store/app/uninstalled", "sluice store refresh"},
		{"another app's client id", map[string]string{"BIGCOMMERCE_CLIENT_ID": "another"}, nil, "webhooks", "another app", "client id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := *c
			c.t = t
			c.expect(c.examine(test.env, test.prepare), test.check, test.says, test.do)
		})
	}
	t.Run("Redis evicts", func(t *testing.T) {
		url, ok := testenv.RealRedis(t, "--maxmemory-policy", "allkeys-lru")
		if !ok {
			t.Log("the embedded Redis has no such setting")
			return
		}
		c := *c
		c.t = t
		c.expect(c.examine(map[string]string{"REDIS_URL": url}, nil), "redis", "allkeys-lru", "noeviction")
	})
	t.Run("another number of shards", func(t *testing.T) {
		c := *c
		c.t = t
		url := testenv.Redis(t)
		o, err := redis.ParseURL(url)
		if err != nil {
			t.Fatal(err)
		}
		rdb := redis.NewClient(o)
		defer rdb.Close()
		err = queue.New(rdb, queue.Options{Shards: 2}).Rebuild(t.Context(), func(context.Context, func(queue.Job) error) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		c.expect(c.examine(map[string]string{"REDIS_URL": url}, nil), "shards", "2 slots", "REDIS_SHARDS")
	})

	t.Run("the shared redirect address", func(t *testing.T) {
		c := *c
		c.t = t
		c.sharedAddress()
	})

	t.Run("keys for the owner to look at", func(t *testing.T) {
		c := *c
		c.t = t
		c.keysToReview()
	})

	// From here on the store itself is what is wrong.
	for hook, err := range c.app.Hooks.List(t.Context()) {
		c.shop.do(err)
		sleeping := *hook
		sleeping.IsActive = false
		_, err = c.app.Hooks.Update(t.Context(), sleeping)
		c.shop.do(err)
	}
	c.expect(c.examine(nil, nil), "webhooks", "to sleep", "sluice store refresh")
	c.shop.store.InvalidateToken()
	c.expect(c.examine(nil, nil), "token", "does not accept", "install it again")
}

// sharedAddress: a provider from before is a fault unless it names itself in its answers, also
// where the store is not among those that are looked at.
func (c *clinic) sharedAddress() {
	c.t.Helper()
	h := c.shop.house
	ctx, db := tenants.WithStore(c.t.Context(), c.shop.store.Hash), h.program.db
	p := &tenants.IdentityProvider{Preset: "custom", Issuer: h.sandbox.URLs().Issuer, ClientID: h.sandbox.IdentityProviderClient().ID, Enabled: true}
	c.shop.do(db.SaveIdentityProvider(ctx, p, nil))
	none := func() {
		c.t.Helper()
		if d := c.examine(c.private(), nil); d.faults() != 0 {
			c.t.Errorf("faults where there are none: %+v", d.findings)
		}
	}
	none() // it has the store's own
	until := time.Now().Add(48 * time.Hour).UTC()
	c.shop.do(db.Scoped(ctx).Model(&tenants.IdentityProvider{}).Where("id <> ''").Update("shared_until", until).Error)
	none() // it names itself
	c.shop.do(h.sandbox.IdentityProvider().SetFaults(idp.FaultNoIssuer))
	own := h.cfg.AppURL + "/sso/" + c.shop.store.Hash + "/callback"
	c.expect(c.examine(c.private(), nil), "redirect", "ends on "+until.Format(time.DateOnly), own)
	c.expect(c.examine(c.private(), func(d *doctor) { d.limit = 0 }), "redirect", "ends on", own)
	c.expect(c.examine(c.private(), func(d *doctor) { d.now = func() time.Time { return until.Add(time.Second) } }), "redirect", "nobody can sign in", own)
	c.shop.do(h.sandbox.IdentityProvider().SetFaults())
	c.shop.do(db.DeleteIdentityProvider(ctx))
}

// keysToReview: what administrators made before it was the owner's to make goes on and is named,
// with its number, until the owner has kept or revoked it.
func (c *clinic) keysToReview() {
	c.t.Helper()
	ctx, db := tenants.WithStore(c.t.Context(), c.shop.store.Hash), c.shop.house.program.db
	admin, err := db.EnsureUser(ctx, tenants.UserSeen{UserID: 987})
	c.shop.do(err)
	var made []string
	for i := range 2 {
		key := tenants.APIKey{Name: "old", Prefix: "sluice_OLD", SecretHash: fmt.Sprint("old", i), Scopes: tenants.ScopeIdentityLogin, CreatedBy: admin.ID}
		c.shop.do(db.CreateAPIKey(ctx, &key))
		made = append(made, key.ID)
	}
	named := func(d *doctor) (says string) {
		for _, f := range d.findings {
			if f.Check == "api-keys" && f.Store == c.shop.store.Hash && f.Level == levelWarning {
				says = f.Says
			}
		}
		return says
	}
	if says := named(c.examine(nil, func(d *doctor) { d.limit = 0 })); !strings.HasSuffix(says, ": 2") {
		c.t.Errorf("two keys: %q", says)
	}
	c.shop.do(db.KeepAPIKey(ctx, made[0]))
	if says := named(c.examine(nil, nil)); !strings.HasSuffix(says, ": 1") {
		c.t.Errorf("one was kept: %q", says)
	}
	c.shop.do(db.RevokeAPIKey(ctx, made[1]))
	if says := named(c.examine(nil, nil)); says != "" {
		c.t.Errorf("none is left: %q", says)
	}
}

// private lets the doctor ask a provider on this machine.
func (c *clinic) private() map[string]string {
	return map[string]string{"ALLOW_PRIVATE_SOURCES": "127.0.0.0/8"}
}

// expect fails the test unless a fault of check says what it should; secrets never stand in a
// finding.
func (c *clinic) expect(d *doctor, check, says, do string) {
	c.t.Helper()
	found := false
	for _, f := range d.findings {
		found = found || f.Check == check && f.Level == levelFault && strings.Contains(f.Says, says) && strings.Contains(f.Do, do)
		if f.Level != levelOK && f.Level != levelSkipped && f.Do == "" {
			c.t.Errorf("%+v says not what to do", f)
		}
		for _, secret := range []string{c.env["BIGCOMMERCE_CLIENT_SECRET"], c.env["ENCRYPTION_KEYS"], c.shop.store.Token(), ":secret@"} {
			if strings.Contains(f.Says+f.Do, secret) {
				c.t.Errorf("%+v says a secret", f)
			}
		}
	}
	if !found {
		c.t.Errorf("no fault of %s says %q and to do %q: %+v", check, says, do, d.findings)
	}
}

// noNetwork refuses every request: the tests talk to nobody outside.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network in tests")
}

// TestDoctorExitCode runs the real program: 1 with a fault, and the report on standard output.
func TestDoctorExitCode(t *testing.T) {
	for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}} {
		cmd := exec.CommandContext(t.Context(), buildSluice(t), args...)
		cmd.Env = environ()
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%v: ended with %v, want exit code 1", args, err)
		}
		if !strings.Contains(out.String(), "BIGCOMMERCE_CLIENT_ID") || !strings.Contains(errs.String(), "faults") {
			t.Errorf("%v printed %q and %q", args, out.String(), errs.String())
		}
	}
	d := deploy(t, stack{database: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), redis: testenv.Redis(t)})
	if out := d.command("", "doctor"); strings.Contains(out, string(levelFault)) || !strings.Contains(out, "token of "+d.store.Hash) {
		t.Errorf("a healthy installation's doctor printed\n%s", out)
	}
}

// TestDoctorLimit: of many stores the newest are looked at, and those that are asked for.
func TestDoctorLimit(t *testing.T) {
	i := install(t, stack{database: "sqlite:" + filepath.Join(t.TempDir(), "x.db")}, 3)
	i.startWeb("serve")
	count := func(args ...string) int {
		return strings.Count(i.command("", append([]string{"doctor"}, args...)...), "BigCommerce accepts it")
	}
	if n := count(); n != 3 {
		t.Errorf("%d stores, want 3", n)
	}
	if n := count("--limit", strconv.Itoa(1)); n != 1 {
		t.Errorf("%d stores, want 1", n)
	}
	if out := i.command("", "doctor", "--store", i.sandbox.Stores[1].Hash); strings.Count(out, "BigCommerce accepts it") != 1 || !strings.Contains(out, i.sandbox.Stores[1].Hash) {
		t.Errorf("asked for one store:\n%s", out)
	}
}
