package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// ownHooks are the events that Sluice wants to be told of by every store. channelHooks are those
// that a store's scopes may not cover.
var (
	ownHooks     = []string{scopeAppUninstalled, scopeStoreUpdated}
	channelHooks = []string{scopeChannelCreated, scopeChannelUpdated}
)

// WantedHooks returns the scopes of the webhooks that ctx's store is to have: Sluice's own, and
// those of the kinds that it has flows of, which may run.
func WantedHooks(ctx context.Context, db *tenants.DB, store *tenants.Store, kinds []flow.Spec) ([]string, error) {
	on, err := kindsOn(ctx, db, store, kinds)
	if err != nil {
		return nil, err
	}
	wanted := slices.Clone(ownHooks)
	if len(store.MissingScopes(bigcommerce.ScopeChannelsRead)) == 0 {
		wanted = append(wanted, channelHooks...)
	}
	for _, scope := range webhookScopes(on) {
		if !slices.Contains(wanted, scope) { // two kinds may act on one event
			wanted = append(wanted, scope)
		}
	}
	return wanted, nil
}

// kindsOn returns those of kinds that ctx's store has flows of, which may run.
func kindsOn(ctx context.Context, db *tenants.DB, store *tenants.Store, kinds []flow.Spec) ([]flow.Spec, error) {
	names, err := db.FlowKinds(ctx)
	if err != nil {
		return nil, err
	}
	var on []flow.Spec
	for _, kind := range kinds {
		if slices.Contains(names, kind.Name) && kind.Granted(store) == nil {
			on = append(on, kind)
		}
	}
	return on, nil
}

func webhookScopes(kinds []flow.Spec) (scopes []string) {
	for _, kind := range kinds {
		for _, hook := range kind.Webhooks {
			scopes = append(scopes, hook.Scope)
		}
	}
	return scopes
}

// Destination is where BigCommerce sends an app's webhooks.
func Destination(appURL string) string { return strings.TrimRight(appURL, "/") + WebhookPath }

// HookReport is what is wrong with a store's webhooks, by scope.
type HookReport struct {
	Missing []string // not registered for Destination
	Asleep  []string // registered, and deactivated by BigCommerce
	Clients []string // the client ids of all hooks that the token sees, each once
}

// CheckHooks compares a store's webhooks with those that it is to have (WantedHooks). It changes
// nothing.
func CheckHooks(ctx context.Context, client *bigcommerce.Client, appURL string, wanted []string) (HookReport, error) {
	active := map[string]bool{}
	clients := map[string]bool{}
	var r HookReport
	for hook, err := range client.Hooks.List(ctx) {
		if err != nil {
			return HookReport{}, err
		}
		if hook.ClientID != "" && !clients[hook.ClientID] {
			clients[hook.ClientID] = true
			r.Clients = append(r.Clients, hook.ClientID)
		}
		if hook.Destination == Destination(appURL) {
			active[hook.Scope] = active[hook.Scope] || hook.IsActive
		}
	}
	for _, scope := range wanted {
		switch isActive, there := active[scope]; {
		case !there:
			r.Missing = append(r.Missing, scope)
		case !isActive:
			r.Asleep = append(r.Asleep, scope)
		}
	}
	return r, nil
}

// FlowsChanged has the webhooks of ctx's store looked after, soon, if the flow of that kind which
// was made, deleted or switched was the first that is on, or the last.
func (s *Service) FlowsChanged(ctx context.Context, kind string) error {
	var n int64
	if err := s.db.Scoped(ctx).Model(&tenants.Flow{}).Where("kind = ? AND off_at IS NULL", kind).Count(&n).Error; err != nil {
		return fmt.Errorf("count flows: %w", err)
	}
	if n > 1 {
		return nil
	}
	hash := tenants.StoreHash(ctx)
	row, err := newHooksRow(hash, s.now())
	if err != nil {
		return err
	}
	return s.Submit(ctx, row)
}

