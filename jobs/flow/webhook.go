package flow

import (
	"context"

	"sluice/tenants"
)

// Webhook is an event of BigCommerce that a kind acts on. A store has the webhook only while it has
// a flow of the kind.
type Webhook struct {
	Scope string // BigCommerce's name of the event: "store/product/deleted"
	// Handle does in tx what the events ask for; they are of this scope and of any stores. It is
	// called again with the same events if the transaction fails, and an event may come twice.
	Handle func(ctx context.Context, tx *tenants.DB, events []Event) error
}

// Event is something that happened in a store.
type Event struct {
	StoreHash string
	ID        int64 // of what it happened to; 0 if BigCommerce did not say, or not in data.id
}
