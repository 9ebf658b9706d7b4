package products

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/jobs/connector"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestInspectAndPreview(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	e := upsert.New(w.Config, New())
	w.Feed.Body = csv(part("A", "First", "12.50", "1"), "too few", part("", "No SKU", "abc", "1"), part("B", "Second", "2", "1"))
	in, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(header, ","), in.Header); d != "" {
		t.Error(d)
	}
	if len(in.Rows) != 3 || len(in.RowErrors) != 1 || in.RowErrors[0].Line != 3 || in.Size != int64(len(w.Feed.Body)) {
		t.Errorf("%+v", in)
	}
	if in.Format.Type != "csv" || in.Format.Delimiter != "," {
		t.Errorf("format %+v", in.Format)
	}
	targets := make(map[string]string)
	for _, f := range in.SuggestedMapping.Fields {
		targets[f.Target] = f.Expression
	}
	if targets["sku"] != "PartNum" || targets["name"] != "PartDescription" {
		t.Errorf("suggested %v", targets)
	}

	p, err := e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, partsMapping, 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 4 || len(p.CompileErrors) != 0 {
		t.Fatalf("%+v", p)
	}
	short, bad, good := p.Rows[0], p.Rows[1], p.Rows[2]
	if good.Row != 2 || good.Key != "A" || good.Source["ListPrice"] != "12.50" || !upsert.Same(n("12.5"), good.Document["price"]) || len(good.Errors) != 0 {
		t.Errorf("good row: %+v", good)
	}
	if short.Line != 3 || len(short.Errors) != 1 || short.Document != nil {
		t.Errorf("short row: %+v", short)
	}
	fields := make(map[string]bool)
	for _, f := range bad.Errors {
		fields[f.Field] = true
	}
	if !fields["sku"] || !fields["price"] || len(bad.Errors) != 2 {
		t.Errorf("bad row: %+v", bad)
	}

	wrong := tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: "NoSuchColumn +"}}}
	if p, err = e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, wrong, 3); err != nil {
		t.Fatal(err)
	}
	if len(p.CompileErrors) == 0 || p.CompileErrors[0].Field != "sku" {
		t.Errorf("compile errors %+v", p.CompileErrors)
	}

	// One line that cannot be used hides nothing of the others.
	typo := partsMapping
	typo.Fields = append(slices.Clone(partsMapping.Fields), tenants.FieldMapping{Target: "upc", Expression: "trim(Sku"})
	if p, err = e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, typo, 10); err != nil {
		t.Fatal(err)
	}
	if len(p.CompileErrors) != 1 || p.CompileErrors[0].Field != "upc" || len(p.Rows) != 4 || !upsert.Same(n("12.5"), p.Rows[2].Document["price"]) {
		t.Errorf("with a typo in one line: %+v", p)
	}

	other := tenants.WithStore(t.Context(), w.Sandbox.AddStore(sandbox.StoreSpec{}).Hash)
	if _, err := e.PreviewMapping(other, in.SnapshotID, in.Format, partsMapping, 3); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("another store's file: %v", err)
	}
}

// TestPreviewIsSpread: the rows come from all over the file, those that would fail first, and of
// those that fail because of the same field only some.
func TestPreviewIsSpread(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	e := upsert.New(w.Config, New())
	var rows []string
	for i := range 1000 {
		price := "1"
		if i > 900 {
			price = "cheap"
		}
		rows = append(rows, part(fmt.Sprint("A", i), fmt.Sprint("Thing ", i), price, "1"))
	}
	rows[990] = part("", "No SKU", "1", "1")
	w.Feed.Body = csv(rows...)
	in, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.PreviewMapping(w.Ctx, in.SnapshotID, in.Format, partsMapping, 50)
	if err != nil {
		t.Fatal(err)
	}
	var bad []string
	var good []int64
	for i, r := range p.Rows {
		if len(r.Errors) > 0 {
			bad = append(bad, r.Errors[0].Field)
			if i != len(bad)-1 {
				t.Errorf("row %d would fail and comes after ones that would not", r.Row)
			}
		} else {
			good = append(good, r.Row)
		}
	}
	if len(bad) != 7 || !slices.Contains(bad, "sku") {
		t.Errorf("rows that would fail: %v", bad)
	}
	if len(good) != 43 || good[0] != 2 || good[len(good)-1] < 850 || slices.Max(good) > 902 {
		t.Errorf("the others: %v", good)
	}
}

