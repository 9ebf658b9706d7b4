package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/internal/sandbox"
	"sluice/tenants"
)

const productsPath = "/v3/catalog/products"

// rows returns a feed of n good rows; price is theirs.
func rows(n int, price string) string {
	var b strings.Builder
	b.WriteString(feedHeader)
	for i := range n {
		fmt.Fprintf(&b, "R-%03d,Row %d,%s,%d\n", i, i, price, i)
	}
	return b.String()
}

// TestPlatformFaults makes BigCommerce fail in many ways. Runs take longer for it, and nothing
// else.
func TestPlatformFaults(t *testing.T) {
	h := newHouse(t, houseOptions{})
	const n = 40
	tests := []struct {
		what   string
		fault  sandbox.Fault
		update bool // strikes a run that changes prices, not the first one
	}{
		{"500s on reads", sandbox.Fault{Method: "GET", Kind: sandbox.Fault500, Times: 2}, false},
		{"503s on creates", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.Fault503, Every: 15, Times: 2}, false},
		{"cut after creates", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.FaultCutAfter, Every: 10, Times: 4}, false},
		{"cut before creates", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.FaultCutBefore, Every: 10, Times: 4}, false},
		{"429 with headers", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.Fault429, Every: 15, Times: 2}, false},
		{"429 without headers", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.Fault429Bare, Every: 20, Times: 2}, false},
		{"429 that says how long", sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.Fault429RetryAfter, MS: 1000, Every: 20, Times: 2}, false},
		{"partial success", sandbox.Fault{Method: "PUT", PathPrefix: productsPath, Kind: sandbox.FaultPartial, Times: 1}, true}, // a second could meet the record that it refused, alone: that is final
		{"500s on updates", sandbox.Fault{Method: "PUT", PathPrefix: productsPath, Kind: sandbox.Fault500, Times: 2}, true},
		{"cut after updates", sandbox.Fault{Method: "PUT", PathPrefix: productsPath, Kind: sandbox.FaultCutAfter, Times: 2}, true},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			t.Parallel()
			s := h.newShop(t)
			price := "1.50"
			want := tenants.Counts{Total: n, Read: n, ToCreate: n, Created: n}
			s.feed(rows(n, price))
			if test.update {
				if r := s.run(); r.Created != n {
					t.Fatalf("%+v", r.Run)
				}
				price = "2.50"
				want = tenants.Counts{Total: n, Read: n, ToUpdate: n, Updated: n}
				s.feed(rows(n, price))
			}
			s.fault(test.fault)
			r := s.run()
			if r.State != tenants.RunDone {
				t.Errorf("run %s: %s", r.State, r.Error)
			}
			if d := cmp.Diff(want, r.Counts); d != "" {
				t.Errorf("counts (-want +got):\n%s\n%+v", d, s.findings(r.ID))
			}
			if throttled := strings.HasPrefix(test.fault.Kind, "429"); throttled != (r.Throttled > 0) {
				t.Errorf("%d requests were throttled", r.Throttled)
			}
			for _, f := range h.sandbox.Faults() {
				if f.Store == s.store.Hash {
					t.Errorf("the fault struck %d times only", f.Struck)
				}
			}
			products := s.products()
			if s.store.Products() != n || len(products) != n {
				t.Errorf("the store has %d products with %d SKUs", s.store.Products(), len(products))
			}
			for sku, p := range products {
				if p.Price.String() != strings.TrimSuffix(price, "0") {
					t.Errorf("%s costs %s", sku, p.Price)
				}
			}
			if again := s.run(); again.Unchanged != n || again.Requests != 0 {
				t.Errorf("afterwards: %+v, %d requests", again.Counts, again.Requests)
			}
		})
	}
}

