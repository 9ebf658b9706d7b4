package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/internal/testenv"
	"sluice/tenants"
)

// TestSharedAddressIsLoggedDaily: a store on the shared redirect URI gets a job a day, and the job
// a line in the log as long as the provider does not name itself. Other stores get none.
func TestSharedAddressIsLoggedDaily(t *testing.T) {
	e := newEnv(t, testenv.EmbeddedRedis(t))
	e.install("other1")
	const issuer = "https://id.example"
	for _, hash := range []string{testStore, "other1"} {
		ctx := tenants.WithStore(t.Context(), hash)
		if err := e.db.SaveIdentityProvider(ctx, &tenants.IdentityProvider{Preset: "custom", Issuer: issuer, ClientID: "c", Enabled: true}, nil); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	until := func(at time.Time) {
		t.Helper()
		if err := e.db.Scoped(e.ctx).Model(&tenants.IdentityProvider{}).Where("id <> ''").Update("shared_until", at.UTC()).Error; err != nil {
			t.Fatal(err)
		}
	}
	until(now.Add(time.Hour))
	cfg := e.cfg
	cfg.Now = func() time.Time { return now }
	jobsOf := func(hash string) (n int) {
		for _, row := range e.jobRows(hash) {
			if row.Kind == kindSharedAddress {
				n++
			}
		}
		return n
	}
	for days := range 3 {
		w := NewWorkers(cfg)
		for range 2 { // the job of a day is one, in however many processes
			if err := w.doHousekeeping(e.ctx, &job{log: cfg.Log}); err != nil {
				t.Fatal(err)
			}
		}
		if n := jobsOf(testStore); n != days+1 {
			t.Errorf("%d jobs after %d days", n, days+1)
		}
		now = now.Add(day)
	}
	if n := jobsOf("other1"); n != 0 {
		t.Errorf("%d jobs of a store with its own address", n)
	}

	now = time.Now()
	var asked error
	announces := false
	cfg.AnnouncesIssuer = func(_ context.Context, got string) (bool, error) {
		if got != issuer {
			t.Errorf("asked %s", got)
		}
		return announces, asked
	}
	line := func() string {
		t.Helper()
		var b bytes.Buffer
		if err := NewWorkers(cfg).doSharedAddress(e.ctx, &job{log: slog.New(slog.NewTextHandler(&b, nil))}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := line(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "will end") {
		t.Errorf("in time: %s", got)
	}
	until(now)
	if got := line(); !strings.Contains(got, "nobody can sign in") {
		t.Errorf("over: %s", got)
	}
	asked = errors.New("away")
	if got := line(); got == "" {
		t.Error("a provider that is away is taken for one that names itself")
	}
	asked, announces = nil, true
	if got := line(); got != "" {
		t.Errorf("a provider that names itself: %s", got)
	}
	if err := e.db.Scoped(e.ctx).Model(&tenants.IdentityProvider{}).Where("id <> ''").Update("shared_until", nil).Error; err != nil {
		t.Fatal(err)
	}
	announces = false
	if got := line(); got != "" {
		t.Errorf("the store's own address: %s", got)
	}
}
