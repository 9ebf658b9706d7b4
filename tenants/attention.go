package tenants

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

// LookAgain has the problems of a flow of ctx's store looked at now; "" is the store itself. It
// belongs in the transaction of what may have opened or healed one.
func (d *DB) LookAgain(ctx context.Context, flowID string) error {
	return wrap(d.Scoped(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "store_hash"}, {Name: "flow_id"}}, DoUpdates: clause.AssignmentColumns([]string{"due_at"}),
	}).Create(&AttentionCheck{FlowID: flowID, DueAt: d.now()}).Error, "look again")
}

// LookAgainAtAll has all problems of ctx's store looked at now.
func (d *DB) LookAgainAtAll(ctx context.Context) error {
	if err := d.LookAgain(ctx, ""); err != nil {
		return err
	}
	return wrap(d.Scoped(ctx).Model(&AttentionCheck{}).Where("flow_id <> ''").UpdateColumn("due_at", d.now()).Error, "look again")
}

// DueChecks returns up to limit checks of all stores whose time has come, the longest due first.
func (d *DB) DueChecks(ctx context.Context, now time.Time, limit int) ([]AttentionCheck, error) {
	var due []AttentionCheck
	err := d.AcrossStores(ctx).Where("due_at <= ?", now.UTC()).Order("due_at").Limit(limit).Find(&due).Error
	return due, wrap(err, "due checks")
}

// HoldCheck holds a check that is due until the end of the transaction; false: it is not, or no
// longer.
func (d *DB) HoldCheck(ctx context.Context, flowID string, now time.Time) (bool, error) {
	row, err := maybe[AttentionCheck](forUpdate(d.Scoped(ctx)).Where("flow_id = ? AND due_at <= ?", flowID, now.UTC()), "check")
	return row != nil, err
}

// NextCheck says when a check that is held is to be made again.
func (d *DB) NextCheck(ctx context.Context, flowID string, at time.Time) error {
	return wrap(d.Scoped(ctx).Model(&AttentionCheck{}).Where("flow_id = ?", flowID).UpdateColumn("due_at", at.UTC()).Error, "next check")
}

// DropCheck forgets a check of what is no longer there.
func (d *DB) DropCheck(ctx context.Context, flowID string) error {
	return wrap(d.Scoped(ctx).Where("flow_id = ?", flowID).Delete(&AttentionCheck{}).Error, "drop check")
}

// forgetAttention deletes the problems of a flow that is deleted, and the news of them that nobody
// was told yet.
func (d *DB) forgetAttention(ctx context.Context, flowID string) error {
	problems, err := d.ProblemsOf(ctx, flowID)
	if err != nil {
		return err
	}
	for _, p := range problems {
		if err := d.HealProblem(ctx, &p); err != nil {
			return err
		}
		if _, err := d.takeBack(ctx, p.ID, AlertOpened, AlertHealed); err != nil {
			return err
		}
	}
	return d.DropCheck(ctx, flowID)
}

// ProblemsOf returns the open problems of a flow, or of the store itself.
func (d *DB) ProblemsOf(ctx context.Context, flowID string) ([]Attention, error) {
	var problems []Attention
	err := d.Scoped(ctx).Where("flow_id = ?", flowID).Order("id").Find(&problems).Error
	return problems, wrap(err, "problems")
}

// OpenProblem keeps a new problem; it fills ID.
func (d *DB) OpenProblem(ctx context.Context, p *Attention) error {
	p.ID = NewID()
	p.Message = Clean(p.Message, 1000)
	return wrap(d.Scoped(ctx).Create(p).Error, "open problem")
}

// SeeProblem writes what may change of an open problem while it lasts.
func (d *DB) SeeProblem(ctx context.Context, p *Attention) error {
	p.Message = Clean(p.Message, 1000)
	return wrap(d.Scoped(ctx).Model(&Attention{}).Where("id = ?", p.ID).
		Select("kind", "run_id", "message", "count", "last_seen_at", "muted_until", "alerted_at", "remedy_action", "remedy_text", "remedy_field").
		Updates(p).Error, "see problem")
}

// HealProblem deletes a problem that is over.
func (d *DB) HealProblem(ctx context.Context, p *Attention) error {
	return wrap(d.Scoped(ctx).Where("id = ?", p.ID).Delete(&Attention{}).Error, "heal problem")
}

// AttentionFilter narrows a list of problems.
type AttentionFilter struct {
	FlowID string // "" for all
	Muted  *bool  // nil for all
}

