package storefront

import (
	"context"
	"fmt"
	"slices"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// SaveSettings replaces the storefront settings of ctx's store in tx. Scripts that have to change
// with them are pending then; pending says whether there are any. Fails with Invalid as tenants'
// Check does.
func SaveSettings(ctx context.Context, tx *tenants.DB, settings tenants.StorefrontSettings) (pending bool, err error) {
	before, err := tx.StorefrontSettings(ctx)
	if err != nil {
		return false, err
	}
	if err := tx.PutStorefrontSettings(ctx, settings); err != nil {
		return false, err
	}
	if before.ConsentCategory == settings.ConsentCategory && before.AllowSignIn == settings.AllowSignIn {
		return false, nil // the card is no part of the script
	}
	return RenewScripts(ctx, tx)
}

// RenewScripts makes the wanted scripts of ctx's store pending in tx; pending says whether there
// are any.
func RenewScripts(ctx context.Context, tx *tenants.DB) (pending bool, err error) {
	n, err := tx.PendStorefrontScripts(ctx)
	return n > 0, err
}

// WantScript says in tx that a channel of ctx's store is to have the storefront script, or no
// longer. The script is pending then, and pending is true, unless the channel that is to have none
// never had one. Fails with NotFound for a channel that is not known, and, unless the script is to
// go, with Conflict for a channel that has no pages, is headless or is not in use and when there is
// no room for one more script, with ScopeMissing when Sluice may not install scripts.
func WantScript(ctx context.Context, tx *tenants.DB, channelID int64, wanted bool) (pending bool, err error) {
	store, err := tx.Store(ctx, tenants.StoreHash(ctx))
	if err != nil {
		return false, err
	}
	channels, err := tx.Channels(ctx)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(channels, func(c tenants.Channel) bool { return c.ChannelID == channelID })
	if i < 0 {
		return false, problem.New(problem.NotFound, "This store has no channel %d. Refresh the channels if it is new.", channelID)
	}
	scripts, err := tx.StorefrontScripts(ctx)
	if err != nil {
		return false, err
	}
	if wanted {
		if err := mayHaveScript(store, &channels[i], scripts); err != nil {
			return false, err
		}
	} else if !slices.ContainsFunc(scripts, func(sc tenants.StorefrontScript) bool { return sc.ChannelID == channelID }) {
		return false, nil // there never was one
	}
	return true, tx.WantStorefrontScript(ctx, channelID, wanted)
}

func mayHaveScript(store *tenants.Store, c *tenants.Channel, scripts []tenants.StorefrontScript) error {
	others := 0
	for _, sc := range scripts {
		if sc.Wanted && sc.ChannelID != c.ChannelID {
			others++
		}
	}
	switch {
	case lacks(store, bigcommerce.ScopeScripts):
		return problem.New(problem.ScopeMissing, "%s", scriptScopeMessage)
	case c.Type != tenants.TypeStorefront:
		return problem.New(problem.Conflict, "The channel %s has no pages of its own. Choose a storefront.", c.Name)
	case !c.Available():
		return problem.New(problem.Conflict, "%s", unavailableMessage(c))
	case c.Headless():
		return problem.New(problem.Conflict, "%s", headlessMessage(c))
	case others >= bigcommerce.MaxScripts:
		return problem.New(problem.Conflict, "%s", fullMessage)
	}
	return nil
}

// Messages for merchants about a script.
var (
	scriptScopeMessage = "Sluice may not install scripts in this store: the permission " + bigcommerce.ScopeScripts +
		" (Content: modify) is missing. The operator of Sluice adds it to the app; then open Sluice from the control panel and accept it."
	noAnswerMessage = "BigCommerce did not answer as it should, several times. Sluice tries again within a day; refresh the channels to have it try now."
	fullMessage     = fmt.Sprintf("BigCommerce lets an app have %d scripts in a store. Remove the script from another channel first.", bigcommerce.MaxScripts)
)

func headlessMessage(c *tenants.Channel) string {
	return fmt.Sprintf("The storefront %s is headless (%s): it has no /customer/current.jwt, which the script asks who is signed in. "+
		"Ask on its server instead: Examples, Catalyst.", c.Name, c.Platform)
}

func unavailableMessage(c *tenants.Channel) string {
	return fmt.Sprintf("The channel %s is %s in BigCommerce. Activate it there, then refresh.", c.Name, c.Status)
}
