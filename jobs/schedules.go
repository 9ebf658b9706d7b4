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

// fireSchedules starts the runs whose time has come, of every active store. A schedule that came
// due while no process ran, or while its store was paused, is caught up with one run. Any number of
// processes may do this at once.
func (w *Workers) fireSchedules(ctx context.Context) {
	for _, t := range tenants.Timetables {
		w.fireTimetable(ctx, t)
	}
}

func (w *Workers) fireTimetable(ctx context.Context, t tenants.Timetable) {
	var last *tenants.DueFlow
	for ctx.Err() == nil {
		due, err := w.db.DueFlows(ctx, t, w.s.now(), last, pageSize)
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
		// Processes that look at the same moment begin at different flows, instead of each waiting for
		// the other's lock.
		rand.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
		for _, f := range due {
			_, err := w.s.startScheduled(tenants.WithStore(ctx, f.StoreHash), f.ID)
			if err != nil && ctx.Err() == nil { // it stays due: the next look tries again
				w.log.ErrorContext(ctx, "scheduled run not started", "store", f.StoreHash, "flow", f.ID, "error", err)
			}
		}
	}
}

// startScheduled starts the run of a flow of ctx's store if one of its schedules is due; if both
// are, one run that compares with the store is for both. Moving the schedules on, the run and its
// first job are one transaction, so that a due time has its run once, whoever else tries and
// wherever the process dies. It takes the place of a run that waits for an answer. It returns nil
// when nothing is due or somebody else was first, and when the run cannot start now: that is noted
// in the audit and the time is passed over.
func (s *Service) startScheduled(ctx context.Context, flowID string) (*tenants.Run, error) {
	var (
		run      *tenants.Run
		row      *tenants.Job
		replaced string
	)
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		run, row, replaced = nil, nil, ""
		now := s.now()
		// The same lock as StartRun's: what is due and whether a run is active are seen as they will be.
		flow, err := tx.LockFlow(ctx, flowID)
		if problem.CodeOf(err) == problem.NotFound {
			return nil // deleted
		}
		if err != nil {
			return err
		}
		due, err := s.claimDue(ctx, tx, flow, now)
		if err != nil || len(due) == 0 {
			return err
		}
		which := due[len(due)-1]
		run, err = s.newRun(ctx, tx, StartRun{FlowID: flow.ID, Compare: which == tenants.TimetableCompare, Trigger: triggerSchedule})
		if err == nil {
			replaced, err = s.replaceAsking(ctx, tx, flow.ID)
		}
		if err != nil {
			run = nil
			return s.skipScheduled(ctx, tx, flow, which, err)
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
	if replaced != "" {
		s.publish(ctx, run.StoreHash, EventRun+replaced)
	}
	s.publish(ctx, run.StoreHash, EventRun+run.ID)
	return run, nil
}

// claimDue moves on those schedules of a locked flow that are due, and returns them in the order of
// tenants.Timetables. A comparison that is due stays so while another run of the flow is under way:
// a flow that runs every few minutes would else pass over the one of the week.
func (s *Service) claimDue(ctx context.Context, tx *tenants.DB, flow *tenants.Flow, now time.Time) ([]tenants.Timetable, error) {
	var due []tenants.Timetable
	for _, t := range tenants.Timetables {
		if at := flow.Timetable(t); at.Enabled && at.Next != nil && !at.Next.After(now) {
			due = append(due, t)
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	store, err := tx.Store(ctx, flow.StoreHash)
	if err != nil {
		return nil, err
	}
	if store.State != tenants.StoreActive {
		return nil, nil // stays due until the store is back
	}
	var claimed []tenants.Timetable
	for _, t := range due {
		if t == tenants.TimetableCompare {
			active, err := tx.ActiveRun(ctx, flow.ID)
			if err != nil {
				return nil, err
			}
			if active != nil && active.State != tenants.RunAsking && (active.DryRun || !active.Compare) {
				continue
			}
		}
		next, err := schedule.Due(flow.Timetable(t).Cron, store.Timezone, flow.StoreHash, flow.ID, now)
		if err != nil { // the panel refuses such; another version may have taken it
			if err := s.stopSchedule(ctx, tx, flow, t, err); err != nil {
				return nil, err
			}
			continue
		}
		ok, err := tx.ClaimSchedule(ctx, t, flow.ID, now, next)
		if err != nil {
			return nil, err
		}
		if ok {
			claimed = append(claimed, t)
		}
	}
	return claimed, nil
}

// skipScheduled notes why a due run does not start: one is active already, the flow has no source
// or mapping, or the store has not granted what it needs. Other failures are returned, and undo the
// claim.
func (s *Service) skipScheduled(ctx context.Context, tx *tenants.DB, flow *tenants.Flow, t tenants.Timetable, why error) error {
	switch problem.CodeOf(why) {
	case problem.Conflict, problem.Invalid, problem.ScopeMissing:
	default:
		return why
	}
	s.log.InfoContext(ctx, "scheduled run skipped", "store", flow.StoreHash, "flow", flow.ID, "schedule", t, "error", why)
	return tx.Audit(ctx, tenants.AuditEntry{
		Actor: actorSystem, Action: "run.skipped", Subject: flow.ID,
		Detail: fmt.Sprintf("%s: the %s scheduled for %s did not start. %s", flow.Name, nounOf(t), flow.Timetable(t).Next.Format(time.RFC3339), messageOf(why)),
	})
}

// nounOf names for people what a schedule starts.
func nounOf(t tenants.Timetable) string {
	if t == tenants.TimetableCompare {
		return "run that compares with the store"
	}
	return "run"
}

// stopSchedule turns a schedule off that says no time any more.
func (s *Service) stopSchedule(ctx context.Context, tx *tenants.DB, flow *tenants.Flow, t tenants.Timetable, why error) error {
	cron := flow.Timetable(t).Cron
	s.log.WarnContext(ctx, "schedule turned off", "store", flow.StoreHash, "flow", flow.ID, "schedule", t, "error", why)
	if err := tx.SetSchedule(ctx, t, flow.ID, cron, false, nil); err != nil {
		return err
	}
	return tx.Audit(ctx, tenants.AuditEntry{Actor: actorSystem, Action: "flow.unscheduled", Subject: flow.ID,
		Detail: fmt.Sprintf("%s: the schedule %s was turned off: %s", flow.Name, cron, why)})
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
		for _, t := range tenants.Timetables {
			at := f.Timetable(t)
			if !at.Enabled || at.Next != nil && !at.Next.After(now) {
				continue
			}
			next, err := schedule.Due(at.Cron, zone, f.StoreHash, f.ID, now)
			if err != nil {
				if err := s.stopSchedule(ctx, tx, f, t, err); err != nil {
					return err
				}
				continue
			}
			if err := tx.SetSchedule(ctx, t, f.ID, at.Cron, true, &next); err != nil {
				return err
			}
		}
	}
	return nil
}