// AttentionPage returns open problems of the store, the newest first, and the value of After for
// the next page ("" at the end).
func (d *DB) AttentionPage(ctx context.Context, filter AttentionFilter, now time.Time, p Page) (problems []Attention, cursor string, err error) {
	limit := pageSize(p.Limit)
	q := d.Scoped(ctx).Order("id DESC").Limit(limit + 1)
	if p.After != "" {
		q = q.Where("id < ?", p.After)
	}
	if filter.FlowID != "" {
		q = q.Where("flow_id = ?", filter.FlowID)
	}
	if filter.Muted != nil {
		q = muted(q, *filter.Muted, now)
	}
	if err := q.Find(&problems).Error; err != nil {
		return nil, "", wrap(err, "problems")
	}
	problems, cursor = next(problems, limit, func(p Attention) string { return p.ID })
	return problems, cursor, nil
}

func muted(q *gorm.DB, is bool, now time.Time) *gorm.DB {
	if is {
		return q.Where("muted_until > ?", now.UTC())
	}
	return q.Where("muted_until IS NULL OR muted_until <= ?", now.UTC())
}

// CountAttention returns how many problems of the store are open and not muted.
func (d *DB) CountAttention(ctx context.Context, now time.Time) (n int64, err error) {
	err = muted(d.Scoped(ctx).Model(&Attention{}), false, now).Count(&n).Error
	return n, wrap(err, "count problems")
}

// AttentionChange is what a person changes of a problem; nil leaves it as it is.
type AttentionChange struct {
	AssignedTo *string     // User.ID, "" for nobody
	MutedUntil **time.Time // nil within: not muted
}

// ChangeAttention changes who looks after a problem, or until when it is muted.
func (d *DB) ChangeAttention(ctx context.Context, id string, change AttentionChange) (*Attention, error) {
	var p *Attention
	err := d.Tx(ctx, func(tx *DB) (err error) {
		if p, err = one[Attention](tx.Scoped(ctx).Where("id = ?", id), "open problem"); err != nil {
			return err
		}
		// Whoever looks at the problem holds its check first: so does this. The end of a mute is a time
		// to look, too.
		if err := tx.LookAgain(ctx, p.FlowID); err != nil {
			return err
		}
		if p, err = one[Attention](forUpdate(tx.Scoped(ctx)).Where("id = ?", id), "open problem"); err != nil {
			return err
		}
		set := map[string]any{}
		if who := change.AssignedTo; who != nil {
			if *who != "" {
				if _, err := tx.UserByID(ctx, *who); problem.CodeOf(err) == problem.NotFound {
					return problem.New(problem.Invalid, "The problem could not be assigned.").WithField("assigned_to", "choose somebody who uses Sluice on this store")
				} else if err != nil {
					return err
				}
			}
			p.AssignedTo, set["assigned_to"] = *who, *who
		}
		if change.MutedUntil != nil {
			p.MutedUntil = utc(*change.MutedUntil)
			set["muted_until"] = p.MutedUntil
		}
		if len(set) == 0 {
			return nil
		}
		return tx.Scoped(ctx).Model(&Attention{}).Where("id = ?", id).Updates(set).Error
	})
	return p, wrap(err, "change problem")
}

// EndedRuns counts the runs of ctx's store that wrote and ended after from, and those of them that failed.
func (d *DB) EndedRuns(ctx context.Context, from time.Time) (ended, failed int64, err error) {
	q := d.Scoped(ctx).Model(&Run{}).Where("finished_at > ? AND dry_run = ?", from.UTC(), false).Session(&gorm.Session{})
	if err := q.Count(&ended).Error; err != nil {
		return 0, 0, wrap(err, "ended runs")
	}
	err = q.Where("state = ?", RunFailed).Count(&failed).Error
	return ended, failed, wrap(err, "ended runs")
}

// lastRuns is how many runs of a flow say how it is.
const lastRuns = 30

// LastRuns returns the newest runs of a flow that write, the newest first, without what was mapped
// and how far they got.
func (d *DB) LastRuns(ctx context.Context, flowID string) ([]Run, error) {
	var runs []Run
	err := d.Scoped(ctx).Where("flow_id = ? AND dry_run = ?", flowID, false).Order("id DESC").Limit(lastRuns).
		Omit("checkpoint", "mapping", "options", "format", "answers").Find(&runs).Error
	return runs, wrap(err, "last runs")
}

// NoteWebhooks remembers whether webhooks of ctx's store were found to be deactivated.
func (d *DB) NoteWebhooks(ctx context.Context, off bool) error {
	var at *time.Time
	if off {
		now := d.now()
		at = &now
	}
	err := d.Scoped(ctx).Model(&Store{}).Where("hash = ?", StoreHash(ctx)).UpdateColumn("webhooks_off_at", at).Error
	if err != nil {
		return wrap(err, "note webhooks")
	}
	return d.LookAgain(ctx, "")
}
