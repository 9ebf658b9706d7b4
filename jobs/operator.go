package jobs

import (
	"context"
	"fmt"
	"time"

	"sluice/tenants"
)

// What follows is an operator's view over all stores. Never answer a merchant with it.

// Backlog is what SQL knows of one store's unfinished and dead jobs.
type Backlog struct {
	Store string `json:"store"`
	State string `json:"state"`            // tenants.StoreState; "" for SystemStore
	Why   string `json:"reason,omitempty"` // why it is not active
	Due   int64  `json:"due"`              // pending and due: waiting or in flight
	Later int64  `json:"later"`            // pending, to be done at a later time
	Dead  int64  `json:"dead"`
}

// JobTotals is what SQL knows of all stores' jobs together.
type JobTotals struct {
	Stores int64 `json:"stores"` // with unfinished or dead jobs
	Due    int64 `json:"due"`
	Later  int64 `json:"later"`
	Dead   int64 `json:"dead"`
}

// counted is the part of a SELECT that counts rows of each state. Its arguments are countedArgs.
const counted = "SUM(CASE WHEN state = ? AND run_at <= ? THEN 1 ELSE 0 END) AS due, " +
	"SUM(CASE WHEN state = ? AND run_at > ? THEN 1 ELSE 0 END) AS later, " +
	"SUM(CASE WHEN state = ? THEN 1 ELSE 0 END) AS dead"

func countedArgs(now time.Time) []any {
	return []any{tenants.JobPending, now, tenants.JobPending, now, tenants.JobDead}
}

var openStates = []tenants.JobState{tenants.JobPending, tenants.JobDead}

// Totals counts the unfinished and dead jobs of all stores.
func (s *Service) Totals(ctx context.Context) (JobTotals, error) {
	var row struct{ Stores, Due, Later, Dead *int64 } // SUM of nothing is NULL
	err := s.db.AcrossStores(ctx).Model(&tenants.Job{}).Where("state IN ?", openStates).
		Select("COUNT(DISTINCT store_hash) AS stores, "+counted, countedArgs(s.now())...).Scan(&row).Error
	if err != nil {
		return JobTotals{}, fmt.Errorf("jobs: totals: %w", err)
	}
	n := func(p *int64) int64 {
		if p == nil {
			return 0
		}
		return *p
	}
	return JobTotals{Stores: n(row.Stores), Due: n(row.Due), Later: n(row.Later), Dead: n(row.Dead)}, nil
}

// Backlogs returns the limit stores with the most unfinished jobs, most first, and of the stores
// named in also, those that have any.
func (s *Service) Backlogs(ctx context.Context, limit int, also ...string) ([]Backlog, error) {
	var rows, more []Backlog
	args := countedArgs(s.now())
	q := s.db.AcrossStores(ctx).Model(&tenants.Job{}).Where("state IN ?", openStates).
		Select("store_hash AS store, "+counted, args...).Group("store_hash")
	err := q.Order("SUM(CASE WHEN state = 'pending' THEN 1 ELSE 0 END) DESC, store_hash").Limit(limit).Scan(&rows).Error
	if err == nil && len(also) > 0 {
		err = s.db.AcrossStores(ctx).Model(&tenants.Job{}).Where("state IN ? AND store_hash IN ?", openStates, also).
			Select("store_hash AS store, "+counted, args...).Group("store_hash").Order("store_hash").Scan(&more).Error
	}
	if err != nil {
		return nil, fmt.Errorf("jobs: backlog: %w", err)
	}
	known := map[string]bool{}
	for _, r := range rows {
		known[r.Store] = true
	}
	for _, r := range more {
		if !known[r.Store] {
			rows = append(rows, r)
		}
	}
	return rows, s.explain(ctx, rows)
}

// explain fills in the stores' states.
func (s *Service) explain(ctx context.Context, rows []Backlog) error {
	hashes := make([]string, len(rows))
	for i, r := range rows {
		hashes[i] = r.Store
	}
	var stores []tenants.Store
	err := s.db.AcrossStores(ctx).Select("hash", "state", "state_reason").Where("hash IN ?", hashes).Find(&stores).Error
	if err != nil {
		return fmt.Errorf("jobs: backlog: stores: %w", err)
	}
	byHash := make(map[string]tenants.Store, len(stores))
	for _, st := range stores {
		byHash[st.Hash] = st
	}
	for i := range rows {
		st := byHash[rows[i].Store]
		rows[i].State, rows[i].Why = string(st.State), st.StateReason
	}
	return nil
}
