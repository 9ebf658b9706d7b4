package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/internal/sandbox"
	"sluice/tenants"
)

// TestAFrameAddressIsNoUninstall: a viewer takes the address of a frame that was never opened, and
// calls the other callbacks with it. The real uninstall works, also where the token is revoked only
// afterwards.
func TestAFrameAddressIsNoUninstall(t *testing.T) {
	h := newHouse(t, houseOptions{})
	store := h.sandbox.AddStore(sandbox.StoreSpec{Hash: "frames1"})
	m := &merchant{app: h.app, panel: appPanelURL(h.sandbox, store), http: &http.Client{Timeout: time.Minute}}
	t.Cleanup(m.http.CloseIdleConnections)
	if err := m.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx := tenants.WithStore(t.Context(), store.Hash)
	request := func(method, address, token string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		res, err := m.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	state := func() tenants.StoreState {
		t.Helper()
		s, err := h.program.db.Store(ctx, store.Hash)
		if err != nil {
			t.Fatal(err)
		}
		return s.State
	}
	viewer := store.AddUser(sandbox.UserSpec{Email: "viewer@example.com"})
	frame := func() string {
		t.Helper()
		address, err := store.LoadURL(viewer.ID, sandbox.LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	if status, body := request("GET", frame(), ""); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	stolen := strings.Replace(frame(), "/load", "/uninstall", 1)
	status, body := request("GET", stolen, "")
	var refusal struct{ Code string }
	if err := json.Unmarshal([]byte(body), &refusal); err != nil || status != http.StatusConflict || refusal.Code != "conflict" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := request("GET", stolen, ""); status != http.StatusUnauthorized {
		t.Errorf("the same address again: %d", status)
	}
	if status, _ := request("GET", h.app+"/api/v1/session", m.token); status != http.StatusOK || state() != tenants.StoreActive {
		t.Errorf("the owner's session: %d; the store is %s", status, state())
	}
	if err := store.Uninstall(t.Context()); err != nil || state() != tenants.StoreUninstalled {
		t.Errorf("the real uninstall: %v; the store is %s", err, state())
	}
	old := m.token
	if err := m.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]int{old: http.StatusUnauthorized, m.token: http.StatusOK} {
		if status, _ := request("GET", h.app+"/api/v1/session", token); status != want {
			t.Errorf("after the reinstall: %d, want %d", status, want)
		}
	}
}
