package products

// columns lists, for each field, the names that ERPs, PIMs and spreadsheets give the column, the
// surest first. The order of fields matters too: a column goes to the first one that wants it
// (Description is the description unless nothing else can be the name).
var columns = []struct {
	field string
	names []string
}{
	{"sku", []string{
		"sku", "productsku", "itemsku", "variantsku", "partnum", "partnumber", "partno", "partnr", "part", "partid", "itemnum", "itemnumber", "itemno", "itemnr",
		"itemcode", "itemid", "item", "productcode", "productcodesku", "productnumber", "productno", "productnum", "stockcode", "stocknumber", "stockno", "stockkeepingunit",
		"styleno", "stylenumber", "stylecode", "materialnumber", "material", "materialno", "articlenumber", "articleno", "articlecode", "article", "artikelnummer", "artikelnr", "artikel", "artnr", "artno",
		"referenz", "reference", "ref", "refarticle", "codearticle", "referencia", "codigo", "codice", "codicearticolo", "modelnumber", "catalognumber", "catalognumbersku", "code", "productid", "handle",
		"symbol", "indeks", "kodproduktu", "kodzbozi", "varenummer", "varenr", "varunummer", "stokkodu", "urunkodu", "codigoproduto", "артикул", "кодтовара", "код",
	}},
	{"name", []string{
		"name", "productname", "productnamedefault", "itemname", "articlename", "title", "producttitle", "itemtitle", "partdescription", "partname", "partdesc", "shortdescription",
		"shortdesc", "itemdescription", "itemdesc", "displayname", "materialdescription", "articledescription", "artikelbezeichnung", "bezeichnung", "artikelname", "produktname",
		"kurzbezeichnung", "kurztext", "designation", "libelle", "nom", "nomproduit", "nombre", "titulo", "descripcioncorta", "nome", "titolo", "naam", "omschrijving", "description1", "desc1", "descr", "description", "desc",
		"nazwa", "nazwaproduktu", "nazwatowaru", "nazev", "nazevproduktu", "benamning", "produktnamn", "artikelnamn", "varenavn", "produktnavn", "urunadi", "nomedoproduto", "название", "названиетовара", "наименование", "наименованиетовара", "назва", "назватовару",
	}},
	{"description", []string{
		"longdescription", "longdesc", "productdescription", "fulldescription", "htmldescription", "descriptionhtml", "bodyhtml", "body", "marketingdescription", "marketingtext",
		"extendeddescription", "detaileddescription", "detaileddesc", "webdescription", "description", "desc", "description2", "beschreibung", "langbeschreibung", "langtext", "produktbeschreibung",
		"artikelbeschreibung", "descriptionlongue", "descripcion", "descripcionlarga", "descrizione", "beschrijving", "details", "text", //nolint:misspell // Spanish, French
		"opis", "opisproduktu", "popis", "beskrivning", "produktbeskrivning", "beskrivelse", "aciklama", "descricao", "описание", "описаниетовара", "опис",
	}},
	{"price", []string{
		"price", "listprice", "unitprice", "sellingprice", "sellprice", "salesprice", "regularprice", "baseprice", "defaultprice", "calculatedprice", "webprice", "retailunitprice",
		"priceusd", "priceeur", "pricegbp", "pricenet", "netprice", "variantprice", "price1", "pricelevel1", "itemprice", "productprice", "standardprice", "preis", "verkaufspreis", "vkpreis", "vk", "listenpreis", "nettopreis",
		"einzelpreis", "prix", "prixdevente", "prixunitaire", "precio", "precioventa", "pvp", "prezzo", "prijs", "verkoopprijs", "retailprice", "rrp", "msrp",
		"cena", "cenabrutto", "cenanetto", "pris", "fiyat", "preco", "precovenda", "цена", "розничнаяцена", "ціна",
	}},
	{"cost_price", []string{
		"cost", "costprice", "unitcost", "standardcost", "stdcost", "avgcost", "averagecost", "lastcost", "landedcost", "costperitem", "purchaseprice", "buyprice", "buyingprice", "wholesaleprice",
		"einkaufspreis", "ekpreis", "ek", "prixachat", "prixdachat", "costo", "coste", "preciocosto", "inkoopprijs",
		"cenazakupu", "inkopspris", "indkobspris", "закупочнаяцена",
	}},
	{"retail_price", []string{"retailprice", "rrp", "msrp", "srp", "uvp", "suggestedretailprice", "recommendedretailprice", "manufacturersuggestedretailprice", "compareatprice", "variantcompareatprice", "listpricemsrp", "prixconseille"}},
	{"sale_price", []string{"saleprice", "specialprice", "promoprice", "promotionalprice", "discountprice", "discountedprice", "offerprice", "aktionspreis", "angebotspreis", "sonderpreis", "prixpromo", "preciooferta"}},
	{"map_price", []string{"mapprice", "map", "minimumadvertisedprice"}},
	{"inventory_level", []string{
		"inventorylevel", "onhand", "qtyonhand", "quantityonhand", "onhandqty", "onhandquantity", "qtyavailable", "quantityavailable", "availableqty", "availablequantity", "qty", "quantity", "stock", "stocklevel", "stockqty",
		"stockquantity", "stockonhand", "instock", "inventory", "inventoryqty", "inventoryquantity", "variantinventoryqty", "currentstock", "currentstocklevel", "available", "soh", "atp", "freestock", "bestand", "lagerbestand",
		"menge", "verfugbar", "quantite", "quantiteenstock", "existencias", "cantidad", "inventario", "giacenza", "quantita", "voorraad", "aantal", //nolint:misspell // Spanish, French
		"ilosc", "stanmagazynowy", "skladem", "mnozstvi", "lagersaldo", "antal", "antall", "lagerbeholdning", "stok", "stokadedi", "estoque", "quantidade", "количество", "остаток", "остатки", "кількість",
	}},
	{"inventory_warning_level", []string{"inventorywarninglevel", "lowstocklevel", "lowstock", "reorderpoint", "reorderlevel", "minstock", "minimumstock", "mindestbestand", "meldebestand"}},
	{targetCategory, nil},
	{targetBrand, []string{"brand", "brandname", "manufacturer", "manufacturername", "mfg", "mfgname", "mfr", "mfrname", "make", "maker", "vendor", "label", "marke", "hersteller", "marque", "fabricant", "marca", "fabricante", "produttore", "merk", "fabrikant", "producent", "marka", "vyrobce", "znacka", "varumarke", "tillverkare", "produsent", "бренд", "производитель", "марка", "виробник"}},
	{"upc", []string{"upc", "upccode", "upca", "upcean", "productupcean", "barcode", "variantbarcode"}},
	{"gtin", []string{"gtin", "ean", "gtin13", "gtin14", "gtin12", "ean13", "eancode", "eannummer", "isbn", "jan", "globaltradeitemnumber", "globaltradenumber", "barcode", "kodean", "kodkreskowy", "streckkod", "strekkode", "barkod", "штрихкод"}},
	{"mpn", []string{"mpn", "manufacturerpartnumber", "manufacturerpartno", "mfgpartnumber", "mfgpartno", "mfrpartnumber", "mfrpartno", "manufacturersku", "herstellernummer", "herstellerartikelnummer"}},
	{"type", []string{"producttype", "itemtype", "type"}},
	{"weight", []string{"weight", "shippingweight", "itemweight", "productweight", "grossweight", "netweight", "weightlb", "weightlbs", "weightkg", "weightoz", "weightg", "variantweight", "gewicht", "versandgewicht", "bruttogewicht", "nettogewicht", "poids", "peso", "waga", "hmotnost", "vikt", "vekt", "agirlik", "вес", "вага"}},
	{"width", []string{"width", "itemwidth", "productwidth", "breite", "largeur", "ancho", "larghezza", "breedte"}},
	{"height", []string{"height", "itemheight", "productheight", "hohe", "hauteur", "alto", "altura", "altezza", "hoogte"}},
	{"depth", []string{"depth", "length", "itemlength", "itemdepth", "productdepth", "tiefe", "lange", "profondeur", "longueur", "profundidad", "lunghezza", "profondita", "diepte", "lengte"}},
	{"condition", []string{"condition", "itemcondition", "productcondition", "zustand"}},
	{"is_visible", []string{"isvisible", "visible", "productvisible", "published", "active", "isactive", "enabled", "online", "showonline", "webenabled", "aktiv", "sichtbar"}},
	{"is_featured", []string{"isfeatured", "featured"}},
	{"is_free_shipping", []string{"isfreeshipping", "freeshipping"}},
	{"search_keywords", []string{"searchkeywords", "keywords", "searchterms", "tags", "suchbegriffe", "stichworte", "motscles"}},
	{"page_title", []string{"pagetitle", "metatitle", "seotitle"}},
	{"meta_description", []string{"metadescription", "seodescription", "metadesc"}},
	{"warranty", []string{"warranty", "warrantyinfo", "productwarranty", "garantie"}},
	{"bin_picking_number", []string{"binpickingnumber", "bpn", "bin", "binlocation", "binnumber", "lagerplatz", "lagerort"}},
	{"product_tax_code", []string{"producttaxcode", "taxcode"}},
	{"availability_description", []string{"availabilitydescription", "leadtime", "deliverytime", "lieferzeit"}},
	{"order_quantity_minimum", []string{"orderquantityminimum", "minorderqty", "minorderquantity", "minimumorderquantity", "minimumpurchasequantity", "moq", "mindestbestellmenge"}},
	{"order_quantity_maximum", []string{"orderquantitymaximum", "maxorderqty", "maxorderquantity", "maximumpurchasequantity"}},
	{targetImages, []string{
		"images", "imageurls", "imageurl", "imagesrc", "imagelink", "image", "mainimage", "mainimageurl", "baseimage", "productimage", "productimageurl", "productimages", "imagefile", "picture", "pictures", "pictureurl", "photo", "photos",
		"photourl", "bild", "bilder", "bildurl", "produktbild", "hauptbild", "imagen", "imagenes", "immagine", "immagini", "afbeelding", "afbeeldingen", "hostedimageurls",
		"zdjecie", "zdjecia", "obrazek", "obrazky", "bilde", "billede", "billeder", "resim", "imagem", "imagens", "фото", "изображение", "изображения", "картинка", "зображення",
	}},
	{targetImageAlt, []string{"imagealt", "imagealttext", "imagealts", "alttext", "imagedescription", "imagedescriptions", "imagelabel", "bildbeschreibung", "baseimagelabel"}},
	{targetVideos, []string{"videos", "video", "videourl", "videolink", "youtube", "youtubeurl", "videoid"}},
	{targetBulkPrices, []string{"bulkprices", "bulkpricing", "bulkpricingrules", "tierprices", "tierpricing", "quantitydiscounts", "staffelpreise"}},
	{targetCustomURL, []string{"customurl", "producturl", "urlpath"}},
	{targetRelated, []string{"relatedskus", "relatedsku", "relatedproductskus", "relateditems", "relateditemnumbers", "zubehor", "zubehorartikel"}},
	{"sort_order", []string{"sortorder", "sort", "displayorder", "sortierung"}},
}

