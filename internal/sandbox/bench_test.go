package sandbox

import (
	"path/filepath"
	"testing"
)

// TestLargeCatalogue holds the design's promise of 100,000 products a store, and that a page, a lookup and
// a write do not copy them.
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
