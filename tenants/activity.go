package tenants

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// ActivityFilter says what of a store's activity is looked for. What is "" or nil is any.
type ActivityFilter struct {
	Runs, Changes bool // which of the two
	FlowID        string
	Kind          string        // of a run
	Result        ActivityState // of a run
	Actor         string        // "user", "key", "schedule", "system", "bigcommerce", "operator", or "user:<id>" or "key:<id>"
	From, To      *time.Time    // To is no part of it
	Text          string        // in the name of the flow or of who did it, or in what was done, in any case
}

// ActivityState says how a run stands or went.
type ActivityState string

// The states of runs that can be looked for.
const (
	ActivityUnderWay  ActivityState = "under_way"
	ActivityAsking    ActivityState = "asking"
	ActivityPaused    ActivityState = "paused"
	ActivityDone      ActivityState = "done"     // and left nothing out
	ActivityProblems  ActivityState = "problems" // done, and left something out
	ActivityFailed    ActivityState = "failed"
	ActivityCancelled ActivityState = "cancelled"
)

// ActivityStates are all.
var ActivityStates = []ActivityState{ActivityUnderWay, ActivityAsking, ActivityPaused, ActivityDone, ActivityProblems, ActivityFailed, ActivityCancelled}

// Happening is one entry of a store's activity: a run, or a change that somebody made.
type Happening struct {
	Run    *Run
	Change *AuditEntry
}

// ID sorts by when it happened; of a run that is when it was created.
func (h Happening) ID() string {
	if h.Run != nil {
		return h.Run.ID
	}
	return h.Change.ID
}

// toldByRuns are the changes that a run's own entry tells.
var toldByRuns = []string{"run.started", "run.finished", "run.asked", "run.paused"}

// Activity returns what happened in the store, the newest first, and the value of After for the
// next page ("" at the end).
func (d *DB) Activity(ctx context.Context, f ActivityFilter, p Page) (found []Happening, cursor string, err error) {
	limit := pageSize(p.Limit)
	matching, err := d.matching(ctx, f.Text)
	if err != nil {
		return nil, "", err
	}
	page := func() *gorm.DB {
		q := d.Scoped(ctx).Order("id DESC").Limit(limit + 1)
		if p.After != "" {
			q = q.Where("id < ?", p.After)
		}
		if f.From != nil {
			q = q.Where("created_at >= ?", f.From.UTC())
		}
		if f.To != nil {
			q = q.Where("created_at < ?", f.To.UTC())
		}
		return q
	}
	if f.Runs {
		var runs []Run
		if err := matching.runs(f.runs(page())).Find(&runs).Error; err != nil {
			return nil, "", wrap(err, "activity")
		}
		for i := range runs {
			found = append(found, Happening{Run: &runs[i]})
		}
	}
	if f.Changes && f.Kind == "" && f.Result == "" {
		q, err := d.changesOf(ctx, f, page())
		if err != nil {
			return nil, "", err
		}
		var changes []AuditEntry
		if err := matching.changes(q).Find(&changes).Error; err != nil {
			return nil, "", wrap(err, "activity")
		}
		for i := range changes {
			found = append(found, Happening{Change: &changes[i]})
		}
	}
	slices.SortFunc(found, func(a, b Happening) int { return cmp.Compare(b.ID(), a.ID()) })
	found, cursor = next(found, limit, Happening.ID)
	return found, cursor, nil
}

// runs limits a query of runs.
func (f ActivityFilter) runs(q *gorm.DB) *gorm.DB {
	if f.FlowID != "" {
		q = q.Where("flow_id = ?", f.FlowID)
	}
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	switch f.Result {
	case "":
	case ActivityUnderWay:
		q = q.Where("state IN ?", []RunState{RunQueued, RunRunning, RunCancelling})
	case ActivityDone:
		q = q.Where("state = ? AND failed = 0", RunDone)
	case ActivityProblems:
		q = q.Where("state = ? AND failed > 0", RunDone)
	default:
		q = q.Where("state = ?", RunState(f.Result))
	}
	who, id, _ := strings.Cut(f.Actor, ":")
	if id != "" {
		q = q.Where("started_by = ?", id)
	}
	switch who {
	case "":
	case "user":
		q = q.Where("started_by <> '' AND trigger <> 'api'")
	case "key":
		q = q.Where("started_by <> '' AND trigger = 'api'")
	case "schedule":
		q = q.Where("trigger = 'schedule'")
	case "system":
		q = q.Where("started_by = '' AND trigger <> 'schedule'")
	default:
		q = q.Where("id = ''") // others start none
	}
	return q
}

