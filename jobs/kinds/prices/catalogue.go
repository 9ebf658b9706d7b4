package prices

import (
	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Targets of a mapping. All but sku, price_list and currency are fields of BigCommerce.
const (
	targetSKU      = "sku"
	targetList     = "price_list"
	targetCurrency = "currency"
	targetPrice    = "price"
	targetCost     = "cost_price"
	targetTiers    = "bulk_pricing_tiers"
)

// The prices that the catalogue and price lists have.
var (
	cataloguePrices = []string{targetPrice, "sale_price", "retail_price", targetCost, "map_price"}
	listPrices      = []string{targetPrice, "sale_price", "retail_price", "map_price", targetTiers}
)

// maxSKU is BigCommerce's limit of a SKU, in characters.
const maxSKU = 255

// maxListName bounds the name of a price list, so that a key fits into Record.Key. BigCommerce
// names no limit.
const maxListName = 200

// catalogue is what a mapping of prices may fill.
var catalogue = newCatalogue()

func newCatalogue() *mapping.Catalogue {
	zero := 0.0
	amount := func(name, label, help string, columns ...string) mapping.Field {
		return mapping.Field{Field: bigcommerce.Field{Name: name, Type: "number", Minimum: &zero}, Label: label, Help: help, Measure: tenants.MeasureMoney, Columns: columns}
	}
	text := func(name, label, help string, most int, columns ...string) mapping.Field {
		return mapping.Field{Field: bigcommerce.Field{Name: name, Type: "string", MaxLength: most}, Label: label, Help: help, Columns: columns}
	}
	sku := text(targetSKU, "SKU", "Of the product or the variant whose price this is. The SKU of a product with options has no price of its own: give those of its variants.", maxSKU,
		"sku", "variantsku", "productsku", "itemsku", "partnum", "partnumber", "partno", "itemnum", "itemnumber", "itemno", "itemcode", "itemid", "item",
		"productcode", "productnumber", "stockcode", "material", "materialnumber", "articlenumber", "articleno", "article", "artikelnummer", "artikelnr", "artikel",
		"reference", "ref", "referencia", "codigo", "codice", "code")
	sku.Key = true
	sku.Hint = ": it says whose price a row is"
	strict := func(f mapping.Field) mapping.Field { // without it the row is about another price
		f.Strict = true
		return f
	}
	return mapping.NewCatalogue([]mapping.Field{
		sku,
		strict(text(targetList, "Price list", "Name or id of the price list. Without it, the sync's rules say which. Not for the catalogue's prices.", maxListName,
			"pricelist", "pricelistname", "pricelistid", "pricegroup", "pricelevel", "pricebook", "preisliste", "preisgruppe", "listedeprix", "listinoprezzi", "tarifa")),
		strict(text(targetCurrency, "Currency", "Code of three letters, such as EUR. Without it, the sync's rules say which. The catalogue's prices are in the store's own currency.", 3,
			"currency", "currencycode", "isocurrency", "curr", "cur", "waehrung", "wahrung", "devise", "moneda", "valuta")),
		amount(targetPrice, "Price", "As the store is set up, with or without tax. A record of a price list needs one.",
			"price", "listprice", "unitprice", "sellingprice", "sellprice", "salesprice", "regularprice", "baseprice", "netprice", "webprice", "itemprice",
			"productprice", "variantprice", "dealerprice", "customerprice", "amount", "preis", "verkaufspreis", "vkpreis", "nettopreis", "prix", "precio", "prezzo", "prijs"),
		amount("sale_price", "Sale price", "Replaces the price as long as it is set. 0 is none.",
			"saleprice", "specialprice", "offerprice", "promoprice", "promotionprice", "discountprice", "aktionspreis", "angebotspreis", "sonderpreis"),
		amount("retail_price", "MSRP", "The maker's suggested price, shown struck through.",
			"retailprice", "msrp", "rrp", "srp", "suggestedretailprice", "recommendedprice", "compareatprice", "uvp"),
		amount(targetCost, "Cost", "What the goods cost you. Shoppers never see it. Price lists do not have it: there it only serves to notice prices below cost.",
			"costprice", "cost", "unitcost", "itemcost", "standardcost", "averagecost", "purchaseprice", "buyprice", "einkaufspreis", "ekpreis", "ek"),
		amount("map_price", "MAP", "The lowest price that may be advertised.", "mapprice", "map", "minimumadvertisedprice", "minadvertisedprice"),
		text(targetTiers, "Bulk prices", `Prices of larger quantities: "10:9.50; 50:8.00" means 9.50 a piece from 10 pieces and 8.00 from 50 pieces on. `+
			`"10:5%" takes 5 percent off, "10:-1.50" takes 1.50 off each piece. Of price lists only.`, 0,
			"bulkpricingtiers", "bulkprices", "bulkpricing", "tierprices", "tierpricing", "tiers", "quantitybreaks", "pricebreaks", "volumeprices", "staffelpreise", "staffelpreis"),
	}, []string{targetSKU, targetList, targetCurrency, targetPrice, "sale_price", "retail_price", targetCost, "map_price", targetTiers}, nil)
}
