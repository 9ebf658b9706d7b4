package bigcommerce

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkListPage decodes a page of 250 products, as a sync reads a catalogue: with every field,
// and with the few that are mapped.
func BenchmarkListPage(b *testing.B) {
	const mapped = `{"id":%d,"sku":"SKU-%[1]d","name":"Part %[1]d","price":12.5,"inventory_level":3,"categories":[23,21],"brand_id":36}`
	for name, product := range map[string]string{"mapped": mapped, "all": strings.Replace(aProduct, "174", "%d", 1)} {
		items := make([]string, MaxPageSize)
		for i := range items {
			items[i] = fmt.Sprintf(product, i+1)
		}
		body := `{"data":[` + strings.Join(items, ",") + `],` + onePage + `}`
		b.Run(name, func(b *testing.B) {
			server := httptest.NewServer(answer(http.StatusOK, body))
			defer server.Close()
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			c, err := New(Config{APIURL: server.URL, StoreHash: testHash, AccessToken: testToken, HTTP: &http.Client{Transport: transport}})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				data, _, err := c.Products.ListPage(b.Context(), ProductFilter{}, 1)
				if err != nil || len(data) != MaxPageSize {
					b.Fatalf("%d products, %v", len(data), err)
				}
			}
		})
	}
}

// BenchmarkSKULookups plans how to look up a feed of 2,500 keys.
func BenchmarkSKULookups(b *testing.B) {
	skus := make([]string, 2500)
	for i := range skus {
		skus[i] = fmt.Sprintf("PART-%05d/A", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(SKULookups(skus)); n != 10 {
			b.Fatalf("%d lookups", n)
		}
	}
}
