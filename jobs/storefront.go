package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Kinds of a store's storefronts. They have no payload, and jobs of one store run one at a time
// (queue.ClassStorefront).
const (
	kindStorefrontChannels = "storefront.channels"
	kindStorefrontScripts  = "storefront.scripts"
)

// StorefrontScopes are the OAuth scopes that storefronts need beside the flows', in the order a
// merchant reads them: to see channels, to see where they are, and to install the script.
var StorefrontScopes = []string{bigcommerce.ScopeChannelsRead, bigcommerce.ScopeSitesRead, bigcommerce.ScopeScripts}

// lacks reports whether the store is known not to have granted scope.
func lacks(store *tenants.Store, scope string) bool { return len(store.MissingScopes(scope)) > 0 }

// coalesceDelay lets what a merchant clicks in one go become one look at BigCommerce.
const coalesceDelay = time.Second

// newStorefrontRow returns a job of a store that waiting ones of its kind stand in for.
func newStorefrontRow(store, kind string, lane queue.Lane, at time.Time) (*tenants.Job, error) {
	prefix := map[string]string{kindStorefrontChannels: "channels:", kindStorefrontScripts: "scripts:"}[kind]
	row, err := newRow(prefix+store+":"+tenants.NewID(), kind, lane, at, struct{}{})
	if err != nil {
		return nil, err
	}
	row.Coalesce, row.Class = kind, queue.ClassStorefront
	return row, nil
}

// enqueueCoalesced inserts a job of kind for ctx's store in tx, soon; nil if one that waits will
// do.
func (s *Service) enqueueCoalesced(ctx context.Context, tx *tenants.DB, kind string, lane queue.Lane) (*tenants.Job, error) {
	row, err := newStorefrontRow(tenants.StoreHash(ctx), kind, lane, s.now().Add(coalesceDelay))
	if err != nil {
		return nil, err
	}
	inserted, err := insertCoalesced(ctx, tx, row, s.now())
	if err != nil || !inserted {
		return nil, err
	}
	return row, nil
}

// enqueueOne is enqueue for a row that may be nil.
func (s *Service) enqueueOne(ctx context.Context, row *tenants.Job) {
	if row != nil {
		s.enqueue(ctx, row)
	}
}

// RefreshStorefront has the channels, sites and scripts of ctx's store looked at, soon.
func (s *Service) RefreshStorefront(ctx context.Context) error {
	row, err := s.enqueueCoalesced(ctx, s.db, kindStorefrontChannels, queue.LaneInteractive)
	if err != nil {
		return err
	}
	s.enqueueOne(ctx, row)
	return nil
}

// SaveStorefront replaces the storefront settings of ctx's store. Scripts that have to change with
// them are pending when it returns, and a job will change them. Fails with Invalid as tenants'
// Check does.
func (s *Service) SaveStorefront(ctx context.Context, settings tenants.StorefrontSettings) error {
	var row *tenants.Job
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		before, err := tx.StorefrontSettings(ctx)
		if err != nil {
			return err
		}
		if err := tx.PutStorefrontSettings(ctx, settings); err != nil {
			return err
		}
		if before.ConsentCategory == settings.ConsentCategory && before.AllowSignIn == settings.AllowSignIn {
			return nil // the card is no part of the script
		}
		row, err = s.renewScripts(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.audit(ctx, actorFrom(ctx), "storefront.settings_changed", "", fmt.Sprintf("%d card fields, consent %s, sign-in %t",
		len(settings.CardFields), settings.ConsentCategory, settings.AllowSignIn))
	s.enqueueOne(ctx, row)
	return nil
}

// RenewScripts has the scripts of ctx's store changed to what they should be now: what they follow
// beside the settings, the identity provider, was changed.
func (s *Service) RenewScripts(ctx context.Context) error {
	var row *tenants.Job
	err := s.db.Tx(ctx, func(tx *tenants.DB) (err error) {
		row, err = s.renewScripts(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.enqueueOne(ctx, row)
	return nil
}

// renewScripts makes the wanted scripts pending and inserts their job; nil if there is none to
// insert.
func (s *Service) renewScripts(ctx context.Context, tx *tenants.DB) (*tenants.Job, error) {
	n, err := tx.PendStorefrontScripts(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	return s.enqueueCoalesced(ctx, tx, kindStorefrontScripts, queue.LaneInteractive)
}

// WantScript says that a channel of ctx's store is to have the storefront script, or no longer. The
// script is pending when it returns, and a job will install or remove it. Fails with NotFound for a
// channel that is not known, and, unless the script is to go, with Conflict for a channel that has
// no pages, is headless or is not in use and when there is no room for one more script, with
// ScopeMissing when Sluice may not install scripts.
func (s *Service) WantScript(ctx context.Context, channelID int64, wanted bool) error {
	var row *tenants.Job
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		store, err := tx.Store(ctx, tenants.StoreHash(ctx))
		if err != nil {
			return err
		}
		channels, err := tx.Channels(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(channels, func(c tenants.Channel) bool { return c.ChannelID == channelID })
		if i < 0 {
			return problem.New(problem.NotFound, "This store has no channel %d. Refresh the channels if it is new.", channelID)
		}
		scripts, err := tx.StorefrontScripts(ctx)
		if err != nil {
			return err
		}
		if wanted {
			if err := mayHaveScript(store, &channels[i], scripts); err != nil {
				return err
			}
		} else if !slices.ContainsFunc(scripts, func(sc tenants.StorefrontScript) bool { return sc.ChannelID == channelID }) {
			return nil // there never was one
		}
		if err := tx.WantStorefrontScript(ctx, channelID, wanted); err != nil {
			return err
		}
		row, err = s.enqueueCoalesced(ctx, tx, kindStorefrontScripts, queue.LaneInteractive)
		return err
	})
	if err != nil {
		return err
	}
	action := "storefront.script_unwanted"
	if wanted {
		action = "storefront.script_wanted"
	}
	s.audit(ctx, actorFrom(ctx), action, fmt.Sprintf("channel:%d", channelID), "")
	s.enqueueOne(ctx, row)
	return nil
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
	scriptScopeMessage = "Sluice may not install scripts in this store: the scope " + bigcommerce.ScopeScripts +
		" (Content: modify) is missing. Add it to the app's OAuth scopes, then open Sluice from the control panel and accept it."
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
