package main

import (
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
)

// systemFiles are small files of the shapes that systems export.
var systemFiles = map[string]systemFile{
	"BigCommerce's own export": {
		// The rows of variants and pictures are parts of the product before them. Ids that the store
		// does not have are left out: no category is made that is called by them.
		body: "Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Brand ID,Categories,Weight,Is Visible,Image URL (Import)\n" +
			"Product,9012,Tunic,physical,TUNIC,,variant,3,20,37,924;925,1,TRUE,\n" +
			"Variant,77,,,TUNIC-S,Type=Rectangles|Name=Size|Value=S,,3,,,,,,\n" +
			"Variant,78,,,TUNIC-M,Type=Rectangles|Name=Size|Value=M,,4,,,,,,\n" +
			"Image,301,,,,,,,,,,,,https://cdn.example/t.jpg\n" +
			"Product,9013,Bowl,physical,BOWL,,product,4,8,,924,0.4,TRUE,\n",
		creates: 2,
		want: []string{
			"BOWL: Bowl 8, 0.4 oz, stock 4",
			"TUNIC: Tunic 20, 1 oz, 1 images, [TUNIC-S S <nil> stock 3], [TUNIC-M M <nil> stock 4]",
		},
	},
	"Shopify": {
		// Rows of one handle are one product, rows with a picture only add it, and grams are grams.
		body: "Handle,Title,Body (HTML),Vendor,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Requires Shipping,Image Src,Image Position,Image Alt Text,Variant Image,Variant Weight Unit\n" +
			"tee,Tee,<p>Soft</p>,Acme,\"men, soft\",true,Size,S,Colour,Red,TEE-S-R,283.5,shopify,3,20,true,https://pics.example/1.jpg,1,Front,https://pics.example/r.jpg,g\n" +
			"tee,,,,,,,M,,Red,TEE-M-R,283.5,shopify,4,21,true,https://pics.example/2.jpg,2,Back,,g\n" +
			"tee,,,,,,,,,,,,,,,,https://pics.example/3.jpg,3,,,\n" +
			"mug,Mug,,Acme,,false,Title,Default Title,,,MUG-1,567,shopify,5,9,true,https://pics.example/4.jpg,1,,,g\n",
		creates: 2,
		want: []string{
			"MUG-1: Mug 9, 20 oz, stock 5, hidden, brand, 1 images",
			"tee: Tee 20, 10 oz, brand, 3 images, [TEE-S-R S/Red 20 stock 3], [TEE-M-R M/Red 21 stock 4]",
		},
	},
	"WooCommerce": {
		body: "ID,Type,SKU,Name,Published,Short description,Description,In stock?,Stock,Weight (kg),Sale price,Regular price,Categories,Images,Parent,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 2 name,Attribute 2 value(s)\n" +
			"10,variable,HOOD,Hoodie,1,,Warm,1,,,,,Clothing > Hoodies,\"https://pics.example/a.png, https://pics.example/b.png\",,Color,\"Red, Blue\",1,Brand of wool,Merino\n" +
			"11,variation,HOOD-R,Hoodie - Red,1,,,1,4,0.5,,45,,https://pics.example/r.png,HOOD,Color,Red,1,,\n" +
			"12,variation,HOOD-B,Hoodie - Blue,1,,,1,6,0.5,40,45,,,HOOD,Color,Blue,1,,\n" +
			"13,\"simple, downloadable, virtual\",SONG,Song,0,,,1,,,2,3,Music,,,,,,,\n" +
			"14,grouped,SET,Set,1,,,1,,,,,Clothing,,,,,,,\n",
		creates: 2, told: []string{"grouped"},
		want: []string{
			"HOOD: Hoodie 45, 17.64 oz, 1 categories, 2 images, Brand of wool=Merino, [HOOD-R Red 45 stock 4], [HOOD-B Blue 45 stock 6]",
			"SONG: Song 3, sale 2, digital, hidden, 1 categories",
		},
	},
	"Magento": {
		// A translation is no product of its own, and a list of paths no name with a comma. Simple
		// products that a configurable one names are its variants, also before it.
		body: "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,weight,product_online,visibility,price,special_price,qty,url_key,base_image,additional_images,additional_attributes,configurable_variations\n" +
			"BAG-1,,Bag,simple,\"Default Category/Gear,Default Category/Gear/Bags\",base,Duffle,,1.0000,1,\"Catalog, Search\",34.000000,30,100.0000,duffle,/d/u/duffle.jpg,\"/d/u/2.jpg,/d/u/3.jpg\",\"material=Canvas\",\n" +
			"BAG-1,de,Bag,simple,,base,Tasche,,,,,,,,,,,,\n" +
			"TOP-S,,Top,simple,,base,Top-S,,0.5,1,Not Visible Individually,20,,7,top-s,/t/o/s.jpg,,\"size=S,material=Wool\",\n" +
			"TOP-M,,Top,simple,,base,Top-M,,0.5,1,Not Visible Individually,22,,8,top-m,,,\"size=M,material=Wool\",\n" +
			"TOP,,Top,configurable,Default Category/Tops,base,Top,,,1,\"Catalog, Search\",,,0,top,/t/o/top.jpg,,material=Wool,\"sku=TOP-S,size=S|sku=TOP-M,size=M\"\n",
		answers: map[string]string{"images": "https://shop.example/media/catalog/product"}, creates: 2,
		want: []string{
			"BAG-1: Duffle 34, sale 30, 1 oz, stock 100, 2 categories, 3 images, material=Canvas",
			"TOP: Top 20, 0.5 oz, 1 categories, 1 images, material=Wool, [TOP-S S 20 stock 7], [TOP-M M 22 stock 8]",
		},
	},
	"PrestaShop": {
		body: "id;Active (0/1);Name*;Categories (x,y,z,...);Price tax excl.;Wholesale price;Reference #;Supplier reference #;Manufacturer;EAN13;Weight;Quantity;Description;Tags (x,y,z,...);Image URLs (x,y,z,...);Condition;Feature:Height;Feature:Battery Life\n" +
			"1;1;iPod;Home, iPods;49;20;REF-1;SUP-1;Apple;;0.5;800;Small;apple, ipod;http://pics.example/1.jpg, http://pics.example/2.jpg;new;10 cm;12h;\n" +
			"2;0;Case;Home;9.5;;REF-2;;Apple;;0;0;;;;new;5 cm;;\n",
		creates: 2,
		want: []string{
			"REF-1: iPod 49, 0.5 oz, stock 800, brand, 2 categories, 2 images, Battery Life=12h, Height=10 cm",
			"REF-2: Case 9.5, stock 0, hidden, brand, 1 categories, Height=5 cm",
		},
	},
	"Northwind": {
		body: "productID,productName,supplierID,categoryID,quantityPerUnit,unitPrice,unitsInStock,unitsOnOrder,reorderLevel,discontinued\n" +
			"1,Chai,1,1,10 boxes x 20 bags,18.00,39,0,10,0\n5,Gumbo Mix,2,2,36 boxes,21.35,0,0,0,1\n",
		creates: 2,
		want: []string{
			"1: Chai 18, stock 39, Quantity per unit=10 boxes x 20 bags",
			"5: Gumbo Mix 21.35, stock 0, disabled, Quantity per unit=36 boxes",
		},
	},
	"AdventureWorks": {
		// The unit of a weight is in a column of its own, and the first rows have none.
		body: "ProductID,Name,ProductNumber,MakeFlag,FinishedGoodsFlag,Color,SafetyStockLevel,ReorderPoint,StandardCost,ListPrice,Size,SizeUnitMeasureCode,WeightUnitMeasureCode,Weight,SellEndDate,DiscontinuedDate\n" +
			strings.Join(many(30, "%[1]d,Nut %[1]d,NU-%[1]d,False,False,,1000,750,0,1.5,,,,,,\n"), "") +
			"680,Frame,FR-58,True,True,Black,500,375,1059.31,1431.5,58,CM,LB,2.24,,\n" +
			"700,Pedal,PD-1,False,True,Silver,500,375,10,20,,,G,283.5,2013-05-29,\n",
		creates: 32,
		want:    append(many(30, "NU-%[1]d: Nut %[1]d 1.5"), "FR-58: Frame 1431.5, 35.84 oz, Color=Black, Size=58", "PD-1: Pedal 20, 10 oz, disabled, Color=Silver"),
	},
	"Google Merchant": {
		contentType: "application/xml",
		body: `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>` +
			`<entry><g:id>1</g:id><g:title>Cup &amp;amp; Co</g:title><g:description>Big</g:description><g:link>https://old.example/1</g:link><g:price>40.99 USD</g:price><g:brand>Acme</g:brand><g:gtin>4006381333931</g:gtin><g:product_type>Home &gt; Cups</g:product_type><g:image_link>https://pics.example/1.jpg</g:image_link><g:availability>in stock</g:availability><g:condition>new</g:condition></entry>` +
			`<entry><g:id>2</g:id><g:title>Plate</g:title><g:description>Flat</g:description><g:link>https://old.example/2</g:link><g:price>5.00 USD</g:price><g:brand>Acme</g:brand><g:gtin>4006381333932</g:gtin><g:product_type>Home</g:product_type><g:image_link>https://pics.example/2.jpg</g:image_link><g:availability>in stock</g:availability><g:condition>new</g:condition></entry></feed>`,
		creates: 2, told: []string{"wrong last digit"},
		want: []string{
			"1: Cup & Co 40.99, gtin 4006381333931, brand, 1 categories, 1 images",
			"2: Plate 5, gtin 4006381333932, brand, 1 categories, 1 images",
		},
	},
	"Google Merchant, whose ids are repeated": {
		body: "id\ttitle\tdescription\tlink\tprice\tbrand\tmpn\timage_link\tavailability\tcondition\n" +
			"7\tCup\tBig\thttps://old.example/1\t4.50 USD\tAcme\tC-1\thttps://pics.example/1.jpg\tin stock\tnew\n" +
			"7\tPot\tBig\thttps://old.example/2\t5.50 USD\tAcme\tP-1\thttps://pics.example/2.jpg\tin stock\tnew\n" +
			"\tPan\tBig\thttps://old.example/3\t6.50 USD\tAcme\tP-2\thttps://pics.example/3.jpg\tin stock\tnew\n",
		creates: 3,
		want: []string{
			"C-1: Cup 4.5, brand, 1 images",
			"P-1: Pot 5.5, brand, 1 images",
			"P-2: Pan 6.5, brand, 1 images",
		},
	},
	"Meta": {
		body: "id,title,description,availability,condition,price,link,image_link,brand,google_product_category,item_group_id,color,size,shipping_weight,gtin\n" +
			"1,Shirt,Blue,in stock,new,10.00 USD,https://old.example/1,https://pics.example/1.jpg,Acme,Clothing,G1,blue,M,1 kg,8.80609E+12\n" +
			"2,Shirt,Blue,in stock,new,11.00 USD,https://old.example/2,https://pics.example/2.jpg,Acme,Clothing,G1,blue,L,1 kg,\n" +
			"3,Cap,Red,in stock,new,5.00 USD,https://old.example/3,https://pics.example/3.jpg,Acme,Clothing,,red,,0.1 kg,\n",
		creates: 2, told: []string{"8.80609E+12"},
		want: []string{
			"3: Cap 5, 3.53 oz, brand, 1 categories, 1 images, Color=red",
			"G1: Shirt 10, 35.27 oz, brand, 1 categories, 2 images, Color=blue, [1 M 10], [2 L 11]",
		},
	},
	"BMEcat": {
		contentType: "application/xml",
		body: `<?xml version="1.0"?><!DOCTYPE BMECAT SYSTEM "bmecat_2005.dtd"><BMECAT xmlns="http://www.bmecat.org/bmecat/2005" version="2005"><HEADER><CATALOG><CATALOG_ID>C</CATALOG_ID></CATALOG></HEADER><T_NEW_CATALOG>` +
			`<PRODUCT><SUPPLIER_PID>1000</SUPPLIER_PID><PRODUCT_DETAILS><DESCRIPTION_SHORT>Laptop 13&#34;</DESCRIPTION_SHORT><DESCRIPTION_LONG>Strong.</DESCRIPTION_LONG><MANUFACTURER_NAME>Acme</MANUFACTURER_NAME><KEYWORD>a</KEYWORD><KEYWORD>b</KEYWORD></PRODUCT_DETAILS>` +
			`<PRODUCT_FEATURES><FEATURE><FNAME>Voltage</FNAME><FVALUE>110</FVALUE><FVALUE>220</FVALUE></FEATURE></PRODUCT_FEATURES><PRODUCT_PRICE_DETAILS><PRODUCT_PRICE price_type="net_list"><PRICE_AMOUNT>1499.5</PRICE_AMOUNT></PRODUCT_PRICE></PRODUCT_PRICE_DETAILS>` +
			`<MIME_INFO><MIME><MIME_SOURCE>one.jpg</MIME_SOURCE></MIME><MIME><MIME_SOURCE>two.jpg</MIME_SOURCE></MIME></MIME_INFO></PRODUCT></T_NEW_CATALOG></BMECAT>`,
		answers: map[string]string{"images": "https://supplier.example/images"}, creates: 1,
		want: []string{
			"1000: Laptop 13\" 1499.5, brand, 2 images, Voltage=110, 220",
		},
	},
	"JSON of a REST API": {
		contentType: "application/json",
		body: `{"products":[{"id":1,"title":"Mascara","description":"Long","category":"beauty","price":9.99,"stock":99,"tags":["beauty","mascara"],"brand":"Essence","sku":"BEA-1","weight":4,"dimensions":{"width":15.14,"height":13.08,"depth":22.99},"images":["https://pics.example/1.webp","https://pics.example/2.webp"]},` +
			`{"id":2,"title":"Apple","description":"Red","category":"groceries","price":1.99,"stock":9,"tags":["fruits"],"sku":"GRO-2","weight":8,"dimensions":{"width":1,"height":2,"depth":3},"images":["https://pics.example/3.webp"]}],"total":2,"skip":0,"limit":2}`,
		creates: 2,
		want: []string{
			"BEA-1: Mascara 9.99, 4 oz, stock 99, brand, 1 categories, 2 images",
			"GRO-2: Apple 1.99, 8 oz, stock 9, 1 categories, 1 images",
		},
	},
	"Prom": {
		body: "Код_товара;Артикул;Название_позиции;Описание;Цена;Валюта;Единица_измерения;Ссылка_изображения;Наличие;Группа товаров;Производитель;Характеристика: Цвет\n" +
			"202001;MC414;Тушь;Чёрная;290;UAH;шт.;https://pics.example/1.jpg, https://pics.example/2.jpg;+;Туши;Bronx;чёрный\n202002;MC406;Помада;;270,50;UAH;шт.;https://pics.example/3.jpg;-;Помады;Bronx;\n",
		creates: 2,
		want: []string{
			"202001: Тушь 290, brand, 1 categories, 2 images, Цвет=чёрный",
			"202002: Помада 270.5, disabled, brand, 1 categories, 1 images",
		},
	},
	"an Amazon inventory report": {
		before: []bigcommerce.Fields{{"sku": "OURS", "name": "Ours", "type": "physical", "weight": 1, "price": 5}},
		body:   "sku\tasin\tprice\tquantity\nOURS\tB000000001\t9.95\t3\nTHEIRS\tB000000002\t4.50\t8\n",
		want: []string{
			"OURS: Ours 9.95, 1 oz, stock 3",
		},
	},
	"SAP": {
		before: []bigcommerce.Fields{{"sku": "HT-1000", "name": "Notebook", "type": "physical", "weight": 1, "price": 5}},
		body: "PRODUCTID;TYPECODE;PRODUCTCATEGORY;SUPPLIER_PARTNERID;WEIGHTMEASURE;WEIGHTUNIT;CURRENCY;PRICE\n" +
			"HT-1000;PR;Notebooks;0100000046;4.2;KG;EUR;956\nHT-1001;PR;Notebooks;0100000047;4.5;KG;EUR;1249\n#;PR;Notebooks;0100000047;4.5;KG;EUR;1249\n",
		told: []string{"identifies nothing"},
		want: []string{
			"HT-1000: Notebook 956, 148.15 oz",
		},
	},
}

// many is a text for each of n numbers.
func many(n int, format string) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf(format, i+1))
	}
	return out
}
