package tenants

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/problem"
)

const exportRows = 1000 // rows a query of EachRunIssue reads

// RunIssues returns errors and warnings of a run by line, and the cursor of the next page ("" at
// the end).
func (d *DB) RunIssues(ctx context.Context, runID string, f IssueFilter) (issues []RunIssue, cursor string, err error) {
	limit := pageSize(f.Limit)
	issues, err = d.issues(ctx, runID, f, limit+1)
	if err != nil {
		return nil, "", err
	}
	issues, cursor = next(issues, limit, issueCursor)
	return issues, cursor, nil
}

// EachRunIssue calls fn with every error and warning of a run (severity "" for both) by line, in
// constant memory. It stops at fn's first error and returns it.
func (d *DB) EachRunIssue(ctx context.Context, runID, severity string, fn func(RunIssue) error) error {
	f := IssueFilter{Severity: severity}
	for {
		issues, err := d.issues(ctx, runID, f, exportRows)
		if err != nil {
			return err
		}
		for _, issue := range issues {
			if err := fn(issue); err != nil {
				return err
			}
		}
		if len(issues) < exportRows {
			return nil
		}
		f.After = issueCursor(issues[len(issues)-1])
	}
}

func (d *DB) issues(ctx context.Context, runID string, f IssueFilter, limit int) ([]RunIssue, error) {
	q := d.Scoped(ctx).Where("run_id = ?", runID).Order("line, id").Limit(limit)
	if f.Severity != "" {
		q = q.Where("severity = ?", f.Severity)
	}
	if f.Cause != "" {
		q = q.Where("cause = ?", f.Cause)
	}
	if f.Text != "" {
		q = q.Where(containing("key"), likeText(f.Text))
	}
	if f.After != "" {
		text, id, _ := strings.Cut(f.After, ".")
		line, err := cursorNumber(text)
		if err != nil {
			return nil, err
		}
		q = q.Where("line > ? OR (line = ? AND id > ?)", line, line, id)
	}
	var issues []RunIssue
	err := q.Find(&issues).Error
	return issues, wrap(err, "run issues")
}

// CountCauses returns the most frequent causes of a run's errors and warnings, at most limit.
func (d *DB) CountCauses(ctx context.Context, runID string, limit int) ([]CauseCount, error) {
	var counts []CauseCount
	err := d.Scoped(ctx).Model(&RunIssue{}).Select("cause, count(*) AS n").Where("run_id = ?", runID).
		Group("cause").Order("n DESC, cause").Limit(limit).Scan(&counts).Error
	return counts, wrap(err, "count causes")
}

func issueCursor(i RunIssue) string { return strconv.FormatInt(i.Line, 10) + "." + i.ID }

// RunItems returns items of a run by line, and the cursor of the next page ("" at the end).
func (d *DB) RunItems(ctx context.Context, runID string, f ItemFilter) (items []RunItem, cursor string, err error) {
	limit := pageSize(f.Limit)
	q := d.Scoped(ctx).Where("run_id = ?", runID).Order("line").Limit(limit + 1)
	if len(f.States) > 0 {
		q = q.Where("state IN ?", f.States)
	}
	if len(f.Actions) > 0 {
		q = q.Where("action IN ?", f.Actions)
	}
	q = changing(q, f.Field, f.Text)
	if f.After != "" {
		line, err := cursorNumber(f.After)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("line > ?", line)
	}
	if err := q.Find(&items).Error; err != nil {
		return nil, "", wrap(err, "run items")
	}
	items, cursor = next(items, limit, func(i RunItem) string { return strconv.FormatInt(i.Line, 10) })
	return items, cursor, nil
}

// NextItems returns up to limit items of a run that are in one of states, by line.
func (d *DB) NextItems(ctx context.Context, runID string, states []ItemState, limit int) ([]RunItem, error) {
	var items []RunItem
	err := d.Scoped(ctx).Where("run_id = ? AND state IN ?", runID, states).Order("line").Limit(limit).Find(&items).Error
	return items, wrap(err, "next items")
}

// CountItems counts a run's items by state and action.
func (d *DB) CountItems(ctx context.Context, runID string) ([]ItemCount, error) {
	var counts []ItemCount
	err := d.Scoped(ctx).Model(&RunItem{}).Select("state, action, count(*) AS n").Where("run_id = ?", runID).
		Group("state, action").Order("state, action").Scan(&counts).Error
	return counts, wrap(err, "count items")
}

