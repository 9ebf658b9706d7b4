package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
)

// CustomerByID returns a customer who may sign in at a channel.
func CustomerByID(ctx context.Context, client *bigcommerce.Client, id int64, at Channel) (*bigcommerce.Customer, error) {
	c, err := client.Customers.Get(ctx, id)
	switch {
	case err != nil:
		return nil, platform(err)
	case c == nil:
		return nil, problem.New(problem.CustomerNotFound, "The store has no customer %d: it may have been deleted.", id)
	case !c.MaySignIn(at.ID):
		return nil, otherChannel(at)
	}
	return c, nil
}

// CustomerByEmail returns the customer with an e-mail address who may sign in at a channel. A
// customer of that channel goes before one of every channel, as at BigCommerce's own login.
func CustomerByEmail(ctx context.Context, client *bigcommerce.Client, email string, at Channel) (*bigcommerce.Customer, error) {
	if strings.Contains(email, ",") { // BigCommerce would look for two
		return nil, problem.New(problem.CustomerNotFound, "The store has no customer with this e-mail address.")
	}
	found, err := client.Customers.ByEmail(ctx, email)
	if err != nil {
		return nil, platform(err)
	}
	var own, global []*bigcommerce.Customer
	for _, c := range found {
		switch {
		case !c.MaySignIn(at.ID):
		case len(c.ChannelIDs) > 0:
			own = append(own, c)
		default:
			global = append(global, c)
		}
	}
	if len(own) == 0 {
		own = global
	}
	switch {
	case len(own) == 1:
		return own[0], nil
	case len(own) > 1:
		return nil, problem.New(problem.CustomerAmbiguous, "%d customers of this channel have this e-mail address: name one by customer_id.", len(own))
	case len(found) > 0:
		return nil, otherChannel(at)
	}
	return nil, problem.New(problem.CustomerNotFound, "The store has no customer with this e-mail address.")
}

func otherChannel(at Channel) error {
	return problem.New(problem.CustomerOtherChannel, "The customer belongs to other storefronts of the store, not to channel %d. "+
		"Sign in there, or give the customer this channel in BigCommerce.", at.ID)
}

// Create creates a customer at a channel. problem.Conflict when the address is taken meanwhile.
// ours is false where the answer was lost and a customer with the address is there: it may be one
// who registered.
func Create(ctx context.Context, client *bigcommerce.Client, c bigcommerce.NewCustomer) (made *bigcommerce.Customer, ours bool, err error) {
	made, err = client.Customers.Create(ctx, c)
	var invalid *bigcommerce.ValidationError
	var partial *bigcommerce.PartialError
	var lost *bigcommerce.UnavailableError
	switch {
	case err == nil, errors.As(err, &partial) && made != nil:
		return made, true, nil
	case errors.As(err, &invalid):
		return nil, false, problem.Wrap(err, problem.Conflict, "BigCommerce did not take the new customer: %s", said(invalid.APIError))
	case errors.As(err, &lost) && lost.Sent: // it may be there now
		found, lookErr := client.Customers.ByEmail(ctx, c.Email)
		if lookErr == nil && len(found) == 1 && (len(found[0].ChannelIDs) == 0) == (len(c.ChannelIDs) == 0) {
			return found[0], false, nil
		}
	}
	return nil, false, platform(err)
}

// newPassword returns a password that nobody can know: 130 random bits, and of each kind of
// character that a store may ask for. BigCommerce documents no longest one; bcrypt reads 72 bytes.
func newPassword() string {
	text := rand.Text() // 26 of A to Z and 2 to 7
	half := len(text) / 2
	return "Aa1-" + text[:half] + strings.ToLower(text[half:])
}

// LockPassword gives a customer a password that nobody knows, not even Sluice. Whoever knew the old
// one cannot sign in with it any more; the customer can have a link to set another mailed to their
// own address. A repeat is no harm. What BigCommerce answers stays out of the error, since it might
// repeat the password.
func LockPassword(ctx context.Context, client *bigcommerce.Client, id int64) error {
	_, err := client.Customers.Update(ctx, bigcommerce.CustomerChange{
		ID: id, Authentication: &bigcommerce.CustomerAuthentication{NewPassword: newPassword()},
	})
	var invalid *bigcommerce.ValidationError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &invalid):
		return problem.New(problem.Conflict, "BigCommerce did not take a new password for customer %d: it answers with status %d.", id, invalid.Status)
	}
	err = platform(err)
	return problem.New(problem.CodeOf(err), "%s", problem.MessageOf(err))
}

// Update changes a customer.
func Update(ctx context.Context, client *bigcommerce.Client, c bigcommerce.CustomerChange) error {
	_, err := client.Customers.Update(ctx, c)
	var invalid *bigcommerce.ValidationError
	if errors.As(err, &invalid) {
		return problem.Wrap(err, problem.Invalid, "BigCommerce did not take the change: %s", said(invalid.APIError))
	}
	return platform(err)
}

// said is what BigCommerce says is wrong.
func said(e *bigcommerce.APIError) string {
	if len(e.Fields) == 0 {
		return e.Title
	}
	return strings.Join(slices.Sorted(maps.Values(e.Fields)), "; ")
}

// Groups returns the store's customer groups.
func Groups(ctx context.Context, client *bigcommerce.Client) ([]bigcommerce.CustomerGroup, error) {
	groups := []bigcommerce.CustomerGroup{}
	for g, err := range client.CustomerGroups.List(ctx) {
		if err != nil {
			return nil, platform(err)
		}
		groups = append(groups, *g)
	}
	return groups, nil
}
