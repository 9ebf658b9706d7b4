package products

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/jobs/upsert/upserttest"
	"sluice/tenants"
)

// grouped is the mapping of a file with a row a variant.
var grouped = tenants.Mapping{
	Layout: &tenants.Layout{Kind: tenants.LayoutGroup, Key: "Handle"},
	Fields: []tenants.FieldMapping{
		{Target: "sku", Expression: "Handle"}, {Target: "name", Expression: "Title"}, {Target: "price", Expression: "Price"},
		{Target: "type", Expression: `"physical"`}, {Target: "weight", Expression: "1"}, {Target: targetBrand, Expression: "Vendor"},
		{Target: "variant_sku", Expression: "SKU"}, {Target: "variant_price", Expression: "Price"}, {Target: "option:Size", Expression: "Size"},
		{Target: targetImages, Expression: "Images"}, {Target: "custom_field:Fabric", Expression: "Fabric"},
		{Target: targetBulkPrices, Expression: "Bulk"}, {Target: targetVideos, Expression: "Video"},
	},
}

const groupedHeader = "Handle,Title,Price,Vendor,SKU,Size,Images,Fabric,Bulk,Video"

// tee is a product with variants of the given sizes: its rows.
func tee(n int, price string, sizes ...string) []string {
	rows := make([]string, len(sizes))
	for i, size := range sizes {
		rows[i] = fmt.Sprintf("tee-%d,,%s,,T%d-%s,%s,,,,", n, price, n, size, size)
		if i == 0 {
			rows[i] = fmt.Sprintf("tee-%d,Tee %d,%s,Acme,T%d-%s,%s,https://img.example/%d-a.jpg|https://img.example/%d-b.jpg,Cotton,10: 5%%,dQw4w9WgXcQ", n, n, price, n, size, size, n, n)
		}
	}
	return rows
}

func groupedCSV(rows ...string) string { return groupedHeader + "\n" + strings.Join(rows, "\n") + "\n" }

func newGrouped(t testing.TB) *world {
	w := newWorld(t, upserttest.NewPlatform(t))
	w.Flow.Mapping = grouped
	return w
}

// whole returns a product of the store with all of its parts.
func (w *world) whole(sku string) bigcommerce.Fields {
	w.Helper()
	page, _, err := w.Hand().Products.ListPage(w.Ctx, bigcommerce.ProductFilter{SKU: sku, Include: partLists}, 1)
	if err != nil || len(page) != 1 {
		w.Fatalf("%d products %s, %v", len(page), sku, err)
	}
	return page[0]
}

// brief is what counts of a product for these tests.
func brief(p bigcommerce.Fields) map[string]any {
	out := map[string]any{"name": p["name"]}
	var variants, images, fields, bulk, videos []string
	for _, v := range objectsOf(p[fieldVariants]) {
		var labels []string
		for _, o := range objectsOf(v["option_values"]) {
			labels = append(labels, fmt.Sprint(o["option_display_name"], "=", o["label"]))
		}
		variants = append(variants, fmt.Sprint(v["sku"], " ", v["price"], " ", strings.Join(labels, ",")))
	}
	for _, i := range objectsOf(p[fieldImages]) {
		_, name, _ := strings.Cut(fmt.Sprint(i["image_file"]), "/")
		_, name, _ = strings.Cut(name, "/")
		name, _, _ = strings.Cut(name, "__")
		images = append(images, fmt.Sprint(name, " ", i["description"], " ", i["is_thumbnail"]))
	}
	for _, f := range objectsOf(p[fieldCustomFields]) {
		fields = append(fields, fmt.Sprint(f["name"], "=", f["value"]))
	}
	for _, b := range objectsOf(p[fieldBulkPrices]) {
		bulk = append(bulk, fmt.Sprint(b["quantity_min"], "-", b["quantity_max"], " ", b["type"], " ", b["amount"]))
	}
	for _, v := range objectsOf(p[fieldVideos]) {
		videos = append(videos, fmt.Sprint(v["video_id"]))
	}
	for name, list := range map[string][]string{"variants": variants, "images": images, "fields": fields, "bulk": bulk, "videos": videos} {
		slices.Sort(list)
		if list != nil {
			out[name] = list
		}
	}
	return out
}

func objectsOf(v any) []object { return partsOf(v) }

// TestAProductIsOneRequest: with all of its parts; and nothing is asked or sent while nothing
// changes.
func TestAProductIsOneRequest(t *testing.T) {
	w := newGrouped(t)
	w.Feed.Body = groupedCSV(append(tee(1, "10", "S", "M"), tee(2, "12", "S", "M", "L")...)...)
	var r *tenants.Run
	got := w.Routes(func() { r = w.Run() })
	w.Want(r, upserttest.Counts{Read: 2, Created: 2})
	if got["POST/products"] != 2 || w.total(got) > 2+4 { // brands, a look-up, plain and padded
		t.Errorf("%v", got)
	}
	want := map[string]any{
		"name": "Tee 2", "variants": []string{"T2-L 12 Size=L", "T2-M 12 Size=M", "T2-S 12 Size=S"},
		"images": []string{"2-a  true", "2-b  false"}, "fields": []string{"Fabric=Cotton"}, "bulk": []string{"10-0 percent 5"}, "videos": []string{"dQw4w9WgXcQ"},
	}
	if d := cmp.Diff(want, brief(w.whole("tee-2"))); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if n := w.Requests(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d requests though nothing changed", n)
	}
	w.forget()
	if n := w.writes(func() { r = w.Run() }); n != 0 {
		t.Errorf("%d writes though nothing changed: %v", n, w.ItemChanges(r))
	}
}

