package stock

import (
	"math"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// Targets of a mapping. All but the location are also the fields of a live level.
const (
	targetSKU      = "sku"
	targetLocation = "location" // as the source calls it → location_id
	targetQuantity = "quantity"
	targetSafety   = "safety_stock"
	targetWarning  = "warning_level"
	targetBin      = "bin_picking_number"

	fieldLocation = "location_id"
	fieldTracking = "inventory_tracking" // of the product, if it tracks nothing
)

// maxQuantity is the most pieces of an item that BigCommerce counts, at a location and in all.
const maxQuantity = math.MaxInt32

// maxName is the longest SKU, and the longest name of a location, in characters.
const maxName = 255

// catalogue is what a mapping of stock may fill.
var catalogue = mapping.NewCatalogue([]mapping.Field{
	{
		Field: bigcommerce.Field{Name: targetSKU, Type: "string", MaxLength: maxName}, Key: true, Label: "SKU",
		Help: "The SKU of a product or of one of its variants.", Hint: ": it is what an item is recognised by",
		Columns: []string{
			"sku", "productsku", "itemsku", "variantsku", "partnum", "partnumber", "partno", "partnr", "itemnum", "itemnumber", "itemno", "itemnr", "itemcode", "itemid", "item",
			"productcode", "productnumber", "productno", "stockcode", "stocknumber", "stockkeepingunit", "materialnumber", "material", "matnr", "articlenumber", "articleno", "article",
			"artikelnummer", "artikelnr", "artikel", "reference", "ref", "referencia", "codigo", "codice", "codicearticolo", "code", "sellersku",
		},
	},
	{
		Field: bigcommerce.Field{Name: targetLocation, Type: "string", MaxLength: maxName}, Label: "Location", Strict: true,
		Help: "The warehouse or shop, by the store's name, code or id of it, or as named in the options.",
		Columns: []string{
			"location", "locationid", "locationcode", "locationname", "warehouse", "warehouseid", "warehousecode", "warehousename", "site", "siteid", "branch", "depot", "storecode", "plant", "werk",
			"source", "sourcecode", "lager", "lagerort", "lagernummer", "standort", "filiale", "entrepot", "depot", "almacen", "magazzino", "magazijn", "facility", "facilityid",
		},
	},
	{
		Field: bigcommerce.Field{Name: targetQuantity, Type: "integer", Required: true, Maximum: limit(maxQuantity)}, Label: "Quantity on hand",
		Help: "Pieces that are there, those in the safety stock too.", Hint: ": it is what is set",
		Columns: []string{
			"quantity", "onhand", "qtyonhand", "quantityonhand", "onhandqty", "onhandquantity", "qty", "stock", "stocklevel", "stockqty", "stockquantity", "stockonhand", "instock", "inventory",
			"inventorylevel", "inventoryqty", "inventoryquantity", "currentstock", "currentstocklevel", "soh", "qtyavailable", "quantityavailable", "availableqty", "availablequantity", "available",
			"atp", "freestock", "bestand", "lagerbestand", "menge", "verfugbar", "quantite", "quantiteenstock", "existencias", "cantidad", "inventario", "giacenza", "quantita", "voorraad", "aantal", //nolint:misspell // Spanish, French
		},
	},
	{
		Field: bigcommerce.Field{Name: targetSafety, Type: "integer", Minimum: limit(0), Maximum: limit(maxQuantity)}, Label: "Safety stock",
		Help:    "Pieces that are not sold: the storefront sells what is on hand less these.",
		Columns: []string{"safetystock", "safetyqty", "bufferstock", "buffer", "sicherheitsbestand", "reservestock"},
	},
	{
		Field: bigcommerce.Field{Name: targetWarning, Type: "integer", Minimum: limit(0), Maximum: limit(maxQuantity)}, Label: "Low stock level",
		Help:    "BigCommerce warns when no more than these are left.",
		Columns: []string{"warninglevel", "inventorywarninglevel", "lowstocklevel", "lowstock", "reorderpoint", "reorderlevel", "minstock", "minimumstock", "mindestbestand", "meldebestand"},
	},
	{
		Field: bigcommerce.Field{Name: targetBin, Type: "string", MaxLength: maxName}, Label: "Bin picking number (BPN)",
		Help:    "Where in the warehouse it lies. BigCommerce takes it only together with the safety stock or the low stock level: match one of them too.",
		Columns: []string{"binpickingnumber", "bpn", "bin", "binlocation", "binnumber", "lagerplatz", "shelf", "regal"},
	},
}, []string{targetSKU, targetLocation, targetQuantity, targetSafety, targetWarning, targetBin}, nil)

func limit(n float64) *float64 { return &n }
