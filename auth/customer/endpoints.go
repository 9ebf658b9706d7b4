package customer

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// current is the answer of current-customer.
type current struct {
	Customer  Shopper   `json:"customer"`
	StoreHash string    `json:"store_hash"`
	ExpiresAt time.Time `json:"expires_at"` // of Session
	Session   text      `json:"session"`    // for Account, as a bearer token
	Account   string    `json:"account"`    // URL of the account card
}

// exchange is what one request reads and writes, for the next one to use again.
type exchange struct {
	body            bytes.Buffer
	session, answer []byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

var jsonText = []string{"application/json; charset=utf-8"}

// currentCustomer answers POST …/current-customer: who the token says is signed in.
func (s *Service) currentCustomer(c *gin.Context, sf *storefront) error {
	x := exchanges.Get().(*exchange)
	defer exchanges.Put(x)
	x.body.Reset()
	raw, err := readToken(c, &x.body)
	if err != nil {
		return err
	}
	who, err := s.tokens.verify(raw, sf.hash)
	if err != nil {
		return err
	}
	var expires time.Time
	x.session, expires = s.sessions.issue(x.session[:0], sf.hash, who)
	answer := current{Customer: who, StoreHash: sf.hash, ExpiresAt: expires, Session: x.session, Account: sf.accountURL}
	x.answer = answer.appendJSON(x.answer[:0])
	c.Writer.Header()["Content-Type"] = jsonText
	_, _ = c.Writer.Write(x.answer) // fails only when nobody listens any more
	return nil
}

// card is the answer of account.
type card struct {
	Fields    []tenants.CardValue `json:"fields"`     // empty: there is no account, or nothing to show of it
	UpdatedAt *time.Time          `json:"updated_at"` // when the back-office system last wrote it; null without an account
}

// account answers GET …/account: what the merchant shows the shopper whose session it is.
func (s *Service) account(c *gin.Context, sf *storefront) error {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		c.Header("WWW-Authenticate", "Bearer")
		return problem.New(problem.Unauthenticated, "Send the session that current-customer answered as “Authorization: Bearer …”.")
	}
	who, err := s.sessions.read(token, sf.hash)
	if err != nil {
		return err
	}
	ctx := tenants.WithStore(c.Request.Context(), sf.hash)
	settings, err := s.cfg.DB.StorefrontSettings(ctx)
	if err != nil {
		return err
	}
	account, err := s.cfg.DB.AccountOf(ctx, who.ID, who.Email)
	if err != nil {
		return err
	}
	shown := card{Fields: []tenants.CardValue{}}
	if account != nil {
		shown.Fields = FormatCard(settings.Card(account), sf.currency, c.GetHeader("Accept-Language"))
		shown.UpdatedAt = &account.UpdatedAt
	}
	c.JSON(http.StatusOK, shown)
	return nil
}
