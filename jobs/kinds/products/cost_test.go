package products

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// hostile is a row whose name takes more work than a row may.
const hostile = "BOMB"

// hostileMapping is the example feed's mapping with a name that is costly for rows whose group is
// BOMB.
func hostileMapping() tenants.Mapping {
	m := tenants.Mapping{Fields: append([]tenants.FieldMapping(nil), partsMapping.Fields...)}
	for i, f := range m.Fields {
		if f.Target == "name" {
			m.Fields[i].Expression = `ProductGroup == "` + hostile + `" and PartDescription matches "([^b]{0,90}c|x)$" ? "no" : left(PartDescription, 40)`
		}
	}
	return m
}

// bomb is a row of hostile.
func bomb(sku string) string {
	return strings.Join([]string{sku, strings.Repeat("aé ", 40<<10), "1", "1", hostile, "backpack"}, ",")
}

// TestHostileRowsFailAlone: a row over its budget is an error of its field, and so is one whose
// value is huge, of which the list of errors keeps little; the others go on.
func TestHostileRowsFailAlone(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = hostileMapping()
	w.Feed.Body = csv(part("A", "First", "1", "1"), bomb("B"), part("C", "Third", "1", "1"), bomb("D"), part(strings.Repeat("E", 40<<10), "Fifth", "1", "1"))
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 5, Created: 2, Failed: 3})
	_, messages := w.Issues(r, flow.SeverityError)
	if !strings.Contains(fmt.Sprint(messages), "more work than one row may") || !strings.Contains(fmt.Sprint(messages), "name") {
		t.Errorf("%.1000v", messages)
	}
	var issues []tenants.RunIssue
	if err := w.DB.Scoped(w.Ctx).Where("run_id = ?", r.ID).Find(&issues).Error; err != nil {
		t.Fatal(err)
	}
	longest := 0
	for _, i := range issues {
		longest = max(longest, utf8.RuneCountInString(i.Value))
		if bombs, long := (i.Key == "B" || i.Key == "D") && i.Field == "name", i.Key == "" && i.Field == "sku"; !bombs && !long {
			t.Errorf("%.300v", i)
		}
	}
	if len(issues) != 3 || longest != 200 {
		t.Errorf("%d issues, the longest value of %d characters", len(issues), longest)
	}
}

// planStep carries out the steps of a run to its plan phase. step is the next, whose clock stands
// still but for what tick adds at the nth question; cancel ends its context.
func planStep(t *testing.T, w *world, r *tenants.Run, tick func(n int) time.Duration) (cancel context.CancelFunc, step func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(w.Ctx)
	t.Cleanup(cancel)
	e := w.Engine()
	for r.Phase != tenants.PhasePlan {
		if _, err := e.Step(w.Ctx, r, nil); err != nil {
			t.Fatal(err)
		}
	}
	cfg, n, began := w.Flows, 0, w.Now()
	cfg.Now = func() time.Time {
		n++
		return began.Add(tick(n))
	}
	e = flow.New(cfg, upsert.New(w.Config, New()))
	return cancel, func() error {
		_, err := e.Step(ctx, r, nil)
		return err
	}
}

// TestAWindowEndsWithItsTime: rows that take long do not make a step long. The next goes on after
// them.
func TestAWindowEndsWithItsTime(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	rows := make([]string, 50)
	for i := range rows {
		rows[i] = part(fmt.Sprint("A", i), fmt.Sprint("Name ", i), "1", "1")
	}
	w.Feed.Body = csv(rows...)
	r := w.Start()
	_, step := planStep(t, w, r, func(n int) time.Duration { return time.Duration(max(n-5, 0)) * time.Hour })
	if err := step(); err != nil {
		t.Fatal(err)
	}
	if r.Read == 0 || r.Read > 10 || r.Phase != tenants.PhasePlan {
		t.Errorf("%d rows were mapped after the step's time, phase %s", r.Read, r.Phase)
	}
	w.Want(w.Finish(r), upserttest.Counts{Read: 50, Created: 50})
}

// TestAWindowEndsWithItsContext: a process that stops, or a run that is taken away, does not wait
// for the window's rows. Nothing of the step is saved, and it is done again.
func TestAWindowEndsWithItsContext(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(part("A", "First", "1", "1"), part("B", "Second", "1", "1"), part("C", "Third", "1", "1"), part("D", "Fourth", "1", "1"), part("E", "Fifth", "1", "1"), part("F", "Sixth", "1", "1"))
	r := w.Start()
	asked := 0
	var cancel context.CancelFunc
	cancel, step := planStep(t, w, r, func(n int) time.Duration {
		if asked = n; n == 4 {
			cancel()
		}
		return 0
	})
	if err := step(); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if asked > 5 || w.Saved(r).Read != 0 {
		t.Errorf("the clock was asked %d times: the rows after the end were mapped", asked)
	}
	w.Want(w.Finish(w.Saved(r)), upserttest.Counts{Read: 6, Created: 6})
}

