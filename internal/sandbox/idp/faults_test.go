package idp

import (
	"strings"
	"testing"

	"golang.org/x/oauth2"
)

// Each fault is noticed by a careful client, and by what it should be noticed.
func TestFaults(t *testing.T) {
	for _, tc := range []struct{ fault, want string }{
		{FaultWrongIssuer, "different provider"},
		{FaultWrongAudience, "expected audience"},
		{FaultExpiredToken, "token is expired"},
		{FaultBadSignature, "failed to verify signature"},
		{FaultAlgorithmNone, `algorithm "none"`},
		{FaultAlgorithmHMAC, `algorithm "hs256"`},
		{FaultWrongNonce, "nonce differs"},
		{FaultNoNonce, "nonce differs"},
		{FaultOtherSubject, "somebody else"},
		{FaultJWKSAway, "503"},
		{FaultTokenAway, "503"},
		{FaultDiscoveryAway, "503"},
		{FaultDiscoveryIssuer, "did not match"},
	} {
		t.Run(tc.fault, func(t *testing.T) {
			r := newRig(t)
			v := oauth2.GenerateVerifier()
			code := r.code(v, "user-sam")
			if err := r.p.SetFaults(tc.fault); err != nil {
				t.Fatal(err)
			}
			_, _, err := r.exchange(v, code)
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.want)) {
				t.Errorf("the client says %v, want something with %q", err, tc.want)
			}
			if err := r.p.SetFaults(); err != nil {
				t.Fatal(err)
			}
			if _, _, err := r.exchange(v, r.code(v, "user-sam")); err != nil {
				t.Errorf("switched off: %v", err)
			}
		})
	}
	t.Run(FaultNoEmailVerified, func(t *testing.T) {
		r := newRig(t)
		if err := r.p.SetFaults(FaultNoEmailVerified); err != nil {
			t.Fatal(err)
		}
		v := oauth2.GenerateVerifier()
		id, info, err := r.exchange(v, r.code(v, "user-sam"))
		if err != nil {
			t.Fatal(err)
		}
		var c map[string]any
		if err := id.Claims(&c); err != nil {
			t.Fatal(err)
		}
		if _, ok := c["email_verified"]; ok || c["email"] != SharedEmail || info.EmailVerified {
			t.Errorf("claims %v", c)
		}
	})
	t.Run(FaultNoPKCE, func(t *testing.T) {
		r := newRig(t)
		for _, on := range []bool{false, true} {
			if on {
				if err := r.p.SetFaults(FaultNoPKCE); err != nil {
					t.Fatal(err)
				}
			}
			_, body := r.read(r.c.Get(r.url + "/.well-known/openid-configuration"))
			if strings.Contains(body, `"S256"`) == on {
				t.Errorf("fault on %v: %s", on, body)
			}
		}
	})
	for _, tc := range []struct {
		fault     string
		announced bool
		iss       string // after the issuer's own
		given     bool
	}{
		{"", true, "", true}, {FaultNoIssuer, false, "", false}, {FaultIssuerMissing, true, "", false}, {FaultOtherIssuer, true, "/other", true},
	} {
		t.Run("iss with "+tc.fault, func(t *testing.T) {
			r := newRig(t)
			if tc.fault != "" {
				if err := r.p.SetFaults(tc.fault); err != nil {
					t.Fatal(err)
				}
			}
			_, body := r.read(r.c.Get(r.url + "/.well-known/openid-configuration"))
			if strings.Contains(body, `"authorization_response_iss_parameter_supported":true`) != tc.announced {
				t.Errorf("announced: %s", body)
			}
			q := r.authorized(oauth2.GenerateVerifier(), "user-sam")
			if q.Has("iss") != tc.given || tc.given && q.Get("iss") != r.url+tc.iss {
				t.Errorf("the answer is %v", q)
			}
		})
	}
	r := newRig(t)
	if err := r.p.SetFaults("nonsense"); err == nil {
		t.Error("an unknown fault was accepted")
	}
}
