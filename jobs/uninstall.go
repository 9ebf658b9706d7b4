package jobs

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// Uninstall takes a store out, whatever BigCommerce says of its token: for an operator, and for the
// webhook store/app/uninstalled, which only BigCommerce can sign. Its token is deleted, all its
// work ends, and its data is deleted after Config.PurgeAfter. Doing it again changes nothing.
func (s *Service) Uninstall(ctx context.Context, hash string) error {
	if err := s.db.MarkUninstalled(ctx, hash, s.now().Add(s.cfg.PurgeAfter)); err != nil {
		return err
	}
	return s.Uninstalled(ctx, hash)
}

// Uninstalled ends all work of a store that was marked uninstalled, and has its data deleted when
// it is time. A store that came back meanwhile keeps both. Telling it again changes nothing.
func (s *Service) Uninstalled(ctx context.Context, hash string) error {
	ctx = tenants.WithStore(ctx, hash)
	cancelled, purge, err := s.endWork(ctx)
	if err != nil || purge == nil {
		return err
	}
	// Purging Redis makes workers lose their leases, which ends the steps that are under way. This may
	// be one of them (the webhook store/app/uninstalled): what is left to do is done all the same.
	ctx = context.WithoutCancel(ctx)
	if err := s.queue.Purge(ctx, hash); err != nil {
		s.log.WarnContext(ctx, "queue of an uninstalled store not purged; its jobs are dropped as they come up", "store", hash, "error", err)
	}
	s.enqueue(ctx, purge)
	for _, id := range cancelled {
		s.audit(ctx, actorSystem, "run.finished", "run:"+id, "cancelled: the app was uninstalled")
		s.publish(ctx, hash, EventRun+id)
	}
	s.publish(ctx, hash, EventStore)
	return nil
}

// endWork cancels every run and drops every job of ctx's store, which left, and inserts the job
// that will delete its data. purge is nil if the store did not leave, or is unknown.
func (s *Service) endWork(ctx context.Context) (cancelled []string, purge *tenants.Job, err error) {
	hash := tenants.StoreHash(ctx)
	err = s.db.Tx(ctx, func(tx *tenants.DB) error {
		cancelled, purge = nil, nil
		var left []tenants.Store
		err := tx.Scoped(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).
			Where("hash = ? AND state = ?", hash, tenants.StoreUninstalled).Find(&left).Error
		if err != nil || len(left) == 0 {
			return err
		}
		runs, err := lockActiveRuns(ctx, tx)
		if err != nil {
			return err
		}
		for i := range runs {
			if err := s.endCancelled(ctx, tx, &runs[i], "The app was uninstalled from the store."); err != nil {
				return err
			}
			cancelled = append(cancelled, runs[i].ID)
		}
		err = tx.Scoped(ctx).Model(&tenants.Job{}).Where("state = ?", tenants.JobPending).
			Updates(map[string]any{"state": tenants.JobDropped, "last_error": "the app was uninstalled"}).Error
		if err != nil {
			return fmt.Errorf("drop jobs: %w", err)
		}
		deleteAfter := s.now().Add(s.cfg.PurgeAfter)
		if left[0].DeleteAfter != nil {
			deleteAfter = *left[0].DeleteAfter
		}
		if purge, err = newPurgeRow(hash, deleteAfter); err != nil {
			return err
		}
		_, err = insertRow(tenants.WithStore(ctx, SystemStore), tx, purge)
		return err
	})
	return cancelled, purge, err
}

// AccessChanged has the open event streams of a store ask again whether they may go on: somebody's
// access ended.
func (s *Service) AccessChanged(ctx context.Context, hash string) { s.publish(ctx, hash, EventAccess) }

// acceptedWithin bounds one question to BigCommerce, with the wait for quota: somebody waits for
// the answer.
const acceptedWithin = 5 * time.Second

// Accepted asks BigCommerce whether it still accepts the token that store has. An error means that
// it did not say: no quota, no answer, or trouble of its own.
func (s *Service) Accepted(ctx context.Context, store *tenants.Store) (bool, error) {
	ctx, done := context.WithTimeout(bigcommerce.WithInteractive(ctx), acceptedWithin)
	defer done()
	return s.cfg.Clients.Accepted(ctx, store)
}

// An uninstall that was asked for while BigCommerce accepts the store's token is either nobody's to
// ask for, or is told before the token is revoked, which no document excludes. uninstallLooks are
// the times, after it was asked for, at which BigCommerce is asked again; a token that is accepted
// at the last is that of a store that stays.
var uninstallLooks = []time.Duration{30 * time.Second, 5 * time.Minute, time.Hour, 6 * time.Hour, day}

// uninstallUnanswered is how long after a question that BigCommerce did not answer the next one
// comes. It does not count as a look: a real uninstall is not forgotten because BigCommerce was
// away.
const uninstallUnanswered = 10 * time.Minute

// kindUninstallLook asks again whether a store left; it is work of SystemStore, as the store's own
// may be paused.
const kindUninstallLook = "uninstall.look"

