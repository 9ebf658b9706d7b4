package products

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// world is a World of products.
type world struct{ *upserttest.World }

// What the engine promises of sizes.
const (
	windowBytes   = 16 << 20 // of rows that one plan step reads
	shownValue    = 500      // characters of a value in a preview
	shownBytes    = 2 << 20  // of a preview
	maxPreview    = 50       // rows
	maxRemembered = 8 << 10  // bytes of a product
)

// partsMapping is the mapping of the example feed.
var partsMapping = upserttest.Strict(tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "sku", Expression: "PartNum"},
	{Target: "name", Expression: "PartDescription"},
	{Target: "price", Expression: "number(ListPrice)"},
	{Target: "inventory_level", Expression: "number(OnHand)"},
	{Target: "category", Expression: "path(ProductGroup, Style)"},
	{Target: "type", Expression: `"physical"`},
	{Target: "weight", Expression: "0"},
}})

func newWorld(t testing.TB, p *upserttest.Platform) *world {
	t.Helper()
	return &world{upserttest.NewWorld(t, p, upserttest.Setup{Target: New, Mapping: partsMapping})}
}

// products returns the store's products by SKU; a SKU that two products share fails the test.
func (w *world) products() map[string]*bigcommerce.Product {
	w.Helper()
	out := make(map[string]*bigcommerce.Product)
	for p, err := range w.Hand().Products.List(w.Ctx, bigcommerce.ProductFilter{}) {
		if err != nil {
			w.Fatal(err)
		}
		if out[p.SKU] != nil {
			w.Fatalf("two products have SKU %q", p.SKU)
		}
		out[p.SKU] = p
	}
	return out
}

const header = "PartNum,PartDescription,ListPrice,OnHand,ProductGroup,Style"

// part is one row of the example feed.
func part(sku, name, price, stock string) string {
	return strings.Join([]string{sku, name, price, stock, "bags", "backpack"}, ",")
}

func csv(rows ...string) string { return header + "\n" + strings.Join(rows, "\n") + "\n" }

// parts returns n rows of which some names repeat.
func parts(n int) []string {
	rows := make([]string, n)
	for i := range rows {
		name := fmt.Sprintf("Part %d", i)
		if i%10 == 9 {
			name = fmt.Sprintf("Part %d", i-3)
		}
		rows[i] = fmt.Sprintf("P-%05d,%s,%d.99,%d,group %d,style %d", i, name, i%90+1, i%40, i%85%20, i%85)
	}
	return rows
}
