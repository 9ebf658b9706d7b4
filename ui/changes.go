package ui

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
)

// changeView is one record's change, planned or made.
type changeView struct {
	Line     int64             `json:"line,omitempty"`
	Row      int64             `json:"row"`
	Key      string            `json:"key"`
	Name     string            `json:"name"`
	ImageURL string            `json:"image_url"`
	StoreURL string            `json:"store_url"`
	Action   string            `json:"action"`
	TargetID int64             `json:"target_id"`
	Changes  []fieldChangeView `json:"changes"`

	record flow.Record
}

// fieldChangeView is one field before and after.
type fieldChangeView struct {
	Field   string          `json:"field"`
	Label   string          `json:"label"`
	Unit    string          `json:"unit"`
	Before  json.RawMessage `json:"before"`
	After   json.RawMessage `json:"after"`
	Unknown bool            `json:"unknown,omitempty"`
	Part    string          `json:"part,omitempty"` // of the record, that the field is of
}

// maxFieldName is the longest name of a field, in characters.
const maxFieldName = 100

// changesFilter reads what of a run's changes is asked for.
func changesFilter(c *gin.Context) (f tenants.JournalFilter, err error) {
	f = tenants.JournalFilter{Action: c.Query("action"), Field: c.Query("field"), After: c.Query("after")}
	refuse := problem.New(problem.Invalid, "The list cannot be made.")
	switch {
	case f.Action != "" && f.Action != "create" && f.Action != "update":
		return f, refuse.WithField("action", "choose create or update")
	case len(f.Field) > maxFieldName:
		return f, refuse.WithField("field", "is not a field that can be matched")
	}
	if f.Limit, err = limit(c); err == nil {
		f.Text, err = search(c)
	}
	return f, err
}

// changes lists what a dry run would change, or what a run changed.
func (a *API) changes(c *gin.Context) {
	ctx := c.Request.Context()
	filter, err := changesFilter(c)
	var run *tenants.Run
	if err == nil {
		run, err = a.cfg.DB.Run(ctx, c.Param("id"))
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	show, err := a.changeViewer(ctx, run)
	if err != nil {
		_ = c.Error(err)
		return
	}
	var views []changeView
	var next string
	if run.DryRun {
		actions := []string{"create", "update"}
		if filter.Action != "" {
			actions = []string{filter.Action}
		}
		var items []tenants.RunItem
		items, next, err = a.cfg.DB.RunItems(ctx, run.ID, tenants.ItemFilter{
			Actions: actions, Field: filter.Field, Text: filter.Text, After: filter.After, Limit: filter.Limit})
		for _, i := range items {
			v := changeView{Line: tenants.SourceLine(i.Line), Row: i.Row, Key: a.keyOf(run, i), Name: i.Name, Action: i.Action, TargetID: i.TargetID}
			views = append(views, show(v, i.ParentID, i.Changes))
		}
	} else {
		var entries []tenants.JournalEntry
		entries, next, err = a.cfg.DB.Journal(ctx, run.ID, filter)
		for _, e := range entries {
			v := changeView{Row: e.Row, Key: e.Key, Name: e.Name, Action: e.Action, TargetID: e.TargetID}
			views = append(views, show(v, e.ParentID, e.Changes))
		}
	}
	if err != nil {
		_ = c.Error(err)
		return
	}
	a.picture(ctx, run, views)
	list(c, "changes", views, next)
}

// picture adds the pictures that records have in the store.
func (a *API) picture(ctx context.Context, run *tenants.Run, views []changeView) {
	var records []flow.Record
	for _, v := range views {
		if v.TargetID != 0 && !slices.Contains(records, v.record) {
			records = append(records, v.record)
		}
	}
	if len(records) == 0 {
		return
	}
	pictures := a.cfg.Jobs.Pictures(ctx, run, records)
	for i := range views {
		views[i].ImageURL = pictures[views[i].record]
	}
}

// changeViewer returns a function that completes the view of a change of a run.
func (a *API) changeViewer(ctx context.Context, run *tenants.Run) (func(v changeView, parent int64, changes string) changeView, error) {
	unit, err := a.units(ctx, run)
	if err != nil {
		return nil, err
	}
	label, page := a.labels(ctx, run.Kind), a.pages(run)
	return func(v changeView, parent int64, changes string) changeView {
		v.record = flow.Record{ID: v.TargetID, Parent: parent}
		v.StoreURL, v.Changes = page(v.TargetID, parent), []fieldChangeView{}
		if changes == "" {
			return v
		}
		if err := json.Unmarshal([]byte(changes), &v.Changes); err != nil {
			a.cfg.Log.ErrorContext(ctx, "changes of a record cannot be read", "store", run.StoreHash, "run", run.ID, "key", v.Key, "error", err)
		}
		for i := range v.Changes {
			c := &v.Changes[i]
			c.Label, c.Unit = label(c.Field), unit(c.Field, v.Key)
			c.Before, c.After = readable(c.Before), readable(c.After)
		}
		return v
	}, nil
}

// maxReadable is the most characters that are shown of parts of a record.
const maxReadable = 1000

// readable makes one text of a value that has parts of its own, as a list of variants.
func readable(raw json.RawMessage) json.RawMessage {
	text := bytes.TrimSpace(raw)
	if !bytes.HasPrefix(text, []byte("{")) && !bytes.HasPrefix(text, []byte("[{")) {
		return raw
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return raw
	}
	b, err := json.Marshal(tenants.Clean(textOf(v), maxReadable))
	if err != nil {
		return raw
	}
	return b
}

func textOf(v any) string {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			out = append(out, textOf(item))
		}
		return strings.Join(out, " | ")
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, strings.ReplaceAll(name, "_", " ")+": "+textOf(v[name]))
		}
		return strings.Join(out, ", ")
	case nil:
		return ""
	}
	return fmt.Sprint(v)
}