// uninstallLook is the payload of kindUninstallLook.
type uninstallLook struct {
	Store       string `json:"store"`
	InstalledAt int64  `json:"installed_at"` // Unix microseconds: of the install that is meant
	AskedAt     int64  `json:"asked_at"`     // Unix microseconds
	Look        int    `json:"look"`         // of uninstallLooks
	Unanswered  int    `json:"unanswered"`   // questions so far that BigCommerce did not answer
}

func (l uninstallLook) row(at time.Time) (*tenants.Job, error) {
	row, err := newRow(fmt.Sprintf("look:%s:%d:%d:%d", l.Store, l.AskedAt, l.Look, l.Unanswered), kindUninstallLook, queue.LaneInteractive, at, l)
	if err == nil {
		row.Coalesce = fmt.Sprintf("look:%s:%d", l.Store, l.InstalledAt)
	}
	return row, err
}

// UninstallAsked inserts, in tx, the job that asks BigCommerce again, soon, whether the store left.
// It begins anew when asked again, so that the uninstall that is meant is never behind one that was
// not.
func (s *Service) UninstallAsked(ctx context.Context, tx *tenants.DB, hash string) error {
	store, err := tx.Store(ctx, hash)
	if err != nil {
		return err
	}
	now, ctx := s.now(), tenants.WithStore(ctx, SystemStore)
	look := uninstallLook{Store: hash, InstalledAt: store.InstalledAt.UnixMicro(), AskedAt: now.UnixMicro()}
	row, err := look.row(now.Add(uninstallLooks[0]))
	if err != nil {
		return err
	}
	pending := map[string]any{"coalesce": row.Coalesce, "state": tenants.JobPending}
	var soon int64
	err = tx.Scoped(ctx).Model(&tenants.Job{}).Where(pending).Where("run_at > ? AND run_at <= ?", now, row.RunAt).Count(&soon).Error
	if err != nil || soon > 0 {
		return err
	}
	err = tx.Scoped(ctx).Model(&tenants.Job{}).Where(pending).
		Updates(map[string]any{"state": tenants.JobDropped, "last_error": "asked for again"}).Error
	if err != nil {
		return err
	}
	_, err = insertRow(ctx, tx, row) // the sweeper brings it into Redis when it is due
	return err
}

// doUninstallLook asks BigCommerce again whether a store left.
func (w *Workers) doUninstallLook(ctx context.Context, j *job) error {
	var look uninstallLook
	if err := j.payload(&look); err != nil {
		return err
	}
	store, err := w.db.Store(ctx, look.Store)
	switch {
	case problem.CodeOf(err) == problem.NotFound:
		return nil
	case err != nil:
		return err
	case store.State == tenants.StoreUninstalled:
		return w.s.Uninstalled(ctx, look.Store) // perhaps what came after the mark was not done
	case store.InstalledAt.UnixMicro() != look.InstalledAt:
		j.log.InfoContext(ctx, "store was installed again since; nothing to uninstall", "uninstalled", look.Store)
		return nil
	}
	accepted, err := w.s.Accepted(ctx, store)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		j.log.WarnContext(ctx, "BigCommerce could not be asked whether the app was uninstalled; later", "asked_for", look.Store, "error", err)
		look.Unanswered++
		return w.lookAgain(ctx, j, look, w.s.now().Add(uninstallUnanswered))
	case !accepted:
		return w.lookedGone(ctx, j, look, store)
	}
	look.Look++
	if look.Look >= len(uninstallLooks) {
		w.s.audit(tenants.WithStore(ctx, look.Store), actorSystem, "store.uninstall_forgotten", look.Store,
			"BigCommerce accepted Sluice's access to the store for a day after the uninstall was asked for")
		return nil
	}
	return w.lookAgain(ctx, j, look, time.UnixMicro(look.AskedAt).Add(uninstallLooks[look.Look]))
}

// lookedGone uninstalls a store whose token BigCommerce refuses.
func (w *Workers) lookedGone(ctx context.Context, j *job, look uninstallLook, store *tenants.Store) error {
	of := tenants.WithStore(ctx, look.Store)
	err := w.db.Tx(of, func(tx *tenants.DB) error {
		if err := tx.MarkRefused(of, store, w.s.now().Add(w.s.cfg.PurgeAfter)); err != nil {
			return err
		}
		return tx.Audit(of, tenants.AuditEntry{Actor: actorSystem, Action: "store.uninstalled", Subject: look.Store,
			Detail: "BigCommerce no longer accepts Sluice's access to the store"})
	})
	if problem.CodeOf(err) == problem.Conflict { // another token, or the same sealed anew
		look.Unanswered++
		return w.lookAgain(ctx, j, look, w.s.now().Add(uninstallLooks[0]))
	}
	if err != nil {
		return err
	}
	j.log.InfoContext(ctx, "store uninstalled: BigCommerce refuses its token", "uninstalled", look.Store)
	return w.s.Uninstalled(ctx, look.Store)
}

func (w *Workers) lookAgain(ctx context.Context, j *job, look uninstallLook, at time.Time) error {
	row, err := look.row(at)
	if err != nil {
		return err
	}
	if _, err := insertRow(ctx, w.db, row); err != nil {
		return err
	}
	j.next = append(j.next, row)
	return nil
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