// changing narrows a query of changes to those of field, and to records whose key or name has text
// in it.
func changing(q *gorm.DB, field, text string) *gorm.DB {
	if field != "" {
		q = q.Where("changes LIKE ? ESCAPE '!'", "%"+likeEscape.Replace(`"field":`+jsonOf(field))+"%")
	}
	if text != "" {
		text = likeText(text)
		q = q.Where("("+containing("key")+" OR "+containing("name")+")", text, text)
	}
	return q
}

// Journal returns what a run changed, the oldest first, and the cursor of the next page ("" at the
// end).
func (d *DB) Journal(ctx context.Context, runID string, f JournalFilter) (entries []JournalEntry, cursor string, err error) {
	limit := pageSize(f.Limit)
	q := changing(byID(d.Scoped(ctx).Where("run_id = ?", runID), Page{After: f.After}), f.Field, f.Text)
	if f.Action != "" {
		q = q.Where("action = ?", f.Action)
	}
	err = q.Limit(limit + 1).Find(&entries).Error
	if err != nil {
		return nil, "", wrap(err, "journal")
	}
	entries, cursor = next(entries, limit, func(e JournalEntry) string { return e.ID })
	return entries, cursor, nil
}

// byID orders rows with UUIDv7 ids from p on: oldest first, or newest first when Before is set.
func byID(q *gorm.DB, p Page) *gorm.DB {
	if p.Before != "" {
		return q.Where("id < ?", p.Before).Order("id DESC")
	}
	if p.After != "" {
		q = q.Where("id > ?", p.After)
	}
	return q.Order("id")
}

func cursorNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, problem.New(problem.Invalid, "The page does not exist. Start from the first one.").WithField("after", "is not a value that this list returned")
	}
	return n, nil
}

// What a run does with its own rows in bulk. Each works inside a Tx too, takes any number of rows,
// and does all of them or none. Where rows repeat a key the last one counts.

// InsertRunItems adds items to a run's work list; those that are on it already stay as they are.
func (d *DB) InsertRunItems(ctx context.Context, items []RunItem) error {
	return bulk(ctx, d, slices.Clone(items), "run items", func(tx *DB, rows []RunItem) error {
		return tx.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
	})
}

// UpdateRunItems writes every column of items that a run has, but Row.
func (d *DB) UpdateRunItems(ctx context.Context, items []RunItem) error {
	type id struct {
		run  string
		line int64
	}
	items = lastOf(items, func(i RunItem) id { return id{i.RunID, i.Line} })
	return bulk(ctx, d, items, "run items", func(tx *DB, rows []RunItem) error {
		return tx.Scoped(ctx).Omit("Row").Clauses(clause.OnConflict{ // which never changes
			Columns:   []clause.Column{{Name: "run_id"}, {Name: "line"}},
			DoUpdates: clause.AssignmentColumns([]string{"key", "state", "action", "target_id", "parent_id", "target_ref", "document", "hash", "changes", "name"}),
		}).Create(&rows).Error
	})
}

// AddIssues adds errors and warnings and returns how many were new: a run has one of a severity for
// a line and field. Text is cut to its column and cleaned of what a database refuses.
func (d *DB) AddIssues(ctx context.Context, issues []RunIssue) (added int64, err error) {
	err = bulk(ctx, d, slices.Clone(issues), "run issues", func(tx *DB, rows []RunIssue) error {
		for i := range rows {
			r := &rows[i]
			r.ID = NewID()
			r.Field, r.Key = Clean(r.Field, 100), Clean(r.Key, 512)
			r.Message, r.Value = Clean(r.Message, 1000), Clean(r.Value, 200)
		}
		res := tx.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows)
		added += res.RowsAffected
		return res.Error
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// AddJournal notes changes that a run made; one a run and key, the first.
func (d *DB) AddJournal(ctx context.Context, entries []JournalEntry) error {
	return bulk(ctx, d, slices.Clone(entries), "journal", func(tx *DB, rows []JournalEntry) error {
		for i := range rows {
			rows[i].ID = NewID()
		}
		return tx.Scoped(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
	})
}