// TestAWindowOfLargeDocuments: small rows that make large documents end a window as large rows do.
func TestAWindowOfLargeDocuments(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	m := hostileMapping()
	m.Fields = append(m.Fields, tenants.FieldMapping{Target: "description", Expression: `replace(replace(replace(PartDescription, "a", "` + strings.Repeat("b", 100) + `"), "b", "` +
		strings.Repeat("c", 100) + `"), "c", "` + strings.Repeat("d", 20) + `") + replace(PartDescription, "a", "x")`})
	w.Flow.Mapping = m
	rows := make([]string, 200)
	for i := range rows {
		rows[i] = part(fmt.Sprint("A", i), fmt.Sprint(i, " a"), "1", "1")
	}
	w.Feed.Body = csv(rows...)
	r := w.Start()
	_, step := planStep(t, w, r, func(int) time.Duration { return 0 })
	if err := step(); err != nil {
		t.Fatal(err)
	}
	if r.Read == 0 || r.Read > windowBytes/200_000+1 {
		t.Errorf("a window has %d documents of 200 KB", r.Read)
	}
}

// TestShownValuesAreClipped: an inspection and a preview show the beginning of a long value, and
// stop where they have shown enough.
func TestShownValuesAreClipped(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	e := upsert.New(w.Config, New())
	long := strings.Repeat("é", 100_000)
	w.Feed.Body = csv(part("A", long, "1", "1"), part(strings.Repeat("ü", 2000), "Second", "1", "1"))
	in, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	clipped := func(what, s string) {
		t.Helper()
		if n := utf8.RuneCountInString(s); n > shownValue || !utf8.ValidString(s) {
			t.Errorf("%s has %d characters, valid: %t", what, n, utf8.ValidString(s))
		}
	}
	for _, row := range in.Rows {
		for _, v := range row {
			clipped("a value of the inspection", v)
		}
	}
	m := hostileMapping()
	m.Fields = append(m.Fields, tenants.FieldMapping{Target: "description", Expression: "PartDescription"}, tenants.FieldMapping{Target: "meta_keywords", Expression: `[PartDescription]`})
	p, err := e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, m, 10)
	if err != nil || len(p.Rows) != 2 {
		t.Fatal(p, err)
	}
	for _, row := range p.Rows {
		clipped("the key", row.Key)
		for _, v := range row.Source {
			clipped("a source value", v)
		}
		b, err := json.Marshal(row)
		if err != nil || len(b) > 10_000 {
			t.Errorf("a row is shown in %d bytes: %v", len(b), err)
		}
		for _, f := range row.Errors {
			clipped("a message", f.Message)
		}
	}
	if upsert.Text(p.Rows[1].Document["description"]) != strings.Repeat("é", shownValue-1)+"…" {
		t.Errorf("the document shows %.100v", p.Rows[1].Document["description"])
	}

	wide := make([]string, 4000)
	for i := range wide {
		wide[i] = strings.Repeat("w", 400)
	}
	lines := []string{"sku"}
	for i := range wide {
		lines[0] += fmt.Sprint(",c", i)
	}
	for i := range 10 {
		lines = append(lines, fmt.Sprint("A", i, ",", strings.Join(wide, ",")))
	}
	w.Feed.Body = strings.Join(lines, "\n") + "\n"
	if in, err = e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}}); err != nil {
		t.Fatal(err)
	}
	m = tenants.Mapping{Fields: []tenants.FieldMapping{
		{Target: "sku", Expression: "sku"}, {Target: "name", Expression: "c1"}, {Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "0"}, {Target: "price", Expression: "1"},
	}}
	if p, err = e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, m, 10); err != nil {
		t.Fatal(err)
	}
	shown, err := json.Marshal(p)
	if err != nil || len(p.Rows) == 0 || len(shown) > 2*shownBytes || len(in.Rows) != len(p.Rows) {
		t.Errorf("%d rows inspected, %d shown in %d bytes: %v", len(in.Rows), len(p.Rows), len(shown), err)
	}
}

// TestAHostilePreviewEnds: rows that each use up their budget end a preview early; each says why.
func TestAHostilePreviewEnds(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	e := upsert.New(w.Config, New())
	rows := make([]string, maxPreview)
	for i := range rows {
		rows[i] = bomb(fmt.Sprint("A", i))
	}
	w.Feed.Body = csv(rows...)
	in, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p, err := e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, hostileMapping(), maxPreview)
	if err != nil || len(p.CompileErrors) != 0 {
		t.Fatal(p, err)
	}
	// On a slow machine its time ends before its work does.
	took := time.Since(began)
	if n := len(p.Rows); n < 1 || n > 5 || n < 5 && took < 2*time.Second {
		t.Errorf("%d rows were mapped in %v", n, took)
	}
	for _, row := range p.Rows {
		if len(row.Errors) != 1 || row.Errors[0].Field != "name" || !strings.Contains(row.Errors[0].Message, "more work than one row may") {
			t.Errorf("%.300v", row.Errors)
		}
	}
	ctx, cancel := context.WithCancel(w.Ctx)
	cancel()
	if _, err := e.PreviewMapping(ctx, in.SnapshotID, in.Format, hostileMapping(), maxPreview); !errors.Is(err, context.Canceled) {
		t.Errorf("a preview that nobody waits for: %v", err)
	}
}
