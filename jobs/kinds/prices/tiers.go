package prices

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/expression"
	"sluice/jobs/upsert"
)

// Bulk prices are one text in a document: "10:9.50; 50:8.00". Each part is the least quantity and
// the price of a piece from there on; "10:5%" takes 5 percent off the price, "10:-1.50" an amount.
// The quantity may be a range, "10-49:9.50", that ends where the next part begins.

// Types of tiers, as BigCommerce has them.
const (
	tierFixed   = "fixed"   // the price of a piece
	tierPrice   = "price"   // an amount off the price of a piece
	tierPercent = "percent" // a part of the price off
)

// maxTiers is the most tiers that a text may have. BigCommerce names no limit; it is there for what
// is no bulk price.
const maxTiers = 50

// tier is a bulk price.
type tier struct {
	from   int64
	to     int64 // 0: no end
	kind   string
	amount string // decimal
}

// parseTiers reads a text of bulk prices, in the order of their quantities. problem is what is
// wrong, for people.
func parseTiers(text string) (tiers []tier, problem string) {
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		t, problem := parseTier(part)
		if problem != "" {
			return nil, problem
		}
		if tiers = append(tiers, t); len(tiers) > maxTiers {
			return nil, fmt.Sprintf("there are more than %d bulk prices", maxTiers)
		}
	}
	slices.SortStableFunc(tiers, func(a, b tier) int { return int(a.from - b.from) })
	for i := range tiers {
		if i == 0 {
			continue
		}
		before, next := &tiers[i-1], tiers[i].from
		switch {
		case before.from == next:
			return nil, fmt.Sprintf("two bulk prices begin at %d pieces: keep one of them", next)
		case before.to == 0:
			before.to = next - 1
		case before.to >= next:
			return nil, fmt.Sprintf("the bulk price from %d to %d pieces overlaps the one from %d", before.from, before.to, next)
		}
	}
	return tiers, ""
}

const tierForm = `write bulk prices as "10:9.50; 50:8.00", "10:5%" for a part off or "10:-1.50" for an amount off`

func parseTier(part string) (tier, string) {
	quantity, price, ok := strings.Cut(part, ":")
	if !ok {
		return tier{}, expression.Quote(part) + " has no colon: " + tierForm
	}
	t := tier{kind: tierFixed}
	from, to, ranged := strings.Cut(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(quantity), "+")), "-")
	if t.from = quantityOf(from); t.from == 0 {
		return tier{}, expression.Quote(quantity) + " is no number of pieces from 1 on: " + tierForm
	}
	if ranged {
		if t.to = quantityOf(to); t.to < t.from {
			return tier{}, expression.Quote(quantity) + " is no range of pieces: " + tierForm
		}
	}
	price = strings.TrimSpace(price)
	if cut, percent := strings.CutSuffix(price, "%"); percent {
		price, t.kind = strings.TrimSpace(cut), tierPercent
	} else if cut, off := strings.CutPrefix(price, "-"); off {
		price, t.kind = strings.TrimSpace(cut), tierPrice
	}
	amount, ok := expression.Decimal(price)
	if !ok || strings.HasPrefix(amount, "-") {
		return tier{}, expression.Quote(price) + " is no price, with a point before its decimals: " + tierForm
	}
	if t.amount = amount; t.kind == tierPercent && compare(amount, "100") > 0 {
		return tier{}, expression.Quote(part) + " takes off more than 100 percent"
	}
	return t, ""
}

// quantityOf is a number of pieces, 0 for what is none.
func quantityOf(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 32)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// textOfTiers is the one form of the text of bulk prices.
func textOfTiers(tiers []tier) string {
	parts := make([]string, len(tiers))
	for i, t := range tiers {
		quantity := strconv.FormatInt(t.from, 10)
		if next := i + 1; t.to != 0 && (next == len(tiers) || tiers[next].from != t.to+1) {
			quantity += "-" + strconv.FormatInt(t.to, 10)
		}
		switch t.kind {
		case tierPercent:
			parts[i] = quantity + ":" + t.amount + "%"
		case tierPrice:
			parts[i] = quantity + ":-" + t.amount
		default:
			parts[i] = quantity + ":" + t.amount
		}
	}
	return strings.Join(parts, "; ")
}

// fieldOfTiers is bulk_pricing_tiers as BigCommerce takes it. The last tier has no quantity_max
// unless it ends.
func fieldOfTiers(tiers []tier) []any {
	out := make([]any, len(tiers))
	for i, t := range tiers {
		one := map[string]any{"quantity_min": t.from, "type": t.kind, "amount": json.Number(t.amount)}
		if t.to != 0 {
			one["quantity_max"] = t.to
		}
		out[i] = one
	}
	return out
}

// tiersOfField reads bulk_pricing_tiers as BigCommerce answers it, in the order of their
// quantities; ok is false for what is no list of tiers.
func tiersOfField(v any) (tiers []tier, ok bool) {
	list, isList := v.([]any)
	if v == nil || !isList {
		return nil, v == nil
	}
	for _, item := range list {
		m, isTier := item.(map[string]any)
		amount, isNumber := upsert.Number(m["amount"])
		if !isTier || !isNumber {
			return nil, false
		}
		tiers = append(tiers, tier{from: upsert.Int(m["quantity_min"]), to: upsert.Int(m["quantity_max"]), kind: upsert.Text(m["type"]), amount: amount})
	}
	slices.SortStableFunc(tiers, func(a, b tier) int { return int(a.from - b.from) })
	return tiers, true
}

// sameTiers reports whether a live value of bulk_pricing_tiers is the wanted one, after
// BigCommerce's rounding.
func sameTiers(live, want any) bool {
	have, ok1 := tiersOfField(live)
	sent, ok2 := tiersOfField(want)
	return ok1 && ok2 && slices.EqualFunc(have, sent, func(a, b tier) bool {
		return a.from == b.from && a.to == b.to && a.kind == b.kind && sameAmount(json.Number(a.amount), json.Number(b.amount))
	})
}
