package products

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// assembledFrom assembles rows that are written as JSON, one a line. A row that begins with + is a
// part of the one before.
func assembledFrom(t *testing.T, l *tenants.Layout, rows string) (doc string, problems []upsert.PartProblem) {
	t.Helper()
	var parts []upsert.Part
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		row, part := strings.CutPrefix(strings.TrimSpace(row), "+")
		p := upsert.Part{Own: !part, Fields: mapping.Document{}}
		dec := json.NewDecoder(strings.NewReader(row))
		dec.UseNumber()
		if err := dec.Decode(&p.Fields); err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	made := products{}.Assemble(l, parts)
	return string(made.Fields.JSON()), made.Problems
}

func TestAssemble(t *testing.T) {
	group, parent, lists := &tenants.Layout{Kind: tenants.LayoutGroup}, &tenants.Layout{Kind: tenants.LayoutParent}, &tenants.Layout{Kind: tenants.LayoutLists}
	for name, tt := range map[string]struct {
		layout *tenants.Layout
		rows   string
		want   string
	}{
		"one row": {nil, `{"sku":"A","name":"N","images":["u1","u2"],"image_alt":["x"],"custom_field:Size":"L","custom_url":"/a/","videos":["https://youtu.be/abc"],"bulk_prices":"10: 9 | 50: 5%"}`,
			`{"bulk_pricing_rules":[{"amount":9,"quantity_max":49,"quantity_min":10,"type":"fixed"},{"amount":5,"quantity_max":0,"quantity_min":50,"type":"percent"}],"custom_fields":[{"name":"Size","value":"L"}],"custom_url":{"is_customized":true,"url":"/a/"},"images":[{"description":"x","image_url":"u1","is_thumbnail":true,"sort_order":0},{"image_url":"u2","is_thumbnail":false,"sort_order":1}],"name":"N","sku":"A","videos":[{"sort_order":0,"type":"youtube","video_id":"abc"}]}`},
		"Shopify without options": {group, `{"sku":"h","name":"N","option_values":["Title=Default Title"],"variant_price":5,"variant_sku":"S","variant_inventory_level":3,"images":["u1"]}
{"images":["u2"]}`,
			`{"images":[{"image_url":"u1","is_thumbnail":true,"sort_order":0},{"image_url":"u2","is_thumbnail":false,"sort_order":1}],"inventory_level":3,"inventory_tracking":"product","name":"N","price":5,"sku":"S"}`},
		"Shopify with options": {group, `{"sku":"h","name":"N","option_values":["Size=S"],"variant_price":5,"variant_inventory_level":1,"images":["u1"]}
{"option_values":["=M/L"],"variant_price":6.5,"variant_sku":"V2","variant_image":"u9","images":["u1"]}
{"images":["u3"]}`,
			`{"images":[{"image_url":"u1","is_thumbnail":true,"sort_order":0},{"image_url":"u3","is_thumbnail":false,"sort_order":1}],"inventory_tracking":"variant","name":"N","price":5,"sku":"h","variants":[{"inventory_level":1,"option_values":[{"label":"S","option_display_name":"Size"}],"price":5,"sku":"h-S"},{"image_url":"u9","option_values":[{"label":"M/L","option_display_name":"Size"}],"price":6.5,"sku":"V2"}]}`},
		"attributes of a parent's rows": {parent, `{"sku":"P","name":"N","attributes":["Color=Red, Blue","Material=Wool"]}
+{"variant_sku":"P1","name":"other","variant_price":3,"attributes":["Color=Red"]}
+{"variant_sku":"P2","variant_price":4,"attributes":["color=Blue"]}`,
			`{"custom_fields":[{"name":"Material","value":"Wool"}],"name":"N","price":3,"sku":"P","variants":[{"option_values":[{"label":"Red","option_display_name":"Color"}],"price":3,"sku":"P1"},{"option_values":[{"label":"Blue","option_display_name":"Color"}],"price":4,"sku":"P2"}]}`},
		"options that the parent names": {parent, `{"sku":"P","option_names":["size"],"attributes":["new=No"]}
+{"variant_sku":"P1","attributes":["size=S","color=Red"]}`,
			`{"custom_fields":[{"name":"new","value":"No"}],"sku":"P","variants":[{"option_values":[{"label":"S","option_display_name":"size"}],"sku":"P1"}]}`},
		"a group's attributes": {group, `{"sku":"G","variant_sku":"1","attributes":["Color=Red","Material=Wool"]}
{"sku":"G","variant_sku":"2","attributes":["Color=Blue","Material=Wool"]}`,
			`{"custom_fields":[{"name":"Material","value":"Wool"}],"sku":"G","variants":[{"option_values":[{"label":"Red","option_display_name":"Color"}],"sku":"1"},{"option_values":[{"label":"Blue","option_display_name":"Color"}],"sku":"2"}]}`},
		"lists that multiply": {lists, `{"sku":"E","price":2,"option_values":["Color=Red, Blue","Size=S,M"]}`,
			`{"price":2,"sku":"E","variants":[{"option_values":[{"label":"Red","option_display_name":"Color"},{"label":"S","option_display_name":"Size"}],"sku":"E-Red-S"},{"option_values":[{"label":"Red","option_display_name":"Color"},{"label":"M","option_display_name":"Size"}],"sku":"E-Red-M"},{"option_values":[{"label":"Blue","option_display_name":"Color"},{"label":"S","option_display_name":"Size"}],"sku":"E-Blue-S"},{"option_values":[{"label":"Blue","option_display_name":"Color"},{"label":"M","option_display_name":"Size"}],"sku":"E-Blue-M"}]}`},
		"what a variant costs more": {group, `{"sku":"W","price":10.1}
{"variant_price_difference":0.2,"option_values":["Size=S"]}`,
			`{"price":10.1,"sku":"W","variants":[{"option_values":[{"label":"S","option_display_name":"Size"}],"price":10.3,"sku":"W-S"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			doc, problems := assembledFrom(t, tt.layout, tt.rows)
			if d := cmp.Diff(tt.want, doc); d != "" || len(problems) > 0 {
				t.Errorf("%s %+v", d, problems)
			}
		})
	}
}

// TestAssembleRefuses: what is wrong names the row and its field.
func TestAssembleRefuses(t *testing.T) {
	group, parent := &tenants.Layout{Kind: tenants.LayoutGroup}, &tenants.Layout{Kind: tenants.LayoutParent}
	many := `{"sku":"A","option_values":["Size=1"]}` + strings.Repeat("\n"+`{"option_values":["Size=1"]}`, 600)
	for i := range 601 {
		many = strings.Replace(many, `"Size=1"]`, `"Size=`+strings.Repeat("x", i%250+2)+strings.Repeat("y", i/250)+`"]`, 1)
	}
	for name, tt := range map[string]struct {
		layout  *tenants.Layout
		rows    string
		part    int
		field   string
		message string
		warning bool
	}{
		"the same options twice":      {group, "{\"sku\":\"A\",\"option_values\":[\"Size=S\"]}\n{\"option_values\":[\"=s\"]}", 1, targetOptionValues, "the same options", false},
		"a variant without options":   {group, "{\"sku\":\"A\",\"option_values\":[\"Size=S\"]}\n{\"variant_sku\":\"x\"}", 1, targetOptionValues, "fill Size", false},
		"one of two options":          {group, "{\"sku\":\"A\",\"option_values\":[\"Size=S\",\"Color=Red\"]}\n{\"option_values\":[\"=M\"]}", 1, targetOptionValues, "Color", false},
		"two rows that are not told":  {group, "{\"sku\":\"A\",\"variant_price\":1}\n{\"variant_price\":2}", 1, targetOptionValues, "tells the two apart", false},
		"children that are not told":  {parent, "{\"sku\":\"A\"}\n+{\"variant_price\":2}", 1, targetAttributes, "match the options", false},
		"the same SKU twice":          {group, "{\"sku\":\"A\",\"variant_sku\":\"V\",\"option_values\":[\"Size=S\"]}\n{\"variant_sku\":\"v\",\"option_values\":[\"=M\"]}", 1, "variant_sku", "the same SKU", false},
		"more than BigCommerce takes": {group, many, 600, targetOptionValues, "more than 600 variants", false},
		"a long custom field":         {nil, `{"sku":"A","custom_field:X":"` + strings.Repeat("x", 251) + `"}`, 0, "custom_field:X", "251 characters", true},
		"no video":                    {nil, `{"sku":"A","videos":["https://vimeo.com/1"]}`, 0, targetVideos, "no video at YouTube", true},
		"no bulk price":               {nil, `{"sku":"A","bulk_prices":"ten for 9"}`, 0, targetBulkPrices, "write it as", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := assembledFrom(t, tt.layout, tt.rows)
			for _, p := range problems {
				if p.Part == tt.part && p.Field == tt.field && strings.Contains(p.Message, tt.message) && p.Warning == tt.warning {
					return
				}
			}
			t.Errorf("%+v", problems)
		})
	}
}