// units returns the units of fields of a run's records, by the record's key.
func (a *API) units(ctx context.Context, run *tenants.Run) (func(field, key string) string, error) {
	store, err := a.cfg.DB.Store(ctx, run.StoreHash)
	if err != nil {
		return nil, err
	}
	none := func(string, string) string { return "" }
	kind, err := a.cfg.Kinds.Kind(run.Kind)
	if err != nil {
		return none, nil //nolint:nilerr // of a newer version of Sluice
	}
	m, ok := kind.(mapped)
	if !ok {
		return none, nil
	}
	catalogue, err := m.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	valued, _ := kind.(interface {
		Currency(key string) string
	})
	return func(field, key string) string {
		measure := catalogue.Measure(field)
		if measure == tenants.MeasureMoney && valued != nil {
			if currency := valued.Currency(key); currency != "" {
				return currency
			}
		}
		return store.Unit(measure)
	}, nil
}

// pages returns the addresses of records of a run in the store's control panel, "" for those without
// one.
func (a *API) pages(run *tenants.Run) func(id, parent int64) string {
	kind, err := a.cfg.Kinds.Kind(run.Kind)
	paged, ok := kind.(interface {
		Page(id, parent int64) string
	})
	return func(id, parent int64) string {
		if err != nil || !ok || a.cfg.Sandbox { // whose stores have no control panel
			return ""
		}
		path := paged.Page(id, parent)
		if path == "" {
			return ""
		}
		return fmt.Sprintf("https://store-%s.mybigcommerce.com%s", run.StoreHash, path)
	}
}

// keyOf returns an item's key as the source writes it; its own is folded.
func (a *API) keyOf(run *tenants.Run, i tenants.RunItem) string {
	kind, err := a.cfg.Kinds.Kind(run.Kind)
	if err != nil {
		return i.Key // of a newer version of Sluice
	}
	if k, ok := kind.(interface {
		ShownKey(i tenants.RunItem) string
	}); ok {
		if shown := k.ShownKey(i); shown != "" {
			return shown
		}
	}
	return i.Key
}

// fieldCount is how many records have a change of a field.
type fieldCount struct {
	Field string `json:"field"`
	Label string `json:"label"`
	Count int64  `json:"count"`
}

// changedFields counts a run's changes by field.
func (a *API) changedFields(c *gin.Context) {
	ctx := c.Request.Context()
	run, err := a.cfg.DB.Run(ctx, c.Param("id"))
	if err != nil {
		_ = c.Error(err)
		return
	}
	label := a.labels(ctx, run.Kind)
	fields := make([]fieldCount, 0, len(run.ChangedFields))
	for field, n := range run.ChangedFields {
		fields = append(fields, fieldCount{field, label(field), n})
	}
	slices.SortFunc(fields, func(x, y fieldCount) int { return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Field, y.Field)) })
	created, updated := run.Created, run.Updated
	if run.DryRun {
		created, updated = run.ToCreate, run.ToUpdate
	}
	c.JSON(http.StatusOK, gin.H{"fields": fields, "created": created, "updated": updated})
}
