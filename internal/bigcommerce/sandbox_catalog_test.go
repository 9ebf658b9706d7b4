package bigcommerce_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
)

func idOf(t *testing.T, f bigcommerce.Fields) int64 {
	t.Helper()
	var id int64
	if _, err := fmt.Sscan(fmt.Sprint(f["id"]), &id); err != nil {
		t.Fatalf("%v: %v", f, err)
	}
	return id
}

func listOf(f bigcommerce.Fields, name string) []bigcommerce.Fields {
	list, _ := f[name].([]any)
	out := make([]bigcommerce.Fields, len(list))
	for i, e := range list {
		out[i], _ = e.(map[string]any)
	}
	return out
}

func shirt() bigcommerce.Fields {
	p := part("SHIRT")
	value := func(option, label string) any {
		return map[string]any{"option_display_name": option, "label": label}
	}
	p["variants"] = []any{
		map[string]any{"sku": "S-R", "price": 10, "option_values": []any{value("Size", "S"), value("Colour", "Red")}},
		map[string]any{"sku": "M-R", "option_values": []any{value("Size", "M"), value("Colour", "Red")}},
	}
	p["images"] = []any{map[string]any{"image_url": "https://x.example/front.png", "is_thumbnail": true, "sort_order": 0, "description": "Front"}}
	p["custom_fields"] = []any{map[string]any{"name": "Fabric", "value": "Linen"}}
	p["bulk_pricing_rules"] = []any{map[string]any{"quantity_min": 2, "quantity_max": 9, "type": "price", "amount": 1}}
	p["videos"] = []any{map[string]any{"video_id": "abc"}}
	p["brand_name"] = "Acme"
	p["custom_url"] = map[string]any{"url": "/the-shirt/", "is_customized": true}
	return p
}

