package products

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Targets of a mapping that are text in a document and ids in the store.
const (
	targetCategory = "category" // path text, several with "|" → categories
	targetBrand    = "brand"    // name → brand_id
)

// products is the Target of products. A product is identified by its SKU.
type products struct{}

// New returns the Target of products.
func New() upsert.Target { return products{} }

func (products) Spec() flow.Spec { return spec }

func (products) Catalogue(context.Context) (*mapping.Catalogue, error) { return catalogue, nil }

func (products) Key(d mapping.Document) upsert.Key {
	sku := strings.TrimSpace(upsert.Text(d["sku"]))
	return upsert.Key{Folded: foldKey(sku), Shown: sku, Field: "sku", Problem: keyProblem(sku)}
}

func (products) KeyName() string { return "SKU" }

func (products) LiveKey(live upsert.Live) upsert.Key {
	sku := upsert.Text(live.Fields["sku"])
	return upsert.Key{Folded: foldKey(sku), Shown: sku}
}

func (products) FieldOf(target string) string {
	switch target {
	case targetCategory:
		return "categories"
	case targetBrand:
		return "brand_id"
	case targetImageAlt:
		return fieldImages
	case targetRelated:
		return fieldRelated
	case targetBulkPrices:
		return fieldBulkPrices
	case targetOptionValues, targetOptionNames:
		return fieldVariants
	}
	switch {
	case strings.HasPrefix(target, familyCustomField):
		return fieldCustomFields
	case strings.HasPrefix(target, familyOption), strings.HasPrefix(target, variantPrefix):
		return fieldVariants
	}
	return target
}

func (products) TargetOf(field string) string {
	switch field {
	case "categories":
		return targetCategory
	case "brand_id", "brand_name":
		return targetBrand
	case fieldBulkPrices:
		return targetBulkPrices
	}
	return field
}

// Kept lists the id, what identifies a product and the mapped fields.
func (p products) Kept(m tenants.Mapping) []string {
	out := []string{"id", "sku", "name"}
	have := map[string]bool{"id": true, "sku": true, "name": true}
	add := func(f string) {
		if !have[f] {
			have[f] = true
			out = append(out, f)
		}
	}
	for _, f := range m.Fields {
		add(p.FieldOf(f.Target))
		name, isVariant := strings.CutPrefix(f.Target, variantPrefix)
		switch {
		case name == "image":
			add(fieldImages)
		case f.Target == targetPriceDifference:
			add("price")
		case f.Target == targetAttributes:
			add(fieldVariants)
			add(fieldCustomFields)
		case name == "purchasing_disabled":
			add("availability")
		case isVariant:
			add(name) // of a product without variants they are its own
		}
		if name == fieldLevel {
			add(fieldTracking) // implied by the mapping
		}
	}
	return out
}

// liveFields lists what the match asks BigCommerce for: the mapped fields and what identifies a
// product, but the id, which comes unasked. nil is every field: BigCommerce cannot be asked for
// some of them alone.
func (p products) liveFields(m tenants.Mapping) []string {
	var fields []string
	for _, name := range p.Kept(m)[1:] {
		f, ok := bigcommerce.ProductField(name)
		switch {
		case slices.Contains(partLists, name), name == targetChannels, !ok: // asked for otherwise, or nothing of a product
		case f.Unselectable:
			return nil
		default:
			fields = append(fields, name)
		}
	}
	return fields
}

// includes lists the parts that the match asks for.
func (p products) includes(m tenants.Mapping) []string {
	kept := p.Kept(m)
	return slices.DeleteFunc(append(slices.Clone(partLists), targetChannels), func(name string) bool { return !slices.Contains(kept, name) })
}

// Same is by value, for prices after BigCommerce's rounding, and for categories as a set.
func (products) Same(field string, live, want any) bool {
	switch {
	case field == "categories":
		return upsert.SameSet(upsert.Ints(live), upsert.Ints(want))
	case field == targetCustomURL:
		return pathOf(live) == pathOf(want)
	case field == fieldRelated:
		return sameRelated(live, chosenRelated(want))
	case slices.Contains(partLists, field): // what a product has of them is compared one by one
		return true
	}
	return upsert.Same(live, want) || prices[field] && samePrice(live, want)
}

// Blind: stock is written asynchronously, so that the answer may show the old level.
func (products) Blind(field string) bool { return field == "inventory_level" }

func (products) Unique(d mapping.Document) (field, value, unique string) {
	name := upsert.Text(d["name"])
	return "name", name, uniqueName(name, upsert.Text(d["sku"]))
}

