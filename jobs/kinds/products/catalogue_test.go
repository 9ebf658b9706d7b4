package products

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/jobs/mapping"
	"sluice/tenants"
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
			[]string{"sku", `row["Item No."]`, "name", "Description", "price", `row["Unit Price"]`, "inventory_level", `row["Qty On Hand"]`, "brand", "Manufacturer", "type", `"physical"`, "weight", `row["Weight (kg)"]`, "images", "Image"},
		},
		"German, decimal commas": {
			"Artikelnummer,Bezeichnung,Beschreibung,VK-Preis,EK-Preis,Lagerbestand,Warengruppe,Unterwarengruppe,Hersteller,EAN,Gewicht",
			[]string{"4711;Mütze;Warm;1.299,50;800,00;3;Kleidung;Mützen;Muster;4006381333931;0,25"},
			[]string{"sku", "Artikelnummer", "name", "Bezeichnung", "description", "Beschreibung", "price", `row["VK-Preis"]`, "cost_price", `row["EK-Preis"]`,
				"inventory_level", "Lagerbestand", "category", "path(Warengruppe, Unterwarengruppe)", "brand", "Hersteller", "gtin", "EAN", "type", `"physical"`, "weight", "Gewicht"},
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
			[]string{"sku", "SKU", "name", "Name", "price", "Price", "type", `"physical"`, "weight", "Weight"}, // another price or weight would be written without a word
		},
		"an attribute is no key": {
			"Style No,Name,Material,Price", []string{"S1,Shirt,Cotton,1", "S2,Trousers,Wool,2", "S3,Scarf,Cotton,3"},
			with(physical, "sku", `row["Style No"]`, "name", "Name", "price", "Price"),
		},
		"an attribute alone": {
			"Name,Material,Price", []string{"Shirt,Cotton,1", "Trousers,Wool,2", "Scarf,Cotton,3"},
			with(physical, "name", "Name", "price", "Price"),
		},
		"an empty column": {
			"SKU,Name,Price,Weight,Brand", []string{"A,Cap,1,,", "B,Hat,2,,"},
			with(physical, "sku", "SKU", "name", "Name", "price", "Price"),
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
			got := catalogue.Suggest(header, sample).Mapping()
			want := mappingOf(tt.want...)
			for i, f := range want.Fields {
				if f.Expression == fallbacks[f.Target] {
					want.Fields[i].Fill = tenants.FillCreated
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			p, err := catalogue.For(mapping.Store{Unit: func(string) string { return "kg" }}).Compile(got, header)
			if name == "an attribute alone" {
				return
			}
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
				if _, wrong := applyRow(t, p, row...); wrong != nil && row[len(row)-1] != "call" && name != "values that do not fit" {
					t.Errorf("row %d: %v", i, wrong)
				}
			}
		})
	}
}

// TestColumns: a list for no field, or a name that two lists of one field hold, would never be
// found.
func TestColumns(t *testing.T) {
	for _, c := range columns {
		if !catalogue.Has(c.field) {
			t.Errorf("%s cannot be mapped", c.field)
		}
		seen := map[string]bool{}
		for _, name := range c.names {
			if seen[name] {
				t.Errorf("%s: %q", c.field, name)
			}
			seen[name] = true
		}
	}
}