// TestRefusedTokenPausesAndReinstallGoesOn invalidates the access token in the middle of a run.
func TestRefusedTokenPausesAndReinstallGoesOn(t *testing.T) {
	t.Parallel()
	const n = 400
	s := newHouse(t, houseOptions{}).newShop(t)
	s.fault(sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.FaultLatency, MS: 20})
	s.feed(rows(n, "1.50"))
	r := s.start()
	s.await(r.ID, func(*demoRun) bool { return s.store.Products() >= 50 })
	s.store.InvalidateToken()
	r = s.await(r.ID, func(r *demoRun) bool { return r.State == tenants.RunPaused })
	if s.state() != tenants.StoreNeedsReinstall {
		t.Errorf("the store is %s", s.state())
	}
	// What the merchant may not do meanwhile is said; what was done is seen.
	err := s.merchant.call(t.Context(), http.MethodPost, "/flows/"+s.flow.ID+"/runs", map[string]bool{"dry_run": false}, nil)
	var refused *apiError
	if !errors.As(err, &refused) || refused.Code != problem.NeedsReinstall {
		t.Errorf("a second run: %v", err)
	}
	paused := s.store.Products()
	if paused >= n {
		t.Fatalf("nothing was left to do: %d products", paused)
	}

	s.do(s.merchant.open(t.Context())) // the control panel sends the merchant through the install again
	if s.state() != tenants.StoreActive {
		t.Errorf("after the install the store is %s", s.state())
	}
	if r = s.await(r.ID, nil); r.State != tenants.RunDone || r.Created != n || r.Failed != 0 {
		t.Errorf("run %s: %+v %s", r.State, r.Counts, r.Error)
	}
	if len(s.products()) != n || s.store.Products() != n {
		t.Errorf("the store has %d products", s.store.Products())
	}
}

// TestFixAndRetry fixes the mapping after a run and retries what failed, and nothing else.
func TestFixAndRetry(t *testing.T) {
	t.Parallel()
	s := newHouse(t, houseOptions{}).newShop(t)
	s.feed(feedHeader + "A,First,1.50,1\nB,Second,2/50,1\nC,Third,3/50,1\nA,First again,1,1\n")
	r := s.run()
	if r.State != tenants.RunDone || r.Created != 1 || r.Failed != 3 {
		t.Fatalf("%+v", r.Run)
	}
	fetches := s.fetches.Load()
	s.mapField("price", `number(replace(ListPrice, "/", "."))`)
	mark := s.store.Log().Mark()
	var retry demoRun
	s.call(http.MethodPost, "/runs/"+r.ID+"/retry", map[string]any{}, &retry)
	again := s.await(retry.ID, nil)
	if again.RetryOf != r.ID || again.State != tenants.RunDone || again.Read != 3 || again.Created != 2 || again.Failed != 1 {
		t.Errorf("the retry: %+v", again.Run)
	}
	if s.fetches.Load() != fetches+1 {
		t.Error("the retry did not look whether the feed was fixed")
	}
	if n := s.store.Log().Since(mark).ByMethodPath["POST "+productsPath]; n != 2 {
		t.Errorf("%d creates; routes %v", n, s.store.Log().Since(mark).ByMethodPath)
	}
	if p := s.products(); len(p) != 3 || p["B"].Price != "2.5" || p["C"].Price != "3.5" || p["A"].Name != "First" {
		t.Errorf("%+v", p)
	}
}

// TestCancel cancels a run in the middle. What it wrote stays and is counted, and a new run does
// the rest.
func TestCancel(t *testing.T) {
	t.Parallel()
	const n = 400
	s := newHouse(t, houseOptions{}).newShop(t)
	s.fault(sandbox.Fault{Method: "POST", PathPrefix: productsPath, Kind: sandbox.FaultLatency, MS: 20})
	s.feed(rows(n, "1.50"))
	r := s.start()
	s.await(r.ID, func(*demoRun) bool { return s.store.Products() >= 50 })
	s.call(http.MethodPost, "/runs/"+r.ID+"/cancel", map[string]any{}, nil)
	r = s.await(r.ID, nil)
	if r.State != tenants.RunCancelled || r.Failed != 0 {
		t.Fatalf("run %s: %+v", r.State, r.Counts)
	}
	wrote := s.store.Products()
	if wrote < 50 || wrote >= n || int64(wrote) != r.Created {
		t.Errorf("the store has %d products, the run says %d", wrote, r.Created)
	}
	s.house.sandbox.ClearFaults()
	again := s.run()
	if again.State != tenants.RunDone || again.Created != int64(n-wrote) || again.Unchanged != int64(wrote) {
		t.Errorf("the next run: %+v", again.Run)
	}
	if len(s.products()) != n {
		t.Errorf("the store has %d products", s.store.Products())
	}
}

