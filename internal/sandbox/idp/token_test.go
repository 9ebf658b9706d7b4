package idp

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

func TestTokenRefuses(t *testing.T) {
	verifier := oauth2.GenerateVerifier()
	for _, tc := range []struct {
		name       string
		basic      [2]string // client_secret_basic; none when empty
		change     func(url.Values)
		wait       time.Duration
		status     int
		wantFailed string // error code; "" is success
	}{
		{name: "post", status: 200},
		{name: "basic", basic: [2]string{clientID, url.QueryEscape(clientSecret)}, change: func(v url.Values) { v.Del("client_secret"); v.Del("client_id") }, status: 200},
		{name: "basic without encoding", basic: [2]string{clientID, clientSecret}, change: func(v url.Values) { v.Del("client_secret") }, status: 401, wantFailed: "invalid_client"},
		{name: "both ways", basic: [2]string{clientID, url.QueryEscape(clientSecret)}, status: 400, wantFailed: "invalid_request"},
		{name: "two clients", basic: [2]string{clientID, url.QueryEscape(clientSecret)}, change: func(v url.Values) { v.Del("client_secret"); v.Set("client_id", "other") }, status: 400, wantFailed: "invalid_request"},
		{name: "wrong secret", change: func(v url.Values) { v.Set("client_secret", "x") }, status: 401, wantFailed: "invalid_client"},
		{name: "no secret", change: func(v url.Values) { v.Del("client_secret") }, status: 401, wantFailed: "invalid_client"},
		{name: "unknown client", change: func(v url.Values) { v.Set("client_id", "nobody") }, status: 401, wantFailed: "invalid_client"},
		{name: "another client's code", change: func(v url.Values) { v.Set("client_id", "second"); v.Set("client_secret", "second") }, status: 400, wantFailed: "invalid_grant"},
		{name: "unknown code", change: func(v url.Values) { v.Set("code", "x") }, status: 400, wantFailed: "invalid_grant"},
		{name: "no code", change: func(v url.Values) { v.Del("code") }, status: 400, wantFailed: "invalid_request"},
		{name: "repeated code", change: func(v url.Values) { v.Add("code", "x") }, status: 400, wantFailed: "invalid_request"},
		{name: "no grant type", change: func(v url.Values) { v.Del("grant_type") }, status: 400, wantFailed: "invalid_request"},
		{name: "password grant", change: func(v url.Values) { v.Set("grant_type", "password") }, status: 400, wantFailed: "unsupported_grant_type"},
		{name: "another redirect URI", change: func(v url.Values) { v.Set("redirect_uri", callback+"/") }, status: 400, wantFailed: "invalid_grant"},
		{name: "another verifier", change: func(v url.Values) { v.Set("code_verifier", oauth2.GenerateVerifier()) }, status: 400, wantFailed: "invalid_grant"},
		{name: "no verifier", change: func(v url.Values) { v.Del("code_verifier") }, status: 400, wantFailed: "invalid_grant"},
		{name: "late", wait: codeLife + time.Second, status: 400, wantFailed: "invalid_grant"},
		{name: "in time", wait: codeLife, status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newRig(t)
			if err := r.p.Register(Client{ID: "second", Secret: "second"}); err != nil {
				t.Fatal(err)
			}
			v := url.Values{"grant_type": {"authorization_code"}, "code": {r.code(verifier, "user-sam")}, "redirect_uri": {callback},
				"code_verifier": {verifier}, "client_id": {clientID}, "client_secret": {clientSecret}}
			if tc.change != nil {
				tc.change(v)
			}
			r.pass(tc.wait)
			req, _ := http.NewRequest("POST", r.url+"/token", strings.NewReader(v.Encode()))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tc.basic[0] != "" {
				req.SetBasicAuth(tc.basic[0], tc.basic[1])
			}
			res, body := r.read(r.c.Do(req))
			if res.StatusCode != tc.status || tc.wantFailed != "" && !strings.Contains(body, `"error":"`+tc.wantFailed+`"`) || tc.wantFailed == "" && !strings.Contains(body, `"id_token"`) {
				t.Errorf("%d %s", res.StatusCode, body)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept")
			}
			if (res.StatusCode == 401 && tc.basic[0] != "") != (res.Header.Get("WWW-Authenticate") != "") {
				t.Error("WWW-Authenticate")
			}
		})
	}
}

// A code that comes twice takes back what it led to: somebody else has it.
func TestCodeWorksOnce(t *testing.T) {
	r := newRig(t)
	v := oauth2.GenerateVerifier()
	code := r.code(v, "user-sam")
	cfg := r.config(oauth2.AuthStyleInParams)
	tok, err := cfg.Exchange(r.ctx(), code, oauth2.VerifierOption(v))
	if err != nil {
		t.Fatal(err)
	}
	info := func() int {
		req, _ := http.NewRequest("GET", r.url+"/userinfo", nil)
		req.Header.Set("Authorization", "Bearer "+tok.AccessToken)
		res, _ := r.read(r.c.Do(req))
		return res.StatusCode
	}
	if got := info(); got != 200 {
		t.Fatalf("userinfo: %d", got)
	}
	if _, err := cfg.Exchange(r.ctx(), code, oauth2.VerifierOption(v)); err == nil || !strings.Contains(err.Error(), "invalid_grant") {
		t.Errorf("second use: %v", err)
	}
	if got := info(); got != 401 {
		t.Errorf("userinfo after the second use: %d", got)
	}
	// An attempt with a wrong verifier spends the code as well.
	code = r.code(v, "user-sam")
	if _, err := cfg.Exchange(r.ctx(), code, oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
		t.Error("wrong verifier accepted")
	}
	if _, err := cfg.Exchange(r.ctx(), code, oauth2.VerifierOption(v)); err == nil {
		t.Error("a code may be guessed at")
	}
}

func TestUserinfoRefuses(t *testing.T) {
	r := newRig(t)
	v := oauth2.GenerateVerifier()
	tok, err := r.config(oauth2.AuthStyleInParams).Exchange(r.ctx(), r.code(v, "user-sam"), oauth2.VerifierOption(v))
	if err != nil {
		t.Fatal(err)
	}
	r.pass(accessLife + time.Second)
	for name, auth := range map[string]string{"none": "", "another scheme": "Basic " + tok.AccessToken, "unknown": "Bearer x", "expired": "Bearer " + tok.AccessToken} {
		req, _ := http.NewRequest("GET", r.url+"/userinfo", nil)
		if auth != "" {
			req.Header.Set("Authorization", auth)
		}
		if res, _ := r.read(r.c.Do(req)); res.StatusCode != 401 || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}
