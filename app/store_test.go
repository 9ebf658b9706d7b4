package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/tenants"
)

// TestStoreCommands shows, refreshes and removes one of two stores; the other never changes.
func TestStoreCommands(t *testing.T) {
	f := newQueueFixture(t, "sqlite:"+filepath.Join(t.TempDir(), "stores.db"), testenv.Redis(t))
	run := func(wantOK bool, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), buildSluice(t), args...)
		cmd.Env = f.env
		out, err := cmd.CombinedOutput()
		if (err == nil) != wantOK {
			t.Fatalf("sluice %v: %v\n%s", args, err, out)
		}
		return string(out)
	}

	var facts storeFacts
	if err := json.Unmarshal([]byte(run(true, "store", "show", "busy1", "--json")), &facts); err != nil {
		t.Fatal(err)
	}
	if facts.Store == nil || facts.Hash != "busy1" || facts.State != tenants.StoreActive || facts.AccessToken != nil {
		t.Errorf("%+v", facts)
	}
	if out := run(true, "store", "show", "busy1"); !strings.Contains(out, "busy1") || strings.Contains(out, "paused1") {
		t.Errorf("show printed\n%s", out)
	}
	if out := run(false, "store", "show", "nobody"); !strings.Contains(out, "does not know this store") {
		t.Errorf("an unknown store is shown as\n%s", out)
	}

	ctx := tenants.WithStore(t.Context(), "busy1")
	hooks := func() (n int64) {
		t.Helper()
		if err := f.db.Scoped(ctx).Model(&tenants.Job{}).Where("kind = ? AND state = ?", "hooks.register", tenants.JobPending).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := hooks()
	run(true, "store", "refresh", "busy1")
	if n := hooks(); n != before+1 {
		t.Errorf("%d jobs register webhooks, want %d", n, before+1)
	}

	if out := run(false, "store", "remove", "busy1"); !strings.Contains(out, "--yes") {
		t.Errorf("remove without --yes printed\n%s", out)
	}
	if s, err := f.db.Store(ctx, "busy1"); err != nil || s.State != tenants.StoreActive {
		t.Fatalf("the store is %+v %v, though nobody said yes", s, err)
	}
	for range 2 { // a repeat is harmless
		run(true, "store", "remove", "busy1", "--yes")
	}
	s, err := f.db.Store(ctx, "busy1")
	if err != nil || s.State != tenants.StoreUninstalled || s.AccessToken != nil || s.DeleteAfter == nil || hooks() != 0 {
		t.Errorf("after its removal: %+v %v, %d jobs", s, err, hooks())
	}
	run(true, "store", "remove", "busy1", "--yes", "--now")
	if _, err := f.db.Store(ctx, "busy1"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("after its deletion: %v", err)
	}
	if s, err := f.db.Store(ctx, "paused1"); err != nil || s.State != tenants.StoreNeedsReinstall || s.AccessToken == nil {
		t.Errorf("the other store: %+v %v", s, err)
	}
}
