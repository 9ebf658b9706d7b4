package products

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// fault makes the platform misbehave towards this store.
func (w *world) fault(f sandbox.Fault) {
	w.Helper()
	f.Store = w.Store.Hash
	if _, err := w.Sandbox.AddFault(f); err != nil {
		w.Fatal(err)
	}
}

const productsAPI = "/v3/catalog/products"

// TestPlatformFaults is of the sandbox's own faults, whose connections really are cut. That a run
// comes through each kind of fault is upserttest's to prove.
func TestPlatformFaults(t *testing.T) {
	p := upserttest.NewPlatform(t)
	const size = 30
	tests := []sandbox.Fault{
		{Method: "POST", PathPrefix: productsAPI, Kind: sandbox.Fault503, Every: 3, Times: 5},
		{Method: "POST", PathPrefix: productsAPI, Kind: sandbox.FaultCutAfter, Every: 2, Times: 10},
		{Method: "PUT", PathPrefix: productsAPI, Kind: sandbox.FaultCutAfter, Times: 5},
		// Once: a second one could meet the refused record when it stands alone, which is final.
		{Method: "PUT", PathPrefix: productsAPI, Kind: sandbox.FaultPartial, Times: 1},
		{Method: "POST", PathPrefix: "/v3/catalog/trees", Kind: sandbox.Fault429, Times: 2},
	}
	for _, f := range tests {
		t.Run(fmt.Sprintf("%s %s %s", f.Kind, f.Method, f.PathPrefix), func(t *testing.T) {
			w := newWorld(t, p)
			rows := parts(size)
			w.Feed.Body = csv(rows...)
			if f.Method == "PUT" {
				w.Want(w.Run(), upserttest.Counts{Read: size, Created: size})
				w.Feed.Body = strings.ReplaceAll(w.Feed.Body, ".99,", ".49,")
			}
			w.fault(f)
			r := w.Run()
			want := upserttest.Counts{Read: size, Created: size}
			if f.Method == "PUT" {
				want = upserttest.Counts{Read: size, Updated: size}
			}
			w.Want(r, want)
			if got := w.Store.Products(); got != size {
				t.Errorf("%d products", got)
			}
			if throttling := strings.HasPrefix(f.Kind, "429"); throttling != (r.Throttled > 0) {
				t.Errorf("%d throttled", r.Throttled)
			}
			w.Sandbox.ClearFaults()
			if n := w.Requests(func() { r = w.Run() }); n != 0 {
				t.Errorf("afterwards: %d requests", n)
			}
		})
	}
}

// ration is a Limiter that admits a few calls per window and never blocks.
type ration struct {
	w    *world
	most int

	mu     sync.Mutex
	used   int
	window time.Time // its end
}

func (l *ration) Wait(context.Context, bigcommerce.Call) (func(bigcommerce.Answer), error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.w.Now(); !now.Before(l.window) {
		l.used, l.window = 0, now.Add(30*time.Second)
	}
	if l.used >= l.most {
		return nil, &bigcommerce.NoQuotaError{Until: l.window}
	}
	l.used++
	return func(bigcommerce.Answer) {}, nil
}

// TestQuotaThatEndsIsWaitedFor has room for seven requests a window.
func TestQuotaThatEndsIsWaitedFor(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(40)...)
	w.Limit = &ration{w: w, most: 7}
	began := w.Now()
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 40, Created: 40})
	windows := int(w.Now().Sub(began) / (30 * time.Second))
	if best := int(r.Requests) / 7; windows < best || windows > best+2 {
		t.Errorf("%d requests took %d windows of 7", r.Requests, windows)
	}
	if r.Throttled != 0 || r.Requests > 40+11 { // two probes among variants, a page that turns out cheaper
		t.Errorf("%d requests, %d throttled", r.Requests, r.Throttled)
	}
	for i := range 40 {
		w.Feed.Body = strings.Replace(w.Feed.Body, fmt.Sprintf("P-%05d,Part", i), fmt.Sprintf("P-%05d,Piece", i), 1)
	}
	w.Want(w.Run(), upserttest.Counts{Read: 40, Updated: 40})
}

