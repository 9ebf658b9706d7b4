package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sluice/internal/problem"
	"sluice/tenants"
)

// A run that asks (tenants.RunAsking) has no job: the step that asked wrote none. An answer that
// lets it go on inserts the job of its next step; everything else ends it.

// Why a run that asked ended without an answer, or with one, for the merchant.
const (
	stoppedMessage    = "The run was stopped at its question. No record was written."
	unansweredMessage = "Nobody answered the run's question within 24 hours, so it ended and no record was written. Start it again, and answer when it asks."
	replacedMessage   = "The next run of this sync began before anybody answered this one's question. No record was written."
)

func describeQuestion(q *tenants.Question) string {
	return fmt.Sprintf("%s: %d of %d", q.Guard, q.Count, q.Of)
}

// AnswerRun answers the question of a run of ctx's store. guard is the question's: it says which
// question is meant. With proceed the run goes on, and that guard does not ask again about as many
// records; else the run ends cancelled. Fails with Conflict when the run does not ask that, and
// with NeedsReinstall when it cannot go on now.
func (s *Service) AnswerRun(ctx context.Context, id, guard string, proceed bool) error {
	var row *tenants.Job
	var detail string
	err := s.db.Tx(ctx, func(tx *tenants.DB) error {
		row = nil
		run, err := lockRun(ctx, tx, id)
		if err != nil {
			return err
		}
		switch {
		case run.State != tenants.RunAsking:
			return problem.New(problem.Conflict, "This run does not wait for an answer. Load it again to see where it stands.")
		case run.Question.Guard != guard:
			return problem.New(problem.Conflict, "This run asks about %s, not about %s. Load it again, and answer that.", run.Question.Guard, guard)
		}
		detail = describeQuestion(run.Question)
		if !proceed {
			return s.endCancelled(ctx, tx, run, stoppedMessage)
		}
		store, err := tx.Store(ctx, run.StoreHash)
		if err != nil {
			return err
		}
		if store.State != tenants.StoreActive {
			return needsReinstall("answer")
		}
		row, err = s.goOn(ctx, tx, run)
		return err
	})
	if err != nil {
		return err
	}
	said := "proceed"
	if !proceed {
		said = "stop"
	}
	s.audit(ctx, actorFrom(ctx), "run.answered", "run:"+id, said+", "+detail)
	if proceed {
		s.enqueue(ctx, row)
	} else {
		s.audit(ctx, actorSystem, "run.finished", "run:"+id, string(tenants.RunCancelled))
	}
	s.publish(ctx, tenants.StoreHash(ctx), EventRun+id)
	return nil
}

// answered returns what was answered by starting a run from a preview of f: the question that was
// shown there, if f is still what it was. The run asks again only about more.
func (s *Service) answered(ctx context.Context, tx *tenants.DB, f *tenants.Flow, req StartRun) ([]tenants.Answer, error) {
	if req.Preview == "" || req.DryRun {
		return nil, nil
	}
	preview, err := tx.Run(ctx, req.Preview)
	if err != nil {
		return nil, err
	}
	if preview.FlowID != f.ID || !preview.DryRun {
		return nil, problem.New(problem.Invalid, "That is no preview of this sync.").WithField("preview_id", "name a preview of this sync")
	}
	q := preview.Question
	if q == nil || preview.State != tenants.RunDone || preview.FlowVersion != f.Version {
		return nil, nil
	}
	now := s.now() // the preview stood there with its question until now
	return []tenants.Answer{{Guard: q.Guard, Count: q.Count, AskedAt: now, At: now, By: actorOf(ctx, req.Trigger, req.StartedBy)}}, nil
}

// goOn notes the answer and inserts the job of the run's next step.
func (s *Service) goOn(ctx context.Context, tx *tenants.DB, run *tenants.Run) (*tenants.Job, error) {
	q := run.Question
	answers, err := json.Marshal(append(run.Answers, tenants.Answer{
		Guard: q.Guard, Count: q.Count, AskedAt: q.AskedAt, At: s.now(), By: actorFrom(ctx),
	}))
	if err != nil {
		return nil, fmt.Errorf("answers of run %s: %w", run.ID, err)
	}
	err = tx.Scoped(ctx).Model(&tenants.Run{}).Where("id = ?", run.ID).
		Updates(map[string]any{"state": tenants.RunRunning, "question": nil, "answers": string(answers)}).Error
	if err != nil {
		return nil, fmt.Errorf("answer run %s: %w", run.ID, err)
	}
	if err := tx.LookAgain(ctx, run.FlowID); err != nil {
		return nil, err
	}
	row, err := s.newRunRow(run, s.now())
	if err != nil {
		return nil, err
	}
	_, err = insertRow(ctx, tx, row)
	return row, err
}

// replaces reports whether a run that is started so takes the place of one that asks: it brings
// newer data, and nobody may be there to answer.
func replaces(trigger string) bool { return trigger == triggerSchedule }

// replaceAsking ends, in tx, the run of a flow that waits for an answer, and returns its id; "" if
// there is none. Conflict when it was answered this moment. The flow is locked.
func (s *Service) replaceAsking(ctx context.Context, tx *tenants.DB, flowID string) (string, error) {
	active, err := tx.ActiveRun(ctx, flowID)
	if err != nil || active == nil {
		return "", err
	}
	ended, err := s.endAsking(ctx, tx, active.ID, replacedMessage)
	if err == nil && !ended {
		err = problem.New(problem.Conflict, "A run of this sync is already under way.")
	}
	return active.ID, err
}

// endAsking ends a run if it waits for an answer.
func (s *Service) endAsking(ctx context.Context, tx *tenants.DB, id, message string) (bool, error) {
	run, err := lockRun(ctx, tx, id)
	if err != nil || run.State != tenants.RunAsking {
		return false, err
	}
	if err := s.endCancelled(ctx, tx, run, message); err != nil {
		return false, err
	}
	return true, tx.Audit(ctx, tenants.AuditEntry{Actor: actorSystem, Action: "run.finished", Subject: "run:" + id,
		Detail: string(tenants.RunCancelled) + ", not answered: " + describeQuestion(run.Question)})
}

// endUnanswered ends the runs of all stores that waited too long for an answer. They are few: a
// flow has one run at a time.
func (w *Workers) endUnanswered(ctx context.Context, now time.Time) error {
	var runs []tenants.Run
	err := w.db.AcrossStores(ctx).Select("id", "store_hash", "question").Where("state = ?", tenants.RunAsking).Find(&runs).Error
	if err != nil {
		return err
	}
	var errs []error
	for _, run := range runs {
		overdue := func(run *tenants.Run) bool { return !run.Question.AskedAt.Add(tenants.QuestionKept).After(now) }
		if !overdue(&run) {
			continue
		}
		ctx, ended := tenants.WithStore(ctx, run.StoreHash), false
		err := w.db.Tx(ctx, func(tx *tenants.DB) error {
			ended = false
			have, err := lockRun(ctx, tx, run.ID)
			if err != nil || have.State != tenants.RunAsking || !overdue(have) { // it may ask something else by now
				return err
			}
			ended, err = w.s.endAsking(ctx, tx, run.ID, unansweredMessage)
			return err
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("run %s: %w", run.ID, err))
		}
		if ended {
			w.s.publish(ctx, run.StoreHash, EventRun+run.ID)
		}
	}
	return errors.Join(errs...)
}
