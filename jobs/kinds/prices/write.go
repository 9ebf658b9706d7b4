package prices

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// Names of routes.
const (
	routeCatalogue = "catalogue"
	routeRecords   = "records"
)

func (prices) Routes() []upsert.Route {
	return []upsert.Route{
		{Name: routeCatalogue, Batch: bigcommerce.MaxVariantsPerUpdate},
		{
			Name: routeRecords, Batch: bigcommerce.MaxPriceRecordsPerUpsert, Serial: true, Blind: true,
			Group: func(w upsert.Write) string { return fmt.Sprint(w.Fields[fieldList]) },
		},
	}
}

func (p prices) Update(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, route string, w []upsert.Write) ([]upsert.Result, error) {
	if route == routeRecords {
		return p.putRecords(ctx, c, w)
	}
	return p.putVariants(ctx, c, w)
}

// putVariants writes prices of the catalogue. If one is refused none is saved.
func (p prices) putVariants(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	docs := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		docs[i] = maps.Clone(x.Fields)
		docs[i]["id"] = x.ID
	}
	res, err := c.Variants.Update(ctx, docs)
	if err != nil {
		if named := p.refusedVariants(w, err); len(w) > 1 && named != nil {
			return named, nil
		}
		return nil, err
	}
	return upsert.BatchResults(p, w, liveVariants(res.Data), res.Errors, refusedPrice), nil
}

// refusedPrice is the price that a refusal is about, "" for another field.
func refusedPrice(fields map[string]string) string {
	for _, price := range cataloguePrices {
		if _, named := fields[price]; named {
			return price
		}
	}
	return ""
}

// refusedVariants are the results of a batch whose refusal says which of it are to blame
// ("3.price"), nil if it does not.
func (p prices) refusedVariants(w []upsert.Write, err error) []upsert.Result {
	var invalid *bigcommerce.ValidationError
	if !errors.As(err, &invalid) {
		return nil
	}
	var out []upsert.Result
	for _, key := range slices.Sorted(maps.Keys(invalid.Fields)) {
		i, field, ok := bigcommerce.SplitIndex(key)
		if !ok || i >= len(w) {
			continue
		}
		if out == nil {
			out = make([]upsert.Result, len(w))
			for n := range out {
				out[n] = upsert.Result{State: upsert.Again}
			}
		}
		if out[i].State == upsert.Again {
			out[i] = refusedVariant(field, invalid.Fields[key])
		}
	}
	return out
}

// refusedVariant says what the refusal of a variant means.
func refusedVariant(field, message string) upsert.Result {
	switch {
	case field == "id":
		return upsert.Result{State: upsert.Gone}
	case slices.Contains(cataloguePrices, field):
		return upsert.Result{State: upsert.Refused, Field: field, Message: "BigCommerce refused it: " + message}
	case field != "":
		message = field + ": " + message
	}
	return upsert.Result{State: upsert.Refused, Message: "BigCommerce refused it: " + message}
}

// putRecords writes records of one price list. Of a batch that is refused a part may have been
// saved: what is named is left out, the rest is sent again.
func (p prices) putRecords(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	list := upsert.Int(w[0].Fields[fieldList])
	records := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		records[i] = maps.Clone(x.Fields)
		delete(records[i], fieldList)
		delete(records[i], targetCost)
	}
	out := make([]upsert.Result, len(w))
	err := c.PriceLists.UpsertRecords(ctx, list, records)
	var missing *bigcommerce.NotFoundError
	var named *bigcommerce.RecordsError
	switch {
	case err == nil:
		for i := range out {
			out[i] = upsert.Result{State: upsert.Landed}
		}
		return out, nil
	case errors.As(err, &missing): // the list was deleted
		for i := range out {
			out[i] = upsert.Result{State: upsert.StaleRef}
		}
		return out, nil
	case !errors.As(err, &named):
		return nil, err
	}
	for i := range out {
		out[i] = upsert.Result{State: upsert.Again}
	}
	known := false
	for _, e := range named.Records {
		if e.Index >= 0 && e.Index < len(w) {
			known = true
			out[e.Index] = refusedRecord(e.Fields)
		}
	}
	if !known { // it names none that was sent
		return nil, err
	}
	return out, nil
}

// refusedRecord says what the refusal of a record means.
func refusedRecord(fields map[string]string) upsert.Result {
	r := upsert.Result{State: upsert.Refused, Message: "BigCommerce refused it: " + upsert.Explain("", fields)}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		field, _, _ := strings.Cut(key, ".")
		switch {
		case field == targetSKU || field == "variant_id":
			r.Field = targetSKU
			r.Message = "BigCommerce has no product or variant with this SKU for a price list (" + fields[key] + "). Correct it at the source; " +
				"of a product with options give the SKUs of its variants, not its own"
			return r
		case field == targetCurrency, slices.Contains(listPrices, field):
			r.Field = field
		}
	}
	r.Message = strings.Replace(r.Message, ": ; ", ": ", 1)
	return r
}

// Refusal of a single write.
func (p prices) Refusal(_ *tenants.Run, w upsert.Write, err error) upsert.Result {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return upsert.Result{State: upsert.Refused, Message: err.Error()}
	}
	var missing *bigcommerce.NotFoundError
	if errors.As(err, &missing) {
		return upsert.Result{State: upsert.Gone}
	}
	if named := p.refusedVariants([]upsert.Write{w}, err); named != nil {
		return named[0]
	}
	return upsert.Result{State: upsert.Refused, Message: "BigCommerce refused it: " + upsert.Explain(api.Title, api.Fields)}
}
