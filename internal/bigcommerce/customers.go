package bigcommerce

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
)

const (
	customersPath      = "/v3/customers"
	customerGroupsPath = "/v2/customer_groups"
)

// The longest texts that a customer's fields take, in characters.
const (
	MaxCustomerEmail   = 250
	MaxCustomerName    = 100 // first and last name, each
	MaxCustomerCompany = 255
	MaxCustomerPhone   = 50
)

// CustomersService is the store's customers (V3). Scope store_v2_customers, its read-only form to
// read.
type CustomersService struct{ service }

// Customer is a customer as List returns it. The e-mail may change; the ID is the identity.
type Customer struct {
	ID              int64   `json:"id"`
	Email           string  `json:"email"`
	FirstName       string  `json:"first_name"`
	LastName        string  `json:"last_name"`
	Company         string  `json:"company"`
	Phone           string  `json:"phone"`
	GroupID         int64   `json:"customer_group_id"` // 0: in none
	OriginChannelID int64   `json:"origin_channel_id"`
	ChannelIDs      []int64 `json:"channel_ids"` // empty: every channel that takes global logins
}

// MaySignIn reports whether the customer belongs to a channel.
func (c *Customer) MaySignIn(channelID int64) bool {
	return len(c.ChannelIDs) == 0 || slices.Contains(c.ChannelIDs, channelID)
}

// CustomerFilter narrows a list of customers; a zero field filters nothing.
type CustomerFilter struct {
	IDs    []int64  // id:in
	Emails []string // email:in, in any letter case; none with a comma
	Limit  int      // items a page; 0 means MaxPageSize
}

func (f CustomerFilter) writeTo(q *query) error {
	for _, email := range f.Emails {
		if email == "" || strings.Contains(email, ",") {
			return errors.New("bigcommerce: an e-mail address to look for is empty or has a comma")
		}
	}
	q.nums("id:in", f.IDs)
	q.list("email:in", f.Emails)
	return nil
}

// List walks every customer that matches.
func (s *CustomersService) List(ctx context.Context, f CustomerFilter) iter.Seq2[*Customer, error] {
	return collect[*Customer](ctx, s.client, customersPath, f.Limit, f.writeTo)
}

// Get returns one customer, nil if there is none with this id.
func (s *CustomersService) Get(ctx context.Context, id int64) (*Customer, error) {
	if id <= 0 {
		return nil, fmt.Errorf("bigcommerce: %d is not a customer's id", id)
	}
	for c, err := range s.List(ctx, CustomerFilter{IDs: []int64{id}, Limit: 1}) {
		if err != nil {
			return nil, err
		}
		if c.ID == id {
			return c, nil
		}
	}
	return nil, nil
}

// FoldEmail is an e-mail address with the letters A to Z in lower case: addresses that BigCommerce
// tells apart by nothing but their case fold to the same text. Other letters stay as they are: a
// database may find ſam (with a long s) for sam, and they are two people.
func FoldEmail(email string) string {
	folded := []byte(email)
	for i, b := range folded {
		if 'A' <= b && b <= 'Z' {
			folded[i] = b - 'A' + 'a'
		}
	}
	return string(folded)
}

// ByEmail returns the customers with an e-mail address, whatever its letter case (FoldEmail): with
// several storefronts there may be one for all of them and others for single channels.
func (s *CustomersService) ByEmail(ctx context.Context, email string) ([]*Customer, error) {
	var found []*Customer
	for c, err := range s.List(ctx, CustomerFilter{Emails: []string{email}}) {
		if err != nil {
			return nil, err
		}
		if FoldEmail(c.Email) == FoldEmail(email) {
			found = append(found, c)
		}
	}
	return found, nil
}

// NewCustomer is a customer to create. E-mail and both names are required.
type NewCustomer struct {
	Email           string  `json:"email"`
	FirstName       string  `json:"first_name"`
	LastName        string  `json:"last_name"`
	Company         string  `json:"company,omitempty"`
	Phone           string  `json:"phone,omitempty"`
	GroupID         int64   `json:"customer_group_id,omitempty"` // 0: the store's default
	OriginChannelID int64   `json:"origin_channel_id,omitempty"`
	ChannelIDs      []int64 `json:"channel_ids,omitempty"` // empty: every channel that takes global logins
}

// Create creates a customer. A known e-mail address is a *ValidationError that names no id. It is
// never sent twice: after an *UnavailableError with Sent, look for the e-mail first.
func (s *CustomersService) Create(ctx context.Context, c NewCustomer) (*Customer, error) {
	return writeOne[*Customer](ctx, s.client, request{
		method: http.MethodPost, path: customersPath, body: []NewCustomer{c},
	})
}

// CustomerChange says which fields of a customer are set; nil ones stay as they are.
type CustomerChange struct {
	ID        int64   `json:"id"`
	FirstName *string `json:"first_name,omitempty"`
	LastName  *string `json:"last_name,omitempty"`
	Company   *string `json:"company,omitempty"`
	Phone     *string `json:"phone,omitempty"`
	GroupID   *int64  `json:"customer_group_id,omitempty"`
	// Authentication sets a password; nil leaves it. BigCommerce never shows one.
	Authentication *CustomerAuthentication `json:"authentication,omitempty"`
}

// CustomerAuthentication is a customer's password to set. It is a secret: it has no place in a log.
type CustomerAuthentication struct {
	NewPassword string `json:"new_password"`
}

// String keeps the password out of what is printed.
func (CustomerAuthentication) String() string { return "{password}" }

// GoString keeps it out of %#v.
func (CustomerAuthentication) GoString() string { return "bigcommerce.CustomerAuthentication{}" }

// Update changes a customer.
func (s *CustomersService) Update(ctx context.Context, c CustomerChange) (*Customer, error) {
	return writeOne[*Customer](ctx, s.client, request{
		method: http.MethodPut, path: customersPath, body: []CustomerChange{c},
	})
}

// CustomerGroupsService is the store's customer groups (V2: there is no V3). Scope
// store_v2_customers_read_only.
type CustomerGroupsService struct{ service }

// CustomerGroup is a customer group, as far as Sluice uses it.
type CustomerGroup struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	IsDefault bool   `json:"is_default"` // customers who sign up are put into it
}

// List walks every customer group.
func (s *CustomerGroupsService) List(ctx context.Context) iter.Seq2[*CustomerGroup, error] {
	return collectV2[*CustomerGroup](ctx, s.client, customerGroupsPath)
}
