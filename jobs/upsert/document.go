package upsert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Targets of a mapping that are text in a document and ids in the store.
const (
	targetCategory = "category" // path text, several with "|" → categories
	targetBrand    = "brand"    // name → brand_id
)

// Keys that the engine keeps beside the mapped fields of RunItem.Document. No BigCommerce field
// starts with an underscore, and none of them is ever sent.
const (
	keyUniqueName = "_name"    // the name to write, because another product has the mapped one
	keySent       = "_sent"    // true: a create of this item was sent once, and its product was not found since
	keyBasis      = "_basis"   // what the item's changes were worked out from
	keyCleaned    = "_cleaned" // what BigCommerce made of values that were sent before
	keyWritten    = "_written" // how many of the item's changes, the first ones, were written already
)

// itemDoc is RunItem.Document in memory.
type itemDoc struct {
	fields mapping.Document // as mapped; its name is the feed's
	rename string           // unique form of the name that is to be written instead, "" for none
	sent   bool

	basis   basis
	written int
	cleaned cleaned
}

func (d itemDoc) sku() string  { return strings.TrimSpace(text(d.fields["sku"])) }
func (d itemDoc) name() string { return text(d.fields["name"]) }

// effectiveName is the name that the product is to have.
func (d itemDoc) effectiveName() string {
	if d.rename != "" {
		return d.rename
	}
	return d.name()
}

func (d itemDoc) encode() (string, error) {
	m := make(map[string]any, len(d.fields)+5)
	for k, v := range d.fields {
		m[k] = v
	}
	if d.rename != "" {
		m[keyUniqueName] = d.rename
	}
	if d.sent {
		m[keySent] = true
	}
	if d.basis != basisLive {
		m[keyBasis] = d.basis
	}
	if d.written > 0 {
		m[keyWritten] = d.written
	}
	if len(d.cleaned) > 0 {
		b, err := json.Marshal(d.cleaned)
		if err != nil {
			return "", fmt.Errorf("upsert: document: %w", err)
		}
		m[keyCleaned] = string(b)
	}
	b, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("upsert: document: %w", err)
	}
	return string(b), nil
}

func decodeDoc(document string) (itemDoc, error) {
	dec := json.NewDecoder(strings.NewReader(document))
	dec.UseNumber()
	d := itemDoc{}
	if err := dec.Decode(&d.fields); err != nil {
		return itemDoc{}, fmt.Errorf("upsert: document: %w", err)
	}
	d.rename = text(d.fields[keyUniqueName])
	d.sent, _ = d.fields[keySent].(bool)
	d.basis = basis(text(d.fields[keyBasis]))
	d.written = int(intOf(d.fields[keyWritten]))
	var err error
	if d.cleaned, err = decodeCleaned(text(d.fields[keyCleaned])); err != nil {
		return itemDoc{}, err
	}
	for _, key := range []string{keyUniqueName, keySent, keyBasis, keyWritten, keyCleaned} {
		delete(d.fields, key)
	}
	return d, nil
}

// text returns v if it is a string, "" otherwise.
func text(v any) string {
	s, _ := v.(string)
	return s
}

// fieldFor returns the product field that a mapping's target is written to.
func fieldFor(target string) string {
	switch target {
	case targetCategory:
		return "categories"
	case targetBrand:
		return "brand_id"
	}
	return target
}

// resolver turns a document's references into ids.
type resolver interface {
	// categories returns the ids of a path text, and the paths among them that the store does not have.
	categories(paths string) (ids []int64, missing []string)
	// brand returns the id of a brand's name, false if the store does not have it. "" is 0: no brand.
	brand(name string) (int64, bool)
	// paths returns category ids as path text, for people.
	paths(ids []int64) string
	brandName(id int64) string
}

// payload returns what to send for the named targets of d; nil means all. missing lists references
// that do not exist: then the payload must not be sent.
func (d itemDoc) payload(targets []string, refs resolver) (out bigcommerce.Fields, missing []string) {
	out = make(bigcommerce.Fields, len(d.fields)+1)
	put := func(target string) {
		v, mapped := d.fields[target]
		if !mapped {
			return
		}
		switch target {
		case "name":
			out["name"] = d.effectiveName()
		case targetCategory:
			ids, none := refs.categories(text(v))
			missing = append(missing, none...)
			out["categories"] = ids
		case targetBrand:
			id, ok := refs.brand(text(v))
			if !ok {
				missing = append(missing, text(v))
			}
			out["brand_id"] = id
		default:
			out[target] = v
		}
	}
	if targets == nil {
		for target := range d.fields {
			put(target)
		}
	} else {
		for _, target := range targets {
			put(target)
		}
	}
	return out, missing
}

// liveFields lists what the match asks BigCommerce for: the mapped fields and what identifies a product, but the id,
// which comes unasked. nil is every field: BigCommerce cannot be asked for some of them alone.
func liveFields(m tenants.Mapping) []string {
	fields := keptFields(m)[1:]
	for _, name := range fields {
		if f, ok := bigcommerce.ProductField(name); ok && f.Unselectable {
			return nil
		}
	}
	return fields
}

// keptFields lists what is of use of a product: its id, and what liveFields are when all can be asked for.
func keptFields(m tenants.Mapping) []string {
	out := []string{"id", "sku", "name"}
	have := map[string]bool{"id": true, "sku": true, "name": true}
	add := func(f string) {
		if !have[f] {
			have[f] = true
			out = append(out, f)
		}
	}
	for _, f := range m.Fields {
		add(fieldFor(f.Target))
		if f.Target == "inventory_level" {
			add("inventory_tracking") // implied by the mapping
		}
	}
	return out
}

// hasTarget reports whether the run's mapping fills target.
func hasTarget(m tenants.Mapping, target string) bool {
	for _, f := range m.Fields {
		if f.Target == target {
			return true
		}
	}
	return false
}

// decodeJSON decodes s with numbers kept exact.
func decodeJSON(s string, v any) error {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	return dec.Decode(v)
}
