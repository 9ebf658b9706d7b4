package bigcommerce_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
)

// The simulated platform is held to the official API descriptions: what the client sends and
// expects must suit it, beyond the answers that this package's own tests make up.

type world struct {
	*bigcommerce.Client
	sandbox *sandbox.Sandbox
	store   *sandbox.Store
}

func newWorld(t *testing.T) *world { return newWorldOf(t, sandbox.Options{}) }

func newWorldOf(t *testing.T, o sandbox.Options) *world {
	t.Helper()
	o.Plan = "enterprise"
	s, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	store := s.AddStore(sandbox.StoreSpec{Hash: "abc123", Name: "Client test"})
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := bigcommerce.New(bigcommerce.Config{
		APIURL: testenv.APIProxy(t, s.URLs().API), StoreHash: store.Hash, AccessToken: store.Token(), HTTP: &http.Client{Transport: transport},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	return &world{c, s, store}
}

func (w *world) fault(t *testing.T, f sandbox.Fault) {
	t.Helper()
	if f.Times == 0 {
		f.Times = 1
	}
	if _, err := w.sandbox.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func part(sku string) bigcommerce.Fields {
	return bigcommerce.Fields{"name": "Part " + sku, "sku": sku, "type": "physical", "weight": 0, "price": json.Number("12.50")}
}

func TestSandboxStoreAndHooks(t *testing.T) {
	w := newWorld(t)
	info, err := w.Store.Get(t.Context())
	if err != nil || info.Hash != "abc123" || info.Name != "Client test" || info.Timezone.Name == "" || info.Currency == "" {
		t.Fatalf("%+v, %v", info, err)
	}
	if now, err := w.Store.Time(t.Context()); err != nil || time.Since(now).Abs() > time.Minute {
		t.Errorf("%v, %v", now, err)
	}
	hook, err := w.Hooks.Create(t.Context(), bigcommerce.Hook{
		Scope: "store/product/deleted", Destination: "https://app.example/webhooks", Headers: map[string]string{"x-key": "1"}, IsActive: true,
	})
	if err != nil || hook.ID == 0 || !hook.IsActive || hook.Headers["x-key"] != "1" {
		t.Fatalf("%+v, %v", hook, err)
	}
	if hook, err = w.Hooks.Update(t.Context(), bigcommerce.Hook{ID: hook.ID, IsActive: false}); err != nil || hook.IsActive || hook.Scope != "store/product/deleted" {
		t.Errorf("%+v, %v", hook, err)
	}
	for h, err := range w.Hooks.List(t.Context()) {
		if err != nil || h.ID != hook.ID {
			t.Errorf("%+v, %v", h, err)
		}
	}
	if err := w.Hooks.Delete(t.Context(), hook.ID); err != nil {
		t.Error(err)
	}
	if err := w.Hooks.Delete(t.Context(), hook.ID); !errors.As(err, new(*bigcommerce.NotFoundError)) {
		t.Errorf("%v", err)
	}
	var invalid *bigcommerce.ValidationError
	if _, err := w.Hooks.Create(t.Context(), bigcommerce.Hook{Scope: "store/*"}); !errors.As(err, &invalid) || invalid.Fields["destination"] == "" {
		t.Errorf("%v", err)
	}
}

func TestSandboxCatalogue(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	trees, err := w.Categories.Trees(ctx)
	if err != nil || len(trees) == 0 {
		t.Fatalf("%v, %v", trees, err)
	}
	tree := trees[0].ID
	top, err := w.Categories.Create(ctx, []bigcommerce.Category{{Name: "Tools", TreeID: tree}})
	if err != nil || len(top) != 1 || top[0].ID == 0 {
		t.Fatalf("%+v, %v", top, err)
	}
	children, err := w.Categories.Create(ctx, []bigcommerce.Category{
		{Name: "Hammers", TreeID: tree, ParentID: top[0].ID}, {Name: "Saws", TreeID: tree, ParentID: top[0].ID},
	})
	if err != nil || len(children) != 2 || children[1].ParentID != top[0].ID {
		t.Fatalf("%+v, %v", children, err)
	}
	var names []string
	for c, err := range w.Categories.List(ctx, bigcommerce.CategoryFilter{ParentIDs: []int64{top[0].ID}, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, c.Name)
	}
	if slices.Sort(names); !slices.Equal(names, []string{"Hammers", "Saws"}) {
		t.Errorf("children %v", names)
	}

	brand, err := w.Brands.Create(ctx, bigcommerce.Brand{Name: "Common Good"})
	if err != nil || brand.ID == 0 {
		t.Fatalf("%+v, %v", brand, err)
	}
	if _, err := w.Brands.Create(ctx, bigcommerce.Brand{Name: "Common Good"}); !errors.As(err, new(*bigcommerce.ConflictError)) {
		t.Errorf("%v", err)
	}
	for b, err := range w.Brands.List(ctx, bigcommerce.BrandFilter{Name: "Common Good"}) {
		if err != nil || b.ID != brand.ID {
			t.Errorf("%+v, %v", b, err)
		}
	}

	hammer := part("H-1")
	hammer["categories"], hammer["brand_id"] = []int64{children[0].ID}, brand.ID
	hammer["description"] = `<p title="5 > 4">Nuts & bolts</p>`
	created, err := w.Products.Create(ctx, hammer, "name", "sku", "price")
	if err != nil || created["id"] == nil || created["description"] != nil {
		t.Fatalf("%v, %v", created, err)
	}
	if _, err := w.Products.Create(ctx, hammer); !errors.As(err, new(*bigcommerce.ConflictError)) {
		t.Errorf("%v", err)
	}
	result, err := w.Products.Update(ctx, []bigcommerce.Fields{{"id": created["id"], "price": 13}}, "price")
	if err != nil || len(result.Data) != 1 || len(result.Errors) != 0 || fmt.Sprint(result.Data[0]["price"]) != "13" {
		t.Errorf("%+v, %v", result, err)
	}
	var id int64
	for p, err := range w.Products.List(ctx, bigcommerce.ProductFilter{SKU: "H-1", Include: []string{"variants"}}) {
		if err != nil {
			t.Fatal(err)
		}
		id = p.ID
		if p.BrandID != brand.ID || !slices.Equal(p.Categories, []int64{children[0].ID}) || p.Description != hammer["description"] ||
			len(p.Variants) != 1 || p.Variants[0].ID != p.BaseVariantID || p.DateModified.IsZero() {
			t.Errorf("%+v", p)
		}
	}
	for v, err := range w.Variants.List(ctx, bigcommerce.VariantFilter{ProductIDs: []int64{id}}) {
		if err != nil || v.ProductID != id || v.SKU != "H-1" {
			t.Fatalf("%+v, %v", v, err)
		}
		if res, err := w.Variants.Update(ctx, []bigcommerce.Fields{{"id": v.ID, "inventory_level": 4}}); err != nil || len(res.Data) != 1 {
			t.Errorf("%+v, %v", res, err)
		}
	}
	var invalid *bigcommerce.ValidationError
	_, err = w.Products.Create(ctx, bigcommerce.Fields{"name": strings.Repeat("x", 300)})
	if !errors.As(err, &invalid) || invalid.Fields["name"] == "" || invalid.Fields["price"] == "" {
		t.Errorf("%v", err)
	}
	if err := w.Products.Delete(ctx, []int64{id}); err != nil || w.store.Products() != 0 {
		t.Errorf("%d products left, %v", w.store.Products(), err)
	}
}

// Awkward SKUs are found again by the lookups made for them.
func TestSandboxSKULookups(t *testing.T) {
	w := newWorld(t)
	skus := []string{"plain", "with space", "a/b", "a,b", "ÄÖ-ß", "50%+2", "q?x=1&y#2", "部品-1", `"quoted"`}
	want := map[string]bool{}
	for _, sku := range skus {
		if _, err := w.Products.Create(t.Context(), part(sku)); err != nil {
			t.Fatal(err)
		}
		want[sku] = true
	}
	for _, filter := range bigcommerce.SKULookups(skus) {
		for p, err := range w.Products.List(t.Context(), filter) {
			if err != nil {
				t.Fatal(err)
			}
			if !want[p.SKU] {
				t.Errorf("%q was found twice, or for nothing", p.SKU)
			}
			delete(want, p.SKU)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestSandboxPages(t *testing.T) {
	w := newWorld(t)
	w.store.SeedProducts(501)
	seen := map[int64]bool{}
	for p, err := range w.Products.List(t.Context(), bigcommerce.ProductFilter{IncludeFields: []string{"sku"}}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[p.ID] = true
	}
	if n := w.store.Log().Counts().Total; len(seen) != 501 || n != 3 {
		t.Errorf("%d products in %d requests, want 501 in 3", len(seen), n)
	}
	data, at, err := w.Products.ListPage(t.Context(), bigcommerce.ProductFilter{IncludeFields: []string{"sku", "price"}}, 3)
	if err != nil || len(data) != 1 || at.Total != 501 || at.TotalPages != 3 {
		t.Fatalf("%v, %+v, %v", data, at, err)
	}
	if _, ok := data[0]["id"].(json.Number); !ok || data[0]["name"] != nil {
		t.Errorf("include_fields gave %v", data[0])
	}
}

func TestSandboxFaults(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	created, err := w.Products.Create(ctx, part("A"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := w.Products.Create(ctx, part("B"))
	if err != nil {
		t.Fatal(err)
	}
	batch := []bigcommerce.Fields{{"id": created["id"], "price": 2}, {"id": second["id"], "price": 2}}

	for _, kind := range []string{sandbox.Fault500, sandbox.FaultCutBefore, sandbox.FaultCutAfter} {
		w.fault(t, sandbox.Fault{Kind: kind, Method: "PUT", Times: 2})
		if res, err := w.Products.Update(ctx, batch); err != nil || len(res.Data) != 2 {
			t.Errorf("%s: %+v, %v", kind, res, err)
		}
		sku, before := "POST "+kind, w.store.Log().Counts().ByMethodPath["POST /v3/catalog/products"]
		w.fault(t, sandbox.Fault{Kind: kind, Method: "POST"})
		var away *bigcommerce.UnavailableError
		if _, err := w.Products.Create(ctx, part(sku)); !errors.As(err, &away) || !away.Sent {
			t.Errorf("%s: %v", kind, err)
		}
		if n := w.store.Log().Counts().ByMethodPath["POST /v3/catalog/products"] - before; n > 1 {
			t.Errorf("%s: a POST was sent %d times", kind, n)
		}
		found := 0
		for range w.Products.List(ctx, bigcommerce.ProductFilter{SKU: sku}) {
			found++
		}
		if want := kind == sandbox.FaultCutAfter; (found == 1) != want {
			t.Errorf("%s: looking the SKU up found %d", kind, found)
		}
		w.sandbox.ClearFaults()
	}

	w.fault(t, sandbox.Fault{Kind: sandbox.FaultPartial, Method: "PUT"})
	if res, err := w.Products.Update(ctx, batch); err != nil || len(res.Errors) == 0 {
		t.Errorf("207: %+v, %v", res, err)
	}
	for kind, check := range map[string]func(*bigcommerce.RateLimitError) bool{
		sandbox.Fault429:           func(e *bigcommerce.RateLimitError) bool { return e.HasQuota && e.Left == 0 && e.Wait() > 0 },
		sandbox.Fault429Bare:       func(e *bigcommerce.RateLimitError) bool { return !e.HasQuota && !e.HasRetryAfter && e.Wait() == 0 },
		sandbox.Fault429RetryAfter: func(e *bigcommerce.RateLimitError) bool { return !e.HasQuota && e.RetryAfter == 7*time.Second },
	} {
		w.fault(t, sandbox.Fault{Kind: kind, MS: 7000})
		var limited *bigcommerce.RateLimitError
		if _, err := w.Store.Time(ctx); !errors.As(err, &limited) || !check(limited) {
			t.Errorf("%s: %v", kind, err)
		}
		w.sandbox.ClearFaults()
	}
	w.fault(t, sandbox.Fault{Kind: sandbox.Fault401})
	if _, err := w.Store.Get(ctx); !errors.As(err, new(*bigcommerce.UnauthorizedError)) {
		t.Errorf("%v", err)
	}
}