func (products) Title(d upsert.Doc, live upsert.Live) string {
	if name := nameOf(d); name != "" {
		return name
	}
	return upsert.Text(live.Fields["name"])
}

func (products) Page(id, _ int64) string { return upsert.ProductPage(id) }

func (products) Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error) {
	return upsert.ProductPictures(ctx, c, of, func(r flow.Record) int64 { return r.ID })
}

func (products) UniqueKey(name string) string { return nameKey(name) }

func (products) Renames(run *tenants.Run) bool {
	return run.Options.Text(optionRepeatedNames) != repeatedFail
}

func (products) Taken() string {
	return "another product of this file has the same name, and BigCommerce wants names unique: change the name, or let the sync append the SKU"
}

func (products) Renamed(unique string) string {
	return fmt.Sprintf("another product has the same name, and BigCommerce wants names unique: this one is called %q", unique)
}

func (products) Refs(run *tenants.Run) upsert.Refs {
	return newRefTable(run)
}

func (p products) Payload(d upsert.Doc, targets []string, refs upsert.Refs) bigcommerce.Fields {
	out := make(bigcommerce.Fields, len(d.Fields)+1)
	table := tableOf(refs)
	if targets == nil {
		for target, v := range d.Fields {
			put(out, table, d, target, v)
		}
		for _, name := range partLists {
			if list, sent := out[name].([]any); sent && len(list) == 0 {
				delete(out, name)
			}
		}
		if ids, sent := out[fieldRelated].([]int64); sent && len(ids) == 0 {
			delete(out, fieldRelated)
		}
		variants := partsOf(d.Fields[fieldVariants])
		if len(variants) > 0 {
			out[fieldVariants] = withoutNulls(variants)
		}
		switch {
		case haveStock(variants):
			out[fieldTracking] = trackVariants
		case d.Fields[fieldLevel] != nil && d.Fields[fieldTracking] == nil:
			out[fieldTracking] = "product"
		}
		if slices.ContainsFunc(variants, func(v object) bool { return foldKey(upsert.Text(v["sku"])) == foldKey(upsert.Text(d.Fields["sku"])) }) {
			delete(out, "sku") // no two may have it, and the variant is what is sold
		}
		return out
	}
	for _, target := range targets {
		field := p.FieldOf(target)
		switch v, mapped := d.Fields[target]; {
		case target == targetCustomURL: // who has the old address finds the product
			out[target] = bigcommerce.Fields{"url": pathOf(v), "is_customized": true, "create_redirect": true}
		case mapped:
			put(out, table, d, target, v)
		case target == fieldTracking:
			out[target] = trackVariants
		case field == fieldCustomFields:
			out[field] = customFields(d, d.Seen[field], targets)
		case field != target:
			put(out, table, d, field, d.Fields[field])
		}
	}
	return out
}

// put adds the value of a document's target to out.
func put(out bigcommerce.Fields, table *refTable, d upsert.Doc, target string, v any) {
	switch target {
	case "name":
		out["name"] = nameOf(d)
	case targetCategory:
		ids, _ := table.categories(upsert.Text(v))
		out["categories"] = table.placed(ids, upsert.Ints(d.Seen["categories"]))
	case targetBrand:
		if id, known := table.brand(upsert.Text(v)); known {
			out["brand_id"] = id
		} else {
			out["brand_name"] = table.brands.spelled(upsert.Text(v))
		}
	case targetCustomURL:
		out[target] = bigcommerce.Fields{"url": pathOf(v), "is_customized": true}
	case targetChannels: // assigned by requests of their own
	case targetRelated:
		if table.related == nil {
			return // who writes it asks
		}
		if ids, pending := table.related.find(v); len(pending) == 0 {
			out[fieldRelated] = ids
		}
	case fieldCustomFields:
		out[target] = customFields(d, d.Seen[target], nil)
	case fieldBulkPrices, fieldVideos:
		out[target] = whole(target, d, d.Seen[target])
	case targetCategories, targetBrandID:
		table.putID(out, target, v, d)
	default:
		out[target] = v
	}
}

// nameOf is the name that the product is to have.
func nameOf(d upsert.Doc) string {
	if d.Unique != "" {
		return d.Unique
	}
	return upsert.Text(d.Fields["name"])
}

// tableOf is refs as the products' own table, an empty one if there are none.
func tableOf(refs upsert.Refs) *refTable {
	if t, ok := refs.(*refTable); ok {
		return t
	}
	return &refTable{}
}