// TestCheckCountsAsARunDoes: what is counted before is what a run then leaves out.
func TestCheckCountsAsARunDoes(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	e := upsert.New(w.Config, New())
	w.Feed.Body = csv(part("A", "First", "12.50", "1"), "too few", part("", "No SKU", "abc", "1"), part("B", "Second", "2", ""), part("a", "Again", "3", "1"), part("C", "", "4", "1"))
	in, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.CheckMapping(w.Ctx, in.SnapshotID, in.Format, partsMapping)
	if err != nil {
		t.Fatal(err)
	}
	if c.Rows != 6 || !c.Complete || !c.Ready || c.FailedRows != 4 || len(c.Errors)+len(c.Missing) != 0 {
		t.Errorf("%+v", c)
	}
	lines := make(map[string]upsert.CheckLine)
	for _, l := range c.Lines {
		lines[l.Target] = l
	}
	for target, want := range map[string][3]int64{"sku": {3, 0, 2}, "name": {4, 0, 1}, "price": {4, 0, 1}, "inventory_level": {4, 1, 0}} {
		if l := lines[target]; [3]int64{l.Filled, l.Empty, l.Failed} != want {
			t.Errorf("%s: %+v, want %v", target, l, want)
		}
	}
	want := []upsert.CheckExample{
		{Row: 4, Line: 4, Message: lines["sku"].Examples[0].Message},
		{Row: 6, Line: 6, Key: "a", Value: "a", Message: "this SKU is already in row 2: the first is used. Remove one of them at the source"},
	}
	if d := cmp.Diff(want, lines["sku"].Examples); d != "" {
		t.Error(d)
	}
	if ex := lines["inventory_level"].Examples; len(ex) != 1 || ex[0].Row != 5 || ex[0].Key != "B" || ex[0].Message != "is empty" {
		t.Errorf("examples of an empty field: %+v", ex)
	}

	typo := tenants.Mapping{Fields: append(slices.Clone(partsMapping.Fields[1:]), tenants.FieldMapping{Target: "upc", Expression: "Onhand"})}
	faulty, err := e.CheckMapping(w.Ctx, in.SnapshotID, in.Format, typo)
	if err != nil {
		t.Fatal(err)
	}
	missing := partsMapping.Fields[0].Target
	if faulty.Ready || len(faulty.Errors) != 1 || faulty.Errors[0].Field != "upc" || len(faulty.Missing) != 1 || faulty.Missing[0].Field != missing || !slices.Contains(faulty.Unused, "PartNum") {
		t.Errorf("with faults: %+v", faulty)
	}
	if faulty.FailedRows != 3 { // the key that nobody mapped is not the rows' fault
		t.Errorf("%d rows fail without a key", faulty.FailedRows)
	}
	ctx, cancel := context.WithCancel(w.Ctx)
	cancel()
	if _, err := e.CheckMapping(ctx, in.SnapshotID, in.Format, partsMapping); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that nobody waits for: %v", err)
	}
	other := tenants.WithStore(t.Context(), w.Sandbox.AddStore(sandbox.StoreSpec{}).Hash)
	if _, err := e.CheckMapping(other, in.SnapshotID, in.Format, partsMapping); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("another store's file: %v", err)
	}

	run := w.Run()
	if run.Failed != c.FailedRows || run.Created != c.Rows-c.FailedRows {
		t.Errorf("the run left out %d of %d, the check said %d", run.Failed, run.Read, c.FailedRows)
	}
}

// TestInspectNamesColumns: the panel puts these into expressions as they are.
func TestInspectNamesColumns(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = "SKU,Unit Price,first,in\nA,1,2,3\n"
	in, err := upsert.New(w.Config, New()).Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: upserttest.FeedURL}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"SKU", `row["Unit Price"]`, `row["first"]`, `row["in"]`}, in.Expressions); d != "" {
		t.Error(d)
	}
}

// secretive records the secret that a fetch was given.
type secretive struct {
	connector.Source
	seen map[string]string // by address
}

func (s secretive) Fetch(_ context.Context, from connector.Settings, secret string, _ connector.Have, w io.Writer) (connector.Got, error) {
	s.seen[from.URL] = secret
	_, err := io.WriteString(w, csv(part("A", "First", "1", "1")))
	return connector.Got{Complete: true, ContentType: "text/csv"}, err
}

func TestASavedSecretNeverGoesToAnotherHost(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	secret := "Bearer top-secret"
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: upserttest.FeedURL}
	if err := w.DB.SaveConnection(w.Ctx, conn, &secret); err != nil {
		t.Fatal(err)
	}
	w.Flow.ConnectionID = conn.ID
	if err := w.DB.UpdateFlow(w.Ctx, w.Flow); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	w.Config.Sources = connector.NewSources(secretive{w.Feed, seen})
	e := upsert.New(w.Config, New())
	urls := []string{upserttest.FeedURL, "https://erp.example/other.csv", "https://evil.example/parts.csv", "http://erp.example/parts.csv", "https://erp.example:444/parts.csv"}
	for _, u := range urls {
		if _, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: u}}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{urls[0]: secret, urls[1]: secret, urls[2]: "", urls[3]: "", urls[4]: ""}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
	clear(seen)
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	if seen[upserttest.FeedURL] != secret {
		t.Error("a run does not use the secret")
	}
}

