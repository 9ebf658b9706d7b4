package main

import "sluice/tenants"

// realFiles are the files that TestRealFiles looks for, by name.
var realFiles = map[string]systemFile{
	"01-shopify-apparel.csv":            {counted: "20 brand 20 images 20 variants 3 varied 1", creates: 20},
	"01b-shopify-jewelery.csv":          {counted: "20 brand 20 categories 20 images 41 variants 6 varied 3 weight 1", creates: 20},
	"03-woocommerce-sample.csv":         {counted: "13 categories 13 digital 2 fields 6 hidden 1 images 18 sale 5 variants 9 varied 2", creates: 13},
	"05-magento2-sample.csv":            {counted: "147 categories 147 fields 1310 images 398 stock 147 variants 1847 varied 147 weight 147", creates: 147, answers: map[string]string{"images": "https://shop.example/media/catalog/product"}},
	"07-bigcommerce-v2-template.csv":    {counted: "1 categories 1 weight 1", creates: 1},
	"10-prestashop-products.csv":        {counted: "2 brand 2 categories 2 fields 4 images 4 stock 2 weight 1", creates: 2},
	"11-northwind-products.csv":         {counted: "77 disabled 8 fields 77 stock 77", creates: 77},
	"12-adventureworks-product.csv":     {counted: "504 disabled 98 fields 467 free 200 weight 205", creates: 504, told: []string{"its price is 0"}},
	"13-google-atom-feed.xml":           {counted: "957 brand 957 categories 957 fields 264 free 3 gtin 956 images 956", creates: 957, contentType: "application/xml"},
	"16-pricelist.xlsx":                 {counted: "982 brand 982 categories 982 fields 3191 images 982", creates: 982, contentType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", format: tenants.Format{Sheet: "Export Products Sheet"}},
	"19-amazon-inventory-report.txt":    {counted: "0"},
	"27-bmecat2005.xml":                 {counted: "1 brand 1 fields 1 gtin 1 images 1 weight 1", creates: 1, contentType: "application/xml", answers: map[string]string{"images": "https://example.com/images"}},
	"28-meta-catalog.csv":               {counted: "3 brand 3 categories 3 fields 12 images 3 sale 3 weight 3", creates: 3},
	"31-sap-products.csv":               {counted: "0"},
	"32-dummyjson-products.json":        {counted: "194 brand 102 categories 194 images 474 stock 194 weight 194", creates: 194, contentType: "application/json"},
	"34-bigcommerce-v3-CONSTRUCTED.csv": {counted: "20 fields 20 images 20 stock 20 variants 3 varied 1 weight 20", creates: 20},
	"36-derived-woo.zip":                {counted: "13 categories 13 digital 2 fields 6 hidden 1 images 18 sale 5 variants 9 varied 2", creates: 13, contentType: "application/zip"},
	"37-derived-woo-utf16.txt":          {counted: "13 categories 13 digital 2 fields 6 hidden 1 images 18 sale 5 variants 9 varied 2", creates: 13, contentType: "text/plain"},
}
