package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Bounds of what the back-office system tells of its customers' accounts.
const (
	maxAccounts      = 500 // a request
	maxAccountFields = 100
	maxAccountValue  = 1000 // characters
)

// accountInput is one account of PUT /customer-accounts.
type accountInput struct {
	ExternalID string                     `json:"external_id"`
	CustomerID int64                      `json:"customer_id"`
	Email      string                     `json:"email"`
	Fields     map[string]json.RawMessage `json:"fields"`
}

// accountError says what is wrong with one account of a request; the others are saved.
type accountError struct {
	Index      int    `json:"index"`
	ExternalID string `json:"external_id"` // "" if it could not be read
	Field      string `json:"field"`
	Message    string `json:"message"`
}

// putAccounts saves up to 500 accounts, each as a whole: fields that are not in the request are
// gone.
func (a *API) putAccounts(c *gin.Context) {
	var body struct {
		Accounts []json.RawMessage `json:"accounts"`
	}
	if err := bind(c, &body); err != nil {
		_ = c.Error(err)
		return
	}
	if n := len(body.Accounts); n < 1 || n > maxAccounts {
		_ = c.Error(problem.New(problem.Invalid, "The accounts were not saved.").WithField("accounts", "send 1 to %d accounts at a time", maxAccounts))
		return
	}
	good, bad, seen := make([]tenants.Account, 0, len(body.Accounts)), []accountError{}, map[string]bool{}
	for i, raw := range body.Accounts {
		account, field, message := readAccount(raw)
		if message == "" && seen[account.ExternalID] {
			field, message = "external_id", "is in this request before: send each account once"
		}
		if message != "" {
			bad = append(bad, accountError{i, account.ExternalID, field, message})
			continue
		}
		seen[account.ExternalID] = true
		good = append(good, account)
	}
	err := a.cfg.DB.PutAccounts(c.Request.Context(), good)
	answer(c, http.StatusOK, gin.H{"saved": len(good), "errors": bad}, err)
}

// readAccount reads one account; message says what is wrong with field, "" if nothing is.
func readAccount(raw json.RawMessage) (account tenants.Account, field, message string) {
	var in accountInput
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		var wrongType *json.UnmarshalTypeError
		if errors.As(err, &wrongType) {
			return account, wrongType.Field, "has to be " + kindName(wrongType.Type)
		}
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return account, strings.Trim(name, `"`), "is none of external_id, customer_id, email and fields"
		}
		return account, "", "is not an account"
	}
	email := tenants.FoldEmail(in.Email)
	switch {
	case in.ExternalID == "" || utf8.RuneCountInString(in.ExternalID) > maxExternalID || strings.ContainsFunc(in.ExternalID, unprintable):
		return account, "external_id", "write your system's id of the account, 1 to " + strconv.Itoa(maxExternalID) + " characters without line ends"
	case in.CustomerID < 0:
		return tenants.Account{ExternalID: in.ExternalID}, "customer_id", "is BigCommerce's id of the customer, a number above 0"
	case in.CustomerID == 0 && email == "":
		return tenants.Account{ExternalID: in.ExternalID}, "customer_id", "say whose account it is: customer_id, or email while it is not known"
	case email != "" && (!plausibleEmail(email) || strings.ContainsFunc(email, unprintable)):
		return tenants.Account{ExternalID: in.ExternalID}, "email", "is not an e-mail address"
	case len(in.Fields) > maxAccountFields:
		return tenants.Account{ExternalID: in.ExternalID}, "fields", "an account has at most " + strconv.Itoa(maxAccountFields) + " fields"
	}
	account = tenants.Account{ExternalID: in.ExternalID, CustomerID: in.CustomerID, Email: email, Fields: make(map[string]string, len(in.Fields))}
	for key, value := range in.Fields {
		at := "fields." + tenants.Clean(key, maxExternalID)
		if !tenants.ValidFieldKey(key) {
			return account, at, "name fields with 1 to 64 letters, digits, _, . and -"
		}
		text, ok := fieldText(value)
		if !ok {
			return account, at, "has to be a text of at most " + strconv.Itoa(maxAccountValue) + " characters, a number, true, false or null"
		}
		if text != "" {
			account.Fields[key] = text
		}
	}
	return account, "", ""
}

// kindName says how a value of a type is written in JSON.
func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Int64:
		return "a whole number"
	default:
		return "an object"
	}
}

// unprintable finds what no id, e-mail or value on one line has, and text that was not UTF-8.
func unprintable(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// fieldText returns a JSON value as text: numbers as JSON writes them, "" for null.
func fieldText(value json.RawMessage) (text string, ok bool) {
	switch {
	case len(value) == 0 || value[0] == '{' || value[0] == '[':
		return "", false
	case string(value) == "null":
		return "", true
	case value[0] != '"':
		text = string(value)
	case json.Unmarshal(value, &text) != nil:
		return "", false
	}
	return text, utf8.RuneCountInString(text) <= maxAccountValue && !strings.ContainsFunc(text, unprintable)
}

// findAccounts answers the accounts of one customer, e-mail or id.
func (a *API) findAccounts(c *gin.Context) {
	p, err := page(c)
	if err != nil {
		_ = c.Error(err)
		return
	}
	filter := tenants.AccountFilter{ExternalID: c.Query("external_id"), Email: c.Query("email")}
	chosen := 0
	for _, text := range []string{filter.ExternalID, filter.Email, c.Query("customer_id")} {
		if text != "" {
			chosen++
		}
	}
	invalid := problem.New(problem.Invalid, "The accounts could not be looked up.")
	if chosen != 1 {
		_ = c.Error(invalid.WithField("external_id", "give one of external_id, customer_id and email"))
		return
	}
	if text := c.Query("customer_id"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			_ = c.Error(invalid.WithField("customer_id", "is BigCommerce's id of the customer, a number above 0"))
			return
		}
		filter.CustomerID = id
	}
	if strings.ContainsFunc(filter.ExternalID+filter.Email+p.After, unprintable) {
		list[tenants.Account](c, "accounts", nil, "") // nobody has such an id, and PostgreSQL takes no NUL
		return
	}
	accounts, next, err := a.cfg.DB.AccountPage(c.Request.Context(), filter, p)
	if err != nil {
		_ = c.Error(err)
		return
	}
	list(c, "accounts", accounts, next)
}

// deleteAccount forgets one account. Its id may have slashes in it, which is why the route takes
// the rest of the path.
func (a *API) deleteAccount(c *gin.Context) {
	ctx, id := c.Request.Context(), strings.TrimPrefix(c.Param("id"), "/")
	if id == "" || utf8.RuneCountInString(id) > maxExternalID || strings.ContainsFunc(id, unprintable) {
		_ = c.Error(problem.New(problem.NotFound, "There is no such account in this store."))
		return
	}
	err := a.cfg.DB.Tx(ctx, func(tx *tenants.DB) error {
		if err := tx.DeleteAccount(ctx, id); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: caller(c).Actor(), Action: "account.deleted", Subject: id})
	})
	if err != nil {
		_ = c.Error(err)
		return
	}
	c.Status(http.StatusNoContent)
}
