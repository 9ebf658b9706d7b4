package jobs

import (
	"context"
	"strings"

	"sluice/internal/bigcommerce"
)

// Destination is where BigCommerce sends an app's webhooks.
func Destination(appURL string) string { return strings.TrimRight(appURL, "/") + WebhookPath }

// HookReport is what is wrong with a store's webhooks, by scope.
type HookReport struct {
	Missing []string // not registered for Destination
	Asleep  []string // registered, and deactivated by BigCommerce
	Clients []string // the client ids of all hooks that the token sees, each once
}

// CheckHooks compares a store's webhooks with what Sluice wants to be told of. It changes nothing.
func CheckHooks(ctx context.Context, client *bigcommerce.Client, appURL string) (HookReport, error) {
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
	for _, scope := range hookScopes {
		switch isActive, there := active[scope]; {
		case !there:
			r.Missing = append(r.Missing, scope)
		case !isActive:
			r.Asleep = append(r.Asleep, scope)
		}
	}
	return r, nil
}
