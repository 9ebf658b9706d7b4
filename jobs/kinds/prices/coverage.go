package prices

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// A SKU that a price list has no record of in the currency that a shopper pays in costs what the
// catalogue says. Prices that are meant to count in several currencies are so forgotten in one, and
// nothing else tells.

// coverage counts SKUs of one price list.
type coverage struct {
	skus    int            // with a price in any currency
	has     map[string]int // with one in this currency
	sku     string         // the last one
	current map[string]bool
}

// maxGaps is how many gaps are told.
const maxGaps = 8

// Report warns about currencies that SKUs of a price list have no price in: those of the source's
// other rows, and those that the store's shoppers may pay in.
func (prices) Report(ctx context.Context, s *flow.Step) error {
	run := s.Run()
	if !writesLists(run) || run.RetryOf != "" {
		return nil
	}
	currencies, _, err := recallCurrencies(ctx, s)
	if err != nil {
		return err
	}
	lists, err := recallLists(ctx, s, anyAge)
	if err != nil {
		return err
	}
	found := make(map[string]*coverage)
	if err := eachSeen(ctx, s, func(sku, list, currency string) {
		c := found[list]
		if c == nil {
			c = &coverage{has: make(map[string]int)}
			found[list] = c
		}
		if c.sku != sku || c.current == nil {
			c.skus++
			c.sku, c.current = sku, make(map[string]bool)
		}
		if !c.current[currency] {
			c.current[currency] = true
			c.has[currency]++
		}
	}); err != nil {
		return err
	}
	var gaps []string
	for _, list := range slices.Sorted(maps.Keys(found)) {
		c, name := found[list], list
		if lists != nil {
			if id, ok := lists.find(list); ok {
				name = lists.names[id]
			}
		}
		wanted := maps.Clone(c.has)
		for code, x := range currencies {
			if x.Pays {
				wanted[code] += 0
			}
		}
		for _, code := range slices.Sorted(maps.Keys(wanted)) {
			if n := c.skus - wanted[code]; n > 0 {
				gaps = append(gaps, fmt.Sprintf("price list %s has no price in %s for %d of %d SKUs", name, code, n, c.skus))
			}
		}
	}
	if len(gaps) == 0 {
		return nil
	}
	more := ""
	if n := len(gaps) - maxGaps; n > 0 {
		gaps, more = gaps[:maxGaps], fmt.Sprintf("; and %d more", n)
	}
	s.Warn(flow.Issue{Field: targetCurrency, Message: "Shoppers who pay in a currency that a price list has no price in pay the catalogue's price. In this source " + strings.Join(gaps, "; ") + more + "."})
	return nil
}

// eachSeen calls fn with the keys of good records that the run's source has. Those of one SKU and
// list follow each other. A dry run cannot tell those that are bad.
func eachSeen(ctx context.Context, s *flow.Step, fn func(sku, list, currency string)) error {
	run, own := s.Run(), s.Run().FlowID
	if run.DryRun {
		own = run.ID // its records are copies
	}
	db := s.DB().Scoped(ctx).Model(&tenants.Record{}).Where("flow_id = ? AND seen_run_id = ? AND state <> ?", own, run.ID, "failed")
	order := "key"
	if db.Name() == "postgres" { // whose collation may pass over signs
		order = `key COLLATE "C"`
	}
	rows, err := db.Order(order).Select("key").Rows()
	if err != nil {
		return fmt.Errorf("prices: keys of run %s: %w", run.ID, err)
	}
	defer func() { _ = rows.Close() }() // read only
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return fmt.Errorf("prices: keys of run %s: %w", run.ID, err)
		}
		if at := strings.LastIndex(key, keySign); at >= 0 {
			rest, currency := key[:at], key[at+len(keySign):]
			if at = strings.LastIndex(rest, keySign); at >= 0 {
				fn(rest[:at], rest[at+len(keySign):], strings.ToUpper(currency))
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("prices: keys of run %s: %w", run.ID, err)
	}
	return nil
}
