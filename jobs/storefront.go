package jobs

import (
	"context"
	"fmt"
	"time"

	"sluice/jobs/queue"
	"sluice/jobs/storefront"
	"sluice/tenants"
)

// Kinds of a store's storefronts. They have no payload, and jobs of one store run one at a time
// (queue.ClassStorefront).
const (
	kindStorefrontChannels = "storefront.channels"
	kindStorefrontScripts  = "storefront.scripts"
)

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
		pending, err := storefront.SaveSettings(ctx, tx, settings)
		if err != nil || !pending {
			return err
		}
		row, err = s.enqueueCoalesced(ctx, tx, kindStorefrontScripts, queue.LaneInteractive)
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
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		pending, err := storefront.RenewScripts(ctx, tx)
		if err != nil || !pending {
			return err
		}
		row, err = s.enqueueCoalesced(ctx, tx, kindStorefrontScripts, queue.LaneInteractive)
		return err
	})
	if err != nil {
		return err
	}
	s.enqueueOne(ctx, row)
	return nil
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
		pending, err := storefront.WantScript(ctx, tx, channelID, wanted)
		if err != nil || !pending {
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

// storefronts returns what reads and fixes the storefronts of a job's store, and logs as the job.
func (w *Workers) storefronts(j *job) *storefront.Storefronts {
	return storefront.New(storefront.Config{
		DB: w.db, Clients: w.cfg.Clients, Log: j.log, Now: w.s.now, ScriptTag: w.cfg.ScriptTag,
		Changed: func(ctx context.Context) { w.s.publish(ctx, j.row.StoreHash, EventStore) },
		Audit: func(ctx context.Context, action, subject, detail string) {
			w.s.audit(ctx, actorSystem, action, subject, detail)
		},
	})
}

// doStorefrontChannels reads the store's channels and where they are, and has its scripts looked
// after.
func (w *Workers) doStorefrontChannels(ctx context.Context, j *job) error {
	sight, err := w.storefronts(j).Look(ctx, j.store)
	if err != nil {
		return err
	}
	var row *tenants.Job
	err = w.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		scripts, err := sight.Save(ctx, tx)
		if err != nil || !scripts {
			return err
		}
		row, err = w.s.enqueueCoalesced(ctx, tx, kindStorefrontScripts, queue.Lane(j.row.Lane))
		return err
	})
	if err != nil {
		return err
	}
	if row != nil {
		j.next = append(j.next, row)
	}
	w.s.publish(ctx, j.row.StoreHash, EventStore)
	return nil
}

// doStorefrontScripts makes the store's scripts what the merchant wants. The last attempt tells the
// merchant before the job is dead.
func (w *Workers) doStorefrontScripts(ctx context.Context, j *job) error {
	return w.storefronts(j).FixScripts(ctx, j.store, func(err error) bool {
		_, noQuota := w.quotaUntil(err)
		return !noQuota && !isUnauthorized(err) && ctx.Err() == nil && j.row.Attempts+1 >= w.cfg.MaxAttempts
	})
}
