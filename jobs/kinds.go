package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/kinds/products"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Kinds of jobs. A kind's payload is stated at its handler; both are stored, so neither may change
// its meaning.
const (
	kindHooksRegister  = "hooks.register"
	kindHooksHeard     = "hooks.heard"
	kindStoreRefresh   = "store.refresh"
	kindStoreUninstall = "store.uninstall" // of SystemStore: a store's own jobs are dropped by it
	kindRecordForget   = "record.forget"
	kindHousekeeping   = "housekeeping" // of SystemStore
)

func (w *Workers) handlers() map[string]handler {
	return map[string]handler{
		kindRunStep:        w.doRunStep,
		kindHooksRegister:  w.doHooksRegister,
		kindHooksHeard:     w.doHooksHeard,
		kindStoreRefresh:   w.doStoreRefresh,
		kindStoreUninstall: w.doStoreUninstall,
		kindUninstallLook:  w.doUninstallLook,
		kindStorePurge:     w.doStorePurge,
		kindRecordForget:   w.doRecordForget,
		kindHousekeeping:   w.doHousekeeping,

		kindStorefrontChannels: w.doStorefrontChannels,
		kindStorefrontScripts:  w.doStorefrontScripts,
		kindSharedAddress:      w.doSharedAddress,
	}
}