func TestTargets(t *testing.T) {
	targets := catalogue.Targets()
	required := map[string]bool{}
	byName := map[string]mapping.Target{}
	for _, target := range targets {
		if _, twice := byName[target.Name]; twice || target.Label == "" || target.Type == "" {
			t.Errorf("target %+v", target)
		}
		byName[target.Name] = target
		if target.Required {
			required[target.Name] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"sku": true, "name": true, "type": true, "weight": true, "price": true}, required); diff != "" {
		t.Errorf("required (-want +got):\n%s", diff)
	}
	if targets[0].Name != "sku" || targets[1].Name != "name" {
		t.Errorf("first come %s, %s", targets[0].Name, targets[1].Name)
	}
	for _, name := range []string{"category", "categories", "brand", "brand_id", "inventory_level", "is_visible", "meta_keywords"} {
		if _, ok := byName[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"id", "date_created", "brand_name", "variants", "custom_fields", "bulk_pricing_rules", "custom_field:", "option: X"} {
		if _, ok := byName[name]; ok && byName[name].Family == nil || catalogue.Has(name) {
			t.Errorf("%s can be mapped", name)
		}
	}
}

func TestMappedTrackingWins(t *testing.T) {
	for tracking, want := range map[string]any{"": "product", `"none"`: "none"} {
		m := mappingOf("sku", `"S-1"`, "name", `"Cap"`, "type", `"physical"`, "weight", "0", "price", "1", "inventory_level", "X")
		if tracking != "" {
			m.Fields = append(m.Fields, mappingOf("inventory_tracking", tracking).Fields...)
		}
		p, err := catalogue.Compile(m, []string{"X"})
		if err != nil {
			t.Fatal(fieldsOf(err))
		}
		if doc, _ := applyRow(t, p, "1"); doc["inventory_tracking"] != want {
			t.Errorf("tracking %v, want %v", doc["inventory_tracking"], want)
		}
	}
}

// erp makes rows like an ERP's export.
func erp(n int) (header []string, rows [][]string) {
	header = []string{"PartNum", "PartDescription", "LongDescription", "ProductGroup", "Style", "ListPrice", "OnHand", "Audience"}
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("BAC-%08X", i*7919), fmt.Sprintf("Rugged Expedition Backpack %d", i),
			"Embark on your next journey with this backpack. " + strings.Repeat("Multiple compartments keep your gear in order. ", 5),
			"accessories", "backpack", fmt.Sprintf("%d.99", 20+i%300), fmt.Sprint(i % 40), "U"})
	}
	return header, rows
}

func BenchmarkApply(b *testing.B) {
	header, rows := erp(1000)
	for name, m := range map[string][]string{
		"suggested":   nil,
		"expressions": {"price", "number(ListPrice) * 1.2", "name", `left(upper(PartDescription), 250)`, "brand", `first(Audience, "none")`},
	} {
		b.Run(name, func(b *testing.B) {
			suggested := catalogue.Suggest(header, rows[:20]).Mapping()
			for i := 0; i < len(m); i += 2 {
				suggested.Fields = append(suggested.Fields[:0:0], suggested.Fields...)
				replaced := false
				for j := range suggested.Fields {
					if suggested.Fields[j].Target == m[i] {
						suggested.Fields[j].Expression, replaced = m[i+1], true
					}
				}
				if !replaced {
					suggested.Fields = append(suggested.Fields, mappingOf(m[i], m[i+1]).Fields...)
				}
			}
			p, err := catalogue.Compile(suggested, header)
			if err != nil {
				b.Fatal(fieldsOf(err))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				doc, wrong := applyRow(b, p, rows[i%len(rows)]...)
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
	header, rows := erp(10)
	p, err := catalogue.Compile(catalogue.Suggest(header, rows).Mapping(), header)
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	i := 0
	got := testing.AllocsPerRun(100, func() {
		_, _ = applyRow(t, p, rows[i%len(rows)]...)
		i++
	})
	if got > 40 {
		t.Errorf("%.0f allocations a row", got)
	}
}

// mappingOf makes a mapping of pairs: target, expression, target, expression …
func mappingOf(pairs ...string) (m tenants.Mapping) {
	for i := 0; i < len(pairs); i += 2 {
		m.Fields = append(m.Fields, tenants.FieldMapping{Target: pairs[i], Expression: pairs[i+1]})
	}
	return m
}

func fieldsOf(err error) []problem.Field {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Fields
	}
	return nil
}

func applyRow(t testing.TB, p *mapping.Program, values ...string) (mapping.Document, []problem.Field) {
	t.Helper()
	doc, wrong, err := p.Apply(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	return doc, wrong
}
