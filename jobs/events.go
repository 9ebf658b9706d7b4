package jobs

import (
	"context"
	"fmt"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// kindEvent is an event that kinds of flows act on.
const kindEvent = "event"

// event is the payload of kindEvent.
type event struct {
	DeliveryID string `json:"delivery_id"`
	Scope      string `json:"scope"`
	ID         int64  `json:"id"` // data.id; 0 if it was missing
}

// doEvent leaves an event to be handled with the job's end, together with others of its scope. One
// that no kind acts on any more is of a kind that a newer version knows.
func (w *Workers) doEvent(_ context.Context, j *job) error {
	var p event
	if err := j.payload(&p); err != nil {
		return err
	}
	if !w.s.actsOn(p.Scope) {
		return fmt.Errorf("%w: an event %s", errUnknownKind, p.Scope)
	}
	j.end.scope, j.end.event = p.Scope, &flow.Event{StoreHash: j.row.StoreHash, ID: p.ID}
	j.end.hook = &tenants.Delivery{StoreHash: j.row.StoreHash, DeliveryID: p.DeliveryID}
	return nil
}

// webhooks calls fn with every webhook of every kind of flow, until it returns false.
func (s *Service) webhooks(fn func(flow.Webhook) bool) {
	for _, kind := range s.kinds() {
		for _, hook := range kind.Webhooks {
			if !fn(hook) {
				return
			}
		}
	}
}

// actsOn reports whether a kind of flow acts on events of scope.
func (s *Service) actsOn(scope string) (acts bool) {
	for hook := range s.webhooks {
		if acts = hook.Scope == scope; acts {
			break
		}
	}
	return acts
}

// handleEvents has every kind that acts on events, which are by scope, do so in tx.
func (s *Service) handleEvents(ctx context.Context, tx *tenants.DB, events map[string][]flow.Event) error {
	for hook := range s.webhooks {
		list := events[hook.Scope]
		if len(list) == 0 {
			continue
		}
		if err := hook.Handle(ctx, tx, list); err != nil {
			return fmt.Errorf("events %s: %w", hook.Scope, err)
		}
	}
	return nil
}