// changesOf limits a query of changes. Those of a flow are about it or about one of its runs.
func (d *DB) changesOf(ctx context.Context, f ActivityFilter, q *gorm.DB) (*gorm.DB, error) {
	q = q.Where("action NOT IN ? AND action NOT LIKE 'job.%'", toldByRuns) // jobs are the operator's
	if f.FlowID != "" {
		var runs []string
		if err := d.Scoped(ctx).Model(&Run{}).Where("flow_id = ?", f.FlowID).Pluck("id", &runs).Error; err != nil {
			return nil, wrap(err, "activity")
		}
		subjects := []string{f.FlowID}
		for _, id := range runs {
			subjects = append(subjects, "run:"+id)
		}
		q = q.Where("subject IN ?", subjects)
	}
	switch who, id, _ := strings.Cut(f.Actor, ":"); {
	case who == "":
	case id != "":
		q = q.Where("actor = ?", f.Actor)
	case who == "user" || who == "key":
		q = q.Where("actor LIKE ?", who+":%")
	default:
		q = q.Where("actor = ?", who)
	}
	return q, nil
}

// matches is what has a text in its name.
type matches struct {
	text          string
	flows, people []string // ids; of people and API keys
	actors        []string // people and API keys, as changes name them
}

// matching finds what has text in its name.
func (d *DB) matching(ctx context.Context, text string) (m matches, err error) {
	if text == "" {
		return m, nil
	}
	m.text = likeText(text)
	find := func(model any, column string) (ids []string) {
		if err == nil {
			err = d.Scoped(ctx).Model(model).Where(containing(column), m.text).Limit(bulkRows).Pluck("id", &ids).Error
		}
		return ids
	}
	m.flows = find(&Flow{}, "name")
	for _, id := range find(&User{}, "email") {
		m.people, m.actors = append(m.people, id), append(m.actors, "user:"+id)
	}
	for _, id := range find(&APIKey{}, "name") {
		m.people, m.actors = append(m.people, id), append(m.actors, "key:"+id)
	}
	return m, wrap(err, "activity")
}

func (m matches) runs(q *gorm.DB) *gorm.DB {
	if m.text == "" {
		return q
	}
	return q.Where("flow_id IN ? OR started_by IN ?", m.flows, m.people)
}

func (m matches) changes(q *gorm.DB) *gorm.DB {
	if m.text == "" {
		return q
	}
	return q.Where("LOWER(detail) LIKE ? ESCAPE '!' OR LOWER(action) LIKE ? ESCAPE '!' OR actor IN ?", m.text, m.text, m.actors)
}

// Names returns what people know users, API keys and flows by: users by their e-mail address. Those
// that are gone are left out.
func (d *DB) Names(ctx context.Context, users, keys, flows []string) (map[string]string, error) {
	names, err := d.FlowNames(ctx, flows...)
	if err != nil {
		return nil, err
	}
	for piece := range chunks(users, bulkRows) {
		var rows []User
		if err := d.Scoped(ctx).Select("id", "email").Where("id IN ?", piece).Find(&rows).Error; err != nil {
			return nil, wrap(err, "names of users")
		}
		for _, u := range rows {
			names[u.ID] = u.Email
		}
	}
	for piece := range chunks(keys, bulkRows) {
		var rows []APIKey
		if err := d.Scoped(ctx).Select("id", "name").Where("id IN ?", piece).Find(&rows).Error; err != nil {
			return nil, wrap(err, "names of API keys")
		}
		for _, k := range rows {
			names[k.ID] = k.Name
		}
	}
	return names, nil
}

// FlowsOfRuns returns the flow of each of runs, by the run's id.
func (d *DB) FlowsOfRuns(ctx context.Context, runs ...string) (map[string]string, error) {
	flows := make(map[string]string, len(runs))
	for piece := range chunks(runs, bulkRows) {
		var rows []Run
		if err := d.Scoped(ctx).Select("id", "flow_id").Where("id IN ?", piece).Find(&rows).Error; err != nil {
			return nil, wrap(err, "flows of runs")
		}
		for _, r := range rows {
			flows[r.ID] = r.FlowID
		}
	}
	return flows, nil
}
