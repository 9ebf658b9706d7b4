package sso

import (
	"errors"
	"fmt"
	"net/http"

	"sluice/internal/problem"
)

// The codes that a sign-in is refused with, in the log of sign-ins and on the shopper's page. What
// signin refuses has the codes of internal/problem.
const (
	codeOff             = "sign_in_off"            // the merchant does not let shoppers sign in here
	codeNoProvider      = "provider_missing"       // no provider is set up, or it is switched off
	codeRedirect        = "redirect_refused"       // redirect_to is no path of the storefront
	codeStateMissing    = "state_missing"          // the answer has no state of ours
	codeStateUnknown    = "state_unknown"          // too old, used before, or never ours
	codeStateBrowser    = "state_other_browser"    // begun in another browser
	codeProviderChanged = "provider_changed"       // the merchant changed the provider meanwhile
	codeDenied          = "provider_denied"        // the shopper or the provider said no
	codeProviderError   = "provider_error"         // the provider answered with an error
	codeMixUp           = "issuer_mix_up"          // the answer is of another issuer (RFC 9207)
	codeStoreMixUp      = "store_mix_up"           // the answer came to the address of another store, or of all
	codeSharedAddress   = "shared_address"         // the redirect URI that all stores share is over
	codeNoCode          = "code_missing"           // the answer has no code
	codeExchange        = "code_refused"           // the provider does not take the code or our credentials
	codeProviderAway    = "provider_unavailable"   // the provider cannot be reached
	codeProviderConfig  = "provider_misconfigured" // its discovery document cannot be used
	codeTokenMissing    = "id_token_missing"
	codeTokenInvalid    = "id_token_invalid"   // not a token, or the signature is not the provider's
	codeTokenAlgorithm  = "id_token_algorithm" // none, or one with a shared key
	codeTokenIssuer     = "id_token_issuer"
	codeTokenAudience   = "id_token_audience"
	codeTokenExpired    = "id_token_expired"
	codeTokenEarly      = "id_token_early" // of the future, or from before the sign-in began
	codeTokenNonce      = "id_token_nonce"
	codeTokenSubject    = "id_token_subject"
	codeTokenHash       = "id_token_at_hash"
	codeUserInfo        = "userinfo_subject" // the user info is of another subject
	codeEmailMissing    = "email_missing"
	codeEmailUnverified = "email_unverified"
	codeEmailOther      = "email_of_another"      // the linked subject now has another customer's e-mail
	codeCustomerLinked  = "customer_linked"       // the customer is another subject's
	codeCustomerDeleted = "customer_deleted"      // the link's customer is gone
	codeCustomerMissing = "customer_missing"      // no customer, and none is to be made
	codeCustomerRefused = "customer_refused"      // BigCommerce did not take the new customer
	codePassword        = "password_not_replaced" // BigCommerce did not take a new password for the customer
	codeTooOften        = "rate_limited"
)

// refusal is why somebody is not signed in. It has no token, code or state in it.
type refusal struct {
	code    string
	status  int
	message string // for the shopper: what to do
	detail  string // for the merchant: what is wrong and what to do
	err     error  // for our own log
}

func (r *refusal) Error() string {
	if r.err != nil {
		return r.code + ": " + r.detail + ": " + r.err.Error()
	}
	return r.code + ": " + r.detail
}

func (r *refusal) Unwrap() error { return r.err }

// What a shopper can do.
const (
	tryAgain    = "Go back to the shop and sign in again."
	askMerchant = "This cannot be solved here: contact the shop and tell them the code below."
)

func refuse(code string, status int, message, detail string, args ...any) *refusal {
	return &refusal{code: code, status: status, message: message, detail: fmt.Sprintf(detail, args...)}
}

func (r *refusal) with(err error) *refusal {
	r.err = err
	return r
}

// refusalOf makes a refusal of any error.
func refusalOf(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	code := problem.CodeOf(err)
	out := &refusal{code: string(code), status: problem.Status(err), message: askMerchant, detail: problem.MessageOf(err), err: err}
	switch code {
	case problem.Unavailable, problem.Internal, problem.Gone:
		out.message = "The sign-in did not work just now. Wait a minute, go back to the shop and sign in again."
	case problem.CustomerOtherChannel:
		out.message = "Your account belongs to another shop of this merchant. Sign in there, or contact the shop."
	case problem.StoreNotInstalled:
		out.message = "This shop does not use this sign-in. Go back to the shop and sign in there."
	}
	if out.status < http.StatusBadRequest {
		out.status = http.StatusInternalServerError
	}
	return out
}
