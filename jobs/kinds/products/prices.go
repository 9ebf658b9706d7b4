package products

import (
	"encoding/json"
	"math/big"
	"strings"

	"sluice/jobs/upsert"
)

// prices are the fields that are amounts of money.
var prices = map[string]bool{
	"price": true, "cost_price": true, "retail_price": true, "sale_price": true, "map_price": true, "fixed_cost_shipping_price": true,
}

// samePrice reports whether live is what BigCommerce makes of want. Which way it rounds a half is
// not known, so that both are taken for it.
func samePrice(live, want any) bool {
	if live == nil {
		live = json.Number("0")
	}
	have, ok1 := upsert.Number(live)
	sent, ok2 := upsert.Number(want)
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
