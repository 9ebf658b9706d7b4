package jobs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"sluice/internal/problem"
	"sluice/jobs/schedule"
	"sluice/tenants"
)

// triggerSchedule is the trigger of runs that nobody started.
const triggerSchedule = "schedule"

// fireSchedules starts the runs whose time has come, of every active store. A schedule that came due
// while no process ran, or while its store was paused, is caught up with one run. Any number of
// processes may do this at once.
func (w *Workers) fireSchedules(ctx context.Context) {
	var last *tenants.DueFlow
	for ctx.Err() == nil {
		due, err := w.db.DueFlows(ctx, w.s.now(), last, pageSize)
		if err != nil {
			if ctx.Err() == nil {
				w.log.WarnContext(ctx, "schedules not looked at", "error", err)
			}
			return
		}
		if len(due) == 0 {
			return
		}
		end := due[len(due)-1]
		last = &end
		// Processes that look at the same moment begin at different flows, instead of each waiting for the other's lock.
		rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		for _, f := range due {
			_, err := w.s.startScheduled(tenants.WithStore(ctx, f.StoreHash), f.ID)
			if err != nil && ctx.Err() == nil { // it stays due: the next look tries again
				w.log.ErrorContext(ctx, "scheduled run not started", "store", f.StoreHash, "flow", f.ID, "error", err)
			}
		}
	}
}

// startScheduled starts the run of a flow of ctx's store if its schedule is due. Moving the schedule
// on, the run and its first job are one transaction, so that a due time has its run once, whoever
// else tries and wherever the process dies. It returns nil when nothing is due or somebody else was
// first, and when the run cannot start now: that is noted in the audit and the time is passed over.
func (s *Service) startScheduled(ctx context.Context, flowID string) (*tenants.Run, error) {
	var (
		run *tenants.Run
		row *tenants.Job
	)
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		run, row = nil, nil
		now := s.now()
		// The same lock as StartRun's: what is due and whether a run is active are seen as they will be.
		flow, err := tx.LockFlow(ctx, flowID)
		if problem.CodeOf(err) == problem.NotFound {
			return nil // deleted
		}
		if err != nil {
			return err
		}
		if !flow.ScheduleEnabled || flow.NextRunAt == nil || flow.NextRunAt.After(now) {
			return nil
		}
		store, err := tx.Store(ctx, flow.StoreHash)
		if err != nil {
			return err
		}
		if store.State != tenants.StoreActive {
			return nil // stays due until the store is back
		}
		next, err := schedule.Due(flow.Schedule, store.Timezone, flow.StoreHash, flow.ID, now)
		if err != nil { // the panel refuses such; another version may have taken it
			return s.stopSchedule(ctx, tx, flow, err)
		}
		claimed, err := tx.ClaimSchedule(ctx, flow.ID, now, next)
		if err != nil || !claimed {
			return err
		}
		if run, err = s.newRun(ctx, tx, StartRun{FlowID: flow.ID, Trigger: triggerSchedule}); err != nil {
			run = nil
			return s.skipScheduled(ctx, tx, flow, err)
		}
		if err = tx.CreateRun(ctx, run); err != nil {
			return err
		}
		if row, err = s.newRunRow(run, now); err != nil {
			return err
		}
		if _, err = insertRow(ctx, tx, row); err != nil {
			return err
		}
		return tx.Audit(ctx, tenants.AuditEntry{Actor: actorSystem, Action: "run.started", Subject: "run:" + run.ID, Detail: describeStart(run)})
	})
	if err != nil || run == nil {
		return nil, err
	}
	s.enqueue(ctx, row)
	s.publish(ctx, run.StoreHash, EventRun+run.ID)
	return run, nil
}

// skipScheduled notes why a due run does not start: one is active already, or the flow has no source
// or mapping. Other failures are returned, and undo the claim.
func (s *Service) skipScheduled(ctx context.Context, tx *tenants.DB, flow *tenants.Flow, why error) error {
	switch problem.CodeOf(why) {
	case problem.Conflict, problem.Invalid:
	default:
		return why
	}
	s.log.InfoContext(ctx, "scheduled run skipped", "store", flow.StoreHash, "flow", flow.ID, "error", why)
	return tx.Audit(ctx, tenants.AuditEntry{
		Actor: actorSystem, Action: "run.skipped", Subject: flow.ID,
		Detail: fmt.Sprintf("%s: the run scheduled for %s did not start. %s", flow.Name, flow.NextRunAt.Format(time.RFC3339), messageOf(why)),
	})
}

// stopSchedule turns a schedule off that says no time any more.
func (s *Service) stopSchedule(ctx context.Context, tx *tenants.DB, flow *tenants.Flow, why error) error {
	s.log.WarnContext(ctx, "schedule turned off", "store", flow.StoreHash, "flow", flow.ID, "error", why)
	if err := tx.SetSchedule(ctx, flow.ID, flow.Schedule, false, nil); err != nil {
		return err
	}
	return tx.Audit(ctx, tenants.AuditEntry{Actor: actorSystem, Action: "flow.unscheduled", Subject: flow.ID,
		Detail: fmt.Sprintf("%s: the schedule %s was turned off: %s", flow.Name, flow.Schedule, why)})
}

// messageOf is what a user may read of err.
func messageOf(err error) string {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Message
	}
	return ""
}

// reschedule computes the times of ctx's store anew, in its new time zone. A time that has come
// already stays: it is about to be dealt with.
func (s *Service) reschedule(ctx context.Context, tx *tenants.DB, zone string) error {
	flows, err := tx.ScheduledFlows(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for i := range flows {
		f, err := tx.LockFlow(ctx, flows[i].ID)
		if problem.CodeOf(err) == problem.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		if !f.ScheduleEnabled || f.NextRunAt != nil && !f.NextRunAt.After(now) {
			continue
		}
		next, err := schedule.Due(f.Schedule, zone, f.StoreHash, f.ID, now)
		if err != nil {
			if err := s.stopSchedule(ctx, tx, f, err); err != nil {
				return err
			}
			continue
		}
		if err := tx.SetSchedule(ctx, f.ID, f.Schedule, true, &next); err != nil {
			return err
		}
	}
	return nil
}
