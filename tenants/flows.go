package tenants

import (
	"context"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"sluice/internal/limits"
	"sluice/internal/problem"
)

// CreateFlow keeps a new flow. It fills ID, Version and the times. problem.LimitReached when the
// store has as many as it may.
func (d *DB) CreateFlow(ctx context.Context, f *Flow) error {
	f.ID, f.Version = NewID(), 1
	f.Name = cleanName(f.Name, 100)
	return wrap(d.Tx(ctx, func(tx *DB) error {
		if err := tx.roomFor(ctx, limits.Flows, &Flow{}, ""); err != nil {
			return err
		}
		if err := tx.Scoped(ctx).Create(f).Error; err != nil {
			return err
		}
		return tx.LookAgain(ctx, f.ID)
	}), "create flow")
}

// DuplicateFlow keeps a copy of f under another name: with a connection of its own that has the same
// address and secret, and with f's schedules, off. It knows no record. problem.LimitReached when the
// store has as many flows as it may.
func (d *DB) DuplicateFlow(ctx context.Context, f *Flow, name string) (*Flow, error) {
	made := &Flow{
		Kind: f.Kind, Name: name, SnapshotID: f.SnapshotID, Format: f.Format, Mapping: f.Mapping, Options: f.Options, Header: f.Header,
		Schedule: f.Schedule, CompareSchedule: f.CompareSchedule,
	}
	return made, wrap(d.Tx(ctx, func(tx *DB) error {
		if f.SnapshotID != "" {
			_, err := tx.HoldSnapshot(ctx, f.SnapshotID)
			if problem.CodeOf(err) == problem.NotFound { // kept no more: the copy says so, as f does
				err = nil
			}
			if err != nil {
				return err
			}
		}
		if f.ConnectionID != "" {
			conn, err := tx.copyConnection(ctx, f.ConnectionID, name)
			if err != nil {
				return err
			}
			made.ConnectionID = conn.ID
		}
		return tx.CreateFlow(ctx, made)
	}), "duplicate flow")
}

// copyConnection keeps a copy of a connection, whose address and secret are sealed for the store
// and not for the row.
func (d *DB) copyConnection(ctx context.Context, id, name string) (*Connection, error) {
	conn, err := d.Connection(ctx, id)
	if err != nil {
		return nil, err
	}
	made := *conn
	made.ID, made.Name, made.CreatedAt, made.UpdatedAt = NewID(), cleanName(name, 100), time.Time{}, time.Time{}
	return &made, d.Scoped(ctx).Create(&made).Error
}

// Flow returns a flow of the store.
func (d *DB) Flow(ctx context.Context, id string) (*Flow, error) {
	return one[Flow](d.Scoped(ctx).Where("id = ?", id), "flow")
}

// Flows returns all of the store's flows, the oldest first. It is for an operator: merchants get
// pages.
func (d *DB) Flows(ctx context.Context) ([]Flow, error) {
	var flows []Flow
	err := d.Scoped(ctx).Order("id").Find(&flows).Error
	return flows, wrap(err, "flows")
}

// FlowFilter says which flows are looked for; "" is any.
type FlowFilter struct {
	Kind string
	Text string // in the name, in any case
}

// FlowPage returns flows of the store, the oldest first, and the value of After for the next page
// ("" at the end).
func (d *DB) FlowPage(ctx context.Context, f FlowFilter, p Page) (flows []Flow, cursor string, err error) {
	limit := pageSize(p.Limit)
	q := byID(d.Scoped(ctx), p)
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Text != "" {
		q = q.Where(containing("name"), likeText(f.Text))
	}
	if err := q.Limit(limit + 1).Find(&flows).Error; err != nil {
		return nil, "", wrap(err, "flows")
	}
	flows, cursor = next(flows, limit, func(f Flow) string { return f.ID })
	return flows, cursor, nil
}