// doStoreRefresh reads the store's name, domain, time zone and plan. No payload.
func (w *Workers) doStoreRefresh(ctx context.Context, j *job) error {
	client, err := w.cfg.Clients.Client(ctx, j.row.StoreHash, nil)
	if err != nil {
		return err
	}
	info, err := client.Store.Get(ctx)
	if err != nil {
		return err
	}
	var row *tenants.Job
	err = w.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		before, err := tx.Store(ctx, j.row.StoreHash)
		if err != nil {
			return err
		}
		err = tx.SetStoreInfo(ctx, j.row.StoreHash, tenants.StoreInfo{
			Name: info.Name, Domain: info.Domain, SecureURL: info.SecureURL, PlanName: info.PlanName,
			Timezone: info.Timezone.Name, Currency: info.Currency,
		})
		if err != nil {
			return err
		}
		after, err := tx.Store(ctx, j.row.StoreHash)
		if err != nil {
			return err
		}
		if after.SecureURL != before.SecureURL { // where channel 1 is, if nothing else tells
			if row, err = w.s.enqueueCoalesced(ctx, tx, kindStorefrontChannels, queue.LaneBulk); err != nil {
				return err
			}
		}
		if after.Timezone == before.Timezone {
			return nil
		}
		return w.s.reschedule(ctx, tx, after.Timezone)
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

// hookScopes are the events that Sluice wants to be told of. channelHooks are those that a store's scopes
// may not cover.
//
// Products changed in the store are not among them: our own writes would be told of as well, one by one, and
// no event says whose it is. What others changed shows in the answer to the next write (jobs/upsert).
var (
	hookScopes   = []string{scopeAppUninstalled, scopeProductDeleted, scopeCategoryUpdated, scopeCategoryDeleted, scopeStoreUpdated}
	channelHooks = []string{scopeChannelCreated, scopeChannelUpdated}
)

// doHooksRegister makes the store's webhooks what they should be: missing ones are created, ones that
// BigCommerce deactivated are woken. Others of this app are left alone. No payload.
//
// A destination that BigCommerce refuses (it wants HTTPS on port 443) is logged and no failure:
// Sluice works without webhooks, it then learns of changes later.
//
// Those of a store that was added by store-level credentials are signed with the secret of that API
// account. It has none if the secret was not given.
//
// BigCommerce may tell a new webhook of nothing for a minute, and what happened while one was missing or
// asleep is told to nobody: see doHooksHeard.
func (w *Workers) doHooksRegister(ctx context.Context, j *job) error {
	store, err := w.db.Store(ctx, j.row.StoreHash)
	if err != nil || store.Origin == tenants.OriginCredentials && store.ClientSecret == nil {
		return err
	}
	client, err := w.cfg.Clients.Client(ctx, j.row.StoreHash, nil)
	if err != nil {
		return err
	}
	destination := Destination(w.cfg.AppURL)
	have := map[string]*bigcommerce.Hook{}
	for hook, err := range client.Hooks.List(ctx) {
		if err != nil {
			return err
		}
		if hook.Destination == destination {
			have[hook.Scope] = hook
		}
	}
	wanted := hookScopes
	if !lacks(store, bigcommerce.ScopeChannelsRead) {
		wanted = slices.Concat(hookScopes, channelHooks)
	}
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(scope string) bool { return have[scope] != nil && have[scope].IsActive })
	if len(wanted) == 0 {
		return nil
	}
	heard, err := newRow("heard:"+j.row.StoreHash+":"+tenants.NewID(), kindHooksHeard, queue.LaneBulk, w.s.now().Add(hookStart), struct{}{})
	if err != nil {
		return err
	}
	heard.StoreHash, heard.Coalesce = j.row.StoreHash, kindHooksHeard
	if err := w.s.Submit(ctx, heard); err != nil { // before the first: whatever becomes of the others
		return err
	}
	for _, scope := range wanted {
		hook := have[scope]
		if hook == nil {
			_, err = client.Hooks.Create(ctx, bigcommerce.Hook{Scope: scope, Destination: destination, IsActive: true})
		} else {
			_, err = client.Hooks.Update(ctx, bigcommerce.Hook{ID: hook.ID, Scope: scope, Destination: destination, Headers: hook.Headers, IsActive: true})
		}
		if refused(err) {
			j.log.WarnContext(ctx, "BigCommerce refused the webhook; APP_URL must be HTTPS on port 443 and reachable", "scope", scope, "destination", destination, "error", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("webhook %s: %w", scope, err)
		}
		j.log.InfoContext(ctx, "webhook registered", "scope", scope)
	}
	return nil
}

// hookStart is when new webhooks surely hear of events: BigCommerce speaks of up to a minute, and they are
// registered one by one.
const hookStart = 2 * time.Minute

// doHooksHeard makes good what webhooks did not tell of before they heard: the store's settings and channels are
// read, its categories forgotten, and the next run of each flow looks all its products up, in case one was deleted.
// No payload.
func (w *Workers) doHooksHeard(ctx context.Context, j *job) error {
	if err := w.db.ForgetReferences(ctx, products.ReferenceCategory); err != nil {
		return err
	}
	if err := w.db.DoubtRecords(ctx); err != nil {
		return err
	}
	refresh, err := newRow("store:"+j.row.StoreHash+":"+tenants.NewID(), kindStoreRefresh, queue.LaneBulk, w.s.now(), struct{}{})
	if err != nil {
		return err
	}
	channels, err := newStorefrontRow(j.row.StoreHash, kindStorefrontChannels, queue.LaneBulk, w.s.now())
	if err != nil {
		return err
	}
	refresh.StoreHash, channels.StoreHash = j.row.StoreHash, j.row.StoreHash
	return w.s.Submit(ctx, refresh, channels)
}

// refused reports whether err is BigCommerce's final no to a request.
func refused(err error) bool {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.Status {
	case http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	}
	return api.Status >= 400 && api.Status < 500
}

// storeUninstall is the payload of kindStoreUninstall.
type storeUninstall struct {
	Store      string `json:"store"`
	DeliveryID string `json:"delivery_id"`
	CreatedAt  int64  `json:"created_at"` // of the event, Unix seconds
}

// doStoreUninstall carries out the webhook store/app/uninstalled: the store itself was closed, and
// no uninstall callback may come.
func (w *Workers) doStoreUninstall(ctx context.Context, j *job) error {
	var p storeUninstall
	if err := j.payload(&p); err != nil {
		return err
	}
	store, err := w.db.Store(ctx, p.Store)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	if err == nil && before(p.CreatedAt, store.InstalledAt) {
		j.log.InfoContext(ctx, "store was installed again since; nothing to uninstall", "uninstalled", p.Store)
	} else if err := w.s.Uninstall(ctx, p.Store); err != nil {
		return err
	}
	j.end.hook = &tenants.Delivery{StoreHash: p.Store, DeliveryID: p.DeliveryID}
	return nil
}

// doStorePurge deletes the data of a store that left, unless it came back meanwhile.
func (w *Workers) doStorePurge(ctx context.Context, j *job) error {
	var p storePurge
	if err := j.payload(&p); err != nil {
		return err
	}
	store, err := w.db.Store(ctx, p.Store)
	if problem.CodeOf(err) == problem.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if store.State != tenants.StoreUninstalled || store.DeleteAfter == nil || store.DeleteAfter.After(w.s.now()) {
		j.log.InfoContext(ctx, "store came back; its data stays", "purge", p.Store)
		return nil
	}
	return w.s.PurgeStore(ctx, p.Store)
}

// recordForget is the payload of kindRecordForget.
type recordForget struct {
	DeliveryID string `json:"delivery_id"`
	ProductID  int64  `json:"product_id"`
}

// doRecordForget forgets that records were a product which was deleted in the store, so that the
// next run looks their keys up and creates what is gone.
func (w *Workers) doRecordForget(_ context.Context, j *job) error {
	var p recordForget
	if err := j.payload(&p); err != nil {
		return err
	}
	if p.ProductID > 0 {
		j.end.forget = &tenants.DeletedRecord{StoreHash: j.row.StoreHash, Kind: "products", TargetID: p.ProductID}
	}
	j.end.hook = &tenants.Delivery{StoreHash: j.row.StoreHash, DeliveryID: p.DeliveryID}
	return nil
}