func (p products) Diff(d upsert.Doc, live upsert.Live, refs upsert.Refs) []upsert.Change {
	if live.Ref != "" {
		return p.diffRow(d, live)
	}
	var out []upsert.Change
	table := tableOf(refs)
	byVariant := upsert.Text(live.Fields[fieldTracking]) == trackVariants
	for _, target := range d.Fields.Targets() {
		if !table.fills(d.Fields, target) {
			continue
		}
		want := d.Fields[target]
		field := p.FieldOf(target)
		have, shown := live.Fields[field]
		switch target {
		case "name":
			name := upsert.Text(d.Fields["name"])
			if upsert.Text(have) == name || upsert.Text(have) == uniqueName(name, upsert.Text(d.Fields["sku"])) || d.Explains("name", nameOf(d), have, shown) {
				continue // the unique form was given by an earlier run, which may have been forgotten
			}
			out = append(out, upsert.Change{Field: "name", Before: upsert.Text(have), After: nameOf(d), Unknown: !shown})
		case targetCategory:
			ids, missing := table.categories(upsert.Text(want))
			now := upsert.Ints(have)
			ids = table.placed(ids, now)
			if len(missing) > 0 || (!shown || !upsert.SameSet(ids, now)) && !d.Explains(field, ids, now, shown) {
				out = append(out, upsert.Change{Field: target, Before: table.paths(now), After: upsert.Text(want), Unknown: !shown})
			}
		case targetCategories:
			now := upsert.Ints(have)
			ids := table.placed(upsert.Ints(want), now)
			if (!shown || !upsert.SameSet(ids, now)) && !d.Explains(field, ids, now, shown) {
				out = append(out, upsert.Change{Field: target, Before: have, After: want, Unknown: !shown})
			}
		case targetBrand:
			id, ok := table.brand(upsert.Text(want))
			now := upsert.Int(have)
			if !ok || (!shown || id != now) && !d.Explains(field, id, have, shown) {
				out = append(out, upsert.Change{Field: target, Before: table.brandName(now), After: upsert.Text(want), Unknown: !shown})
			}
		case targetChannels:
			if c, differs := table.diffChannels(want, have, shown); differs {
				out = append(out, c)
			}
		case targetRelated:
			if c, differs := table.diffRelated(want, have, shown); differs {
				out = append(out, c)
			}
		case fieldVariants:
			out = append(out, p.diffVariants(d, live)...)
		case fieldImages:
			out = append(out, table.diffImages(d, live)...)
		case fieldCustomFields:
			out = append(out, diffCustomFields(d, live)...)
		case fieldBulkPrices, fieldVideos:
			out = append(out, diffWhole(target, d, live)...)
		case targetCustomURL:
			if now := pathOf(have); !shown || now != pathOf(want) && !d.Explains(target, want, have, shown) {
				out = append(out, upsert.Change{Field: target, Before: now, After: pathOf(want), Unknown: !shown})
			}
		default:
			if byVariant && (target == fieldTracking || target == fieldLevel) {
				continue // the store counts the stock of each variant: Remark says so
			}
			if shown && p.Same(target, have, want) || d.Explains(target, want, have, shown) {
				continue
			}
			c := upsert.Change{Field: target, Before: have, After: want, Unknown: !shown}
			if target == fieldLevel {
				c.Route = routeStock
			}
			out = append(out, c)
		}
	}
	return out
}

// Remark is about what of a row is left alone, and about a store's SKU with spaces around it, which
// the update fixes.
func (products) Remark(d upsert.Doc, live upsert.Live) (field, message, value string) {
	switch level, tracking := d.Fields[fieldLevel], upsert.Text(live.Fields[fieldTracking]); {
	case live.Ref != "" && level != nil && tracking != trackVariants:
		return fieldLevel, "the store counts the stock of the whole product, not of this variant, so the stock is left as it is: have the product track its stock by variant", upsert.Text(level)
	case live.Ref == "" && tracking == trackVariants && level != nil && d.Fields[fieldVariants] == nil:
		return fieldLevel, "the store counts the stock of each variant of this product, so the stock is left as it is: give the variants' SKUs", upsert.Text(level)
	case live.Ref == "" && tracking == trackVariants && d.Fields[fieldTracking] != nil && upsert.Text(d.Fields[fieldTracking]) != trackVariants:
		return fieldTracking, "the store counts the stock of each variant of this product: that stays so", upsert.Text(d.Fields[fieldTracking])
	}
	if live.Ref != "" {
		return "", "", ""
	}
	sku := upsert.Text(live.Fields["sku"])
	if sku == strings.TrimSpace(sku) {
		return "", "", ""
	}
	wanted := strings.TrimSpace(upsert.Text(d.Fields["sku"]))
	return "sku", fmt.Sprintf("the store's SKU %q has spaces around it, which hides the product from exact look-ups: it is written as %q", sku, wanted), sku
}