// newHooksRow is a look at a store's webhooks. Those of a store run one at a time.
func newHooksRow(hash string, at time.Time) (*tenants.Job, error) {
	row, err := newRow("hooks:"+hash+":"+tenants.NewID(), kindHooksRegister, queue.LaneInteractive, at, struct{}{})
	if err != nil {
		return nil, err
	}
	row.StoreHash, row.Class = hash, queue.ClassHooks
	return row, nil
}

// doHooksRegister makes the store's webhooks what they should be: missing ones are created, ones
// that BigCommerce deactivated are woken, and those of kinds that the store has no flow of are
// removed. Others of this app are left alone. No payload.
//
// A destination that BigCommerce refuses (it wants HTTPS on port 443) is logged and no failure:
// Sluice works without webhooks, it then learns of changes later.
//
// Those of a store that was added by store-level credentials are signed with the secret of that API
// account. It has none if the secret was not given.
//
// BigCommerce may tell a new webhook of nothing for a minute, and what happened while one was
// missing or asleep is told to nobody: see doHooksHeard.
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
	kinds := w.s.kinds()
	wanted, err := WantedHooks(ctx, w.db, store, kinds)
	if err != nil {
		return err
	}
	for _, scope := range webhookScopes(kinds) {
		if hook := have[scope]; hook != nil && !slices.Contains(wanted, scope) {
			if err := w.removeHook(ctx, j, client, hook); err != nil {
				return err
			}
			delete(have, scope)
		}
	}
	if err := w.noteHooks(ctx, j, store, slices.ContainsFunc(wanted, func(scope string) bool { return have[scope] != nil && !have[scope].IsActive })); err != nil {
		return err
	}
	missing := slices.DeleteFunc(wanted, func(scope string) bool { return have[scope] != nil && have[scope].IsActive })
	if len(missing) == 0 {
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
	for _, scope := range missing {
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

// hooksAgain is after how long webhooks that were asleep are looked at again: whether they stayed
// awake.
const hooksAgain = time.Hour

// noteHooks remembers whether BigCommerce had deactivated webhooks of a store, for whoever looks
// after it.
func (w *Workers) noteHooks(ctx context.Context, j *job, store *tenants.Store, asleep bool) error {
	if asleep {
		j.log.WarnContext(ctx, "BigCommerce had deactivated webhooks; they are woken")
		row, err := newHooksRow(j.row.StoreHash, w.s.now().Add(hooksAgain))
		if err != nil {
			return err
		}
		row.Coalesce = "hooks.again"
		if err := w.s.Submit(ctx, row); err != nil {
			return err
		}
	}
	if asleep == (store.WebhooksOffAt != nil) {
		return nil
	}
	return w.db.NoteWebhooks(ctx, asleep)
}

// removeHook deletes a webhook that no flow of the store needs; one that is gone already is what
// was wanted.
func (w *Workers) removeHook(ctx context.Context, j *job, client *bigcommerce.Client, hook *bigcommerce.Hook) error {
	err := client.Hooks.Delete(ctx, hook.ID)
	var gone *bigcommerce.NotFoundError
	if err != nil && !errors.As(err, &gone) {
		return fmt.Errorf("remove webhook %s: %w", hook.Scope, err)
	}
	j.log.InfoContext(ctx, "webhook removed: the store has no flow that needs it", "scope", hook.Scope)
	return nil
}

// hookStart is when new webhooks surely hear of events: BigCommerce speaks of up to a minute, and
// they are registered one by one.
const hookStart = 2 * time.Minute

// doHooksHeard makes good what webhooks did not tell of before they heard: the store's settings and
// channels are read, and the kinds that it has flows of catch up. No payload.
func (w *Workers) doHooksHeard(ctx context.Context, j *job) error {
	kinds, err := kindsOn(ctx, w.db, j.store, w.s.kinds())
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if kind.CatchUp == nil {
			continue
		}
		if err := kind.CatchUp(ctx, w.db); err != nil {
			return fmt.Errorf("%s catch up: %w", kind.Plural, err)
		}
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
