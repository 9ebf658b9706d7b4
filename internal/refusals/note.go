package refusals

import (
	"github.com/gin-gonic/gin"
)

// The kinds of what is refused besides requests of the API.
const (
	Page     = "page"     // of a control panel's frame
	Callback = "callback" // of BigCommerce's servers
	SignIn   = "sign-in"  // of a shopper
	Webhook  = "webhook"
)

// note is what a request's handlers know of it.
type note struct {
	kind    string
	store   string // of the caller
	claimed string // that the request says it is of, unproven
	caller  string
	code    string
	reason  string
	cause   error
}

const noteKey = "sluice/internal/refusals"

func of(c *gin.Context) *note {
	if v, ok := c.Get(noteKey); ok {
		return v.(*note)
	}
	n := &note{}
	c.Set(noteKey, n)
	return n
}

// Kind says what is refused if this request is: every refusal of it is logged then, whatever its
// status.
func Kind(c *gin.Context, kind string) { of(c).kind = kind }

// Caller says who makes the request, in the audit's terms, such as "user:<id>", or how a key that
// is none begins; store is whose caller it is, "" if that is not known.
func Caller(c *gin.Context, store, caller string) { n := of(c); n.store, n.caller = store, caller }

// Claimed says which store the request names, without any proof.
func Claimed(c *gin.Context, store string) { of(c).claimed = store }

// Reason says why a request is refused, for what problem.Write does not answer, or does not know.
// reason may be "" and cause nil; neither has a secret or a person in it.
func Reason(c *gin.Context, code, reason string, cause error) {
	n := of(c)
	n.code, n.reason, n.cause = code, reason, cause
}
