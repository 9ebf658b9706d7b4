package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// TestFilesOfSystems: files of systems that are told by their header arrive as those mean them, whole
// and in one request a new product, with nothing chosen.
func TestFilesOfSystems(t *testing.T) {
	h := newHouse(t, houseOptions{})
	for name, f := range systemFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.arrives(t, h)
		})
	}
}

// TestRealFiles has real exports arrive, if SLUICE_FEEDS names the folder that has them: they are not
// ours to publish.
func TestRealFiles(t *testing.T) {
	dir := os.Getenv("SLUICE_FEEDS")
	if dir == "" {
		t.Skip("SLUICE_FEEDS names no folder")
	}
	h := newHouse(t, houseOptions{})
	for name, f := range realFiles {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f.body = string(body)
			f.arrives(t, h)
		})
	}
}

// systemFile is a file as one system exports it. Only what a person is asked is chosen: which sheet
// is meant, or where the pictures are.
type systemFile struct {
	before      []bigcommerce.Fields // products that the store has
	body        string
	contentType string // "" is text/csv
	format      tenants.Format
	answers     map[string]string // by the name of what is asked
	want        []string          // the store's products, as shownProduct says it
	counted     string            // instead of want: what countedProducts says of them
	told        []string          // parts of "KEY field message" of what the run tells
	creates     int               // POSTs of products
	refused     bool              // some rows are, and told says which
}

// arrives has a new flow read the file with what is suggested, twice.
func (f systemFile) arrives(t *testing.T, h *house) {
	s := h.newShop(t)
	for _, p := range f.before {
		_, err := s.client.Products.Create(t.Context(), p)
		s.do(err)
	}
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		if f.contentType == "" {
			f.contentType = "text/csv"
		}
		w.Header().Set("Content-Type", f.contentType)
		_, _ = w.Write([]byte(f.body))
	})
	f.suggested(t, s)
	mark := s.store.Log().Mark()
	r := s.run()
	if r.State != tenants.RunDone || (r.Failed > 0) != f.refused {
		t.Errorf("run %s %q: %+v", r.State, r.Error, r.Counts)
	}
	list := allProducts(t, s)
	if f.counted != "" {
		if got := countedProducts(list); got != f.counted {
			t.Errorf("products\n%s, want\n%s", got, f.counted)
		}
	} else {
		got := make([]string, len(list))
		for i, p := range list {
			got[i] = shownProduct(p)
		}
		slices.Sort(got)
		slices.Sort(f.want)
		if d := cmp.Diff(f.want, got); d != "" {
			t.Errorf("products (-want +got):\n%s", d)
		}
	}
	var told string
	for _, f := range s.findings(r.ID) {
		told += "\n" + f.Key + " " + f.Field + " " + f.Message
	}
	for _, want := range f.told {
		if !strings.Contains(told, want) {
			t.Errorf("nobody is told %q:%s", want, told)
		}
	}
	creates := s.store.Log().ClientSince(h.sandbox.ClientID(), mark).ByMethodPath["POST /v3/catalog/products"]
	if creates != f.creates {
		t.Errorf("%d products were created", creates)
	}
	if again := s.run(); again.Requests != 0 && again.Failed+again.Skipped == 0 || again.Created+again.Updated != 0 {
		t.Errorf("the second time: %d requests, %+v", again.Requests, again.Counts)
	}
}

// suggested makes the shop's flow with what is suggested for the file that it serves.
func (f systemFile) suggested(t *testing.T, s *shop) {
	ctx := t.Context()
	s.flow = &demoFlow{}
	s.do(s.merchant.call(ctx, http.MethodPost, "/flows", map[string]string{"kind": "products", "name": "File"}, s.flow))
	var seen struct {
		Format    tenants.Format `json:"format"`
		Suggested struct {
			tenants.Mapping
			Options tenants.Options `json:"options"`
			Asks    []struct {
				Name   string                 `json:"name"`
				Fields []tenants.FieldMapping `json:"fields"`
			} `json:"asks"`
		} `json:"suggested_mapping"`
	}
	source := productsFrom(s.address).Source
	s.do(s.merchant.call(ctx, http.MethodPost, "/sources/inspect", map[string]any{"flow_id": s.flow.ID, "source": source, "format": f.format}, &seen))
	s.flow.Format, s.flow.Mapping, s.flow.Options = seen.Format, seen.Suggested.Mapping, seen.Suggested.Options
	for _, ask := range seen.Suggested.Asks {
		answer, ok := f.answers[ask.Name]
		if !ok {
			continue
		}
		for _, field := range ask.Fields {
			if slices.ContainsFunc(s.flow.Mapping.Fields, func(f tenants.FieldMapping) bool { return f.Target == field.Target }) {
				continue // the first of a target is the one that says most
			}
			field.Expression = strings.ReplaceAll(field.Expression, "{ANSWER}", answer)
			s.flow.Mapping.Fields = append(s.flow.Mapping.Fields, field)
		}
	}
	s.do(s.merchant.pointFlow(ctx, s.flow, source, true))
}

