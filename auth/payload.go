package auth

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
)

const (
	// payloadIssuer is the iss claim of every signed payload.
	payloadIssuer = "bc"
	// maxPayload bounds a signed payload before anything is parsed. Real ones have about 1 KB.
	maxPayload = 8 << 10
	// payloadLeeway is by how much BigCommerce's clock and ours may differ: iat and nbf may lie this
	// far ahead, exp this far back. A payload from further ahead was not made by an honest clock.
	payloadLeeway = time.Minute
)

// payload is the claims of a signed_payload_jwt.
type payload struct {
	jwt.RegisteredClaims
	User      payloadUser `json:"user"`
	Owner     payloadUser `json:"owner"`
	URL       string      `json:"url"`
	ChannelID *int64      `json:"channel_id"`
	storeHash string
}

type payloadUser struct {
	ID     int64  `json:"id"`
	Email  string `json:"email"`
	Locale string `json:"locale"`
}

// storePattern is the form of a context or subject: a store hash has letters and digits only.
var storePattern = regexp.MustCompile(`^stores/([a-z0-9]{1,32})$`)

func storeOf(context string) (hash string, ok bool) {
	m := storePattern.FindStringSubmatch(context)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// verifyPayload checks everything about a signed_payload_jwt that can be checked without the
// database. Its errors say what is wrong without repeating any part of the token.
func (a *Auth) verifyPayload(raw string) (*payload, error) {
	switch {
	case raw == "":
		return nil, problem.New(problem.Invalid, "The request has no signed_payload_jwt. Open Sluice from your BigCommerce control panel.")
	case len(raw) > maxPayload:
		return nil, problem.New(problem.TooLarge, "The signed payload is too large to be BigCommerce's.")
	case strings.Count(raw, ".") == 1:
		return nil, problem.New(problem.Unauthenticated, "This is the legacy two-part signed_payload, which BigCommerce has retired. Open Sluice from your BigCommerce control panel again.")
	}
	var p payload
	_, err := jwt.ParseWithClaims(raw, &p, func(*jwt.Token) (any, error) { return []byte(a.cfg.ClientSecret), nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithAudience(a.cfg.ClientID),
		jwt.WithIssuer(payloadIssuer),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(payloadLeeway),
		jwt.WithTimeFunc(a.now),
		jwt.WithStrictDecoding(),
	)
	if err != nil {
		return nil, refusePayload(err)
	}
	hash, ok := storeOf(p.Subject)
	if !ok {
		return nil, problem.New(problem.Unauthenticated, "The signed payload names no store.")
	}
	if p.ID == "" || len(p.ID) > 64 {
		return nil, problem.New(problem.Unauthenticated, "The signed payload has no usable jti.")
	}
	if p.IssuedAt == nil {
		return nil, problem.New(problem.Unauthenticated, "The signed payload does not say when it was made.")
	}
	if p.User.ID == 0 {
		return nil, problem.New(problem.Unauthenticated, "The signed payload names no user.")
	}
	p.storeHash = hash
	return &p, nil
}

// until is when p is refused because it is too old: until then its jti must be remembered.
func (p *payload) until() time.Time { return p.ExpiresAt.Add(payloadLeeway) }

// actor is how the audit names the user of a payload.
func (p *payload) actor() string { return "bigcommerce:" + strconv.FormatInt(p.User.ID, 10) }

// deepLink returns where in the panel the control panel wanted to go: a path of ours, or "/".
func deepLink(url string) string {
	if !strings.HasPrefix(url, "/") || strings.HasPrefix(url, "//") || strings.ContainsAny(url, "\\\r\n\t\x00") {
		return "/"
	}
	return url
}
