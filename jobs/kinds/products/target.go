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
	}
	return target
}

func (products) TargetOf(field string) string {
	switch field {
	case "categories":
		return targetCategory
	case "brand_id":
		return targetBrand
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
		if f.Target == "inventory_level" {
			add("inventory_tracking") // implied by the mapping
		}
	}
	return out
}

// liveFields lists what the match asks BigCommerce for: the mapped fields and what identifies a
// product, but the id, which comes unasked. nil is every field: BigCommerce cannot be asked for
// some of them alone.
func (p products) liveFields(m tenants.Mapping) []string {
	fields := p.Kept(m)[1:]
	for _, name := range fields {
		if f, ok := bigcommerce.ProductField(name); ok && f.Unselectable {
			return nil
		}
	}
	return fields
}

// Same is by value, for prices after BigCommerce's rounding, and for categories as a set.
func (products) Same(field string, live, want any) bool {
	if field == "categories" {
		return upsert.SameSet(upsert.Ints(live), upsert.Ints(want))
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
	if t := newRefTable(run.Mapping); t.needsCategories || t.needsBrands {
		return t
	}
	return nil
}

func (p products) Payload(d upsert.Doc, targets []string, refs upsert.Refs) bigcommerce.Fields {
	out := make(bigcommerce.Fields, len(d.Fields)+1)
	table := tableOf(refs)
	if targets == nil {
		for target, v := range d.Fields {
			put(out, table, d, target, v)
		}
		if _, stocked := d.Fields["inventory_level"]; stocked && d.Fields["inventory_tracking"] == nil {
			out["inventory_tracking"] = "product"
		}
		return out
	}
	for _, target := range targets {
		if v, mapped := d.Fields[target]; mapped {
			put(out, table, d, target, v)
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
		out["categories"] = slices.Clone(ids)
	case targetBrand:
		out["brand_id"], _ = table.brand(upsert.Text(v))
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
	var out []upsert.Change
	table := tableOf(refs)
	for _, target := range d.Fields.Targets() {
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
			if len(missing) > 0 || (!shown || !upsert.SameSet(ids, now)) && !d.Explains(field, ids, now, shown) {
				out = append(out, upsert.Change{Field: target, Before: table.paths(now), After: upsert.Text(want), Unknown: !shown})
			}
		case targetBrand:
			id, ok := table.brand(upsert.Text(want))
			now := upsert.Int(have)
			if !ok || (!shown || id != now) && !d.Explains(field, id, have, shown) {
				out = append(out, upsert.Change{Field: target, Before: table.brandName(now), After: upsert.Text(want), Unknown: !shown})
			}
		default:
			if shown && p.Same(target, have, want) || d.Explains(target, want, have, shown) {
				continue
			}
			out = append(out, upsert.Change{Field: target, Before: have, After: want, Unknown: !shown})
		}
	}
	return out
}

// Remark is about a store's SKU with spaces around it, which the update fixes.
func (products) Remark(d upsert.Doc, live upsert.Live) (field, message, value string) {
	sku := upsert.Text(live.Fields["sku"])
	if sku == strings.TrimSpace(sku) {
		return "", "", ""
	}
	wanted := strings.TrimSpace(upsert.Text(d.Fields["sku"]))
	return "sku", fmt.Sprintf("the store's SKU %q has spaces around it, which hides the product from exact look-ups: it is written as %q", sku, wanted), sku
}
