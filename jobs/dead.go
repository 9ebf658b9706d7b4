package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// What an operator does about jobs that were given up. Never answer a merchant with it.

// DeadJob is a job that was given up, with its history.
type DeadJob struct {
	ID       string    `json:"id"`
	Store    string    `json:"store"`
	Kind     string    `json:"kind"`
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
	Created  time.Time `json:"created"`
	Died     time.Time `json:"died"`
	History  []Attempt `json:"history"` // oldest first, at most the newest 20
}

// Attempt is one failure of a job.
type Attempt struct {
	Attempt int       `json:"attempt"` // begins anew when the job was retried by an operator
	At      time.Time `json:"at"`
	Error   string    `json:"error"`
}

// DeadJobs returns up to limit dead jobs, those that died last first; store narrows it unless "".
func (s *Service) DeadJobs(ctx context.Context, store string, limit int) ([]DeadJob, error) {
	q := s.db.AcrossStores(ctx).Where("state = ?", tenants.JobDead)
	if store != "" {
		q = q.Where("store_hash = ?", store)
	}
	var rows []tenants.Job
	if err := q.Order("updated_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("jobs: dead jobs: %w", err)
	}
	dead := make([]DeadJob, len(rows))
	at := make(map[string]int, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		dead[i] = DeadJob{ID: r.ID, Store: r.StoreHash, Kind: r.Kind, Attempts: r.Attempts, Error: r.LastError,
			Created: r.CreatedAt.UTC(), Died: r.UpdatedAt.UTC(), History: []Attempt{}}
		ids[i], at[r.ID] = r.ID, i
	}
	for len(ids) > 0 { // both databases limit the values of one statement
		n := min(len(ids), pageSize)
		var attempts []tenants.JobAttempt
		if err := s.db.AcrossStores(ctx).Where("job_id IN ?", ids[:n]).Order("id").Find(&attempts).Error; err != nil {
			return nil, fmt.Errorf("jobs: history: %w", err)
		}
		for _, a := range attempts {
			d := &dead[at[a.JobID]]
			d.History = append(d.History, Attempt{Attempt: a.Attempt, At: a.FailedAt.UTC(), Error: a.Error})
		}
		ids = ids[n:]
	}
	return dead, nil
}

// Outcome says what became of a job that an operator acted on.
type Outcome struct {
	ID      string           `json:"id"`
	Store   string           `json:"store"`
	Kind    string           `json:"kind"`
	State   tenants.JobState `json:"state"`
	Changed bool             `json:"changed"` // false: it was so before
	Run     string           `json:"run,omitempty"`
}

// RetryDead lets a dead job be tried again as if it were new; a run that failed because of it goes
// on with that step. A job that waits or is done already is left as it is. problem.NotFound when
// there is no such job, problem.Conflict or problem.NeedsReinstall when trying again would be
// wrong: the message says why.
func (s *Service) RetryDead(ctx context.Context, id string) (Outcome, error) {
	return s.onDead(ctx, id, "job.retried", func(ctx context.Context, tx *tenants.DB, row *tenants.Job, out *Outcome) error {
		switch row.State {
		case tenants.JobPending, tenants.JobDone:
			return nil
		case tenants.JobDropped:
			return problem.New(problem.Conflict, "Job %s was dropped; it cannot be retried.", id)
		}
		if err := s.mayRetry(ctx, tx, row); err != nil {
			return err
		}
		if row.Kind == kindRunStep {
			var err error
			if out.Run, err = reviveRun(ctx, tx, row); err != nil {
				return err
			}
		}
		row.State, row.Attempts, row.RunAt = tenants.JobPending, 0, s.now()
		out.Changed = true
		return tx.Scoped(ctx).Model(&tenants.Job{}).Where("id = ?", id).
			Updates(map[string]any{"state": row.State, "attempts": 0, "run_at": row.RunAt}).Error
	})
}

// DropDead takes a dead job off the list for good. A run that failed because of it stays failed. A
// job that was dropped before is left as it is; any other is a problem.Conflict.
func (s *Service) DropDead(ctx context.Context, id string) (Outcome, error) {
	return s.onDead(ctx, id, "job.dropped", func(ctx context.Context, tx *tenants.DB, row *tenants.Job, out *Outcome) error {
		switch row.State {
		case tenants.JobDropped:
			return nil
		case tenants.JobDone:
			return problem.New(problem.Conflict, "Job %s is done; only dead jobs can be dropped.", id)
		case tenants.JobPending:
			return problem.New(problem.Conflict, "Job %s is not dead, it waits or is under way; only dead jobs can be dropped. A run can be cancelled in the panel.", id)
		}
		row.State, out.Changed = tenants.JobDropped, true
		return tx.Scoped(ctx).Model(&tenants.Job{}).Where("id = ?", id).Updates(map[string]any{"state": row.State}).Error
	})
}