// TestSandboxTakesWholeProducts: one request makes all of a product, and its parts are changed by
// their own.
func TestSandboxTakesWholeProducts(t *testing.T) {
	w := newWorldOf(t, sandbox.Options{})
	ctx := t.Context()
	made, err := w.Products.Create(ctx, shirt())
	if err != nil {
		t.Fatal(err)
	}
	id := idOf(t, made)
	variants := listOf(made, "variants")
	if len(variants) != 2 || len(listOf(made, "images")) != 1 || len(listOf(made, "custom_fields")) != 1 || variants[0]["sku"] != "S-R" {
		t.Fatalf("%v", made)
	}
	for name, parts := range map[string]*bigcommerce.PartsService{"images": w.Images, "custom_fields": w.CustomFields, "bulk_pricing_rules": w.BulkPricing, "videos": w.Videos} {
		add := map[string]bigcommerce.Fields{
			"images":             {"image_url": "https://x.example/back.png", "sort_order": 1},
			"custom_fields":      {"name": "Care", "value": "Cold"},
			"bulk_pricing_rules": {"quantity_min": 10, "quantity_max": 0, "type": "percent", "amount": 5},
			"videos":             {"video_id": "def", "title": "Two"},
		}[name]
		change := map[string]bigcommerce.Fields{
			"images": {"description": "Back"}, "custom_fields": {"name": "Care", "value": "Hot"},
			"bulk_pricing_rules": {"quantity_min": 11, "quantity_max": 0, "type": "percent", "amount": 6}, "videos": {"title": "Second"},
		}[name]
		one, err := parts.Create(ctx, id, add)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err = parts.Update(ctx, id, idOf(t, one), change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if list, err := parts.List(ctx, id); err != nil || len(list) != 2 {
			t.Errorf("%s: %v, %v", name, list, err)
		}
		for range 2 { // what is gone need not go
			if err := parts.Delete(ctx, id, idOf(t, one)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	var invalid *bigcommerce.ValidationError
	if _, err := w.Images.Create(ctx, id, bigcommerce.Fields{"image_url": "https://gone.invalid/a.png"}); !errors.As(err, &invalid) || invalid.Status != 400 {
		t.Errorf("%v", err)
	}
	var taken *bigcommerce.ConflictError
	if _, err := w.BulkPricing.Create(ctx, id, bigcommerce.Fields{"quantity_min": 3, "quantity_max": 4, "type": "price", "amount": 1}); !errors.As(err, &taken) {
		t.Errorf("%v", err)
	}
	// Another value, and a variant of it: alone, and in the batch.
	options, err := w.Options.List(ctx, id)
	if err != nil || len(options) != 2 {
		t.Fatalf("%v, %v", options, err)
	}
	large, err := w.OptionValues.Create(ctx, id, idOf(t, options[0]), bigcommerce.Fields{"label": "L", "sort_order": 3})
	if err != nil {
		t.Fatal(err)
	}
	extra, err := w.OptionValues.Create(ctx, id, idOf(t, options[0]), bigcommerce.Fields{"label": "XL", "sort_order": 4})
	if err != nil {
		t.Fatal(err)
	}
	red := listOf(options[1], "option_values")[0]
	values := func(size bigcommerce.Fields) []any {
		return []any{
			map[string]any{"id": size["id"], "option_id": options[0]["id"], "option_display_name": "Size", "label": size["label"]},
			map[string]any{"id": red["id"], "option_id": options[1]["id"], "option_display_name": "Colour", "label": "Red"},
		}
	}
	joined, err := w.Variants.Create(ctx, id, bigcommerce.Fields{"sku": "L-R", "option_values": values(large)})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := w.Variants.UpdateOne(ctx, id, idOf(t, joined), bigcommerce.Fields{"mpn": "M-1", "image_url": "https://x.example/l.png"}); err != nil || v["mpn"] != "M-1" {
		t.Errorf("%v, %v", v, err)
	}
	got, err := w.Variants.Update(ctx, []bigcommerce.Fields{
		{"id": idOf(t, joined), "price": 12, "mpn": "M-2"}, {"product_id": id, "sku": "XL-R", "option_values": values(extra)},
	})
	if err != nil || len(got.Data) != 2 || got.Data[0]["mpn"] != "M-1" || got.Data[1]["sku"] != "XL-R" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = w.Variants.Update(ctx, []bigcommerce.Fields{{"id": idOf(t, joined), "price": 13}, {"id": 999, "price": 1}, {"id": idOf(t, joined), "sku": "S-R"}})
	if !errors.As(err, &invalid) || invalid.Fields["1.id"] == "" || invalid.Fields["2.sku"] == "" {
		t.Errorf("%v", err)
	}
	modifier, err := w.Modifiers.Create(ctx, id, bigcommerce.Fields{"display_name": "Engraving", "type": "text", "required": false})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Modifiers.Update(ctx, id, idOf(t, modifier), bigcommerce.Fields{"type": "text", "required": true}); err != nil {
		t.Error(err)
	}
	if list, err := w.Modifiers.List(ctx, id); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// TestSandboxAssigns: channels, categories, metafields and redirects, beside what is there.
func TestSandboxAssigns(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	made, err := w.Products.Create(ctx, shirt())
	if err != nil {
		t.Fatal(err)
	}
	id := idOf(t, made)
	ch, err := w.store.AddChannel(sandbox.ChannelSpec{Name: "Second", URL: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	cats, err := w.Categories.Create(ctx, []bigcommerce.Category{{Name: "Shirts", TreeID: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Products.AssignChannels(ctx, []bigcommerce.ChannelAssignment{{ProductID: id, ChannelID: ch.ID}}); err != nil {
		t.Error(err)
	}
	if err := w.Products.AssignCategories(ctx, []bigcommerce.CategoryAssignment{{ProductID: id, CategoryID: cats[0].ID}}); err != nil {
		t.Error(err)
	}
	var got []string
	for a, err := range w.Products.ChannelAssignments(ctx, []int64{id}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint("channel ", a.ChannelID))
	}
	for a, err := range w.Products.CategoryAssignments(ctx, []int64{id}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint("category ", a.CategoryID))
	}
	if want := fmt.Sprintf("channel 1, channel %d, category %d", ch.ID, cats[0].ID); strings.Join(got, ", ") != want {
		t.Errorf("%v, want %s", got, want)
	}
	if err := errors.Join(w.Products.UnassignChannels(ctx, []int64{id}, []int64{ch.ID}), w.Products.UnassignCategories(ctx, []int64{id}, []int64{cats[0].ID})); err != nil {
		t.Error(err)
	}
	field := bigcommerce.Metafield{ResourceID: id, Namespace: "erp", Key: "id", Value: "7", PermissionSet: "app_only"}
	saved, err := w.ProductMetafields.Create(ctx, []bigcommerce.Metafield{field, field})
	if err != nil || len(saved.Saved) != 1 || len(saved.Errors) != 1 || saved.Errors[0].Fields["1"] == "" {
		t.Fatalf("%+v, %v", saved, err)
	}
	field.ID, field.Value = saved.Saved[0].ID, "8"
	if saved, err = w.ProductMetafields.Update(ctx, []bigcommerce.Metafield{field}); err != nil || saved.Saved[0].Value != "8" {
		t.Errorf("%+v, %v", saved, err)
	}
	for m, err := range w.ProductMetafields.List(ctx, bigcommerce.MetafieldFilter{Namespace: "erp", Key: "id"}) {
		if err != nil || m.ResourceID != id || m.Value != "8" {
			t.Errorf("%+v, %v", m, err)
		}
	}
	variant := bigcommerce.Metafield{ResourceID: idOf(t, listOf(made, "variants")[0]), Namespace: "erp", Key: "id", Value: "9", PermissionSet: "read"}
	if saved, err = w.VariantMetafields.Create(ctx, []bigcommerce.Metafield{variant}); err != nil || len(saved.Saved) != 1 {
		t.Errorf("%+v, %v", saved, err)
	}
	if err := w.ProductMetafields.Delete(ctx, []int64{field.ID}); err != nil {
		t.Error(err)
	}
	site, _ := w.store.SiteOf(1)
	redirects, err := w.Redirects.Upsert(ctx, []bigcommerce.Redirect{{SiteID: site.ID, FromPath: "/old/", To: bigcommerce.RedirectTo{Type: "product", EntityID: id}}})
	if err != nil || len(redirects) != 1 || redirects[0].To.EntityID != id {
		t.Fatalf("%+v, %v", redirects, err)
	}
	n := 0
	for _, err := range w.Redirects.List(ctx, bigcommerce.RedirectFilter{Keyword: "old"}) {
		if n++; err != nil {
			t.Error(err)
		}
	}
	if err := w.Redirects.Delete(ctx, []int64{redirects[0].ID}); err != nil || n != 1 {
		t.Errorf("%d, %v", n, err)
	}
}
