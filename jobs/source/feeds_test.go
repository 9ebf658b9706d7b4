package source

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sluice/tenants"
)

// TestRealFiles reads real product files whole, if SLUICE_FEEDS names the folder that has them.
func TestRealFiles(t *testing.T) {
	dir := os.Getenv("SLUICE_FEEDS")
	if dir == "" {
		t.Skip("SLUICE_FEEDS names no folder")
	}
	for name, want := range map[string]struct {
		rows   int
		column string // one of them
		format tenants.Format
		ask    string
	}{
		"01-shopify-apparel.csv":            {rows: 22, column: "Handle"},
		"01b-shopify-jewelery.csv":          {rows: 41, column: "Image Src"},
		"03-woocommerce-sample.csv":         {rows: 24, column: "Regular price"},
		"05-magento2-sample.csv":            {rows: 1994, column: "additional_attributes"},
		"07-bigcommerce-v2-template.csv":    {rows: 1, column: "Product Code/SKU"},
		"10-prestashop-products.csv":        {rows: 2, column: "Name*"},
		"10b-prestashop-combinations.csv":   {rows: 2},
		"11-northwind-products.csv":         {rows: 77, column: "categoryID"},
		"12-adventureworks-product.csv":     {rows: 504},
		"12b-adventureworks-inventory.csv":  {rows: 1069},
		"13-google-atom-feed.xml":           {rows: 957, column: "g:price"},
		"16-pricelist.xlsx":                 {ask: AskSheet, format: tenants.Format{Sheet: "Export Products Sheet"}, rows: 982},
		"19-amazon-inventory-report.txt":    {rows: 4880, column: "asin"},
		"27-bmecat2005.xml":                 {rows: 1, column: "PRODUCT_FEATURES.FEATURE[Netzspannung]"},
		"28-meta-catalog.csv":               {rows: 3, column: "item_group_id"},
		"31-sap-products.csv":               {rows: 35, column: "PRODUCTID"},
		"32-dummyjson-products.json":        {rows: 194, column: "dimensions.width"},
		"34-bigcommerce-v3-CONSTRUCTED.csv": {rows: 43, column: "Item"},
		"36-derived-woo.zip":                {rows: 24, column: "Regular price"},
		"37-derived-woo-utf16.txt":          {rows: 24, column: "Regular price"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			file := File{Size: info.Size(), Complete: true, Filename: name, Open: func(offset int64) (io.ReadCloser, error) {
				f, err := os.Open(path)
				if err == nil {
					_, err = f.Seek(offset, io.SeekStart)
				}
				return f, err
			}}
			found, err := Detect(file, tenants.Format{})
			if err != nil || found.Ask != want.ask {
				t.Fatalf("found %+v, %v", found, err)
			}
			if want.ask != "" {
				if found, err = Detect(file, want.format); err != nil || found.Ask != "" {
					t.Fatalf("found %+v, %v", found, err)
				}
			}
			header, rows := readConverted(t, file, found.Format)
			if len(rows) != want.rows || want.column != "" && !slices.Contains(header, want.column) {
				t.Errorf("%d rows of %q", len(rows), header)
			}
			for _, r := range rows {
				if r.Err != nil {
					t.Errorf("row %d: %v", r.Number, r.Err)
				}
			}
		})
	}
}
