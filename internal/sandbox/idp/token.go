package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	accessLife  = 10 * time.Minute
	idTokenLife = 5 * time.Minute
)

// verifierForm is RFC 7636, section 4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// token is the token endpoint.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if p.struck(FaultTokenAway) {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	v, err := params(w, r)
	if err != nil {
		p.tokenError(w, http.StatusBadRequest, "invalid_request", err.Error())
		return
	}
	c, status, code, msg := p.authenticate(r, v)
	if code != "" {
		if status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="token endpoint"`)
		}
		p.tokenError(w, status, code, msg)
		return
	}
	switch v.Get("grant_type") {
	case "authorization_code":
	case "":
		p.tokenError(w, http.StatusBadRequest, "invalid_request", "grant_type is missing")
		return
	default:
		p.tokenError(w, http.StatusBadRequest, "unsupported_grant_type", "grant_type must be authorization_code")
		return
	}
	g, access, code, msg := p.redeem(c, v)
	if code != "" {
		p.tokenError(w, http.StatusBadRequest, code, msg)
		return
	}
	u, ok := p.user(g.subject)
	if !ok {
		p.tokenError(w, http.StatusBadRequest, "invalid_grant", "the person's account is gone")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(accessLife.Seconds()),
		"scope": strings.Join(g.scopes, " "), "id_token": p.idToken(g, &u, access),
	})
}

func (p *Provider) tokenError(w http.ResponseWriter, status int, code, msg string) {
	p.log.Info("idp: token request refused", "error", code, "reason", msg)
	writeJSON(w, status, map[string]string{"error": code, "error_description": msg})
}

// authenticate finds the client by client_secret_basic or client_secret_post, one of them.
func (p *Provider) authenticate(r *http.Request, v url.Values) (c Client, status int, code, msg string) {
	id, secret, basic := r.BasicAuth()
	if basic {
		// RFC 6749, section 2.3.1: both are form-encoded before they are joined.
		var err1, err2 error
		id, err1 = url.QueryUnescape(id)
		secret, err2 = url.QueryUnescape(secret)
		if err1 != nil || err2 != nil {
			return c, http.StatusUnauthorized, "invalid_client", "the credentials are not form-encoded"
		}
		if v.Has("client_secret") {
			return c, http.StatusBadRequest, "invalid_request", "use one way to authenticate the client, not two"
		}
		if v.Has("client_id") && v.Get("client_id") != id {
			return c, http.StatusBadRequest, "invalid_request", "client_id differs from the one in the Authorization header"
		}
	} else {
		id, secret = v.Get("client_id"), v.Get("client_secret")
	}
	c, ok := p.Client(id)
	if !ok || secret == "" || subtle.ConstantTimeCompare([]byte(secret), []byte(c.Secret)) != 1 {
		return c, http.StatusUnauthorized, "invalid_client", "the client is unknown or its secret is wrong"
	}
	return c, 0, "", ""
}

// redeem exchanges a code. A second use also takes back what the first one led to (RFC 6749,
// section 4.1.2).
func (p *Provider) redeem(c Client, v url.Values) (g *grant, access, code, msg string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v.Get("code") == "" {
		return nil, "", "invalid_request", "code is missing"
	}
	g = p.codes[v.Get("code")]
	if g == nil || g.client != c.ID {
		return nil, "", "invalid_grant", "the code is unknown"
	}
	if g.used {
		for _, t := range g.tokens {
			delete(p.access, t)
		}
		return nil, "", "invalid_grant", "the code was used before"
	}
	g.used = true // whatever is wrong with this attempt, there is no second
	if p.now().Sub(g.at) > codeLife {
		return nil, "", "invalid_grant", "the code is too old"
	}
	if v.Get("redirect_uri") != g.redirectURI {
		return nil, "", "invalid_grant", "redirect_uri differs from that of the authorization request"
	}
	verifier := v.Get("code_verifier")
	sum := sha256.Sum256([]byte(verifier))
	if !verifierForm.MatchString(verifier) || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		return nil, "", "invalid_grant", "code_verifier does not belong to the code_challenge"
	}
	for k, a := range p.access {
		if p.now().Sub(a.at) > accessLife {
			delete(p.access, k)
		}
	}
	access = random()
	g.tokens = append(g.tokens, access)
	p.access[access] = &grant{authRequest: g.authRequest, subject: g.subject, authTime: g.authTime, at: p.now()}
	return g, access, "", ""
}

// idToken signs an ID token, or spoils it as the faults ask.
func (p *Provider) idToken(g *grant, u *User, access string) string {
	now := p.now()
	half := sha256.Sum256([]byte(access))
	claims := jwt.MapClaims{
		"iss": p.Issuer(), "aud": g.client, "iat": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "auth_time": g.authTime.Unix(),
		"at_hash": base64.RawURLEncoding.EncodeToString(half[:16]),
	}
	maps.Copy(claims, p.claims(u, g.scopes))
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	if p.struck(FaultWrongIssuer) {
		claims["iss"] = p.Issuer() + "/other"
	}
	if p.struck(FaultWrongAudience) {
		claims["aud"] = "another-client"
	}
	if p.struck(FaultExpiredToken) {
		past := now.Add(-time.Hour)
		claims["iat"], claims["exp"] = past.Add(-idTokenLife).Unix(), past.Unix()
	}
	if p.struck(FaultWrongNonce) {
		claims["nonce"] = random()
	}
	if p.struck(FaultNoNonce) {
		delete(claims, "nonce")
	}
	return p.sign(claims)
}

func (p *Provider) sign(claims jwt.MapClaims) string {
	var method jwt.SigningMethod = jwt.SigningMethodRS256
	var key any = p.makeKey()
	switch {
	case p.struck(FaultAlgorithmNone):
		method, key = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
	case p.struck(FaultAlgorithmHMAC):
		method, key = jwt.SigningMethodHS256, x509.MarshalPKCS1PublicKey(&p.makeKey().PublicKey)
	}
	t := jwt.NewWithClaims(method, claims)
	t.Header["kid"] = p.keyID()
	signed, err := t.SignedString(key)
	if err != nil {
		panic("idp: sign an ID token: " + err.Error()) // our own claims and our own key cannot fail
	}
	if p.struck(FaultBadSignature) {
		return spoil(signed)
	}
	return signed
}

// spoil changes the signature of a token and nothing else.
func spoil(token string) string {
	head, sig, _ := cutLast(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(sig)
	if err != nil || len(raw) == 0 {
		return token
	}
	raw[len(raw)/2] ^= 1
	return head + "." + base64.RawURLEncoding.EncodeToString(raw)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// claims are what the scopes tell of a person (Core 1.0, section 5.4). They stand in the ID token
// too, as with most providers.
func (p *Provider) claims(u *User, scopes []string) map[string]any {
	c := map[string]any{"sub": u.Subject}
	if slices.Contains(scopes, "profile") {
		maps.Copy(c, u.Claims)
		c["name"], c["given_name"], c["family_name"] = u.Name(), u.GivenName, u.FamilyName
	}
	if slices.Contains(scopes, "email") && u.Email != "" {
		c["email"] = u.Email
		if u.EmailVerified != nil && !p.struck(FaultNoEmailVerified) {
			c["email_verified"] = *u.EmailVerified
		}
	}
	if slices.Contains(scopes, "phone") && u.Phone != "" {
		c["phone_number"] = u.Phone
	}
	return c
}

// userinfo is the UserInfo endpoint.
func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	g := p.access[token]
	p.mu.Unlock()
	var u User
	known := g != nil && p.now().Sub(g.at) <= accessLife
	if known {
		u, known = p.user(g.subject)
	}
	if !known {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="the access token is unknown or expired"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c := p.claims(&u, g.scopes)
	if p.struck(FaultOtherSubject) {
		c["sub"] = "user-somebody-else"
	}
	writeJSON(w, http.StatusOK, c)
}
