package prices

import (
	"math/big"
	"strings"

	"sluice/jobs/upsert"
)

// sameAmount reports whether live is what BigCommerce makes of want, which it keeps with four
// decimals. Which way it rounds a half is not known, so that both are taken for it. No price is
// another thing than a price of 0: a variant without one has its product's.
func sameAmount(live, want any) bool {
	have, ok1 := rat(live)
	sent, ok2 := rat(want)
	if !ok1 || !ok2 {
		return live == nil && want == nil
	}
	unit := big.NewRat(1, 10_000)
	if !new(big.Rat).Quo(have, unit).IsInt() { // it was not rounded
		return have.Cmp(sent) == 0
	}
	off := new(big.Rat).Sub(sent, have)
	return off.Abs(off).Cmp(big.NewRat(1, 20_000)) <= 0
}

// compare compares two decimals, -1 if a is less.
func compare(a, b any) int {
	x, ok1 := rat(a)
	y, ok2 := rat(b)
	if !ok1 || !ok2 {
		return 0
	}
	return x.Cmp(y)
}

// rat is v as an exact number; ok is false for what is no plain decimal.
func rat(v any) (n *big.Rat, ok bool) {
	s, isNumber := upsert.Number(v)
	if !isNumber || strings.ContainsAny(s, "eEpPxXnN_/") { // "1e999999999" would take all memory
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
