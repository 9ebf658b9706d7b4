package signin

import (
	"context"
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

// CustomerByEmail returns the customer with an e-mail address who may sign in at a channel. A customer
// of that channel goes before one of every channel, as at BigCommerce's own login.
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
func Create(ctx context.Context, client *bigcommerce.Client, c bigcommerce.NewCustomer) (*bigcommerce.Customer, error) {
	made, err := client.Customers.Create(ctx, c)
	var invalid *bigcommerce.ValidationError
	var partial *bigcommerce.PartialError
	var lost *bigcommerce.UnavailableError
	switch {
	case err == nil, errors.As(err, &partial) && made != nil:
		return made, nil
	case errors.As(err, &invalid):
		return nil, problem.Wrap(err, problem.Conflict, "BigCommerce did not take the new customer: %s", said(invalid.APIError))
	case errors.As(err, &lost) && lost.Sent: // it may be there now
		found, lookErr := client.Customers.ByEmail(ctx, c.Email)
		if lookErr == nil && len(found) == 1 && (len(found[0].ChannelIDs) == 0) == (len(c.ChannelIDs) == 0) {
			return found[0], nil
		}
	}
	return nil, platform(err)
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
