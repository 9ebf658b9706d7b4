package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
)

func TestSuggest(t *testing.T) {
	physical := []string{"type", `"physical"`, "weight", "0"}
	with := func(more []string, pairs ...string) []string { return append(pairs, more...) }
	tests := map[string]struct {
		header string
		sample []string
		want   []string
	}{
		"an ERP's parts": {
			"PartNum,PartDescription,LongDescription,ProductGroup,Style,ListPrice,OnHand,Audience",
			[]string{"BAC-1,Daypack,A soft pack,food service,backpack,129.99,15,F"},
			with(physical, "sku", "PartNum", "name", "PartDescription", "description", "LongDescription", "price", "ListPrice", "inventory_level", "OnHand", "category", "path(ProductGroup, Style)"),
		},
		"names with spaces and signs": {
			"Item No.,Description,Unit Price,Qty On Hand,Manufacturer,Weight (kg),Image",
			[]string{"A1,Cap,9.50,4,Acme,0.2,a.jpg"},
			[]string{"sku", `row["Item No."]`, "name", "Description", "price", `row["Unit Price"]`, "inventory_level", `row["Qty On Hand"]`, "brand", "Manufacturer", "type", `"physical"`, "weight", `row["Weight (kg)"]`},
		},
		"German, decimal commas": {
			"Artikelnummer,Bezeichnung,Beschreibung,VK-Preis,EK-Preis,Lagerbestand,Warengruppe,Unterwarengruppe,Hersteller,EAN,Gewicht",
			[]string{"4711;Mütze;Warm;1.299,50;800,00;3;Kleidung;Mützen;Muster;4006381333931;0,25"},
			[]string{"sku", "Artikelnummer", "name", "Bezeichnung", "description", "Beschreibung", "price", `number(row["VK-Preis"], ",")`, "cost_price", `number(row["EK-Preis"], ",")`,
				"inventory_level", "Lagerbestand", "category", "path(Warengruppe, Unterwarengruppe)", "brand", "Hersteller", "gtin", "EAN", "type", `"physical"`, "weight", `number(Gewicht, ",")`},
		},
		"retail prices beside prices": {
			"sku,title,price,msrp,cost,sale price,upc,mpn,tags,published",
			[]string{"A,Cap,9,12,4,8,012345678905,M-1,red,true"},
			[]string{"sku", "sku", "name", "title", "price", "price", "cost_price", "cost", "retail_price", "msrp", "sale_price", `row["sale price"]`, "upc", "upc", "mpn", "mpn",
				"type", `"physical"`, "weight", "0", "is_visible", "published", "search_keywords", "tags"},
		},
		"only a recommended price": {"SKU,Name,RRP", []string{"A,Cap,12"}, with(physical, "sku", "SKU", "name", "Name", "price", "RRP")},
		"a whole path": {
			"SKU,Name,Price,Category,Subcategory", []string{"A,Cap,1,Clothes > Caps,x"},
			with(physical, "sku", "SKU", "name", "Name", "price", "Price", "category", "Category"),
		},
		"values that do not fit": {
			"SKU,Name,Price,List Price,Stock,Type,Weight,Active", []string{"A,Cap,see web,9.50,in stock,Caps,light,sometimes"},
			with(physical, "sku", "SKU", "name", "Name", "price", `row["List Price"]`),
		},
		"one bad value does not hide a column": {
			"SKU,Name,Price", []string{"A,Cap,1", "B,Cap,2", "C,Cap,3", "D,Cap,4", "E,Cap,call"},
			with(physical, "sku", "SKU", "name", "Name", "price", "Price"),
		},
		"no rows yet":      {"sku,name,price,stock", nil, with(physical, "sku", "sku", "name", "name", "price", "price", "inventory_level", "stock")},
		"nothing is known": {"foo,bar", []string{"1,2"}, physical},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := strings.Split(tt.header, ",")
			var sample [][]string
			for _, line := range tt.sample {
				sep := ","
				if strings.Contains(line, ";") {
					sep = ";"
				}
				sample = append(sample, strings.Split(line, sep))
			}
			got := Suggest(header, sample)
			if diff := cmp.Diff(mappingOf(tt.want...), got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			p, err := Compile(got, header, bigcommerce.ProductFields())
			if name == "nothing is known" {
				if len(fieldsOf(err)) != 3 { // sku, name, price
					t.Errorf("error %v", fieldsOf(err))
				}
				return
			}
			if err != nil {
				t.Fatalf("the suggestion does not compile: %v", fieldsOf(err))
			}
			for i, row := range sample {
				if _, wrong := apply(t, p, row); wrong != nil && row[len(row)-1] != "call" {
					t.Errorf("row %d: %v", i, wrong)
				}
			}
		})
	}
}

