package main

import (
	"fmt"
	"testing"

	"sluice/internal/bigcommerce"
)

// TestFilesOfSystems: files of systems that are told by their header arrive as those mean them, with
// nothing chosen.
func TestFilesOfSystems(t *testing.T) {
	h := newHouse(t, houseOptions{})
	show := func(p *bigcommerce.Product) string {
		return fmt.Sprint(p.Name, " ", p.Price, " ", p.InventoryTracking, " ", p.InventoryLevel, " ", len(p.Categories))
	}
	for name, c := range map[string]valuesCase{
		"BigCommerce's own export": {
			// The rows of variants and pictures are parts of the product before them. Ids that the store
			// does not have are left out: no category is made that is called by them.
			files: []string{"Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Brand ID,Categories,Weight,Is Visible,Image URL (Import)\n" +
				"Product,9012,Tunic,physical,TUNIC,,variant,3,20,37,924;925,1,TRUE,\n" +
				"Variant,77,,,TUNIC-S,Type=Rectangles|Name=Size|Value=S,,3,,,,,,\n" +
				"Image,301,,,,,,,,,,,,https://cdn.example/t.jpg\n" +
				"Product,9013,Bowl,physical,BOWL,,product,4,8,,924,0.4,TRUE,\n"},
			want: map[string]string{"TUNIC": "Tunic 20 variant 0 0", "BOWL": "Bowl 8 product 4 0"},
		},
		"a Magento export": {
			// A translation is no product of its own, and a list of paths no name with a comma.
			files: []string{"sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,weight,product_online,visibility,price,qty,url_key\n" +
				"BAG-1,,Bag,simple,\"Default Category/Gear,Default Category/Gear/Bags\",base,Duffle,1.0000,1,\"Catalog, Search\",34.000000,100.0000,duffle\n" +
				"BAG-1,de,Bag,simple,,base,Tasche,,,,,,\n"},
			want: map[string]string{"BAG-1": "Duffle 34 product 100 2"},
		},
		"an Amazon inventory report": {
			before: []bigcommerce.Fields{{"sku": "OURS", "name": "Ours", "type": "physical", "weight": 1, "price": 5}},
			files:  []string{"sku\tasin\tprice\tquantity\nOURS\tB000000001\t9.95\t3\nTHEIRS\tB000000002\t4.50\t8\n"},
			want:   map[string]string{"OURS": "Ours 9.95 product 3 0"},
		},
	} {
		c.show = show
		t.Run(name, func(t *testing.T) { c.arrives(t, h) })
	}
}