func TestAnOutageIsWaitedOut(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(20)...)
	w.fault(sandbox.Fault{Method: "POST", PathPrefix: productsAPI, Kind: sandbox.Fault503, Times: 40})
	began := w.Now()
	w.Want(w.Run(), upserttest.Counts{Read: 20, Created: 20})
	if waited := w.Now().Sub(began); waited < 10*time.Second {
		t.Errorf("it waited %v in all: no back-off", waited)
	}
}

func TestAnOutageThatDoesNotEndFailsTheRun(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(3)...)
	w.fault(sandbox.Fault{Method: "POST", PathPrefix: productsAPI, Kind: sandbox.Fault503})
	r := w.Run()
	if r.State != tenants.RunFailed || !strings.Contains(r.Error, "did not answer") || r.Created != 0 {
		t.Errorf("state %s, error %q, created %d", r.State, r.Error, r.Created)
	}
	w.Sandbox.ClearFaults()
	w.Want(w.Run(), upserttest.Counts{Read: 3, Created: 3})
}

// answer has requests of a method answered by f, told their bodies, instead of BigCommerce; nil
// leaves one to it.
func (w *world) answer(method string, f func(r *http.Request, body string) *http.Response) {
	w.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return upserttest.Tripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != method {
				return next.RoundTrip(r)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			if res := f(r, string(body)); res != nil {
				return res, nil
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			return next.RoundTrip(r)
		})
	}
}

// poison makes BigCommerce fail at every write that has text in its body.
func (w *world) poison(method, text string) {
	w.answer(method, func(r *http.Request, body string) *http.Response {
		if !strings.Contains(body, text) {
			return nil
		}
		return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: r}
	})
}

// TestARecordThatIsNeverAnswered must not hold the others, nor the run.
func TestARecordThatIsNeverAnswered(t *testing.T) {
	p := upserttest.NewPlatform(t)
	for _, size := range []int{1, 8, 30} {
		t.Run(fmt.Sprintf("create/%d", size), func(t *testing.T) {
			w := newWorld(t, p)
			rows := parts(size)
			rows[0] = part("POISON", "Poison", "1", "1")
			w.Feed.Body = csv(rows...)
			w.poison("POST", "POISON")
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: int64(size), Created: int64(size - 1), Failed: 1})
			if kinds, _ := w.Issues(r, flow.SeverityError); !cmp.Equal(kinds, []string{"2 POISON "}) {
				t.Errorf("errors %v", kinds)
			}
		})
		t.Run(fmt.Sprintf("update/%d", size), func(t *testing.T) {
			w := newWorld(t, p)
			rows := parts(size)
			w.Feed.Body = csv(rows...)
			w.Want(w.Run(), upserttest.Counts{Read: int64(size), Created: int64(size)})
			w.Feed.Body = strings.Replace(strings.ReplaceAll(w.Feed.Body, ".99,", ".49,"), "1.49,", "77.77,", 1)
			w.poison("PUT", "77.77")
			r := w.Run()
			w.Want(r, upserttest.Counts{Read: int64(size), Updated: int64(size - 1), Failed: 1})
			w.Wrap = nil
			w.Want(w.Run(func(n *tenants.Run) { n.RetryOf = r.ID }), upserttest.Counts{Read: 1, Updated: 1})
		})
	}
}

func TestARevokedTokenIsToldAndLosesNothing(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(10)...)
	w.fault(sandbox.Fault{Method: "POST", PathPrefix: productsAPI, Kind: sandbox.Fault401})
	r := w.Start()
	e := w.Engine()
	var err error
	for range 50 {
		if _, err = e.Step(w.Ctx, r, nil); err != nil {
			break
		}
	}
	var unauthorized *bigcommerce.UnauthorizedError
	if !errors.As(err, &unauthorized) {
		t.Fatalf("error %v, state %s", err, r.State)
	}
	w.Sandbox.ClearFaults()
	*r = *w.Saved(r)
	w.Want(w.Finish(r), upserttest.Counts{Read: 10, Created: 10})
}

func TestAMissingScopeFailsTheRun(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Token = w.Store.Token("store_v2_products_read_only")
	w.Feed.Body = csv(parts(3)...)
	r := w.Run()
	if r.State != tenants.RunFailed || !strings.Contains(r.Error, "permission") {
		t.Errorf("state %s, error %q", r.State, r.Error)
	}
	if r.Requests == 0 {
		t.Error("the requests of the failed step were not counted")
	}
}