// FlowNames returns the names of those flows of ids that there are.
func (d *DB) FlowNames(ctx context.Context, ids ...string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	for piece := range chunks(ids, bulkRows) {
		var flows []Flow
		if err := d.Scoped(ctx).Select("id", "name").Where("id IN ?", piece).Find(&flows).Error; err != nil {
			return nil, wrap(err, "names of flows")
		}
		for _, f := range flows {
			names[f.ID] = f.Name
		}
	}
	return names, nil
}

// FlowsByID returns those flows of ids that there are.
func (d *DB) FlowsByID(ctx context.Context, ids ...string) (map[string]*Flow, error) {
	found := make(map[string]*Flow, len(ids))
	for piece := range chunks(slices.Compact(slices.Sorted(slices.Values(ids))), bulkRows) {
		var flows []*Flow
		if err := d.Scoped(ctx).Where("id IN ?", piece).Find(&flows).Error; err != nil {
			return nil, wrap(err, "flows")
		}
		for _, f := range flows {
			found[f.ID] = f
		}
	}
	return found, nil
}

// FlowKinds returns the kinds of the store's flows that are on, each once, in the order of their
// names.
func (d *DB) FlowKinds(ctx context.Context) ([]string, error) {
	var kinds []string
	err := d.Scoped(ctx).Model(&Flow{}).Where("off_at IS NULL").Distinct().Order("kind").Pluck("kind", &kinds).Error
	return kinds, wrap(err, "kinds of flows")
}

// FlowParts is what a list shows of flows beside their own rows, by the id of each.
type FlowParts struct {
	Connections map[string]Connection // by Connection.ID
	Snapshots   map[string]Snapshot   // by Snapshot.ID; those that are all there
	LastRuns    map[string]Run        // by Flow.ID
	LastEnded   map[string]Run        // of those that wrote, not dry runs, the last that is over; by Flow.ID
	TroubleFrom map[string]time.Time  // when the first of the runs ended badly of which LastEnded is the last; by Flow.ID
	LastWell    map[string]time.Time  // when the last one ended that left nothing out; by Flow.ID
	InStep      map[string]int64      // records that the last whole run left as the file has them; by Flow.ID
	Landed      map[string]bool       // flows of which a run left nothing out and there was something
}

// FlowParts reads the parts of flows, a page of them at most, in as many queries for one as for
// all.
func (d *DB) FlowParts(ctx context.Context, flows []Flow) (*FlowParts, error) {
	parts := &FlowParts{Connections: map[string]Connection{}, Snapshots: map[string]Snapshot{}, LastRuns: map[string]Run{}}
	var ids, connections, snapshots []string
	for _, f := range flows {
		ids, connections, snapshots = append(ids, f.ID), append(connections, f.ConnectionID), append(snapshots, f.SnapshotID)
	}
	var conns []Connection
	if err := d.Scoped(ctx).Where("id IN ?", connections).Find(&conns).Error; err != nil {
		return nil, wrap(err, "connections of flows")
	}
	for _, c := range conns {
		parts.Connections[c.ID] = c
	}
	var snaps []Snapshot
	if err := d.Scoped(ctx).Where("id IN ? AND committed_at IS NOT NULL", snapshots).Find(&snaps).Error; err != nil {
		return nil, wrap(err, "files of flows")
	}
	for _, s := range snaps {
		parts.Snapshots[s.ID] = s
	}
	var newest []string // ids of runs sort by when they were started
	if err := d.Scoped(ctx).Model(&Run{}).Where("flow_id IN ?", ids).Group("flow_id").Pluck("MAX(id)", &newest).Error; err != nil {
		return nil, wrap(err, "last runs of flows")
	}
	var runs []Run
	if err := d.Scoped(ctx).Where("id IN ?", newest).Find(&runs).Error; err != nil {
		return nil, wrap(err, "last runs of flows")
	}
	for _, r := range runs {
		parts.LastRuns[r.FlowID] = r
	}
	return parts, d.endedRuns(ctx, ids, parts)
}

