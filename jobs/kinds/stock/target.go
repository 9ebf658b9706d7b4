package stock

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// stock is the Target of stock levels.
type stock struct{}

// New returns the Target of stock levels.
func New() upsert.Target { return stock{} }

func (stock) Spec() flow.Spec { return spec }

func (stock) Catalogue(context.Context) (*mapping.Catalogue, error) { return catalogue, nil }

// Key is that of a document as Prepare leaves it; before, the location is what the source calls it.
func (stock) Key(d mapping.Document) upsert.Key {
	sku := strings.TrimSpace(upsert.Text(d[targetSKU]))
	k := upsert.Key{Field: targetSKU, Shown: sku}
	switch {
	case sku == "":
		k.Problem = "is empty: every row needs the SKU of what it is about"
		return k
	case utf8.RuneCountInString(sku) > maxName:
		k.Problem = fmt.Sprintf("is longer than %d characters, BigCommerce's limit", maxName)
		return k
	}
	place := placeOf(d[fieldLocation])
	if place == "" {
		place = strings.TrimSpace(upsert.Text(d[targetLocation]))
	}
	k.Shown, k.Folded = sku, foldKey(sku, place)
	if place != "" {
		k.Shown = sku + " @ " + place
	}
	return k
}

// foldKey is the key of a level: SKUs that differ in letter case or in spaces around them are one.
func foldKey(sku, place string) string { return upsert.Fold(sku) + " @ " + upsert.Fold(place) }

// placeOf is a location's id as text, "" for none.
func placeOf(v any) string {
	if id := upsert.Int(v); id != 0 {
		return strconv.FormatInt(id, 10)
	}
	return ""
}

func (stock) Page(_, parent int64) string { return upsert.ProductPage(parent) }

func (stock) Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error) {
	return upsert.ProductPictures(ctx, c, of, func(r flow.Record) int64 { return r.Parent })
}

func (stock) KeyName() string { return "SKU at this location" }

func (stock) LiveKey(live upsert.Live) upsert.Key {
	sku, place := upsert.Text(live.Fields[targetSKU]), placeOf(live.Fields[fieldLocation])
	return upsert.Key{Folded: foldKey(sku, place), Shown: sku + " @ " + place}
}

func (stock) FieldOf(target string) string {
	if target == targetLocation {
		return fieldLocation
	}
	return target
}

func (stock) TargetOf(field string) string {
	if field == fieldLocation {
		return targetLocation
	}
	return field
}

// Kept lists what identifies a level, and the mapped fields.
func (s stock) Kept(m tenants.Mapping) []string {
	out := []string{"id", targetSKU, fieldLocation}
	for _, f := range m.Fields {
		if field := s.FieldOf(f.Target); field != targetSKU && field != fieldLocation {
			out = append(out, field)
		}
	}
	return out
}

func (stock) Same(_ string, live, want any) bool { return upsert.Same(live, want) }

// Blind: no answer shows a level.
func (stock) Blind(string) bool { return false }

// written are the fields that are written, in the order in which changes are shown.
var written = []string{targetQuantity, targetSafety, targetWarning, targetBin}

func (s stock) Diff(d upsert.Doc, live upsert.Live, _ upsert.Refs) []upsert.Change {
	var out []upsert.Change
	if now := upsert.Text(live.Fields[fieldTracking]); now == trackingNone {
		out = append(out, upsert.Change{Field: fieldTracking, Before: now, After: trackingOf(live.Ref), Route: routeTracking})
	}
	for _, field := range written {
		want, mapped := d.Fields[field]
		have, shown := live.Fields[field]
		if !mapped || shown && s.Same(field, have, want) {
			continue
		}
		c := upsert.Change{Field: field, Before: have, After: want, Unknown: !shown, Route: routeSettings}
		if field == targetQuantity {
			c.Route = routeStock
		}
		out = append(out, c)
	}
	return out
}

// Payload of all of d has what identifies the level too: it is remembered. BigCommerce does not
// take a bin alone, so settings are sent together.
func (stock) Payload(d upsert.Doc, targets []string, _ upsert.Refs) bigcommerce.Fields {
	out := make(bigcommerce.Fields, len(d.Fields))
	if targets == nil {
		for field, v := range d.Fields {
			out[field] = v
		}
		return out
	}
	for _, target := range targets {
		if target == fieldTracking {
			continue
		}
		if out[target] = d.Fields[target]; target != targetQuantity {
			for _, setting := range written[1:] {
				if v, mapped := d.Fields[setting]; mapped {
					out[setting] = v
				}
			}
		}
	}
	return out
}

// How a write addresses an item; with its location a level's Ref: "v@3".
const (
	byVariant     = "v" // a variant with options
	byProduct     = "p" // the base variant, by its product
	byBaseVariant = "b" // the base variant, by its own id
	whole         = "w" // a product with options whose stock is counted as one: Live.ID is the product
)

func refOf(address string, location int64) string {
	return address + "@" + strconv.FormatInt(location, 10)
}

// addressOf is a Ref's address and location.
func addressOf(ref string) (address string, location int64) {
	address, place, _ := strings.Cut(ref, "@")
	location, _ = strconv.ParseInt(place, 10, 64) // our own
	return address, location
}