// categoryColumns are the columns that place a product, from the widest to the narrowest.
var categoryColumns = [][]string{
	{"categorypath", "categorytree", "fullcategory", "categories", "productcategories", "breadcrumb", "breadcrumbs", "googleproductcategory", "kategoriepfad"},
	{"department", "division", "maincategory", "category1", "categorylevel1", "level1", "hauptkategorie", "hauptgruppe", "hauptwarengruppe", "abteilung"},
	{"category", "categoryname", "productcategory", "itemcategory", "productgroup", "itemgroup", "productline", "prodgroup", "prodcode", "productclass", "itemclass", "commoditycode", "materialgroup", "group", "class", "family", "productfamily", "collection",
		"kategorie", "kategoria", "kategori", "категория", "категорія", "раздел", "группатоваров", "группа", "warengruppe", "artikelgruppe", "produktgruppe", "gruppe", "categorie", "famille", "categoria", "familia", "famiglia", "reparto", "productgroep", "artikelgroep"},
	{"subcategory", "subcategoryname", "category2", "categorylevel2", "level2", "subgroup", "productsubgroup", "itemsubgroup", "subclass", "subfamily", "style", "productsubcategory", "unterkategorie", "untergruppe", "unterwarengruppe", "souscategorie", "sousfamille", "subcategoria", "subfamilia", "sottocategoria", "subcategorie"},
	{"category3", "categorylevel3", "level3", "subsubcategory"},
}

// attributeColumns are names that are an article's number in one system and an attribute in another.
var attributeColumns = []string{"material", "article", "artikel", "item", "part", "ref", "reference", "referenz", "referencia", "code", "handle"}
