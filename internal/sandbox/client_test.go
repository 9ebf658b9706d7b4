package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
)

// The app's own client meets the sandbox here: what it sends is accepted, what it is answered it
// understands, and each error comes out as the kind it is.

func newClient(t *testing.T, r *rig) *bigcommerce.Client {
	t.Helper()
	c, err := bigcommerce.New(bigcommerce.Config{APIURL: r.s.URLs().API, StoreHash: r.st.Hash, AccessToken: r.token, HTTP: r.http,
		Sleep: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOurClient(t *testing.T) {
	r := newRig(t, Options{Plan: "pro"})
	c, ctx := newClient(t, r), within(t)

	info, err := c.Store.Get(ctx)
	if err != nil || info.Name != "Test store" || info.PlanName != "Pro" {
		t.Errorf("store: %+v, %v", info, err)
	}
	if at, err := c.Store.Time(ctx); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("time: %s, %v", at, err)
	}
	classes := 0
	for _, err := range c.Store.TaxClasses(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		classes++
	}
	if classes != len(taxClasses) {
		t.Errorf("%d tax classes", classes)
	}
	trees, err := c.Categories.Trees(ctx)
	if err != nil || len(trees) != 1 {
		t.Fatalf("trees: %v, %v", trees, err)
	}
	cats, err := c.Categories.Create(ctx, []bigcommerce.Category{{Name: "Bath", TreeID: trees[0].ID}, {Name: "Kitchen", TreeID: trees[0].ID}})
	if err != nil || len(cats) != 2 {
		t.Fatalf("categories: %v, %v", cats, err)
	}
	brand, err := c.Brands.Create(ctx, bigcommerce.Brand{Name: "Acme"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.Products.Create(ctx, bigcommerce.Fields{"name": "One", "sku": "S1", "type": "physical", "weight": 1, "price": json.Number("12.50"),
		"brand_id": brand.ID, "categories": []int64{cats[0].ID}}, "sku", "price")
	if err != nil || made["sku"] != "S1" {
		t.Fatalf("product: %v, %v", made, err)
	}
	for p, err := range c.Products.List(ctx, bigcommerce.ProductFilter{SKUs: []string{"S1", "S2"}, Include: []string{"variants"}}) {
		if err != nil {
			t.Fatal(err)
		}
		if p.Price != "12.5" || p.Variants[0].SKU != "S1" || p.BrandID != brand.ID || p.Categories[0] != cats[0].ID {
			t.Errorf("%+v", p)
		}
	}
	res, err := c.Products.Update(ctx, []bigcommerce.Fields{{"id": 77, "price": 3}})
	if err != nil || len(res.Data) != 1 || res.Errors != nil {
		t.Errorf("update: %+v, %v", res, err)
	}
	if res, err := c.Variants.Update(ctx, []bigcommerce.Fields{{"id": 1, "price": 4}}); err != nil || len(res.Data) != 1 {
		t.Errorf("variants: %+v, %v", res, err)
	}
	hook, err := c.Hooks.Create(ctx, bigcommerce.Hook{Scope: "store/product/deleted", Destination: "https://app.example/h", IsActive: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Hooks.Delete(ctx, hook.ID); err != nil {
		t.Error(err)
	}
	if err := c.Products.Delete(ctx, []int64{77, 78}); err != nil || r.st.Products() != 0 {
		t.Errorf("delete: %v, %d left", err, r.st.Products())
	}
}

func TestOurClientPages(t *testing.T) {
	r := newRig(t, Options{})
	r.st.SeedProducts(620)
	var ids []int64
	for p, err := range newClient(t, r).Products.List(within(t), bigcommerce.ProductFilter{IncludeFields: []string{"sku"}}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	if len(ids) != 620 || !slices.IsSorted(ids) || r.st.Log().Counts().Total != 3 {
		t.Errorf("%d products in %d requests", len(ids), r.st.Log().Counts().Total)
	}
}

// as reports whether err is of kind T and returns its fields.
func as[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}

func TestOurClientUnderstandsErrors(t *testing.T) {
	r := newRig(t, Options{Plan: "standard"})
	c, ctx := newClient(t, r), within(t)
	product := func(name, sku string) bigcommerce.Fields {
		return bigcommerce.Fields{"name": name, "sku": sku, "type": "physical", "weight": 1, "price": 1}
	}
	for _, p := range []bigcommerce.Fields{product("One", "S1"), product("Two", "S2")} {
		if _, err := c.Products.Create(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	fields := func(err error) map[string]string {
		var e *bigcommerce.APIError
		if !errors.As(err, &e) {
			t.Fatalf("%v", err)
		}
		return e.Fields
	}
	_, err := c.Products.Create(ctx, product("ONE", "S3"))
	if !as[*bigcommerce.ConflictError](err) || fields(err)["name"] == "" {
		t.Errorf("name: %v", err)
	}
	_, err = c.Products.Create(ctx, product("Three", "s1 "))
	if !as[*bigcommerce.ConflictError](err) || fields(err)["sku"] == "" {
		t.Errorf("sku: %v", err)
	}
	_, err = c.Products.Create(ctx, bigcommerce.Fields{"name": "x"})
	if !as[*bigcommerce.ValidationError](err) || fields(err)["price"] == "" {
		t.Errorf("missing: %v", err)
	}
	_, err = c.Products.Update(ctx, []bigcommerce.Fields{{"id": 77, "price": 2}, {"id": 78, "price": "x"}})
	if !as[*bigcommerce.ValidationError](err) || fields(err)["1.price"] == "" {
		t.Errorf("batch: %v", err)
	}
	_, err = c.Products.Update(ctx, []bigcommerce.Fields{{"id": 77, "price": 2}, {"id": 78, "name": "one"}})
	if !as[*bigcommerce.ConflictError](err) || fields(err)["1.name"] == "" {
		t.Errorf("batch conflict: %v", err)
	}
	if _, err = c.Products.Update(ctx, []bigcommerce.Fields{{"id": 999, "price": 2}}); !as[*bigcommerce.NotFoundError](err) {
		t.Errorf("unknown id: %v", err)
	}
	if _, err := c.Categories.Create(ctx, []bigcommerce.Category{{Name: strings.Repeat("x", 51), TreeID: 1}}); !as[*bigcommerce.ValidationError](err) || fields(err)["0.name"] == "" {
		t.Errorf("category: %v", err)
	}
	res, err := c.Products.Update(ctx, []bigcommerce.Fields{{"id": 77, "custom_url": map[string]any{"url": "/two/"}, "price": 5}})
	if err != nil || len(res.Data) != 1 || len(res.Errors) == 0 || res.Errors[0].Fields["0.custom_url"] == "" {
		t.Errorf("taken URL: %+v, %v", res, err)
	}
	fault := func(f Fault) {
		r.s.ClearFaults()
		if _, err := r.s.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	fault(Fault{Kind: FaultPartial, Times: 1})
	if made, err := c.Products.Create(ctx, product("Partial", "P1")); !as[*bigcommerce.PartialError](err) || made["sku"] != "P1" {
		t.Errorf("partial: %v, %v", made, err)
	}
	fault(Fault{Kind: Fault500, Times: 1})
	if _, err := c.Store.Time(ctx); err != nil { // a GET is tried again
		t.Errorf("500: %v", err)
	}
	fault(Fault{Kind: FaultCutAfter, Method: "POST", Times: 1})
	var gone *bigcommerce.UnavailableError
	if _, err := c.Products.Create(ctx, product("Cut", "C1")); !errors.As(err, &gone) || !gone.Sent {
		t.Errorf("cut: %v", err)
	}
	fault(Fault{Kind: Fault429RetryAfter, MS: 2000, Times: 1})
	var slow *bigcommerce.RateLimitError
	if _, err := c.Store.Time(ctx); !errors.As(err, &slow) || slow.HasQuota || slow.RetryAfter != 2*time.Second {
		t.Errorf("429: %v", err)
	}
	fault(Fault{Kind: Fault503RetryAfter, MS: 30_000, Times: 1})
	var away *bigcommerce.UnavailableError
	if _, err := c.Brands.Create(ctx, bigcommerce.Brand{Name: "x"}); !errors.As(err, &away) || bigcommerce.RetryAfter(err) != 30*time.Second || away.Type != "SERVICE_DEGRADED" {
		t.Errorf("503: %v", err)
	}
	if r.token = r.st.Token("store_v2_information_read_only"); true {
		if _, err := newClient(t, r).Products.Create(ctx, product("x", "x")); !as[*bigcommerce.ForbiddenError](err) {
			t.Errorf("scope: %v", err)
		}
	}
	r.token = "unknown"
	if _, err := newClient(t, r).Brands.Create(ctx, bigcommerce.Brand{Name: "x"}); !as[*bigcommerce.UnauthorizedError](err) {
		t.Errorf("token: %v", err)
	}
}

// The client's classes of endpoints and the sandbox's limits were read from the same descriptions;
// the client leaves out limits that no store of its comes near.
func TestConcurrencyAgreesWithTheClientsClasses(t *testing.T) {
	r := newRig(t, Options{})
	atOnce := map[string]int{}
	for _, c := range bigcommerce.Classes() {
		atOnce[c.Name] = c.AtOnce
	}
	limited := 0
	for _, rt := range r.s.apiRoutes() {
		class := bigcommerce.ClassOf(rt.method, strings.ReplaceAll(rt.path, "{id}", "1"))
		if class != "" {
			limited++
		}
		if rt.concurrent != atOnce[class] && (class != "" || rt.concurrent < 25) {
			t.Errorf("%s %s: %d at once here, class %q has %d", rt.method, rt.path, rt.concurrent, class, atOnce[class])
		}
	}
	if limited < 3 {
		t.Errorf("%d endpoints have a class", limited)
	}
}

// The table that the sandbox judges by and the catalogue that the app validates with were made
// apart from the same description; they must agree.
func TestFieldTableAgreesWithTheGeneratedCatalogue(t *testing.T) {
	types := map[kind]string{kString: "string", kNumber: "number", kInteger: "integer", kBool: "boolean", kStrings: "array", kIntegers: "array",
		kNumbers: "array", kObject: "object", kObjects: "array"}
	ours := map[string]bool{}
	for _, f := range productFields {
		ours[f.name] = true
		g, ok := bigcommerce.ProductField(f.name)
		if !ok {
			t.Errorf("%s is not in the catalogue", f.name)
			continue
		}
		same := func(a, b *float64) bool { return a == b || a != nil && b != nil && *a == *b }
		if g.Type != types[f.kind] || g.Required != f.required || g.ReadOnly != f.readOnly || g.MinLength != f.minLen || g.MaxLength != f.maxLen ||
			g.Nullable != f.nullable || !slices.Equal(g.Enum, f.enum) || !same(g.Minimum, f.min) || !same(g.Maximum, f.max) {
			t.Errorf("%s: %+v here, %+v in the catalogue", f.name, f, g)
		}
		if listed := shownField(f.name) && !slices.Contains(notInIncludeFields, f.name); listed == g.Unselectable {
			t.Errorf("%s: include_fields takes it: %t; the catalogue says unselectable: %t", f.name, listed, g.Unselectable)
		}
	}
	for _, g := range bigcommerce.ProductFields() {
		if !ours[g.Name] && !g.ReadOnly && g.Name != "variants" {
			t.Errorf("%s may be written but is not in the sandbox's table", g.Name)
		}
	}
}
