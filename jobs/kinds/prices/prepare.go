package prices

import (
	"context"
	"slices"
	"strings"

	"sluice/internal/expression"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Prepare gives rows the price list and currency that their flow has for them, under the names that
// the store has, and takes away what has no meaning where the prices go.
func (p prices) Prepare(ctx context.Context, s *flow.Step, rows []*upsert.Row) error {
	run := s.Run()
	if !writesLists(run) {
		if err := refuseCurrencies(ctx, s, rows); err != nil {
			return err
		}
		for _, r := range rows {
			prepareCatalogue(r)
		}
		return nil
	}
	if _, problem := parseAssigned(run.Options[optionAssign]); problem != "" {
		return flow.Verdict(nil, "The rule about who sees a price list is not right: "+problem)
	}
	lists, err := recallLists(ctx, s, anyAge)
	if err != nil {
		return err
	}
	currencies, loaded, err := recallCurrencies(ctx, s)
	if err != nil {
		return err
	}
	for _, r := range rows {
		prepareRecord(run, r)
	}
	// A list that the run is to create is missing in all of its windows: one look for it is enough.
	if lists == nil || !upsert.ReadBy(run, lists.loaded) &&
		hasRow(rows, func(r *upsert.Row) bool { _, ok := lists.find(upsert.Text(r.Fields[targetList])); return !ok }) {
		if lists, err = loadLists(ctx, s); err != nil {
			return err
		}
	}
	if currencies == nil || !upsert.ReadBy(run, loaded) &&
		hasRow(rows, func(r *upsert.Row) bool { _, ok := currencies[upsert.Text(r.Fields[targetCurrency])]; return !ok }) {
		if currencies, err = loadCurrencies(ctx, s); err != nil {
			return err
		}
	}
	for _, r := range rows {
		list, currency := upsert.Text(r.Fields[targetList]), upsert.Text(r.Fields[targetCurrency])
		if list == "" || currency == "" {
			continue // refused
		}
		if id, ok := lists.find(list); ok {
			r.Fields[targetList] = lists.names[id]
		} else if run.Options.Text(optionCreateLists) != yes {
			r.Miss(targetList, noSuchList(list), list)
		}
		if _, ok := currencies[currency]; !ok {
			r.Miss(targetCurrency, "the store has no currency "+expression.Quote(currency)+": add it in the control panel, or correct the code, such as EUR", currency)
		}
	}
	return nil
}

// hasRow reports whether a row of a price list is so.
func hasRow(rows []*upsert.Row, so func(r *upsert.Row) bool) bool {
	for _, r := range rows {
		if r.Fields[targetList] != nil && r.Fields[targetCurrency] != nil && so(r) {
			return true
		}
	}
	return false
}

// refuseCurrencies fails the catalogue's rows that are in another currency than the store's own:
// its prices have no other, and 9 EUR would become 9 USD.
func refuseCurrencies(ctx context.Context, s *flow.Step, rows []*upsert.Row) error {
	codeOf := func(r *upsert.Row) string {
		return strings.ToUpper(strings.TrimSpace(upsert.Text(r.Fields[targetCurrency])))
	}
	var currencies currencyTable
	other := func(r *upsert.Row) bool { return codeOf(r) != "" && !currencies[codeOf(r)].Default }
	if !slices.ContainsFunc(rows, other) {
		return nil
	}
	currencies, loaded, err := recallCurrencies(ctx, s)
	if err != nil {
		return err
	}
	if currencies == nil || !upsert.ReadBy(s.Run(), loaded) && slices.ContainsFunc(rows, other) {
		if currencies, err = loadCurrencies(ctx, s); err != nil {
			return err
		}
	}
	own := ""
	for code, c := range currencies {
		if c.Default {
			own = code
		}
	}
	for _, r := range rows {
		if code := codeOf(r); other(r) {
			r.Refuse(targetCurrency, "the catalogue's prices are in the store's own currency, "+own+": leave the row out, or have the sync write to price lists", code)
		}
	}
	return nil
}

func prepareCatalogue(r *upsert.Row) {
	if list := strings.TrimSpace(upsert.Text(r.Fields[targetList])); list != "" {
		r.Refuse(targetList, "the row is about a price list, and the sync writes the catalogue's prices, which everybody sees: have it write to price lists, or do not match the column", list)
	}
	delete(r.Fields, targetList)
	delete(r.Fields, targetCurrency)
	delete(r.Fields, targetTiers)
	for _, target := range cataloguePrices {
		if r.Fields[target] != nil {
			return
		}
	}
	r.Refuse(targetPrice, "the row has no price: leave it out of the source, or fill one of the matched prices", "")
}

func prepareRecord(run *tenants.Run, r *upsert.Row) {
	list := strings.TrimSpace(upsert.Text(r.Fields[targetList]))
	if list == "" {
		list = strings.TrimSpace(run.Options.Text(optionPriceList))
	}
	currency := strings.TrimSpace(upsert.Text(r.Fields[targetCurrency]))
	if currency == "" {
		currency = strings.TrimSpace(run.Options.Text(optionCurrency))
	}
	currency = strings.ToUpper(currency)
	if list == "" {
		r.Refuse(targetList, "the row names no price list: fill the column, or give the sync one price list for all rows", "")
	}
	if currency == "" {
		r.Refuse(targetCurrency, "the row names no currency: fill the column, or give the sync one currency for all rows", "")
	}
	if list == "" || currency == "" {
		delete(r.Fields, targetList)
		delete(r.Fields, targetCurrency)
		return
	}
	r.Fields[targetList], r.Fields[targetCurrency] = list, currency
	if r.Fields[targetPrice] == nil {
		r.Refuse(targetPrice, "the row has no price, and a record of a price list needs one", "")
	}
	text, mapped := r.Fields[targetTiers]
	if !mapped {
		return
	}
	tiers, problem := parseTiers(upsert.Text(text))
	if problem != "" {
		r.Refuse(targetTiers, problem, upsert.Text(text))
		return
	}
	if r.Fields[targetTiers] = textOfTiers(tiers); len(tiers) == 0 {
		delete(r.Fields, targetTiers)
	}
}
