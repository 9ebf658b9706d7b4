package auth

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/problem"
)

// refusePayload turns why a JWT was refused into what a person can do about it. The library's error
// stays inside: it may quote claims.
func refusePayload(err error) error {
	message := "BigCommerce's signed payload could not be verified. Open Sluice from your BigCommerce control panel again."
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		message = "This page was opened too long ago. Open Sluice from your BigCommerce control panel again."
	case errors.Is(err, jwt.ErrTokenNotValidYet), errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		message = "The signed payload is from the future: the clock of this server may be slow. Ask the operator to check it."
	case errors.Is(err, jwt.ErrTokenInvalidAudience):
		message = "The signed payload was made for another app. Check that BIGCOMMERCE_CLIENT_ID is this app's."
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		message = "The signed payload was not made by BigCommerce."
	case errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		message = "The signed payload lacks a claim that BigCommerce always sends."
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		message = "The signature of the signed payload does not match. Check that BIGCOMMERCE_CLIENT_SECRET is this app's."
	}
	return problem.Wrap(reason(err), problem.Unauthenticated, "%s", message)
}

// reason reduces a JWT error to its kind, for the log: never a part of the token.
func reason(err error) error {
	for _, kind := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued,
		jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return errors.New("token refused")
}
