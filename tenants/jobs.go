package tenants

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// What follows is for workers, which carry out the jobs of all stores: one statement does for many jobs, of whatever stores, what
// would otherwise be a statement and a commit for each. Each row names its store, so that none meets another's.

// JobsByID returns those of the jobs that exist, by id.
func (d *DB) JobsByID(ctx context.Context, ids []string) (map[string]*Job, error) {
	var rows []*Job
	if err := d.AcrossStores(ctx).Where(d.among("id"), d.list(ids)).Find(&rows).Error; err != nil {
		return nil, wrap(err, "jobs")
	}
	found := make(map[string]*Job, len(rows))
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, nil
}

// StoresByHash returns those of the stores that exist, by hash.
func (d *DB) StoresByHash(ctx context.Context, hashes []string) (map[string]*Store, error) {
	var rows []*Store
	if err := d.AcrossStores(ctx).Where(d.among("hash"), d.list(hashes)).Find(&rows).Error; err != nil {
		return nil, wrap(err, "stores")
	}
	found := make(map[string]*Store, len(rows))
	for _, r := range rows {
		found[r.Hash] = r
	}
	return found, nil
}

// InsertJobs adds pending jobs with the stores that they name, and returns how many: those whose ids exist are left as they are.
func (d *DB) InsertJobs(ctx context.Context, rows []*Job) (inserted int64, err error) {
	if slices.ContainsFunc(rows, func(r *Job) bool { return r.StoreHash == "" }) {
		return 0, ErrNoScope
	}
	for piece := range chunks(rows, bulkRows) {
		var res *gorm.DB
		if d.postgres() {
			// One text for any number of rows: it is prepared once a connection, and needs no placeholder for each value.
			now := d.now()
			for _, r := range piece { // what Create sets
				r.CreatedAt, r.UpdatedAt = cmp.Or(r.CreatedAt, now), cmp.Or(r.UpdatedAt, now)
			}
			res = d.AcrossStores(ctx).Exec("INSERT INTO jobs SELECT * FROM json_populate_recordset(NULL::jobs, CAST(? AS json)) ON CONFLICT DO NOTHING", jsonOf(piece))
		} else {
			res = d.AcrossStores(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(piece)
		}
		if res.Error != nil {
			return inserted, wrap(res.Error, "insert jobs")
		}
		inserted += res.RowsAffected
	}
	return inserted, nil
}

// InsertWebhooks adds deliveries with the stores that they name, and returns how many: those that were taken before are left as they are.
func (d *DB) InsertWebhooks(ctx context.Context, rows []*WebhookEvent) (inserted int64, err error) {
	if slices.ContainsFunc(rows, func(r *WebhookEvent) bool { return r.StoreHash == "" }) {
		return 0, ErrNoScope
	}
	for piece := range chunks(rows, bulkRows) {
		res := d.AcrossStores(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(piece)
		if res.Error != nil {
			return inserted, wrap(res.Error, "insert webhooks")
		}
		inserted += res.RowsAffected
	}
	return inserted, nil
}

// FinishJobs moves those of the jobs that are pending to JobDone, and says which these were.
func (d *DB) FinishJobs(ctx context.Context, ids []string) (done map[string]bool, err error) {
	var finished []string
	// Not "state = pending": that would make the small index of pending jobs look good, which is full of those that were finished since
	// the last VACUUM.
	err = d.AcrossStores(ctx).Raw("UPDATE jobs SET state = ?, updated_at = ? WHERE "+d.among("id")+" AND state NOT IN ? RETURNING id",
		JobDone, d.now(), d.list(ids), []JobState{JobDone, JobDead, JobDropped}).Scan(&finished).Error
	if err != nil {
		return nil, wrap(err, "finish jobs")
	}
	done = make(map[string]bool, len(finished))
	for _, id := range finished {
		done[id] = true
	}
	return done, nil
}

// Delivery names a webhook.
type Delivery struct{ StoreHash, DeliveryID string }

// HandledWebhooks marks webhooks as worked off.
func (d *DB) HandledWebhooks(ctx context.Context, deliveries []Delivery, at time.Time) error {
	pairs := make([][2]any, len(deliveries))
	for i, v := range deliveries {
		pairs[i] = [2]any{v.StoreHash, v.DeliveryID}
	}
	return wrap(d.AcrossStores(ctx).Model(&WebhookEvent{}).Where("(store_hash, delivery_id) IN ("+d.tuples("text", "text")+")", jsonOf(pairs)).
		Updates(map[string]any{"handled_at": at}).Error, "handled webhooks")
}

// DeletedRecord is a record that a store has no more.
type DeletedRecord struct {
	StoreHash, Kind string
	TargetID        int64
}

// ForgetDeleted has the flows' records that were these be none, so that their keys are looked up again and created if they are
// gone.
func (d *DB) ForgetDeleted(ctx context.Context, deleted []DeletedRecord) error {
	rows := make([][3]any, len(deleted))
	for i, r := range deleted {
		rows[i] = [3]any{r.StoreHash, r.Kind, r.TargetID}
	}
	which := "(store_hash, kind, target_id) IN (" + d.tuples("text", "text", "bigint") + ")"
	if d.postgres() { // putRecords takes rows in this order, an UPDATE as it finds them
		which = `(flow_id, key) IN (SELECT flow_id, key FROM records WHERE ` + which + ` ORDER BY flow_id COLLATE "C", key COLLATE "C" FOR UPDATE)`
	}
	return wrap(d.AcrossStores(ctx).Model(&Record{}).Where(which, jsonOf(rows)).
		Updates(map[string]any{"target_id": 0, "source_hash": ""}).Error, "forget deleted records")
}

// A list is one argument of a statement, however long it is: the statement's text is then always the same, and it is prepared and
// planned once a connection. PostgreSQL takes it as an array, or where there is more than one value in an entry, and SQLite always,
// as JSON.

// among is the condition that column is in the list that is its argument.
func (d *DB) among(column string) string {
	if d.postgres() {
		return column + " = ANY(?)"
	}
	return column + " IN (SELECT value FROM json_each(?))"
}

// list is among's argument.
func (d *DB) list(values []string) string {
	if !d.postgres() {
		return jsonOf(values)
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		_, _ = arrayEscape.WriteString(&b, v) // a Builder takes anything
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// arrayEscape is for a quoted element of PostgreSQL's array syntax.
var arrayEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// tuples is the query that yields the rows of its argument, made by jsonOf: values of the types that PostgreSQL calls by these names.
func (d *DB) tuples(types ...string) string {
	values := make([]string, len(types))
	for i, t := range types {
		if d.postgres() {
			values[i] = fmt.Sprintf("(value->>%d)::%s", i, t)
		} else {
			values[i] = fmt.Sprintf("value->>%d", i)
		}
	}
	list := strings.Join(values, ", ")
	if d.postgres() {
		return "SELECT " + list + " FROM json_array_elements(CAST(? AS json)) AS e(value)"
	}
	return "SELECT " + list + " FROM json_each(?)"
}

// jsonOf is the JSON of strings, numbers and rows.
func jsonOf(values any) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // these always have one
	}
	return string(b)
}