// onDead finds the job of whatever store, lets act change its row in a transaction that also holds
// the audit entry, and tells the queue and live pages. act gets a context of the job's store.
func (s *Service) onDead(ctx context.Context, id, action string, act func(context.Context, *tenants.DB, *tenants.Job, *Outcome) error) (Outcome, error) {
	var found []tenants.Job
	if err := s.db.AcrossStores(ctx).Select("store_hash").Where("id = ?", id).Limit(1).Find(&found).Error; err != nil {
		return Outcome{}, fmt.Errorf("jobs: find job %s: %w", id, err)
	}
	if len(found) == 0 {
		return Outcome{}, noSuchJob(id)
	}
	ctx = tenants.WithStore(ctx, found[0].StoreHash)
	var (
		out Outcome
		row tenants.Job
	)
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		var rows []tenants.Job
		if err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Limit(1).Find(&rows).Error; err != nil {
			return fmt.Errorf("lock job %s: %w", id, err)
		}
		if len(rows) == 0 {
			return noSuchJob(id)
		}
		row = rows[0]
		out = Outcome{ID: id, Store: row.StoreHash, Kind: row.Kind}
		if err := act(ctx, tx, &row, &out); err != nil {
			return err
		}
		out.State = row.State
		if !out.Changed {
			return nil
		}
		detail := row.Kind
		if out.Run != "" {
			detail += ", run " + out.Run + " goes on"
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: actorFrom(ctx), Action: action, Subject: "job:" + id, Detail: detail})
	})
	if err != nil {
		return Outcome{}, err
	}
	if out.Changed && row.State == tenants.JobPending {
		s.enqueue(ctx, &row)
	}
	if out.Run != "" {
		s.publish(ctx, out.Store, EventRun+out.Run)
	}
	return out, nil
}

func noSuchJob(id string) error {
	return problem.New(problem.NotFound, "There is no job %s. `sluice queue dead` lists those that can be retried or dropped.", id)
}

// mayRetry refuses what would come to nothing, or do harm, in the state that the store is in now.
func (s *Service) mayRetry(ctx context.Context, tx *tenants.DB, row *tenants.Job) error {
	about := row.StoreHash
	if row.Kind == kindStoreUninstall {
		var p storeUninstall
		if err := json.Unmarshal([]byte(row.Payload), &p); err != nil {
			return fmt.Errorf("payload of job %s: %w", row.ID, err)
		}
		about = p.Store
	}
	if about == SystemStore {
		return nil
	}
	// Held, so that an uninstall sees what is retried here, and ends it.
	var stores []tenants.Store
	err := tx.AcrossStores(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("hash = ?", about).Limit(1).Find(&stores).Error
	if err != nil {
		return fmt.Errorf("lock store of job %s: %w", row.ID, err)
	}
	if len(stores) == 0 {
		return problem.New(problem.Conflict, "The store of job %s is gone; drop the job.", row.ID)
	}
	switch store := stores[0]; {
	case row.Kind == kindStoreUninstall:
		if store.InstalledAt.After(row.CreatedAt) {
			return problem.New(problem.Conflict, "Store %s was installed again after job %s, which would uninstall it; drop the job.", about, row.ID)
		}
		return nil
	case store.State == tenants.StoreUninstalled:
		return problem.New(problem.Conflict, "The app was uninstalled from store %s; drop job %s.", about, row.ID)
	case store.State != tenants.StoreActive:
		return problem.New(problem.NeedsReinstall, "Store %s must be installed again before job %s can be retried: %s", about, row.ID, store.StateReason)
	}
	return nil
}

// reviveRun lets the run go on that ended because its step row is dead. Any other run has gone its
// own way since, and the step has no place in it.
func reviveRun(ctx context.Context, tx *tenants.DB, row *tenants.Job) (runID string, err error) {
	var p runStep
	if err := json.Unmarshal([]byte(row.Payload), &p); err != nil {
		return "", fmt.Errorf("payload of job %s: %w", row.ID, err)
	}
	run, err := lockRun(ctx, tx, p.RunID)
	if problem.CodeOf(err) == problem.NotFound {
		return "", problem.New(problem.Conflict, "The run of job %s is gone; drop the job.", row.ID)
	}
	if err != nil {
		return "", err
	}
	// Giving the step up was the run's last step and so moved Step by one.
	if run.State != tenants.RunFailed || run.Step != p.Step+1 {
		return "", problem.New(problem.Conflict, "Run %s is %s and did not end because of job %s; drop the job.", run.ID, run.State, row.ID)
	}
	if err := flow.Revive(ctx, tx, run, p.Step); err != nil {
		var known *problem.Error
		if errors.As(err, &known) {
			return "", known
		}
		return "", fmt.Errorf("revive run %s: %w", run.ID, err)
	}
	return run.ID, nil
}
