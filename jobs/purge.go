package jobs

import (
	"context"
	"fmt"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// PurgeStore deletes everything Sluice has of a store, now: rows in SQL, queue and quota in Redis.
func (s *Service) PurgeStore(ctx context.Context, hash string) error {
	ctx = tenants.WithStore(ctx, hash)
	if err := s.db.PurgeStore(ctx, hash); err != nil {
		return err
	}
	if err := s.queue.Purge(ctx, hash); err != nil {
		s.log.WarnContext(ctx, "queue of a deleted store not purged; its jobs are dropped as they come up", "store", hash, "error", err)
	}
	s.log.InfoContext(ctx, "data of a store deleted", "store", hash)
	return nil
}

type storePurge struct {
	Store string `json:"store"`
}

func newPurgeRow(hash string, at time.Time) (*tenants.Job, error) {
	return newRow(fmt.Sprintf("purge:%s:%d", hash, at.Unix()), kindStorePurge, queue.LaneBulk, at, storePurge{Store: hash})
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
