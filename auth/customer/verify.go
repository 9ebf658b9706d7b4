package customer

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
)

const (
	// currentIssuer and currentOperation are what BigCommerce writes into the token of
	// /customer/current.jwt (openapi current_customer.yml).
	currentIssuer    = "bc/apps"
	currentOperation = "current_customer"
	// leeway allows for clocks that differ. A token lives 15 minutes, and the script gets another one
	// for nothing, so half a minute more or less protects nobody; a shop that is refused for it loses
	// shoppers.
	leeway = 30 * time.Second
)

// Shopper is a customer as BigCommerce names one in a token. Only ID identifies: the e-mail may
// have changed since, and BigCommerce does not verify it.
type Shopper struct {
	ID      int64  `json:"id"`
	Email   string `json:"email"`
	GroupID string `json:"group_id"` // "" or "0": in no group
}

// currentClaims are the claims of BigCommerce's token that count. application_id does not: in the
// tokens that real stores send it is the client id, as aud is, and in BigCommerce's documents
// another app's.
type currentClaims struct {
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	Audience  string `json:"aud"`
	IssuedAt  *date  `json:"iat"`
	ExpiresAt *date  `json:"exp"`
	NotBefore *date  `json:"nbf"`
	StoreHash string `json:"store_hash"`
	Operation string `json:"operation"`
	Customer  struct {
		ID      int64     `json:"id"`
		Email   string    `json:"email"`
		GroupID groupText `json:"group_id"`
	} `json:"customer"`

	wantStore string // that Validate compares with
}

// date is a time in Unix seconds; RFC 7519 allows fractions, which do not count.
type date struct{ jwt.NumericDate }

// lastDate is the end of the year 9999.
const lastDate = 253402300799

// UnmarshalJSON refuses text, which the library would read, and what an int64 cannot hold: the
// library would take it for some other time.
func (d *date) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err != nil {
		return err
	}
	if seconds < 1 || seconds > lastDate {
		return errors.New("customer: not a time of any token")
	}
	d.Time = time.Unix(int64(seconds), 0)
	return nil
}

func (d *date) numeric() *jwt.NumericDate {
	if d == nil {
		return nil
	}
	return &d.NumericDate
}

// groupText reads a group's id, which BigCommerce writes as text; a number and null are read too.
type groupText string

func (g *groupText) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
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

// The jwt.Claims of a token.

func (c *currentClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return c.ExpiresAt.numeric(), nil
}
func (c *currentClaims) GetIssuedAt() (*jwt.NumericDate, error)  { return c.IssuedAt.numeric(), nil }
func (c *currentClaims) GetNotBefore() (*jwt.NumericDate, error) { return c.NotBefore.numeric(), nil }
func (c *currentClaims) GetIssuer() (string, error)              { return c.Issuer, nil }
func (c *currentClaims) GetSubject() (string, error)             { return c.Subject, nil }
func (c *currentClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}

// errNotCurrentCustomer is of claims that name no customer of one store.
var errNotCurrentCustomer = errors.New("customer: not the claims of a current customer")

// Validate is what the library does not know of BigCommerce's claims; it calls it after its own
// checks. The client secret signs other things too (signed payloads, our own login tokens): issuer
// and operation tell them apart.
func (c *currentClaims) Validate() error {
	switch {
	case c.Operation != currentOperation, c.Subject == "", c.Subject != c.StoreHash, c.Customer.ID <= 0, c.IssuedAt == nil,
		c.ExpiresAt == nil, !c.ExpiresAt.After(c.IssuedAt.Time):
		return errNotCurrentCustomer
	case c.StoreHash != c.wantStore:
		return errWrongStore
	}
	return nil
}

// verifier checks tokens of /customer/current.jwt.
type verifier struct {
	clientID string
	parser   *jwt.Parser
	key      jwt.Keyfunc
}

func newVerifier(clientID, clientSecret string, now func() time.Time) *verifier {
	secret := []byte(clientSecret)
	return &verifier{
		clientID: clientID,
		parser: jwt.NewParser(
			// No document says which HMAC signs; real stores send HS512.
			jwt.WithValidMethods([]string{"HS256", "HS384", "HS512"}),
			jwt.WithIssuer(currentIssuer), jwt.WithAudience(clientID), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
			jwt.WithLeeway(leeway), jwt.WithTimeFunc(now), jwt.WithStrictDecoding(),
		),
		key: func(*jwt.Token) (any, error) { return secret, nil },
	}
}

// Refusals of a token. They say what the page, or whoever set it up, can do.
var (
	errTokenInvalid = problem.New(problem.TokenInvalid, "This is not a token that BigCommerce signed for this app. Send the text of /customer/current.jwt as it is.")
	errTokenExpired = problem.New(problem.TokenExpired, "The token's time is over. Get another from /customer/current.jwt.")
	errWrongApp     = problem.New(problem.WrongApp, "The token was made for another app. Ask /customer/current.jwt with this app's app_client_id.")
	errWrongStore   = problem.New(problem.WrongStore, "The token is of another store than the address names.")
)

// verify returns the customer of a token of the store with this hash. Whatever else the token says
// is believed only after its signature.
func (v *verifier) verify(raw, storeHash string) (Shopper, error) {
	if manyForms(raw) {
		return Shopper{}, errTokenInvalid
	}
	claims := currentClaims{wantStore: storeHash}
	token, err := v.parser.ParseWithClaims(raw, &claims, v.key)
	if err != nil {
		return Shopper{}, v.refusal(token, &claims, err)
	}
	return Shopper{ID: claims.Customer.ID, Email: claims.Customer.Email, GroupID: string(claims.Customer.GroupID)}, nil
}

// refusal says why a token is refused: what it is first, then whose, then when.
func (v *verifier) refusal(token *jwt.Token, claims *currentClaims, err error) error {
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	// Another app's token has another app's signature. That it says so itself is worth nothing, except
	// to whoever is told which of the two is wrong: it is refused in either case.
	case is(jwt.ErrTokenSignatureInvalid) && isHMAC(token) && claims.Audience != "" && claims.Audience != v.clientID:
		return errWrongApp
	case !is(jwt.ErrTokenInvalidClaims), is(jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidIssuer, errNotCurrentCustomer):
		return errTokenInvalid
	case is(jwt.ErrTokenInvalidAudience):
		return errWrongApp
	case is(errWrongStore):
		return errWrongStore
	case is(jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet):
		return errTokenInvalid
	case is(jwt.ErrTokenExpired):
		return errTokenExpired
	}
	return errTokenInvalid
}

func isHMAC(token *jwt.Token) bool {
	_, ok := token.Method.(*jwt.SigningMethodHMAC)
	return ok
}

// manyForms reports whether a token has line ends in it. Decoders of base64 skip them, strict ones
// too, which would give one token several texts.
func manyForms(raw string) bool { return strings.ContainsAny(raw, "\r\n") }