// endedRuns reads how the runs of flows ended that wrote.
func (d *DB) endedRuns(ctx context.Context, ids []string, parts *FlowParts) error {
	parts.LastEnded, parts.TroubleFrom, parts.LastWell = map[string]Run{}, map[string]time.Time{}, map[string]time.Time{}
	parts.InStep, parts.Landed = map[string]int64{}, map[string]bool{}
	var ended []Run // of all runs of a store few enough are remembered
	err := d.Scoped(ctx).Select("id", "flow_id", "state", "retry_of", "created", "updated", "unchanged", "failed", "incomplete", "finished_at").
		Where("flow_id IN ? AND dry_run = ? AND state IN ?", ids, false, finalStates).Order("id DESC").Find(&ended).Error
	if err != nil {
		return wrap(err, "ended runs of flows")
	}
	last, well, whole := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, r := range ended {
		if last[r.FlowID] == "" {
			last[r.FlowID] = r.ID
		}
		inStep := r.Created + r.Updated + r.Unchanged
		if r.State == RunDone && r.RetryOf == "" && !whole[r.FlowID] {
			whole[r.FlowID], parts.InStep[r.FlowID] = true, inStep
		}
		if r.Well() && inStep > 0 {
			parts.Landed[r.FlowID] = true
		}
		switch {
		case well[r.FlowID] || r.FinishedAt == nil:
		case r.Well():
			well[r.FlowID], parts.LastWell[r.FlowID] = true, *r.FinishedAt
		default:
			parts.TroubleFrom[r.FlowID] = *r.FinishedAt
		}
	}
	var runs []Run
	if err := d.Scoped(ctx).Where("id IN ?", slices.Collect(maps.Values(last))).Find(&runs).Error; err != nil {
		return wrap(err, "ended runs of flows")
	}
	for _, r := range runs {
		parts.LastEnded[r.FlowID] = r
	}
	return nil
}

// PreviewedFlows returns the flows of which a dry run came to its end.
func (d *DB) PreviewedFlows(ctx context.Context) (map[string]bool, error) {
	var ids []string
	err := d.Scoped(ctx).Model(&Run{}).Where("dry_run = ? AND state = ?", true, RunDone).Distinct().Pluck("flow_id", &ids).Error
	previewed := make(map[string]bool, len(ids))
	for _, id := range ids {
		previewed[id] = true
	}
	return previewed, wrap(err, "dry runs")
}

// WritingRuns returns the runs since from that write, not dry ones: only when they were, and what
// they counted.
func (d *DB) WritingRuns(ctx context.Context, from time.Time) ([]Run, error) {
	var runs []Run // of a store few enough are remembered
	err := d.Scoped(ctx).Select("id", "state", "created", "updated", "failed", "created_at", "started_at", "finished_at").
		Where("created_at >= ? AND dry_run = ?", from.UTC(), false).Find(&runs).Error
	return runs, wrap(err, "runs")
}

// UpdateFlow writes what a merchant may change of f, if f.Version is still the stored one, and adds
// one to it; else problem.Conflict: someone else changed the flow since it was read.
func (d *DB) UpdateFlow(ctx context.Context, f *Flow) error {
	set := *f
	set.Version = f.Version + 1
	set.Name = cleanName(f.Name, 100)
	set.Header = keptHeader(f.Header)
	set.UpdatedAt = d.now()
	res := d.Scoped(ctx).Model(&Flow{}).Where("id = ? AND version = ?", f.ID, f.Version).
		Select("name", "connection_id", "snapshot_id", "header", "questions", "format", "mapping", "options", "version", "updated_at").Updates(&set)
	if res.Error != nil {
		return wrap(res.Error, "update flow")
	}
	if res.RowsAffected == 0 {
		if _, err := d.Flow(ctx, f.ID); err != nil {
			return err
		}
		return problem.New(problem.Conflict, "Someone else changed this sync in the meantime. Reload it and make your change again.")
	}
	f.Name, f.Version, f.UpdatedAt = set.Name, set.Version, set.UpdatedAt
	return d.LookAgain(ctx, f.ID)
}

// maxHeader is how much of the names of columns a flow keeps, in bytes: lists read all of it.
const maxHeader = 16 << 10

