package customer

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/ratelimit"
)

// tokenCodes are all that a token may be refused with.
var tokenCodes = []problem.Code{problem.TokenInvalid, problem.TokenExpired, problem.WrongApp, problem.WrongStore}

var fuzzHashes = map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}

// signedByTheApp checks a token's form and signature by hand.
func signedByTheApp(raw string) (claims []byte, ok bool) {
	part := strings.Split(raw, ".")
	if len(part) != 3 {
		return nil, false
	}
	strict := base64.RawURLEncoding.Strict()
	header, err1 := strict.DecodeString(part[0])
	claims, err2 := strict.DecodeString(part[1])
	signature, err3 := strict.DecodeString(part[2])
	var h struct {
		Alg string `json:"alg"`
	}
	if err1 != nil || err2 != nil || err3 != nil || json.Unmarshal(header, &h) != nil || fuzzHashes[h.Alg] == nil {
		return nil, false
	}
	mac := hmac.New(fuzzHashes[h.Alg], []byte(testSecret))
	mac.Write([]byte(part[0] + "." + part[1]))
	return claims, hmac.Equal(mac.Sum(nil), signature)
}

// mayPass says by hand whether claims name a customer of store A, of this app, at the time of
// tests.
func mayPass(claims []byte) bool {
	var c struct {
		Iss, Sub, Aud, Operation string
		StoreHash                string `json:"store_hash"`
		Iat, Exp, Nbf            float64
		Customer                 struct{ ID int64 }
	}
	if json.Unmarshal(claims, &c) != nil {
		return false
	}
	now := float64(began.Unix())
	c.Iat, c.Exp, c.Nbf = math.Floor(c.Iat), math.Floor(c.Exp), math.Floor(c.Nbf) // fractions do not count
	return c.Iss == "bc/apps" && c.Operation == "current_customer" && c.Aud == testClient && c.Sub == storeA && c.StoreHash == storeA &&
		c.Customer.ID > 0 && c.Iat > 0 && c.Iat <= now+30 && c.Nbf <= now+30 && c.Exp > now-30
}

func judge(t *testing.T, v *verifier, raw string) {
	t.Helper()
	who, err := v.verify(raw, storeA)
	if err != nil {
		if !slices.Contains(tokenCodes, problem.CodeOf(err)) || who != (Shopper{}) {
			t.Fatalf("%q: %+v, %v", raw, who, err)
		}
		return
	}
	claims, signed := signedByTheApp(raw)
	if !signed || !mayPass(claims) {
		t.Fatalf("accepted %q as %+v", raw, who)
	}
	var c struct{ Customer struct{ ID int64 } }
	if err := json.Unmarshal(claims, &c); err != nil || who.ID <= 0 || who.ID != c.Customer.ID {
		t.Fatalf("%q is %+v, want customer %d, %v", raw, who, c.Customer.ID, err)
	}
}

func testVerifier() *verifier {
	return newVerifier(testClient, testSecret, func() time.Time { return began })
}

// FuzzToken: whatever is posted as a token, only what the app's secret signed gets through.
func FuzzToken(f *testing.F) {
	for _, bad := range badTokens(f) {
		f.Add(bad.token)
	}
	f.Add(token(f, storeA, 5))
	v := testVerifier()
	f.Fuzz(func(t *testing.T, raw string) { judge(t, v, raw) })
}

// FuzzClaims: with the right signature too, only a customer of this app, store and time gets
// through.
func FuzzClaims(f *testing.F) {
	for _, bad := range badTokens(f) {
		if claims, ok := signedByTheApp(bad.token); ok {
			f.Add(`{"alg":"HS256"}`, string(claims))
		}
	}
	good, _ := signedByTheApp(token(f, storeA, 5))
	for _, header := range []string{`{"alg":"HS256","typ":"JWT"}`, `{"alg":"HS384"}`, `{"alg":"HS512"}`, `{"alg":"none"}`, `{"alg":"RS256"}`, `{"alg":"HS256","alg":"none"}`} {
		f.Add(header, string(good))
	}
	v := testVerifier()
	f.Fuzz(func(t *testing.T, header, claims string) {
		for _, newHash := range fuzzHashes {
			text := b64(header) + "." + b64(claims)
			mac := hmac.New(newHash, []byte(testSecret))
			mac.Write([]byte(text))
			judge(t, v, text+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
		}
	})
}

// FuzzBody: whatever a request looks like, it gets through only with a good token in it.
func FuzzBody(f *testing.F) {
	good := token(f, storeA, 5)
	for _, kind := range []string{"text/plain", "text/plain;charset=UTF-8", "application/json", "Application/JSON; charset=utf-8", "", "text/html", "text/plain; charset", "a/b;c=d;c=e"} {
		for _, body := range []string{good, " " + good + "\n", `{"token":"` + good + `"}`, `{"token":"` + good + `","x":1}`, `{"token":null}`, `"` + good + `"`, "", "{}", `{"token":"\ud800"}`} {
			f.Add(kind, body, originA, storeA)
		}
	}
	f.Add("text/plain", good, originB, storeA)
	f.Add("text/plain", good, "null", storeA)
	f.Add("text/plain", good, originB, storeB)
	f.Add("text/plain", good, "", "gone00")
	x := newFixture(f)
	ticks := began
	x.service.cfg.Limits = ratelimit.New(nil, ratelimit.Options{Now: func() time.Time { return ticks }})
	codes := append([]problem.Code{problem.Invalid, problem.TooLarge, problem.OriginRefused, problem.StoreNotInstalled}, tokenCodes...)
	f.Fuzz(func(t *testing.T, kind, body, origin, store string) {
		ticks = ticks.Add(strangers.Every) // nothing is too often
		if strings.ContainsAny(store, "/?#%") || strings.ContainsFunc(store, func(r rune) bool { return r <= ' ' || r > '~' }) {
			store = storeA // would be another route
		}
		header := map[string]string{"Content-Type": kind}
		if origin != "" {
			header["Origin"] = origin
		}
		w := x.do(request{http.MethodPost, "/storefront/" + store + "/current-customer", body, header})
		if w.Code == http.StatusOK {
			if store != storeA || (origin != originA && origin != "") || !strings.Contains(body, good) {
				t.Fatalf("accepted %q %q from %q at %q", kind, body, origin, store)
			}
			return
		}
		var p problem.Body
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			if store == "" || store == "." || store == ".." {
				return // another route
			}
			t.Fatalf("%d %q", w.Code, w.Body)
		}
		if !slices.Contains(codes, p.Code) {
			t.Fatalf("%q %q from %q at %q: %+v", kind, body, origin, store, p)
		}
	})
}

// FuzzSession: only a session that this service made opens a card.
func FuzzSession(f *testing.F) {
	s := newSessions([]byte("a key of thirty-two bytes length"), func() time.Time { return began })
	issue := func(store string, who Shopper) string {
		session, _, err := s.issue(store, who)
		if err != nil {
			f.Fatal(err)
		}
		return session
	}
	session, other := issue(storeA, Shopper{ID: 5, Email: "john.doe@example.com"}), issue(storeB, Shopper{ID: 5})
	for _, bad := range badTokens(f) {
		f.Add(bad.token)
	}
	f.Add(session)
	f.Add(session + "\n")
	f.Add(other)
	f.Fuzz(func(t *testing.T, raw string) {
		who, err := s.read(raw, storeA)
		if err == nil && (raw != session || who.ID != 5) {
			t.Fatalf("accepted %q as %+v", raw, who)
		}
		if err != nil && !slices.Contains(tokenCodes, problem.CodeOf(err)) {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}