// TestPaddedSKUsInTheStore has products whose SKUs are padded: BigCommerce does not find them by
// SKU, and refuses a second one.
func TestPaddedSKUsInTheStore(t *testing.T) {
	t.Parallel()
	s := newHouse(t, houseOptions{}).newShop(t)
	s.add(bigcommerce.Fields{"name": "Padded", "sku": "FOO ", "price": 9})
	s.feed(feedHeader + "FOO,Padded,1.50,1\nfoo-2,New,2.50,1\n")
	r := s.run()
	if r.State != tenants.RunDone || r.Updated != 1 || r.Created != 1 || r.Failed != 0 {
		t.Errorf("run %s: %+v\n%+v", r.State, r.Counts, s.findings(r.ID))
	}
	want := []finding{{2, "FOO", "sku", `the store's SKU "FOO " has spaces around it, which hides the product from exact look-ups: it is written as "FOO"`, "warning"}}
	if d := cmp.Diff(want, s.findings(r.ID)); d != "" {
		t.Errorf("what merchants are told (-want +got):\n%s", d)
	}
	s.wantSKUs("FOO", "foo-2")
	if p := s.products()["FOO"]; p == nil || p.Price != "1.5" || s.store.Products() != 2 {
		t.Errorf("%d products, FOO is %+v", s.store.Products(), p)
	}
	if again := s.run(); again.Unchanged != 2 || again.Requests != 0 {
		t.Errorf("afterwards: %+v", again.Run)
	}
}

// TestNamesTakenInTheStore has names that other products have already: one outside the feed, one in
// it.
func TestNamesTakenInTheStore(t *testing.T) {
	h := newHouse(t, houseOptions{})
	const store, feed = "another product of the store", "another product of this file"
	tests := map[string]struct {
		created, failed int64
		names           map[string]string
		severity        string
		says            []string
	}{
		"append_sku": {3, 0, map[string]string{"OTHER": "Table", "T-1": "Table (T-1)", "T-2": "Chair", "T-3": "chair (T-3)"}, "warning",
			[]string{`this one is called "Table (T-1)"`, `this one is called "chair (T-3)"`}},
		"fail": {1, 2, map[string]string{"OTHER": "Table", "T-2": "Chair"}, "error", []string{store, feed}},
	}
	for option, test := range tests {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			s := h.newShop(t)
			s.add(bigcommerce.Fields{"name": "Table", "sku": "OTHER"})
			s.flow.Options = tenants.Options{"repeated_names": option}
			s.saveFlow()
			s.feed(feedHeader + "T-1,Table,1.50,1\nT-2,Chair,2.50,1\nT-3,chair,3.50,1\n")
			r := s.run()
			if r.State != tenants.RunDone || r.Created != test.created || r.Failed != test.failed {
				t.Errorf("run %s: %+v", r.State, r.Counts)
			}
			names := map[string]string{}
			for sku, p := range s.products() {
				names[sku] = p.Name
			}
			if d := cmp.Diff(test.names, names); d != "" {
				t.Errorf("names in the store (-want +got):\n%s", d)
			}
			found := s.findings(r.ID)
			if len(found) != 2 || found[0].Line != 2 || found[0].Key != "T-1" || found[1].Line != 4 || found[1].Key != "T-3" {
				t.Fatalf("merchants are told %+v", found)
			}
			for i, f := range found {
				if f.Field != "name" || f.Severity != test.severity || !strings.Contains(f.Message, test.says[i]) {
					t.Errorf("%+v, want a %s that says %s", f, test.severity, test.says[i])
				}
			}
		})
	}
}
