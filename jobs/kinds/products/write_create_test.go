package products

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"sluice/jobs/upsert/upserttest"
)

// Two workers may be at the same step: after Redis lost everything, or a lease. Both have read the
// creates that are to be sent; the one that marks them second sends none of them.
func TestCreatesMarkedByAnotherWorkerAreNotSent(t *testing.T) {
	p := upserttest.NewPlatform(t)
	w := newWorld(t, p)
	w.Feed.Body = csv(parts(6)...)
	r := w.Start()
	other := 0
	err := p.DB.AcrossStores(t.Context()).Callback().Update().Before("gorm:update").Register("test:other", func(db *gorm.DB) {
		if db.Statement.Table != "run_items" || other > 0 {
			return
		}
		res, err := db.Statement.ConnPool.ExecContext(context.Background(),
			"UPDATE run_items SET state = 'sending' WHERE store_hash = '"+w.Store.Hash+"' AND state = 'create' AND line <= 2")
		if err != nil {
			_ = db.AddError(err)
			return
		}
		n, err := res.RowsAffected()
		_ = db.AddError(err)
		other += int(n)
	})
	if err != nil {
		t.Fatal(err)
	}
	e, posts := w.Engine(), atomic.Int32{}
	w.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return upserttest.Tripper(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/catalog/products") {
				posts.Add(1)
			}
			return next.RoundTrip(req)
		})
	}
	for other == 0 {
		res, err := e.Step(w.Ctx, r, nil)
		if res.Done {
			t.Fatal("the run is done, and nothing was ever marked")
		}
		if marked := other > 0; marked != (err != nil) || marked && !strings.Contains(err.Error(), "1 of 6 creates") {
			t.Fatalf("step %d (%s): %v", r.Step, r.Phase, err)
		}
	}
	if n := posts.Load(); n != 0 {
		t.Errorf("%d products were sent", n)
	}
	w.Want(w.Finish(w.Saved(r)), upserttest.Counts{Read: 6, Created: 6})
	if n := len(w.products()); n != 6 {
		t.Errorf("%d products", n)
	}
}
