package upsert

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/mapping"
)

// BigCommerce keeps some values otherwise than they were sent: prices with four decimals, HTML without what it does
// not allow. Such a value landed, for as long as the source sends the same and the store shows what became of it;
// else every look at the product would find a difference, and write it anew.
//
// The rounding of prices is known, so that even the first look makes nothing of it. What becomes of other values is
// learned from the answer to a write, and remembered with the record: a digest of what was sent, and one of what came
// back. This memory does not depend on what is remembered of the product (memory.go), which large products are not.
//
// The same is remembered of a value that the answer did not show: whether it landed cannot be seen, so it is sent once
// and not in each run.

// cleaned is what became of the values that were sent, by field, where that is something else. Its JSON is
// tenants.Record.Cleaned.
type cleaned map[string]cleanedValue

type cleanedValue struct {
	Sent string `json:"sent"`           // digest
	Kept string `json:"kept,omitempty"` // digest of what came back; "" if nothing did
}

// digest identifies a field's value by its content.
func digest(field string, v any) string {
	if field == "categories" { // a set
		ids := intsOf(v)
		slices.Sort(ids)
		v = slices.Compact(ids)
	}
	return mapping.Document{"": v}.Hash()[:32]
}

// explains reports whether live, or that it is not shown, is what became of want.
func (c cleaned) explains(field string, want, live any, shown bool) bool {
	known, ok := c[field]
	if !ok || known.Sent != digest(field, want) {
		return false
	}
	if !shown {
		return known.Kept == ""
	}
	return known.Kept == digest(field, live)
}

// learn returns what is known of d's values after a write of sent, which was answered with answer. Of what failed in
// part it cannot be said what the platform would have made of it.
func (c cleaned) learn(d itemDoc, sent, answer bigcommerce.Fields, partial bool) cleaned {
	out := maps.Clone(c)
	if out == nil {
		out = make(cleaned)
	}
	for field, want := range sent {
		delete(out, field)
		// The answer may show the old stock, which is written asynchronously.
		if _, mapped := d.fields[targetFor(field)]; !mapped || partial || field == "inventory_level" {
			continue
		}
		have, shown := answer[field]
		switch {
		case !shown:
			out[field] = cleanedValue{Sent: digest(field, want)}
		case !sameField(field, have, want):
			out[field] = cleanedValue{digest(field, want), digest(field, have)}
		}
	}
	return out
}

// encode returns what is worth keeping: of the fields that are still mapped, as long as they are to have the value that
// was sent.
func (c cleaned) encode(d itemDoc) (string, error) {
	keep := make(cleaned)
	for field, v := range c {
		target := targetFor(field)
		want, mapped := d.fields[target]
		if field == "name" {
			want = d.effectiveName()
		}
		if mapped && (target != field || v.Sent == digest(field, want)) { // what a path or brand is to be, only the store tells
			keep[field] = v
		}
	}
	if len(keep) == 0 {
		return "", nil
	}
	b, err := json.Marshal(keep)
	if err != nil {
		return "", fmt.Errorf("upsert: cleaned values: %w", err)
	}
	return string(b), nil
}

func decodeCleaned(text string) (cleaned, error) {
	if text == "" {
		return nil, nil
	}
	var c cleaned
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("upsert: cleaned values: %w", err)
	}
	return c, nil
}

// prices are the fields that are amounts of money.
var prices = map[string]bool{
	"price": true, "cost_price": true, "retail_price": true, "sale_price": true, "map_price": true, "fixed_cost_shipping_price": true,
}

// sameField is same, but for prices after BigCommerce's rounding, and for categories as a set.
func sameField(field string, live, want any) bool {
	if field == "categories" {
		return sameSet(intsOf(live), intsOf(want))
	}
	return same(live, want) || prices[field] && samePrice(live, want)
}

// samePrice reports whether live is what BigCommerce makes of want. Which way it rounds a half is not known, so that
// both are taken for it.
func samePrice(live, want any) bool {
	if live == nil {
		live = json.Number("0")
	}
	have, ok1 := numberOf(live)
	sent, ok2 := numberOf(want)
	if !ok1 || !ok2 || strings.ContainsAny(have+sent, "eEpPxXnN_") { // as in sameNumber
		return false
	}
	x, ok1 := new(big.Rat).SetString(have)
	y, ok2 := new(big.Rat).SetString(sent)
	if !ok1 || !ok2 {
		return false
	}
	unit := big.NewRat(1, 10_000) // four decimals
	steps := new(big.Rat).Quo(x, unit)
	if !steps.IsInt() { // it was not rounded
		return false
	}
	off := y.Sub(y, x)
	return off.Abs(off).Cmp(unit.Quo(unit, big.NewRat(2, 1))) <= 0
}
