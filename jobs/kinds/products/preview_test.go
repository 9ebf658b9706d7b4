package products

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/jobs/source"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

func TestInspectAndPreview(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	e := upsert.New(w.cfg, New())
	w.feed.body = csv(part("A", "First", "12.50", "1"), "too,few", part("", "No SKU", "abc", "1"), part("B", "Second", "2", "1"))
	in, err := e.Inspect(w.ctx, upsert.InspectRequest{FlowID: w.flow.ID, Kind: "url", URL: feedURL})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(header, ","), in.Header); d != "" {
		t.Error(d)
	}
	if len(in.Rows) != 3 || len(in.RowErrors) != 1 || in.RowErrors[0].Line != 3 || in.Size != int64(len(w.feed.body)) {
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

	p, err := e.PreviewMapping(w.ctx, in.SnapshotID, in.Format, partsMapping, 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rows) != 3 || len(p.CompileErrors) != 0 {
		t.Fatalf("%+v", p)
	}
	good, short, bad := p.Rows[0], p.Rows[1], p.Rows[2]
	if good.Key != "A" || good.Source["ListPrice"] != "12.50" || !upsert.Same(n("12.5"), good.Document["price"]) || len(good.Errors) != 0 {
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
	if p, err = e.PreviewMapping(w.ctx, in.SnapshotID, in.Format, wrong, 3); err != nil {
		t.Fatal(err)
	}
	if len(p.CompileErrors) == 0 || p.CompileErrors[0].Field != "sku" {
		t.Errorf("compile errors %+v", p.CompileErrors)
	}

	other := tenants.WithStore(t.Context(), w.sb.AddStore(sandbox.StoreSpec{}).Hash)
	if _, err := e.PreviewMapping(other, in.SnapshotID, in.Format, partsMapping, 3); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("another store's file: %v", err)
	}
}

// secretive records the Authorization that a fetch was given.
type secretive struct{ seen map[string]string }

func (s secretive) Fetch(_ context.Context, req source.FetchRequest, w io.Writer) (source.FetchResult, error) {
	s.seen[req.URL] = req.Authorization
	n, err := io.WriteString(w, csv(part("A", "First", "1", "1")))
	return source.FetchResult{Complete: true, Size: int64(n), ContentType: "text/csv"}, err
}

func TestASavedSecretNeverGoesToAnotherHost(t *testing.T) {
	w := newWorld(t, newPlatform(t))
	secret := "Bearer top-secret"
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: feedURL}
	if err := w.db.SaveConnection(w.ctx, conn, &secret); err != nil {
		t.Fatal(err)
	}
	w.flow.ConnectionID = conn.ID
	if err := w.db.UpdateFlow(w.ctx, w.flow); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	w.cfg.Fetcher = secretive{seen}
	e := upsert.New(w.cfg, New())
	urls := []string{feedURL, "https://erp.example/other.csv", "https://evil.example/parts.csv", "http://erp.example/parts.csv", "https://erp.example:444/parts.csv"}
	for _, u := range urls {
		if _, err := e.Inspect(w.ctx, upsert.InspectRequest{FlowID: w.flow.ID, Kind: "url", URL: u}); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{urls[0]: secret, urls[1]: secret, urls[2]: "", urls[3]: "", urls[4]: ""}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
	clear(seen)
	w.want(w.run(), counts{Read: 1, Created: 1})
	if seen[feedURL] != secret {
		t.Error("a run does not use the secret")
	}
}

