package jobs

import (
	"context"
	"math/rand/v2"

	"sluice/jobs/attention"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// EventAttention tells that the open problems of the store are others.
const EventAttention = "attention"

// newKeeper returns what keeps open problems as they are.
func newKeeper(cfg Config) *attention.Keeper {
	return attention.New(attention.Config{
		DB: cfg.DB, Now: cfg.Now,
		Kind:    func(name string) (flow.Kind, error) { return cfg.Engine.Kind(name) },
		Reaches: func(kind tenants.AlertChannelKind) bool { return cfg.Alerts != nil && cfg.Alerts.Reaches(kind) },
	})
}

// attend looks at the flows and stores of which something may have changed, or whose time has come.
func (w *Workers) attend(ctx context.Context) {
	for ctx.Err() == nil {
		due, err := w.db.DueChecks(ctx, w.s.now(), pageSize)
		if err != nil {
			if ctx.Err() == nil {
				w.log.WarnContext(ctx, "open problems not looked at", "error", err)
			}
			return
		}
		// Processes that look at the same moment begin at different flows.
		rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		failed := 0
		for _, check := range due {
			ctx := tenants.WithStore(ctx, check.StoreHash)
			changed, err := w.keeper.Check(ctx, check.FlowID)
			if err != nil && ctx.Err() == nil { // it stays due
				failed++
				w.log.ErrorContext(ctx, "open problems not looked at", "store", check.StoreHash, "flow", check.FlowID, "error", err)
			}
			if changed {
				w.s.publish(ctx, check.StoreHash, EventAttention)
			}
		}
		if len(due) < pageSize || failed > 0 {
			return
		}
	}
}

// tell sends what is due of the alerts.
func (w *Workers) tell(ctx context.Context) {
	if w.cfg.Alerts == nil {
		return
	}
	if err := w.cfg.Alerts.Deliver(ctx, w.log); err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "alerts not sent", "error", err)
	}
}

// AttentionChanged tells open panels that problems of ctx's store are others.
func (s *Service) AttentionChanged(ctx context.Context) {
	s.publish(ctx, tenants.StoreHash(ctx), EventAttention)
}
