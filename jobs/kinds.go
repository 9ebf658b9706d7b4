package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Kinds of jobs. A kind's payload is stated at its handler; both are stored, so neither may change
// its meaning.
const (
	kindHooksRegister  = "hooks.register"
	kindStoreRefresh   = "store.refresh"
	kindStoreUninstall = "store.uninstall" // of SystemStore: a store's own jobs are dropped by it
	kindRecordForget   = "record.forget"
	kindHousekeeping   = "housekeeping" // of SystemStore
)

func (w *Workers) handlers() map[string]handler {
	return map[string]handler{
		kindRunStep:        w.doRunStep,
		kindHooksRegister:  w.doHooksRegister,
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
			if row, err = w.s.wish(ctx, tx, kindStorefrontChannels, queue.LaneBulk); err != nil {
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
// no event says whose it is. What others changed shows in the answer to the next write (jobs/sync).
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
// A store that was added by store-level credentials has none: they would be signed with the secret of
// that API account, not the app's.
func (w *Workers) doHooksRegister(ctx context.Context, j *job) error {
	store, err := w.db.Store(ctx, j.row.StoreHash)
	if err != nil || store.Origin == tenants.OriginCredentials {
		return err
	}
	client, err := w.cfg.Clients.Client(ctx, j.row.StoreHash, nil)
	if err != nil {
		return err
	}
	destination := strings.TrimRight(w.cfg.AppURL, "/") + WebhookPath
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
	for _, scope := range wanted {
		hook := have[scope]
		switch {
		case hook == nil:
			_, err = client.Hooks.Create(ctx, bigcommerce.Hook{Scope: scope, Destination: destination, IsActive: true})
		case !hook.IsActive:
			_, err = client.Hooks.Update(ctx, bigcommerce.Hook{ID: hook.ID, Scope: scope, Destination: destination, Headers: hook.Headers, IsActive: true})
		default:
			continue
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
		j.end.forget = &tenants.DeletedProduct{StoreHash: j.row.StoreHash, ProductID: p.ProductID}
	}
	j.end.hook = &tenants.Delivery{StoreHash: j.row.StoreHash, DeliveryID: p.DeliveryID}
	return nil
}
