package login

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"sluice/internal/problem"
)

const testSecret = "client-secret-of-this-app-0123456789abcdef"

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func minter(t *testing.T) *Minter {
	t.Helper()
	m, err := NewMinter("the-client-id", testSecret)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestURL(t *testing.T) {
	m, cart := minter(t), true
	var ids []string
	for range 2 {
		address, err := m.URL("https://shop.example", Request{
			StoreHash: "abc123", CustomerID: 7, ChannelID: 2, RedirectTo: "/cart.php", RequestIP: "203.0.113.7", EnablePersistentCart: &cart,
		}, noon)
		if err != nil {
			t.Fatal(err)
		}
		raw, ok := strings.CutPrefix(address, "https://shop.example/login/token/")
		if !ok {
			t.Fatalf("address %s", address)
		}
		got := jwt.MapClaims{}
		token, err := jwt.ParseWithClaims(raw, got, func(*jwt.Token) (any, error) { return []byte(testSecret), nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return noon }))
		if err != nil || token.Method.Alg() != "HS256" {
			t.Fatal(err)
		}
		id, _ := got["jti"].(string)
		if _, err := uuid.Parse(id); err != nil {
			t.Fatalf("jti %q", id)
		}
		ids = append(ids, id)
		delete(got, "jti")
		want := jwt.MapClaims{
			"iss": "the-client-id", "iat": float64(noon.Unix()), "operation": "customer_login", "store_hash": "abc123", "customer_id": 7.0,
			"channel_id": 2.0, "redirect_to": "/cart.php", "request_ip": "203.0.113.7", "enable_persistent_cart": true,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	if ids[0] == ids[1] {
		t.Error("two tokens have one jti")
	}
}

func TestURLRefuses(t *testing.T) {
	ok := Request{StoreHash: "abc123", CustomerID: 7}
	change := func(fn func(*Request)) Request { r := ok; fn(&r); return r }
	tests := map[string]struct {
		origin  string
		request Request
		code    problem.Code
	}{
		"no origin":       {"", ok, problem.Conflict},
		"no host":         {"https://", ok, problem.Conflict},
		"a path":          {"https://shop.example/x", ok, problem.Conflict},
		"a query":         {"https://shop.example?x", ok, problem.Conflict},
		"a user":          {"https://a@shop.example", ok, problem.Conflict},
		"another scheme":  {"ftp://shop.example", ok, problem.Conflict},
		"redirect":        {"https://shop.example", change(func(r *Request) { r.RedirectTo = "//evil.example" }), problem.Invalid},
		"request_ip name": {"https://shop.example", change(func(r *Request) { r.RequestIP = "localhost" }), problem.Invalid},
		"request_ip zone": {"https://shop.example", change(func(r *Request) { r.RequestIP = "fe80::1%eth0" }), problem.Invalid},
		"no customer":     {"https://shop.example", change(func(r *Request) { r.CustomerID = 0 }), problem.Internal},
		"no store":        {"https://shop.example", change(func(r *Request) { r.StoreHash = "" }), problem.Internal},
	}
	for name, tt := range tests {
		if address, err := minter(t).URL(tt.origin, tt.request, noon); problem.CodeOf(err) != tt.code || address != "" {
			t.Errorf("%s: %q, %v", name, address, err)
		}
	}
	if _, err := NewMinter("id", ""); err == nil {
		t.Error("a minter without a secret")
	}
}

func TestClock(t *testing.T) {
	var logged bytes.Buffer
	now, asked := noon, 0
	c := NewClock(func() time.Time { return now }, slog.New(slog.NewTextHandler(&logged, nil)))
	trip, theirs := 2*time.Second, noon.Add(41*time.Second)
	var fail error
	ask := func(context.Context) (time.Time, error) {
		asked++
		now = now.Add(trip)
		return theirs, fail
	}
	check := func(what string, skew time.Duration, requests int) {
		t.Helper()
		got := c.Now(t.Context(), ask)
		if got.Sub(now) != skew || asked != requests {
			t.Errorf("%s: skew %s after %d requests, want %s after %d", what, got.Sub(now), asked, skew, requests)
		}
	}
	fail = errors.New("away")
	check("never measured", 0, 1)
	if !strings.Contains(logged.String(), "known=false") {
		t.Errorf("log %s", logged.String())
	}
	fail = nil
	check("failed just now", 0, 1)
	now, theirs = now.Add(retryEvery), now.Add(retryEvery).Add(41*time.Second)
	check("half of the round trip is taken off", 40*time.Second, 2)
	now = now.Add(measureEvery - time.Second)
	check("kept", 40*time.Second, 2)
	now, fail = now.Add(time.Second), errors.New("away")
	check("the last difference holds", 40*time.Second, 3)
	now, fail, trip = now.Add(retryEvery), nil, maxRoundTrip+time.Second
	check("a slow answer is not believed", 40*time.Second, 4)
	now, trip = now.Add(retryEvery), 0
	theirs = now.Add(-3 * time.Second)
	check("measured again", -3*time.Second, 5)
}