func (w *world) total(routes map[string]int) (n int) {
	for _, k := range routes {
		n += k
	}
	return n
}

// numberless counts requests whose paths end with ids together.
func numberless(routes map[string]int) map[string]int {
	out := make(map[string]int)
	for route, n := range routes {
		method, last, _ := strings.Cut(route, "/")
		if strings.Trim(last, "0123456789") == "" {
			last = "#"
		}
		out[method+"/"+last] += n
	}
	return out
}

// forgetMemory forgets what the flow remembers of its products, not that they are its.
func (w *world) forgetMemory() {
	w.Helper()
	if err := w.DB.Scoped(w.Ctx).Where("flow_id = ?", w.Flow.ID).Delete(&tenants.RememberedRecord{}).Error; err != nil {
		w.Fatal(err)
	}
}

// TestChangesOfPartsGoByTheirRoutes: each in the fewest requests, and nothing else is touched.
func TestChangesOfPartsGoByTheirRoutes(t *testing.T) {
	for name, tt := range map[string]struct {
		edit   func(body string) string
		routes map[string]int
		want   map[string]any // of tee-1, what differs
	}{
		"prices of variants": {
			func(b string) string { return strings.ReplaceAll(b, ",,10,,", ",,11,,") },
			map[string]int{"PUT/variants": 1}, map[string]any{"variants": []string{"T1-M 11 Size=M", "T1-S 10 Size=S"}},
		},
		"another variant, of a value that is new": {
			func(b string) string { return strings.Replace(b, "tee-2,", "tee-1,,10,,T1-XL,XL,,,,\ntee-2,", 1) },
			map[string]int{"GET/options": 1, "POST/values": 1, "PUT/variants": 1},
			map[string]any{"variants": []string{"T1-M 10 Size=M", "T1-S 10 Size=S", "T1-XL 10 Size=XL"}},
		},
		"a custom field": {
			func(b string) string { return strings.Replace(b, "Cotton", "Wool", 1) },
			map[string]int{"PUT/products": 1}, map[string]any{"fields": []string{"Fabric=Wool", "Theirs=1"}},
		},
		"bulk prices": {
			func(b string) string { return strings.Replace(b, "10: 5%", "20: 7%", 1) },
			map[string]int{"DELETE/#": 1, "PUT/products": 1}, map[string]any{"bulk": []string{"20-0 percent 7"}},
		},
		"a picture more": {
			func(b string) string { return strings.Replace(b, "1-b.jpg", "1-b.jpg|https://img.example/1-c.jpg", 1) },
			map[string]int{"POST/images": 1}, map[string]any{"images": []string{"1-a  true", "1-b  false", "1-c  false"}},
		},
		"a picture less": {
			func(b string) string { return strings.Replace(b, "|https://img.example/1-b.jpg", "", 1) },
			map[string]int{"DELETE/#": 1}, map[string]any{"images": []string{"1-a  true"}},
		},
		"several at once": {
			func(b string) string {
				b = strings.Replace(strings.ReplaceAll(b, ",,10,,", ",,11,,"), "Cotton", "Wool", 1)
				return strings.Replace(strings.Replace(b, "|https://img.example/1-b.jpg", "", 1), "Tee 1", "Shirt", 1)
			},
			map[string]int{"PUT/products": 1, "PUT/variants": 1, "DELETE/#": 1},
			map[string]any{"name": "Shirt", "variants": []string{"T1-M 11 Size=M", "T1-S 10 Size=S"}, "images": []string{"1-a  true"}, "fields": []string{"Fabric=Wool", "Theirs=1"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newGrouped(t)
			w.Feed.Body = groupedCSV(append(tee(1, "10", "S", "M"), tee(2, "12", "S", "M")...)...)
			w.Want(w.Run(), upserttest.Counts{Read: 2, Created: 2})
			id := upsert.Int(w.whole("tee-1")["id"])
			if _, err := w.Hand().CustomFields.Create(w.Ctx, id, bigcommerce.Fields{"name": "Theirs", "value": "1"}); err != nil {
				t.Fatal(err)
			}
			w.forgetMemory() // so that a look sees the field of another
			before := brief(w.whole("tee-1"))
			w.Feed.Body = tt.edit(w.Feed.Body)
			var r *tenants.Run
			got := numberless(w.Routes(func() { r = w.Run() }))
			w.Want(r, upserttest.Counts{Read: 2, Updated: 1, Unchanged: 1})
			delete(got, "GET/products")
			if d := cmp.Diff(tt.routes, got); d != "" {
				t.Errorf("requests: %s", d)
			}
			for name, v := range tt.want {
				before[name] = v
			}
			if d := cmp.Diff(before, brief(w.whole("tee-1"))); d != "" {
				t.Errorf("(-want +got):\n%s\n%v", d, w.ItemChanges(r))
			}
			// What was written is remembered: the next change of it is not looked at.
			if n := w.Requests(func() { w.Run() }); n != 0 {
				t.Errorf("%d requests though nothing changed", n)
			}
			w.Feed.Body = strings.Replace(w.Feed.Body, ",10,Acme,T1-S", ",13,Acme,T1-S", 1)
			got = w.Routes(func() { r = w.Run() })
			if d := cmp.Diff(map[string]int{"PUT/products": 1, "PUT/variants": 1}, got); d != "" {
				t.Errorf("requests of the next change: %s\n%v", d, w.ItemChanges(r))
			}
		})
	}
}
