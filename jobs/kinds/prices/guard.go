package prices

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"sluice/jobs/upsert"
	"sluice/tenants"
)

const (
	// movedShare is the percentage of changed prices that must be large moves before a run asks, and
	// movedLeast their number: single prices do move.
	movedShare = 10
	movedLeast = 5
	// magnitudeLeast is how many prices must move by a power of ten.
	magnitudeLeast = 3
)

// Guards are asked in this order: the first names the likelier mistake.
func (prices) Guards(run *tenants.Run) []upsert.GuardSpec {
	percent := func(option string) float64 {
		n, _ := run.Options[option].(float64)
		return n
	}
	zero, moved := 0.0, percent(optionMoved)
	if run.Options.Text(optionZero) == zeroAsk {
		zero = 1
	}
	share := 0.0
	if moved > 0 {
		share = movedShare
	}
	return []upsert.GuardSpec{
		{
			Name: "magnitude", Limit: percent(optionMagnitude), Least: magnitudeLeast, Of: upsert.OfWeighed,
			Message: "Many prices would become ten, a hundred or a thousand times as high or low. Check the unit of the source's prices: are they in cents, or does the matching read the decimal sign wrongly?",
		},
		{
			Name: "zero", Limit: zero, Least: 1, Of: upsert.OfNone,
			Message: "Some prices would become 0, so that shoppers get the goods for nothing. Check the source's prices.",
		},
		{
			Name: "below_cost", Limit: percent(optionBelowCost), Least: 1, Of: upsert.OfWeighed,
			Message: "Many prices would be below cost. Check the source's prices and costs: are both with or both without tax, and in one currency?",
		},
		{
			Name: "moved", Limit: share, Least: movedLeast, Of: upsert.OfWeighed,
			Message: fmt.Sprintf("Many prices would go up or down by more than %g percent. Check the source's prices.", moved),
		},
	}
}

// movingPrices are those whose moves are weighed.
var movingPrices = []string{targetPrice, "sale_price", "retail_price", "map_price"}

func (prices) Weigh(run *tenants.Run, d upsert.Doc, live upsert.Live, changes []upsert.Change) []upsert.Weight {
	var out []upsert.Weight
	price := d.Fields[targetPrice]
	free := func(c upsert.Change) bool {
		return c.Field == targetPrice && price != nil && compare(price, "0") == 0 || c.Field == targetTiers && freeTier(c.After, price)
	}
	if i := slices.IndexFunc(changes, free); i >= 0 {
		out = append(out, upsert.Weight{Guard: "zero", Counts: true, Example: move(changes[i])})
	}
	if price, cost, ok := priceAndCost(d, live); ok {
		out = append(out, upsert.Weight{Guard: "below_cost", Counts: compare(price, cost) < 0, Example: fmt.Sprintf("price %v, cost %v", price, cost)})
	}
	limit, _ := run.Options[optionMoved].(float64)
	var large, tens upsert.Weight
	for _, c := range changes {
		if !slices.Contains(movingPrices, c.Field) || !positive(c.Before) || !positive(c.After) {
			continue
		}
		large.Guard, tens.Guard = "moved", "magnitude"
		if !large.Counts && movedBy(c.Before, c.After, limit) {
			large.Counts, large.Example = true, move(c)
		}
		if !tens.Counts && powerOfTen(c.Before, c.After) {
			tens.Counts, tens.Example = true, move(c)
		}
	}
	if large.Guard != "" {
		out = append(out, large, tens)
	}
	return out
}

// freeTier reports whether one of the bulk prices in a text leaves nothing of the price.
func freeTier(text, price any) bool {
	tiers, _ := parseTiers(upsert.Text(text))
	return slices.ContainsFunc(tiers, func(t tier) bool {
		amount := json.Number(t.amount)
		switch t.kind {
		case tierPercent:
			return compare(amount, "100") == 0
		case tierPrice:
			return positive(amount) && compare(amount, price) >= 0 && price != nil
		}
		return !positive(amount)
	})
}

func move(c upsert.Change) string {
	if c.Unknown || c.Before == nil {
		return fmt.Sprintf("%s %v", c.Field, c.After)
	}
	return fmt.Sprintf("%s %v → %v", c.Field, c.Before, c.After)
}

// positive reports whether v is a price above 0.
func positive(v any) bool {
	n, ok := rat(v)
	return ok && n.Sign() > 0
}

// priceAndCost returns what a shopper pays after the write, and the cost; ok is false where one of
// them is not known.
func priceAndCost(d upsert.Doc, live upsert.Live) (price, cost any, ok bool) {
	value := func(target string) any {
		if v, mapped := d.Fields[target]; mapped {
			return v
		}
		return live.Fields[target]
	}
	if price = value("sale_price"); !positive(price) {
		price = value(targetPrice)
	}
	cost = value(targetCost)
	return price, cost, positive(price) && positive(cost)
}

// movedBy reports whether a price goes up or down by more than percent of what it was. Both are
// above 0.
func movedBy(before, after any, percent float64) bool {
	was, ok1 := rat(before)
	is, ok2 := rat(after)
	limit := new(big.Rat).SetFloat64(percent)
	if !ok1 || !ok2 || limit == nil {
		return false
	}
	by := new(big.Rat).Sub(is, was)
	by.Abs(by).Mul(by, big.NewRat(100, 1)).Quo(by, was)
	return by.Cmp(limit) > 0
}

// powerOfTen reports whether a price becomes about 10, 100 or 1,000 times what it was, or that part
// of it: give or take five percent. Both are above 0.
func powerOfTen(before, after any) bool {
	was, ok1 := rat(before)
	is, ok2 := rat(after)
	if !ok1 || !ok2 {
		return false
	}
	ratio := new(big.Rat).Quo(is, was)
	if ratio.Cmp(big.NewRat(1, 1)) < 0 {
		ratio.Inv(ratio)
	}
	for _, power := range []int64{10, 100, 1000} {
		low, high := big.NewRat(power*95, 100), big.NewRat(power*105, 100)
		if ratio.Cmp(low) >= 0 && ratio.Cmp(high) <= 0 {
			return true
		}
	}
	return false
}
