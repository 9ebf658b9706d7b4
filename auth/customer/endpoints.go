package customer

import (
	"net/http"
	"strings"
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
	Session   string    `json:"session"`    // for Account, as a bearer token
	Account   string    `json:"account"`    // URL of the account card
}

// currentCustomer answers POST …/current-customer: who the token says is signed in.
func (s *Service) currentCustomer(c *gin.Context, sf *storefront) error {
	raw, err := readToken(c)
	if err != nil {
		return err
	}
	who, err := s.tokens.verify(raw, sf.hash)
	if err != nil {
		return err
	}
	session, expires, err := s.sessions.issue(sf.hash, who)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, current{Customer: who, StoreHash: sf.hash, ExpiresAt: expires, Session: session, Account: sf.accountURL})
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