// TestABadRecordDoesNotTakeItsBatchWithIt has BigCommerce refuse one record in the middle of a
// batch.
func TestABadRecordDoesNotTakeItsBatchWithIt(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	rows := make([]string, 25)
	for i := range rows {
		rows[i] = part(fmt.Sprintf("S-%02d", i), fmt.Sprintf("Name %d", i), "1", "1")
	}
	w.Feed.Body = csv(rows...)
	w.Want(w.Run(), upserttest.Counts{Read: 25, Created: 25})
	w.add(bigcommerce.Fields{"name": "Taken", "sku": "OTHER", "type": "physical", "weight": 0, "price": 1})
	for i := range rows {
		rows[i] = strings.Replace(rows[i], ",1,1,", ",2,1,", 1)
	}
	rows[13] = strings.Replace(rows[13], "Name 13", "Taken", 1)
	w.Feed.Body = csv(rows...)
	w.Flow.Options = tenants.Options{"repeated_names": "fail"}
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 25, Updated: 24, Failed: 1})
	if kinds, _ := w.Issues(r, flow.SeverityError); !cmp.Equal(kinds, []string{"15 S-13 name"}) {
		t.Errorf("errors %v", kinds)
	}
	w.Flow.Options = tenants.Options{"repeated_names": "append_sku"}
	retry := w.Run(func(n *tenants.Run) { n.RetryOf = r.ID })
	w.Want(retry, upserttest.Counts{Read: 1, Updated: 1})
	if got := w.products()["S-13"].Name; got != "Taken (S-13)" {
		t.Errorf("name %q", got)
	}
}

// TestStoppingKeepsWhatTheStepDid ends the process's context while creates are under way.
func TestStoppingKeepsWhatTheStepDid(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Feed.Body = csv(parts(40)...)
	w.Config.Concurrency = 2
	ctx, stop := context.WithCancel(w.Ctx)
	defer stop()
	w.beforeFirst("POST", stop) // the first POST is the categories'
	r := w.Start()
	e := w.Engine()
	for ctx.Err() == nil {
		if _, err := e.Step(ctx, r, nil); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
	}
	*r = *w.Saved(r)
	w.Want(w.Finish(r), upserttest.Counts{Read: 40, Created: 40})
	if got := w.Store.Products(); got != 40 {
		t.Errorf("%d products", got)
	}
}

func TestBrands(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	if _, err := w.Hand().Brands.Create(w.Ctx, bigcommerce.Brand{Name: "ACME"}); err != nil {
		t.Fatal(err)
	}
	w.Flow.Mapping.Fields = append(without(partsMapping, "category"), tenants.FieldMapping{Target: "brand", Expression: "ProductGroup", Bad: tenants.BadFails})
	long := strings.Repeat("x", 300)
	w.Feed.Body = header + "\nA,First,1,1,acme,x\nB,Second,1,1,Other,x\nC,Third,1,1,other,x\nD,Fourth,1,1,,x\nE,Fifth,1,1," + long + ",x\n"
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 5, Created: 4, Failed: 1})
	brands := make(map[int64]string)
	for b, err := range w.Hand().Brands.List(w.Ctx, bigcommerce.BrandFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		brands[b.ID] = b.Name
	}
	got := make(map[string]string)
	for sku, p := range w.products() {
		got[sku] = brands[p.BrandID]
	}
	if d := cmp.Diff(map[string]string{"A": "ACME", "B": "Other", "C": "Other", "D": ""}, got); d != "" {
		t.Error(d)
	}
	if kinds, _ := w.Issues(r, flow.SeverityError); !cmp.Equal(kinds, []string{"6 E brand"}) {
		t.Errorf("errors %v", kinds)
	}
}

func TestCategoriesThatCannotBeCreated(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	long := strings.Repeat("y", 60)
	w.Feed.Body = header + "\nA,First,1,1,bags,good\nB,Second,1,1,bags," + long + "\n"
	r := w.Run()
	w.Want(r, upserttest.Counts{Read: 2, Created: 1, Failed: 1})
	if _, messages := w.Issues(r, flow.SeverityError); !strings.Contains(messages["3 B category"], "60 characters") {
		t.Errorf("errors %v", messages)
	}
}
