package customer

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	gojson "github.com/goccy/go-json"
	"github.com/golang-jwt/jwt/v5"
	"github.com/tidwall/gjson"

	"sluice/internal/problem"
)

const (
	// currentIssuer and currentOperation are what BigCommerce writes into the token of /customer/current.jwt
	// (openapi current_customer.yml).
	currentIssuer    = "bc/apps"
	currentOperation = "current_customer"
	// leeway allows for clocks that differ. A token lives 15 minutes, and the script gets another one for
	// nothing, so half a minute more or less protects nobody; a shop that is refused for it loses shoppers.
	leeway = 30 * time.Second
)

// Shopper is a customer as BigCommerce names one in a token. Only ID identifies: the e-mail may have
// changed since, and BigCommerce does not verify it.
type Shopper struct {
	ID      int64  `json:"id"`
	Email   string `json:"email"`
	GroupID string `json:"group_id"` // "" or "0": in no group
}

// currentClaims are the claims of BigCommerce's token that count.
type currentClaims struct {
	Issuer    string  `json:"iss"`
	Subject   string  `json:"sub"`
	Audience  string  `json:"aud"`
	IssuedAt  float64 `json:"iat"` // Unix seconds; RFC 7519 allows fractions
	ExpiresAt float64 `json:"exp"`
	NotBefore float64 `json:"nbf"` // 0 if absent
	StoreHash string  `json:"store_hash"`
	Operation string  `json:"operation"`
	Customer  struct {
		ID      int64     `json:"id"`
		Email   string    `json:"email"`
		GroupID groupText `json:"group_id"`
	} `json:"customer"`
}

// groupText reads a group's id, which BigCommerce writes as text; a number and null are read too.
type groupText string

func (g *groupText) UnmarshalJSON(b []byte) error {
	if n := len(b); n >= 2 && b[0] == '"' {
		if bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
			*g = groupText(b[1 : n-1])
			return nil
		}
		return json.Unmarshal(b, (*string)(g))
	}
	var id *int64
	if err := json.Unmarshal(b, &id); err != nil {
		return err
	}
	if id != nil {
		*g = groupText(b)
	}
	return nil
}

// The jwt.Claims of a token whose claims are checked by check, not by the library's validator: each
// refusal has a code of its own here.

func (*currentClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (*currentClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (*currentClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (c *currentClaims) GetIssuer() (string, error)                 { return c.Issuer, nil }
func (c *currentClaims) GetSubject() (string, error)                { return c.Subject, nil }
func (c *currentClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}

// verifier checks tokens of /customer/current.jwt.
type verifier struct {
	clientID string
	now      func() time.Time
	usual    map[string]*signer
	claims   sync.Pool   // of empty *currentClaims
	parser   *jwt.Parser // of tokens whose header is not a usual one
	key      jwt.Keyfunc
}

func newVerifier(clientID, clientSecret string, now func() time.Time) *verifier {
	secret := any([]byte(clientSecret))
	return &verifier{
		clientID: clientID, now: now, usual: usualSigners([]byte(clientSecret)),
		claims: sync.Pool{New: func() any { return new(currentClaims) }},
		// BigCommerce does not document which HMAC it uses.
		parser: jwt.NewParser(jwt.WithValidMethods([]string{"HS256", "HS384", "HS512"}), jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation()),
		key:    func(*jwt.Token) (any, error) { return secret, nil },
	}
}

// Refusals of a token. They say what the page, or whoever set it up, can do.
var (
	errTokenInvalid = problem.New(problem.TokenInvalid, "This is not a token that BigCommerce signed for this app. Send the text of /customer/current.jwt as it is.")
	errTokenExpired = problem.New(problem.TokenExpired, "The token's time is over. Get another from /customer/current.jwt.")
	errWrongApp     = problem.New(problem.WrongApp, "The token was made for another app. Ask /customer/current.jwt with this app's app_client_id.")
	errWrongStore   = problem.New(problem.WrongStore, "The token is of another store than the address names.")
)

// verify returns the customer of a token of the store with this hash. Whatever else the token says is
// believed only after its signature.
func (v *verifier) verify(raw []byte, storeHash string) (Shopper, error) {
	if !oneLine(raw) {
		return Shopper{}, errTokenInvalid
	}
	claims := v.claims.Get().(*currentClaims) // go-json has them escape
	defer func() {
		*claims = currentClaims{}
		v.claims.Put(claims)
	}()
	if !v.signed(raw, claims) {
		return v.verifyAny(string(raw), storeHash)
	}
	if err := v.check(claims, storeHash); err != nil {
		return Shopper{}, err
	}
	return claims.shopper(), nil
}

// signed reads the claims of a token with a usual header and the right signature, and reports whether it
// is one. It is what verifyAny does, with fewer allocations and a faster reader: go-json, which takes some texts
// that are no JSON, such as strings with control characters in them, and keeps bytes that are no UTF-8. gjson, which
// only knows what is JSON, has to find a text valid first.
func (v *verifier) signed(raw []byte, claims *currentClaims) bool {
	dot, last := bytes.IndexByte(raw, '.'), bytes.LastIndexByte(raw, '.')
	if dot < 0 || last == dot {
		return false
	}
	g := v.usual[string(raw[:dot+1])]
	return g != nil && g.signed(raw[:last], raw[dot+1:last], raw[last+1:], func(b []byte) bool {
		return utf8.Valid(b) && gjson.ValidBytes(b) && gojson.Unmarshal(b, claims) == nil
	})
}

// verifyAny is verify for any token, and says of one that is refused why.
func (v *verifier) verifyAny(raw, storeHash string) (Shopper, error) {
	var claims currentClaims
	token, err := v.parser.ParseWithClaims(raw, &claims, v.key)
	if err != nil {
		// Another app's token has another app's signature. That it says so itself is worth nothing, except to
		// whoever is told which of the two is wrong: it is refused in either case.
		if errors.Is(err, jwt.ErrTokenSignatureInvalid) && isHMAC(token) && claims.Audience != "" && claims.Audience != v.clientID {
			return Shopper{}, errWrongApp
		}
		return Shopper{}, errTokenInvalid
	}
	if err := v.check(&claims, storeHash); err != nil {
		return Shopper{}, err
	}
	return claims.shopper(), nil
}

func (c *currentClaims) shopper() Shopper {
	return Shopper{ID: c.Customer.ID, Email: c.Customer.Email, GroupID: string(c.Customer.GroupID)}
}

func isHMAC(token *jwt.Token) bool {
	_, ok := token.Method.(*jwt.SigningMethodHMAC)
	return ok
}

// check refuses claims, which are BigCommerce's, that do not name a customer of this app, this store and now. The
// client secret signs other things too (signed payloads, our own login tokens): issuer and operation
// tell them apart.
func (v *verifier) check(c *currentClaims, storeHash string) error {
	now := float64(v.now().UnixMilli()) / 1000
	switch {
	case c.Issuer != currentIssuer, c.Operation != currentOperation, c.Audience == "", c.Subject == "", c.Subject != c.StoreHash,
		c.Customer.ID <= 0, c.IssuedAt <= 0, c.ExpiresAt <= c.IssuedAt:
		return errTokenInvalid
	case c.Audience != v.clientID:
		return errWrongApp
	case c.StoreHash != storeHash:
		return errWrongStore
	case c.IssuedAt > now+leeway.Seconds(), c.NotBefore > now+leeway.Seconds():
		return errTokenInvalid
	case c.ExpiresAt <= now-leeway.Seconds():
		return errTokenExpired
	}
	return nil
}