// TestDictionary: a name that normal() would never produce, or that two lists of one target hold,
// would silently never be found.
func TestDictionary(t *testing.T) {
	for _, d := range dictionary {
		if _, ok := specOf(d.target); !ok {
			t.Errorf("%s is no field", d.target)
		}
		seen := map[string]bool{}
		for _, name := range d.names {
			if normal(name) != name || seen[name] {
				t.Errorf("%s: %q", d.target, name)
			}
			seen[name] = true
		}
	}
	for _, level := range categoryLevels {
		for _, name := range level {
			if normal(name) != name {
				t.Errorf("category: %q", name)
			}
		}
	}
	for in, want := range map[string]string{"Höhe (cm)": "hohecm", "Part No.": "partno", "PART_NO": "partno", "Größe": "grosse", "Catégorie": "categorie", "": ""} {
		if got := normal(in); got != want {
			t.Errorf("normal(%q) = %q", in, got)
		}
	}
}

// catalogue makes rows like an ERP's export.
func catalogue(n int) (header []string, rows [][]string) {
	header = []string{"PartNum", "PartDescription", "LongDescription", "ProductGroup", "Style", "ListPrice", "OnHand", "Audience"}
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("BAC-%08X", i*7919), fmt.Sprintf("Rugged Expedition Backpack %d", i),
			"Embark on your next journey with this backpack. " + strings.Repeat("Multiple compartments keep your gear in order. ", 5),
			"accessories", "backpack", fmt.Sprintf("%d.99", 20+i%300), fmt.Sprint(i % 40), "U"})
	}
	return header, rows
}

func BenchmarkApply(b *testing.B) {
	header, rows := catalogue(1000)
	for name, m := range map[string][]string{
		"suggested":   nil,
		"expressions": {"price", "number(ListPrice) * 1.2", "name", `left(upper(PartDescription), 250)`, "brand", `first(Audience, "none")`},
	} {
		b.Run(name, func(b *testing.B) {
			mapping := Suggest(header, rows[:20])
			for i := 0; i < len(m); i += 2 {
				mapping.Fields = append(mapping.Fields[:0:0], mapping.Fields...)
				replaced := false
				for j := range mapping.Fields {
					if mapping.Fields[j].Target == m[i] {
						mapping.Fields[j].Expression, replaced = m[i+1], true
					}
				}
				if !replaced {
					mapping.Fields = append(mapping.Fields, mappingOf(m[i], m[i+1]).Fields...)
				}
			}
			p, err := Compile(mapping, header, bigcommerce.ProductFields())
			if err != nil {
				b.Fatal(fieldsOf(err))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				doc, wrong := apply(b, p, rows[i%len(rows)])
				if len(wrong) > 0 || doc.Hash() == "" {
					b.Fatal(wrong)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// TestApplyAllocations: what a row costs must not creep up, a run has millions of them.
func TestApplyAllocations(t *testing.T) {
	header, rows := catalogue(10)
	p, err := Compile(Suggest(header, rows), header, bigcommerce.ProductFields())
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	i := 0
	got := testing.AllocsPerRun(100, func() {
		_, _ = apply(t, p, rows[i%len(rows)])
		i++
	})
	if got > 40 {
		t.Errorf("%.0f allocations a row", got)
	}
}