// allProducts are the store's products with all their parts.
func allProducts(t *testing.T, s *shop) (all []bigcommerce.Fields) {
	for id := int64(0); ; {
		list, _, err := s.client.Products.ListPage(t.Context(), bigcommerce.ProductFilter{IDGreater: id, Sort: "id", Include: []string{"variants", "images", "custom_fields"}}, 1)
		s.do(err)
		if len(list) == 0 {
			return all
		}
		all = append(all, list...)
		if id, err = strconv.ParseInt(fmt.Sprint(list[len(list)-1]["id"]), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
}

// countedProducts says of how many products what is so.
func countedProducts(list []bigcommerce.Fields) string {
	n := map[string]int{}
	for _, p := range list {
		count := func(what string, is bool) {
			if is {
				n[what]++
			}
		}
		if v := parts(p["variants"]); len(v) > 1 {
			n["varied"]++
			n["variants"] += len(v)
		}
		n["images"] += len(parts(p["images"]))
		n["fields"] += len(parts(p["custom_fields"]))
		count("weight", filled(p, "weight"))
		count("sale", filled(p, "sale_price"))
		count("digital", p["type"] == "digital")
		count("hidden", p["is_visible"] == false)
		count("disabled", p["availability"] == "disabled")
		count("stock", p["inventory_tracking"] != "none")
		count("gtin", filled(p, "gtin"))
		count("brand", filled(p, "brand_id"))
		count("categories", len(parts(p["categories"])) > 0)
		count("free", !filled(p, "price"))
	}
	out := fmt.Sprint(len(list))
	for _, what := range slices.Sorted(maps.Keys(n)) {
		if n[what] > 0 {
			out += fmt.Sprint(" ", what, " ", n[what])
		}
	}
	return out
}

func parts(v any) []any { l, _ := v.([]any); return l }

func filled(p bigcommerce.Fields, name string) bool {
	v := fmt.Sprint(p[name])
	return v != "0" && v != ""
}

// shownProduct is a product in short: what is as in every new product is left out.
func shownProduct(p bigcommerce.Fields) string {
	out := []string{fmt.Sprint(p["sku"], ": ", p["name"], " ", p["price"])}
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(filled(p, "sale_price"), "sale %v", p["sale_price"])
	add(filled(p, "weight"), "%v oz", p["weight"])
	add(p["type"] != "physical", "%v", p["type"])
	add(p["inventory_tracking"] == "product", "stock %v", p["inventory_level"])
	add(p["is_visible"] != true, "hidden")
	add(p["availability"] != "available", "%v", p["availability"])
	add(filled(p, "gtin"), "gtin %v", p["gtin"])
	add(filled(p, "brand_id"), "brand")
	add(len(parts(p["categories"])) > 0, "%d categories", len(parts(p["categories"])))
	add(len(parts(p["images"])) > 0, "%d images", len(parts(p["images"])))
	for _, field := range parts(p["custom_fields"]) {
		f := field.(map[string]any)
		add(true, "%v=%v", f["name"], f["value"])
	}
	if variants := parts(p["variants"]); len(variants) > 1 {
		for _, v := range variants {
			variant := v.(map[string]any)
			var labels []string
			for _, o := range parts(variant["option_values"]) {
				labels = append(labels, fmt.Sprint(o.(map[string]any)["label"]))
			}
			text := fmt.Sprint(variant["sku"], " ", strings.Join(labels, "/"), " ", variant["price"])
			if p["inventory_tracking"] == "variant" {
				text += fmt.Sprint(" stock ", variant["inventory_level"])
			}
			out = append(out, "["+text+"]")
		}
	}
	return strings.Join(out, ", ")
}
