package auth

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TestFrameAncestors(t *testing.T) {
	origins := []string{"https://store-{store_hash}.mybigcommerce.com", "https://login.bigcommerce.com"}
	for _, test := range []struct {
		origins     []string
		store, want string
	}{
		{origins, "abc123", "https://store-abc123.mybigcommerce.com https://login.bigcommerce.com"},
		{origins, "", "https://login.bigcommerce.com"},
		{origins, "abc; script-src *", "https://login.bigcommerce.com"},
		{origins[:1], "", "'none'"},
		{[]string{"http://127.0.0.1:8080"}, "abc123", "http://127.0.0.1:8080"},
	} {
		if got := FrameAncestors(test.origins, test.store); got != test.want {
			t.Errorf("%q for %q: %s", test.origins, test.store, got)
		}
	}
}

// TestRefusedPagesNameOneStoreAtMost: the control panel that opened a page may show why it was
// refused, and the storefronts of other stores may not.
func TestRefusedPagesNameOneStoreAtMost(t *testing.T) {
	forged := func(subject string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Subject: subject, ExpiresAt: jwt.NewNumericDate(time.Now().Add(-time.Hour)),
		}).SignedString([]byte("not the secret"))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	f := newFixture(t)
	for name, test := range map[string]struct {
		path  string
		query url.Values
		store string
	}{
		"an install of a store": {"/auth", url.Values{"context": {"stores/" + testStore}}, testStore},
		"an install of nobody":  {"/auth", nil, ""},
		"a payload of a store":  {"/load", url.Values{"signed_payload_jwt": {forged("stores/" + testStore)}}, testStore},
		"a payload of none":     {"/load", url.Values{"signed_payload_jwt": {forged("stores/a b; script-src *")}}, ""},
		"no payload":            {"/load", url.Values{"signed_payload_jwt": {"x.y.z"}}, ""},
		"an oversized payload":  {"/load", url.Values{"signed_payload_jwt": {forged("stores/"+testStore) + strings.Repeat("x", maxPayload)}}, ""},
	} {
		w := f.get(test.path, test.query)
		_, got, _ := strings.Cut(w.Header().Get("Content-Security-Policy"), "frame-ancestors ")
		want := "https://login.bigcommerce.com"
		if test.store != "" {
			want = "https://store-" + test.store + ".mybigcommerce.com " + want
		}
		if w.Code < 400 || got != want {
			t.Errorf("%s: %d, may be framed by %q, want %q", name, w.Code, got, want)
		}
	}
}
