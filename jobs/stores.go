package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Installed is called when a store was installed, reinstalled or added by an operator; tenants has
// the new token already. Paused work goes on, webhooks are registered, and the store's name, time
// zone and channels are read.
func (s *Service) Installed(ctx context.Context, hash string) error {
	ctx = tenants.WithStore(ctx, hash)
	if err := s.ResumeStore(ctx, hash); err != nil {
		return err
	}
	now := s.now()
	hooks, err := newHooksRow(hash, now)
	if err != nil {
		return err
	}
	refresh, err := newRow("store:"+hash+":"+tenants.NewID(), kindStoreRefresh, queue.LaneInteractive, now, struct{}{})
	if err != nil {
		return err
	}
	channels, err := newStorefrontRow(hash, kindStorefrontChannels, queue.LaneInteractive, now)
	if err != nil {
		return err
	}
	refresh.StoreHash, channels.StoreHash = hash, hash
	return s.Submit(ctx, refresh, hooks, channels)
}

func lockActiveRuns(ctx context.Context, tx *tenants.DB) ([]tenants.Run, error) {
	var runs []tenants.Run
	err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Order("id").
		Where("state IN ?", []tenants.RunState{tenants.RunQueued, tenants.RunRunning, tenants.RunPaused, tenants.RunAsking, tenants.RunCancelling}).
		Find(&runs).Error
	if err != nil {
		return nil, fmt.Errorf("lock runs: %w", err)
	}
	return runs, nil
}

// PauseStore stops the work of a store whose token BigCommerce refuses: the store needs a
// reinstall, its runs are paused, but for those that wait for an answer, and its queue stands still
// until ResumeStore. reason is for the merchant. Runs that were to be cancelled are.
func (s *Service) PauseStore(ctx context.Context, hash, reason string) error {
	ctx = tenants.WithStore(ctx, hash)
	changed, err := s.db.MarkNeedsReinstall(ctx, hash, reason)
	if err != nil {
		return err
	}
	var touched, cancelled []string
	err = s.db.Tx(ctx, func(tx *tenants.DB) error {
		touched, cancelled = nil, nil
		runs, err := lockActiveRuns(ctx, tx)
		if err != nil {
			return err
		}
		for i := range runs {
			run := &runs[i]
			switch run.State {
			case tenants.RunPaused, tenants.RunAsking: // what asks stands still anyhow
				continue
			case tenants.RunCancelling:
				err = s.endCancelled(ctx, tx, run, "")
				cancelled = append(cancelled, run.ID)
			default:
				err = tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).
					Updates(map[string]any{"state": tenants.RunPaused}).Error
			}
			if err != nil {
				return err
			}
			touched = append(touched, run.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	// Redis may be away or empty: workers also look at the store's state in SQL before each job.
	if err := s.queue.Pause(ctx, hash); err != nil {
		s.log.WarnContext(ctx, "queue of the store not paused", "store", hash, "error", err)
	}
	if err := s.db.LookAgainAtAll(ctx); err != nil {
		return err
	}
	if changed {
		s.log.WarnContext(ctx, "store paused until it is installed again", "store", hash, "reason", reason)
		s.audit(ctx, actorSystem, "store.paused", "store:"+hash, reason)
	}
	for _, id := range cancelled {
		s.audit(ctx, actorSystem, "run.finished", "run:"+id, string(tenants.RunCancelled))
	}
	for _, id := range touched {
		s.publish(ctx, hash, EventRun+id)
	}
	s.publish(ctx, hash, EventStore)
	return nil
}

// mayRun reports whether store granted what a run needs. One of a kind that this version does not
// know waits for the version that does.
func (s *Service) mayRun(run *tenants.Run, store *tenants.Store) bool {
	kind, err := s.cfg.Engine.Kind(run.Kind)
	return err != nil || kind.Spec().Granted(store) == nil
}

// ResumeStore lets the work of a store go on; its state in SQL must be active again. Runs that the
// store has not granted the scopes of stay paused.
func (s *Service) ResumeStore(ctx context.Context, hash string) error {
	ctx = tenants.WithStore(ctx, hash)
	store, err := s.db.Store(ctx, hash)
	if err != nil {
		return err
	}
	if store.State != tenants.StoreActive {
		return problem.New(problem.NeedsReinstall, "The store must be installed again before its work can go on.")
	}
	var resumed []string
	err = s.db.Tx(ctx, func(tx *tenants.DB) error {
		resumed = nil
		runs, err := lockActiveRuns(ctx, tx)
		if err != nil {
			return err
		}
		for i := range runs {
			run := &runs[i]
			if run.State != tenants.RunPaused || !s.mayRun(run, store) {
				continue
			}
			state := tenants.RunRunning
			if run.StartedAt == nil {
				state = tenants.RunQueued
			}
			if err := tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).
				Updates(map[string]any{"state": state}).Error; err != nil {
				return err
			}
			resumed = append(resumed, run.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.db.LookAgainAtAll(ctx); err != nil {
		return err
	}
	if len(resumed) > 0 {
		s.audit(ctx, actorSystem, "store.resumed", "store:"+hash, fmt.Sprintf("%d runs go on", len(resumed)))
	}
	if err := s.queue.Resume(ctx, hash); err != nil {
		s.log.WarnContext(ctx, "queue of the store not resumed", "store", hash, "error", err)
	}
	// A rebuild while the store was paused left its jobs out.
	err = eachOfStore(ctx, s.db, due(s.now().Add(horizon)), s.enough(), func(rows []*tenants.Job) error {
		s.enqueue(ctx, rows...)
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range resumed {
		s.publish(ctx, hash, EventRun+id)
	}
	s.publish(ctx, hash, EventStore)
	return nil
}

// PendingJobs returns how many jobs of ctx's store are due and not finished.
func (s *Service) PendingJobs(ctx context.Context) (int64, error) {
	var n int64
	err := s.db.Scoped(ctx).Model(&tenants.Job{}).
		Where("state = ? AND run_at <= ?", tenants.JobPending, s.now()).Count(&n).Error
	return n, err
}

// kindStorePurge deletes the data of a store that left; it is work of SystemStore.
const kindStorePurge = "store.purge"
