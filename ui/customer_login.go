package ui

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"sluice/auth/customer/login"
	"sluice/auth/customer/signin"
	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// loginRequest is the body of POST /customer-login: one of the first three says who is signed in.
type loginRequest struct {
	CustomerID int64  `json:"customer_id"`
	Email      string `json:"email"`
	ExternalID string `json:"external_id"` // the back-office system's, of an account that it sent

	ChannelID            int64  `json:"channel_id"`  // 0: channel 1
	RedirectTo           string `json:"redirect_to"` // "": the account page
	RequestIP            string `json:"request_ip"`  // the shopper's; BigCommerce then insists on it
	EnablePersistentCart *bool  `json:"enable_persistent_cart"`
}

// loginAnswer is who has it: it is never logged or kept.
type loginAnswer struct {
	LoginURL  string    `json:"login_url"`
	ExpiresAt time.Time `json:"expires_at"`
}

const (
	maxExternalID = 100 // characters
	maxEmail      = bigcommerce.MaxCustomerEmail
)

// customerLogin answers with the address that signs one of the store's customers in.
func (a *API) customerLogin(c *gin.Context) {
	var want loginRequest
	if err := bind(c, &want); err != nil {
		_ = c.Error(err)
		return
	}
	ctx := c.Request.Context()
	row := tenants.SignIn{Method: tenants.MethodAPI, Result: tenants.SignInOK, CustomerID: want.CustomerID, Email: want.Email, ChannelID: want.ChannelID}
	out, err := a.loginURL(ctx, &want, &row)
	if err != nil {
		row.Result, row.Detail = string(problem.CodeOf(err)), refusalDetail(err)
	} else if key := caller(c).KeyID; key != "" {
		row.Detail = "API key " + key
	}
	if problem.CodeOf(err) != problem.Gone {
		a.cfg.SignIn.Record(ctx, row)
	}
	answer(c, http.StatusOK, out, err)
}

// refusalDetail is an error as the log of sign-ins shows it.
func refusalDetail(err error) string {
	text := problem.MessageOf(err)
	for _, f := range problem.BodyOf(err).Errors {
		text += " " + f.Field + " " + f.Message + "."
	}
	return text
}

// loginURL checks want, finds the customer and signs. It notes in row who that is.
func (a *API) loginURL(ctx context.Context, want *loginRequest, row *tenants.SignIn) (*loginAnswer, error) {
	if err := checkLogin(want); err != nil {
		return nil, err
	}
	store, err := a.cfg.SignIn.Store(ctx)
	if err != nil {
		return nil, err
	}
	at, err := a.cfg.SignIn.Channel(ctx, store, want.ChannelID)
	if err != nil {
		return nil, err
	}
	row.ChannelID = at.ID
	ctx, client, err := a.cfg.SignIn.Client(ctx, store)
	if err != nil {
		return nil, err
	}
	customerID, err := a.findCustomer(ctx, client, store, at, want, row)
	if err != nil {
		return nil, err
	}
	row.CustomerID = customerID
	address, expires, err := a.cfg.SignIn.URL(ctx, client, at, login.Request{
		CustomerID: customerID, RedirectTo: want.RedirectTo, RequestIP: want.RequestIP, EnablePersistentCart: want.EnablePersistentCart,
	})
	if err != nil {
		return nil, err
	}
	return &loginAnswer{LoginURL: address, ExpiresAt: expires}, nil
}

// checkLogin says everything that is wrong with a request at once.
func checkLogin(want *loginRequest) error {
	refusal := problem.New(problem.Invalid, "The sign-in could not be made.")
	named := 0
	for _, given := range []bool{want.CustomerID != 0, want.Email != "", want.ExternalID != ""} {
		if given {
			named++
		}
	}
	switch {
	case named != 1:
		refusal = refusal.WithField("customer_id", "say who is signed in by exactly one of customer_id, email and external_id")
	case want.CustomerID < 0:
		refusal = refusal.WithField("customer_id", "is not a customer's id")
	case want.Email != "" && !plausibleEmail(want.Email):
		refusal = refusal.WithField("email", "is not an e-mail address")
	case utf8.RuneCountInString(want.ExternalID) > maxExternalID:
		refusal = refusal.WithField("external_id", "is longer than %d characters", maxExternalID)
	}
	if want.ChannelID < 0 {
		refusal = refusal.WithField("channel_id", "is not a channel's id")
	}
	if _, err := login.RedirectPath(want.RedirectTo); err != nil {
		refusal.Fields = append(refusal.Fields, problem.BodyOf(err).Errors...)
	}
	if want.RequestIP != "" {
		if addr, err := netip.ParseAddr(want.RequestIP); err != nil || addr.Zone() != "" {
			refusal = refusal.WithField("request_ip", "write the shopper's IP address as 203.0.113.7 or 2001:db8::7")
		}
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// plausibleEmail refuses what cannot be looked up as an address; whether it is one, its customer
// shows.
func plausibleEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= maxEmail &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == ',' || r == 0x7f })
}

// findCustomer returns the id of the customer that want names.
func (a *API) findCustomer(ctx context.Context, client *bigcommerce.Client, store *tenants.Store, at signin.Channel, want *loginRequest, row *tenants.SignIn) (int64, error) {
	id, email := want.CustomerID, want.Email
	if want.ExternalID != "" {
		account, err := a.accountOf(ctx, want.ExternalID)
		if err != nil {
			return 0, err
		}
		if id, email = account.CustomerID, account.Email; id == 0 && email == "" {
			return 0, problem.New(problem.CustomerNotFound, "The account %s has neither a customer_id nor an e-mail: send it again with one.", want.ExternalID)
		}
	}
	if err := a.cfg.SignIn.MayRead(store); err != nil {
		if id != 0 {
			return id, nil // BigCommerce itself refuses one that does not exist
		}
		return 0, err
	}
	var customer *bigcommerce.Customer
	var err error
	if id != 0 {
		customer, err = signin.CustomerByID(ctx, client, id, at)
	} else {
		customer, err = signin.CustomerByEmail(ctx, client, email, at)
	}
	if err != nil {
		return 0, err
	}
	row.Email = customer.Email
	return customer.ID, nil
}

// accountOf returns the account that the back-office system calls externalID.
func (a *API) accountOf(ctx context.Context, externalID string) (*tenants.Account, error) {
	accounts, err := a.cfg.DB.Accounts(ctx, tenants.AccountFilter{ExternalID: externalID})
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		return nil, problem.New(problem.CustomerNotFound, "No account with this external_id was sent to Sluice: send it with PUT /api/v1/customer-accounts first.")
	}
	return &accounts[0], nil
}
