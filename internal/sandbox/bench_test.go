package sandbox

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestLargeCatalogue holds the design's promise of 100,000 products a store, and that a page, a
// lookup and a write do not copy them.
func TestLargeCatalogue(t *testing.T) {
	r := newRig(t, Options{})
	const n = 100_000
	r.st.SeedProducts(n)
	if a := r.want(200, "GET", "/v3/catalog/products?limit=1&page=99999&include_fields=sku", nil); a.total() != n || a.data()[0]["sku"] != "SEED-099999" {
		t.Errorf("%s", a.raw)
	}
	if a := r.want(200, "GET", "/v3/catalog/products?sku:in=SEED-000001,SEED-100000&include_fields=sku", nil); a.total() != 2 {
		t.Errorf("%s", a.raw)
	}
	r.want(409, "POST", "/v3/catalog/products", `{`+minimal+`,"sku":"seed-050000"}`)
	r.want(200, "PUT", "/v3/catalog/products", `[{"id":50000,"price":1}]`)
	r.want(204, "DELETE", "/v3/catalog/products?id:in=77,78", nil)
	if r.st.Products() != n-2 {
		t.Errorf("%d left", r.st.Products())
	}
	page := &productFilter{}
	if got := testing.AllocsPerRun(10, func() { r.st.cat.search(page, 50_000, 250) }); got > 1 {
		t.Errorf("a page costs %v allocations", got)
	}
}

func BenchmarkCreateProduct(b *testing.B) {
	for _, state := range []string{"memory", "journal"} {
		b.Run(state, func(b *testing.B) {
			o := Options{}
			if state == "journal" {
				o.StateFile = filepath.Join(b.TempDir(), "s.json")
			}
			s, err := New(o)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			st := s.AddStore(StoreSpec{Hash: "bench"})
			b.ResetTimer()
			st.SeedProducts(b.N)
		})
	}
}

func BenchmarkPageOf250(b *testing.B) {
	s, err := New(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	st := s.AddStore(StoreSpec{Hash: "bench"})
	st.SeedProducts(100_000)
	q, err := newQuery("limit=250&page=200")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.listProducts(&call{st: st, q: q})
	}
}

// BenchmarkStock is what a store of 25,000 SKUs in 4 locations costs the sandbox: 2,000 levels a
// write, and a page of 1,000 items.
func BenchmarkStock(b *testing.B) {
	s, err := New(Options{Plan: "enterprise", InventoryDelay: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	st := s.AddStore(StoreSpec{Hash: "bench"})
	st.SeedProducts(25000)
	st.SetTracking("product")
	for _, code := range []string{"A", "B", "C"} {
		st.AddLocation(code, code)
	}
	tok := &token{ClientID: "c", Scopes: s.allScopes()}
	b.Run("write", func(b *testing.B) {
		for n := range b.N {
			var items []string
			for i := range maxInventoryBatch {
				items = append(items, fmt.Sprintf(`{"location_id":%d,"sku":"SEED-%06d","quantity":%d}`, n%4+1, (n*maxInventoryBatch+i)%25000+1, n+1))
			}
			if rep := adjustAbsolute(fuzzCall(st, tok, "PUT", adjust(strings.Join(items, ",")))); rep.status != 200 {
				b.Fatalf("%s", rep.body)
			}
			st.carryOut(s.now())
		}
	})
	b.Run("page", func(b *testing.B) {
		for n := range b.N {
			c := fuzzCall(st, tok, "GET", "")
			c.q, _ = newQuery(fmt.Sprintf("limit=1000&page=%d", n%25+1))
			if rep := listStock(c); rep.status != 200 {
				b.Fatalf("%s", rep.body)
			}
		}
	})
}