// TestMaskedAddressesAreFetchedWhole: a run, and a look at what the panel shows of the address.
func TestMaskedAddressesAreFetchedWhole(t *testing.T) {
	const whole = feedURL + "?format=csv&token=s3cr3t-T0ken-of-the-feed"
	w := newWorld(t, newPlatform(t))
	conn := &tenants.Connection{Name: "ERP", Kind: "url", URL: whole}
	if err := w.db.SaveConnection(w.ctx, conn, nil); err != nil {
		t.Fatal(err)
	}
	w.flow.ConnectionID = conn.ID
	if err := w.db.UpdateFlow(w.ctx, w.flow); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]string)
	w.cfg.Fetcher = secretive{seen}
	e := upsert.New(w.cfg, New())
	for _, u := range []string{conn.URL, tenants.MaskAddress(whole, false)} {
		if _, err := e.Inspect(w.ctx, upsert.InspectRequest{FlowID: w.flow.ID, Kind: "url", URL: u}); err != nil {
			t.Fatal(err)
		}
	}
	for _, req := range []upsert.InspectRequest{
		{Kind: "url", URL: conn.URL},
		{FlowID: w.flow.ID, Kind: "url", URL: strings.Replace(conn.URL, "erp.", "evil.", 1)},
	} {
		if _, err := e.Inspect(w.ctx, req); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", req, err)
		}
	}
	w.want(w.run(), counts{Read: 1, Created: 1})
	if _, ok := seen[whole]; !ok || len(seen) != 1 {
		t.Errorf("fetched %v", seen)
	}
}

func TestUploads(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := newWorld(t, platformOn(t, db))
		conn := &tenants.Connection{Name: "File", Kind: "upload"}
		if err := db.SaveConnection(w.ctx, conn, nil); err != nil {
			t.Fatal(err)
		}
		w.flow.ConnectionID = conn.ID
		if err := db.UpdateFlow(w.ctx, w.flow); err != nil {
			t.Fatal(err)
		}
		if r := w.run(); r.State != tenants.RunFailed || !strings.Contains(r.Error, "upload") {
			t.Errorf("without a file: %s %q", r.State, r.Error)
		}
		upload := func(name, body string) {
			t.Helper()
			sw, err := db.NewSnapshotWriter(w.ctx, tenants.Snapshot{FlowID: w.flow.ID, Filename: name})
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
			if w.flow, err = db.Flow(w.ctx, w.flow.ID); err != nil {
				t.Fatal(err)
			}
			w.flow.SnapshotID = snap.ID
			if err := db.UpdateFlow(w.ctx, w.flow); err != nil {
				t.Fatal(err)
			}
		}
		upload("parts.ndjson", `{"PartNum":"A","PartDescription":"First","ListPrice":1.25,"OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n"+
			`{"PartNum":"A\u0000","PartDescription":"NUL \u0000","ListPrice":1.25,"OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n"+
			`{"PartNum":"B","PartDescription":"Text \u0000 NUL","ListPrice":"x\u0000y","OnHand":3,"ProductGroup":"bags","Style":"x"}`+"\n")
		r := w.run()
		w.want(r, counts{Read: 3, Created: 1, Failed: 2})
		upload("parts.csv", csv(part("A", "First", "1.25", "3")))
		w.want(w.run(), counts{Read: 1, Updated: 1}) // its category
		if w.feed.fetches != 0 {
			t.Error("an upload was fetched")
		}
	})
}

// TestEveryDatabase runs the whole story on each database: dry run, run, nothing, retry.
func TestEveryDatabase(t *testing.T) {
	tenantstest.EachDB(t, func(t *testing.T, db *tenants.DB) {
		w := crashWorld(t, platformOn(t, db), 4)
		dry := w.run(dryRun)
		w.want(dry, counts{Read: 11, Created: 7, Updated: 2, Failed: 2}) // no look-up finds FAR
		r := w.run()
		w.settled(r, "after a dry run")
		w.want(w.run(func(n *tenants.Run) { n.RetryOf = r.ID }), counts{Read: 2, Failed: 2})
		for range 5 { // which keep their items
			w.want(w.run(), counts{Read: 11, Unchanged: 9, Failed: 2})
		}
		var items int64
		if err := db.Scoped(w.ctx).Model(&tenants.RunItem{}).Where("run_id IN ?", []string{dry.ID, r.ID}).Count(&items).Error; err != nil {
			t.Fatal(err)
		}
		if items != 0 {
			t.Errorf("%d items of old runs are left", items)
		}
	})
}
