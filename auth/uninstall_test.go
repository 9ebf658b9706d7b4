package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluice/internal/problem"
	"sluice/tenants"
)

// looks is how many questions for later are noted.
func (f *fixture) looks() int {
	f.t.Helper()
	var n int64
	err := f.db.AcrossStores(context.Background()).Model(&tenants.Job{}).Where("kind = ?", "uninstall.look").Count(&n).Error
	if err != nil {
		f.t.Fatal(err)
	}
	return int(n)
}

func (f *fixture) audited() []string {
	f.t.Helper()
	entries, _, err := f.db.AuditLog(tenants.WithStore(context.Background(), testStore), tenants.Page{})
	if err != nil {
		f.t.Fatal(err)
	}
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Actor+" "+e.Action)
	}
	return actions
}

func TestUninstall(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	q := f.payload(nil)
	if w := f.get("/uninstall", q); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	store := f.store(testStore)
	if store.State != tenants.StoreUninstalled || len(store.AccessToken) != 0 || store.DeleteAfter == nil {
		t.Fatalf("store %+v", store)
	}
	if !strings.HasSuffix(f.lifecycle.String(), "uninstalled "+testStore) || !slices.Contains(f.audited(), "bigcommerce:7 store.uninstalled") {
		t.Fatalf("lifecycle: %s; audit %v", f.lifecycle, f.audited())
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != http.StatusUnauthorized {
		t.Fatalf("an open panel still works: %d", w.Code)
	}
	if w := f.get("/load", f.payload(nil)); w.Code != http.StatusNotFound {
		t.Fatalf("load after uninstall: %d", w.Code)
	}
	// Told again, what follows is done again: the first time may have ended half-way.
	if w := f.get("/uninstall", f.payload(nil)); w.Code != http.StatusOK {
		t.Fatalf("told again: %d %s", w.Code, w.Body)
	}
	// Installed again, the old payload must not uninstall it, nor may the old session come back.
	again := f.session(f.get("/auth", installQuery("again")))
	if w := f.get("/uninstall", q); w.Code != http.StatusUnauthorized {
		t.Fatalf("a replayed uninstall: %d", w.Code)
	}
	if store := f.store(testStore); store.State != tenants.StoreActive {
		t.Fatalf("the replay uninstalled the store: %s", store.State)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != http.StatusUnauthorized {
		t.Errorf("a session from before the uninstall: %d", w.Code)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+again.Token); w.Code != http.StatusOK {
		t.Errorf("the session of the reinstall: %d", w.Code)
	}
}

// TestOnlyBigCommerceUninstalls: any user's unused frame address is a valid payload. While
// BigCommerce accepts the store's token, or does not say, it destroys nothing; it is noted, and
// asked again later.
func TestOnlyBigCommerceUninstalls(t *testing.T) {
	viewer := map[string]any{"user": map[string]any{"id": 8, "email": "v@example.com", "locale": "en"}}
	for name, test := range map[string]struct {
		set     func(*lifecycle)
		want    int
		actions []string
	}{
		"BigCommerce accepts the token": {func(l *lifecycle) { l.accepts = true }, http.StatusConflict,
			[]string{"bigcommerce:8 store.uninstall_refused", "bigcommerce:8 store.uninstall_asked"}},
		"BigCommerce does not answer": {func(l *lifecycle) { l.silent = errors.New("no answer") }, http.StatusServiceUnavailable,
			[]string{"bigcommerce:8 store.uninstall_asked"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			s := f.install()
			ctx := tenants.WithStore(context.Background(), testStore)
			_, secret, err := CreateAPIKey(ctx, f.db, operator, NewAPIKey{Name: "ERP", Scopes: []string{ScopeFlowsRead}})
			if err != nil {
				t.Fatal(err)
			}
			f.session(f.get("/load", f.payload(viewer)))
			before := f.store(testStore)
			test.set(f.lifecycle)
			w := f.get("/uninstall", f.payload(viewer))
			if w.Code != test.want {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			after := f.store(testStore)
			if after.State != tenants.StoreActive || string(after.AccessToken) != string(before.AccessToken) || after.DeleteAfter != nil {
				t.Errorf("the store is %s", after.State)
			}
			for who, token := range map[string]string{"the owner's session": s.Token, "an API key": secret} {
				if w := f.get("/read", nil, "Authorization", "Bearer "+token); w.Code != http.StatusOK {
					t.Errorf("%s: %d", who, w.Code)
				}
			}
			if strings.Contains(f.lifecycle.String(), "uninstalled") {
				t.Errorf("work was ended: %s", f.lifecycle)
			}
			if got := f.looks(); got != 1 {
				t.Errorf("%d questions for later", got)
			}
			if got := f.audited()[:len(test.actions)]; !slices.Equal(got, test.actions) {
				t.Errorf("audit %v, want %v", got, test.actions)
			}
		})
	}
}

// TestAReinstallWhileBigCommerceIsAsked: the answer is about the token that was asked about, not
// about its successor.
func TestAReinstallWhileBigCommerceIsAsked(t *testing.T) {
	f := newFixture(t)
	f.install()
	f.lifecycle.asked = func() {
		f.lifecycle.asked = nil
		f.login.answer["access_token"] = "a-newer-token"
		f.session(f.get("/auth", installQuery("again")))
	}
	if w := f.get("/uninstall", f.payload(nil)); w.Code != http.StatusConflict {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	token, err := f.db.AccessToken(tenants.WithStore(context.Background(), testStore), testStore)
	if err != nil || token != "a-newer-token" || strings.Contains(f.lifecycle.String(), "uninstalled") {
		t.Errorf("token %q, %v; lifecycle %s", token, err, f.lifecycle)
	}
}

// TestAnUninstallThatEndsHalfWay: the mark is there, and what follows is asked for by the question
// for later.
func TestAnUninstallThatEndsHalfWay(t *testing.T) {
	f := newFixture(t)
	f.install()
	f.lifecycle.fails = errors.New("the process ends")
	if w := f.get("/uninstall", f.payload(nil)); w.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if s := f.store(testStore); s.State != tenants.StoreUninstalled || f.looks() != 1 {
		t.Errorf("the store is %s, and %d questions are for later", s.State, f.looks())
	}
}

// TestRemoveUserRemovesOneself: a payload is believed about its own user, and never about the
// owner: a leaked frame address must not take the owner's keys.
func TestRemoveUserRemovesOneself(t *testing.T) {
	f := newFixture(t)
	s := f.install()
	w := f.get("/remove_user", f.payload(nil))
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), string(problem.Conflict)) {
		t.Errorf("the owner: %d %s", w.Code, w.Body)
	}
	if w := f.get("/read", nil, "Authorization", "Bearer "+s.Token); w.Code != http.StatusOK {
		t.Errorf("the owner's session: %d", w.Code)
	}
	if w := f.get("/remove_user", url.Values{"signed_payload_jwt": {"x.y.z"}}); w.Code != http.StatusUnauthorized {
		t.Errorf("no payload: %d", w.Code)
	}
}