// keptHeader is a file's columns as a flow keeps them.
func keptHeader(header []string) []string {
	n := 0
	for _, name := range header {
		n += len(name)
	}
	if n > maxHeader {
		return nil
	}
	return header
}

// SetFlowHeader notes the columns that a flow's file has. It leaves Version and UpdatedAt alone: no
// person changed anything.
func (d *DB) SetFlowHeader(ctx context.Context, id string, header []string) error {
	return wrap(d.Scoped(ctx).Model(&Flow{}).Where("id = ?", id).Select("header").
		UpdateColumns(&Flow{Header: keptHeader(header)}).Error, "columns of a flow's file")
}

// SetFlowQuestions notes what only a person knows about the values of a flow's file, as
// SetFlowHeader does.
func (d *DB) SetFlowQuestions(ctx context.Context, id string, open []OpenQuestion) error {
	return wrap(d.Scoped(ctx).Model(&Flow{}).Where("id = ?", id).Select("questions").
		UpdateColumns(&Flow{Questions: open}).Error, "questions about a flow's file")
}

// SwitchFlow switches a flow on (off nil) or off. It leaves Version alone, and does nothing to a
// flow that is as it is to be.
func (d *DB) SwitchFlow(ctx context.Context, id string, off *time.Time) error {
	q := d.Scoped(ctx).Model(&Flow{}).Where("id = ?", id)
	if off != nil {
		q = q.Where("off_at IS NULL")
	}
	if err := q.UpdateColumns(map[string]any{"off_at": utc(off)}).Error; err != nil {
		return wrap(err, "switch flow")
	}
	return d.LookAgain(ctx, id)
}

// DeleteFlow deletes a flow with its records and a connection of its own. Its runs stay as history.
// problem.Conflict while a run of it is going on. A repeat is no error.
func (d *DB) DeleteFlow(ctx context.Context, id string) error {
	idle := func(tx *DB) error {
		run, err := tx.ActiveRun(ctx, id)
		if err == nil && run != nil {
			err = problem.New(problem.Conflict, "A run of this sync is going on. Cancel it first, or wait for its end.")
		}
		return err
	}
	if err := idle(d); err != nil {
		return err
	}
	// The records, up to a million, go in small transactions first. Should this stop half-way, the
	// next run finds the products again by their keys.
	for _, model := range []any{&Record{}, &RememberedRecord{}} {
		if err := d.deleteByFlow(ctx, model, id); err != nil {
			return err
		}
	}
	return wrap(d.Tx(ctx, func(tx *DB) error {
		f, err := maybe[Flow](forUpdate(tx.Scoped(ctx)).Where("id = ?", id), "flow")
		if err != nil || f == nil {
			return err
		}
		if err := idle(tx); err != nil {
			return err
		}
		if err := tx.Scoped(ctx).Where("id = ?", id).Delete(&Flow{}).Error; err != nil {
			return err
		}
		if err := tx.forgetAttention(ctx, id); err != nil {
			return err
		}
		if f.ConnectionID == "" {
			return nil
		}
		err = tx.DeleteConnection(ctx, f.ConnectionID)
		if problem.CodeOf(err) == problem.Conflict {
			return nil // another flow reads from it
		}
		return err
	}), "delete flow")
}

// deleteByFlow deletes a flow's rows of a model that has one a key, in small transactions.
func (d *DB) deleteByFlow(ctx context.Context, model any, flowID string) error {
	for {
		var keys []string
		if err := d.Scoped(ctx).Model(model).Where("flow_id = ?", flowID).Limit(bulkRows).Pluck("key", &keys).Error; err != nil {
			return wrap(err, "delete flow")
		}
		if len(keys) == 0 {
			return nil
		}
		if err := d.Scoped(ctx).Where("flow_id = ? AND key IN ?", flowID, keys).Delete(model).Error; err != nil {
			return wrap(err, "delete flow")
		}
	}
}

// forUpdate locks the rows that q reads until the end of the transaction. SQLite ignores it: its
// transactions hold the one write lock from their start.
func forUpdate(q *gorm.DB) *gorm.DB {
	return q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}
