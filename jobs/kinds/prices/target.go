package prices

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Fields of what is remembered of a price list's record, beside its prices.
const (
	fieldList   = "price_list_id"
	fieldParent = "product_id"
)

// prices is the Target of prices. A document that Prepare has seen has a price_list if it is about
// a record of one, and none if it is about the catalogue.
type prices struct{ lists *listIDs }

// New returns the Target of prices.
func New() upsert.Target { return prices{lists: &listIDs{of: make(map[string]int64)}} }

func (prices) Spec() flow.Spec { return spec }

func (prices) Catalogue(context.Context) (*mapping.Catalogue, error) { return catalogue, nil }

// ofList reports whether a document is about a record of a price list.
func ofList(d mapping.Document) bool { return d[targetList] != nil }

// writesLists reports whether a run writes records of price lists.
func writesLists(run *tenants.Run) bool { return run.Options.Text(optionDestination) == toLists }

func (prices) Page(_, parent int64) string { return upsert.ProductPage(parent) }

func (prices) Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error) {
	return upsert.ProductPictures(ctx, c, of, func(r flow.Record) int64 { return r.Parent })
}

func (prices) KeyName() string { return "SKU" }

func (prices) Key(d mapping.Document) upsert.Key {
	return keyOf(d[targetSKU], d[targetList], d[targetCurrency])
}

func (prices) LiveKey(live upsert.Live) upsert.Key {
	return keyOf(live.Fields[targetSKU], live.Fields[targetList], live.Fields[targetCurrency])
}

// keySign stands between the parts of a record's key.
const keySign = " · "

// keyOf is the key of a SKU of the catalogue or, with a list, of a record.
func keyOf(sku, list, currency any) upsert.Key {
	s, l, c := strings.TrimSpace(upsert.Text(sku)), strings.TrimSpace(upsert.Text(list)), strings.TrimSpace(upsert.Text(currency))
	k := upsert.Key{Shown: s, Field: targetSKU}
	switch {
	case s == "":
		k.Problem = "the SKU is missing: every row needs one, for it says whose price the row is"
		return k
	case utf8.RuneCountInString(upsert.Fold(s)) > maxSKU:
		k.Problem = "the SKU is too long; the limit is 255 characters"
	case strings.IndexFunc(s, unicode.IsControl) >= 0 || !utf8.ValidString(s):
		k.Problem = "the SKU has a control character in it: remove it at the source"
	}
	if l != "" {
		k.Shown += keySign + l
		if c != "" { // a row that cannot be read may lack it
			k.Shown += keySign + c
		}
	}
	k.Folded = upsert.Fold(k.Shown)
	return k
}

// Currency is the last part of the key of a price list's record.
func (prices) Currency(key string) string {
	parts := strings.Split(key, keySign)
	if len(parts) < 3 { // of the catalogue, or of a row that cannot be read
		return ""
	}
	return strings.ToUpper(parts[len(parts)-1])
}

// recordID stands for the id that a record of a price list does not have. JSON of any program reads
// it exactly.
func recordID(key upsert.Key) int64 {
	sum := sha256.Sum256([]byte(key.Folded))
	return int64(binary.BigEndian.Uint64(sum[:])>>11) | 1 //nolint:gosec // of 53 bits
}

func (prices) FieldOf(target string) string {
	if target == targetList {
		return fieldList
	}
	return target
}

func (prices) TargetOf(field string) string {
	if field == fieldList {
		return targetList
	}
	return field
}

func (p prices) Kept(m tenants.Mapping) []string {
	out := []string{targetSKU, targetCurrency, fieldList}
	for _, f := range m.Fields {
		if field := p.FieldOf(f.Target); !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	return out
}

// mappedPrices lists the catalogue's prices that a mapping fills.
func mappedPrices(m tenants.Mapping) []string {
	var out []string
	for _, f := range m.Fields {
		if slices.Contains(cataloguePrices, f.Target) {
			out = append(out, f.Target)
		}
	}
	return out
}

// Same is by value, after BigCommerce's rounding.
func (prices) Same(field string, live, want any) bool {
	switch {
	case field == targetTiers:
		return sameTiers(live, want)
	case slices.Contains(cataloguePrices, field):
		return sameAmount(live, want)
	}
	return upsert.Same(live, want)
}

func (prices) Blind(string) bool { return false }

func (p prices) Diff(d upsert.Doc, live upsert.Live, refs upsert.Refs) []upsert.Change {
	if ofList(d.Fields) {
		return p.diffRecord(d, live, refs)
	}
	var out []upsert.Change
	for _, target := range cataloguePrices {
		want, mapped := d.Fields[target]
		have, shown := live.Fields[target]
		if !mapped || shown && sameAmount(have, want) || d.Explains(target, want, have, shown) {
			continue
		}
		out = append(out, upsert.Change{Field: target, Before: have, After: want, Unknown: !shown, Route: routeCatalogue})
	}
	return out
}

// diffRecord compares a record of a price list. One of a list that was deleted and made anew has
// nothing of the old.
func (prices) diffRecord(d upsert.Doc, live upsert.Live, refs upsert.Refs) []upsert.Change {
	fields := live.Fields
	if id, ok := tableOf(refs).list(upsert.Text(d.Fields[targetList])); ok && fields != nil && upsert.Int(fields[fieldList]) != id {
		fields = nil
	}
	var out []upsert.Change
	for _, target := range listPrices {
		want, mapped := d.Fields[target]
		if !mapped {
			continue
		}
		have, shown := fields[target]
		c := upsert.Change{Field: target, Before: have, After: want, Unknown: !shown, Route: routeRecords}
		if target == targetTiers {
			tiers, _ := parseTiers(upsert.Text(want))
			if shown && sameTiers(have, fieldOfTiers(tiers)) {
				continue
			}
			now, _ := tiersOfField(have)
			c.Before, c.After = textOfTiers(now), textOfTiers(tiers)
		} else if shown && sameAmount(have, want) {
			continue
		}
		out = append(out, c)
	}
	return out
}

// Payload is, of a record of a price list, always all of it: what is not sent BigCommerce may take
// away. The list's id and the cost are only remembered with it.
func (prices) Payload(d upsert.Doc, targets []string, refs upsert.Refs) bigcommerce.Fields {
	out := make(bigcommerce.Fields, len(d.Fields)+1)
	if !ofList(d.Fields) {
		for _, target := range cataloguePrices {
			if v, mapped := d.Fields[target]; mapped && (targets == nil || slices.Contains(targets, target)) {
				out[target] = v
			}
		}
		return out
	}
	out[targetSKU], out[targetCurrency] = d.Fields[targetSKU], d.Fields[targetCurrency]
	if id, ok := tableOf(refs).list(upsert.Text(d.Fields[targetList])); ok {
		out[fieldList] = id
	}
	for _, target := range append([]string{targetCost}, listPrices...) {
		v, mapped := d.Fields[target]
		switch {
		case !mapped:
		case target == targetTiers:
			tiers, _ := parseTiers(upsert.Text(v))
			out[target] = fieldOfTiers(tiers)
		default:
			out[target] = v
		}
	}
	return out
}

// Unseen: a write creates or changes a record.
func (prices) Unseen(run *tenants.Run) bool {
	return writesLists(run) && run.Options.Text(optionFirst) != firstRead
}

func (p prices) Unknown(d upsert.Doc, _ upsert.Refs) (upsert.Live, bool) {
	return upsert.Live{ID: recordID(p.Key(d.Fields))}, ofList(d.Fields)
}