// TestMaskedAddressesAreFetchedWhole: a run, and a look at what the panel shows of the address.
func TestMaskedAddressesAreFetchedWhole(t *testing.T) {
	const whole = upserttest.FeedURL + "?format=csv&token=s3cr3t-T0ken-of-the-feed"
	w := newWorld(t, upserttest.NewPlatform(t))
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: whole}
	if err := w.DB.SaveConnection(w.Ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	w.Flow.ConnectionID = conn.ID
	if err := w.DB.UpdateFlow(w.Ctx, w.Flow); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	w.Config.Sources = connector.NewSources(secretive{w.Feed, seen})
	e := upsert.New(w.Config, New())
	for _, u := range []string{conn.URL, tenants.MaskAddress(whole, false)} {
		if _, err := e.Inspect(w.Ctx, upsert.InspectRequest{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: u}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, req := range []upsert.InspectRequest{
		{Kind: "url", Settings: connector.Settings{URL: conn.URL}},
		{FlowID: w.Flow.ID, Kind: "url", Settings: connector.Settings{URL: strings.Replace(conn.URL, "erp.", "evil.", 1)}},
	} {
		if _, err := e.Inspect(w.Ctx, req); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", req, err)
		}
	}
	w.Want(w.Run(), upserttest.Counts{Read: 1, Created: 1})
	if _, ok := seen[whole]; !ok || len(seen) != 1 {
		t.Errorf("fetched %v", seen)
	}
}

func TestUploads(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, upserttest.PlatformOn(t, db, sandbox.Choices{}))
		conn := &tenants.Connection{Name: "File", Kind: "upload"}
		if err := db.SaveConnection(w.Ctx, conn, nil); err != nil {
			t.Fatal(err)
		}
		w.Flow.ConnectionID = conn.ID
		if err := db.UpdateFlow(w.Ctx, w.Flow); err != nil {
			t.Fatal(err)
		}
		if r := w.Run(); r.State != tenants.RunFailed || !strings.Contains(r.Error, "upload") {
			t.Errorf("without a file: %s %q", r.State, r.Error)
		}
		upload := func(name, body string) {
			t.Helper()
			sw, err := db.NewSnapshotWriter(w.Ctx, tenants.Snapshot{FlowID: w.Flow.ID, Filename: name})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(sw, body); err != nil {
				t.Fatal(err)
			}
			snap, err := sw.Commit(true, tenants.SnapshotMeta{})
			if err != nil {
				t.Fatal(err)
			}
			if w.Flow, err = db.Flow(w.Ctx, w.Flow.ID); err != nil {
				t.Fatal(err)
			}
			w.Flow.SnapshotID = snap.ID
			if err := db.UpdateFlow(w.Ctx, w.Flow); err != nil {
				t.Fatal(err)
			}
		}
		upload("parts.ndjson", `{"PartNum":"A","PartDescription":"First","ListPrice":1.25,"OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n"+
			`{"PartNum":"A\u0000","PartDescription":"NUL \u0000","ListPrice":1.25,"OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n"+
			`{"PartNum":"B","PartDescription":"Text \u0000 NUL","ListPrice":"x\u0000y","OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n")
		r := w.Run()
		w.Want(r, upserttest.Counts{Read: 3, Created: 1, Failed: 2})
		upload("parts.csv", csv(part("A", "First", "1.25", "3")))
		w.Want(w.Run(), upserttest.Counts{Read: 1, Updated: 1}) // its category
		if w.Feed.Fetches != 0 {
			t.Error("an upload was fetched")
		}
	})
}

// TestTheWholeStory: dry run, run, retry, nothing, and what is kept of it.
func TestTheWholeStory(t *testing.T) {
	w := crashWorld(t, upserttest.NewPlatform(t), 4)
	dry := w.Run(upserttest.DryRun)
	w.Want(dry, upserttest.Counts{Read: 11, Created: 7, Updated: 2, Failed: 2}) // no look-up finds FAR
	r := w.Run()
	w.settled(r, "after a dry run")
	w.Want(w.Run(func(n *tenants.Run) { n.RetryOf = r.ID }), upserttest.Counts{Read: 2, Failed: 2})
	for range 5 { // which keep their items
		w.Want(w.Run(), upserttest.Counts{Read: 11, Unchanged: 9, Failed: 2})
	}
	var items int64
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.RunItem{}).Where("run_id IN ?", []string{dry.ID, r.ID}).Count(&items).Error; err != nil {
		t.Fatal(err)
	}
	if items != 0 {
		t.Errorf("%d items of old runs are left", items)
	}
}
