package customer

import (
	"errors"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
)

const (
	sessionIssuer   = "sluice"
	sessionAudience = "sluice-storefront"
	// sessionFor is how long a session shows a card. A shopper who signs out is gone from the page at
	// once; whoever copied the session before has it for this long.
	sessionFor = 15 * time.Minute
	// maxSession bounds a session in bytes before anything is parsed; the longest e-mail makes some
	// 700.
	maxSession = 2 << 10
)

// sessions makes and reads the tokens that stand for a verified shopper.
type sessions struct {
	key    []byte
	now    func() time.Time
	parser *jwt.Parser
}

type sessionClaims struct {
	jwt.RegisteredClaims
	StoreHash string `json:"store"`
	Email     string `json:"email,omitempty"` // as BigCommerce's token had it: see tenants.DB.AccountOf
}

func newSessions(key []byte, now func() time.Time) *sessions {
	return &sessions{key: key, now: now, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(sessionIssuer), jwt.WithAudience(sessionAudience),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now))}
}

// issue returns a session of a store's customer, who is signed in now.
func (s *sessions) issue(storeHash string, who Shopper) (token string, expires time.Time, err error) {
	expires = s.now().Add(sessionFor).UTC().Truncate(time.Second)
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, sessionClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: sessionIssuer, Audience: jwt.ClaimStrings{sessionAudience}, Subject: strconv.FormatInt(who.ID, 10), ExpiresAt: jwt.NewNumericDate(expires),
		},
		StoreHash: storeHash, Email: who.Email,
	}).SignedString(s.key)
	return token, expires, err
}

// read returns whose session a token is.
func (s *sessions) read(token, storeHash string) (Shopper, error) {
	invalid := problem.New(problem.TokenInvalid, "This is not a session of Sluice. Send the one that current-customer answered.")
	if len(token) > maxSession || manyForms(token) {
		return Shopper{}, invalid
	}
	var claims sessionClaims
	_, err := s.parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return s.key, nil })
	expired := errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidAudience) && !errors.Is(err, jwt.ErrTokenInvalidIssuer)
	if err != nil && !expired {
		return Shopper{}, invalid
	}
	id, idErr := strconv.ParseInt(claims.Subject, 10, 64)
	switch {
	case idErr != nil || id <= 0 || claims.StoreHash == "":
		return Shopper{}, invalid
	case claims.StoreHash != storeHash:
		return Shopper{}, problem.New(problem.WrongStore, "The session is of another store than the address names.")
	case expired:
		return Shopper{}, problem.New(problem.TokenExpired, "The session is over. Verify the shopper again with current-customer.")
	}
	return Shopper{ID: id, Email: claims.Email}, nil
}
