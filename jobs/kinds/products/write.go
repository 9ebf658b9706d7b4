package products

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

func (products) Routes() []upsert.Route {
	return []upsert.Route{{Name: "", Batch: bigcommerce.MaxProductsPerUpdate}}
}

func (p products) Update(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, _ string, w []upsert.Write) ([]upsert.Result, error) {
	docs := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		x.Fields["id"] = x.ID
		docs[i] = x.Fields
	}
	res, err := c.Products.Update(ctx, docs, p.liveFields(run.Mapping)...)
	if err != nil {
		return nil, err
	}
	return upsert.BatchResults(p, w, liveOf(res.Data), res.Errors, refusedField), nil
}

// Refusal of a single update.
func (p products) Refusal(run *tenants.Run, w upsert.Write, err error) upsert.Result {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return upsert.Result{State: upsert.Refused, Message: err.Error()}
	}
	var missing *bigcommerce.NotFoundError
	var conflict *bigcommerce.ConflictError
	switch {
	case errors.As(err, &missing), refusedField(api.Fields) == "id":
		return upsert.Result{State: upsert.Gone}
	case errors.As(err, &conflict):
		switch conflictAbout(api) {
		case takenName:
			return p.nameTaken(run, w)
		case takenSKU:
			return upsert.Result{State: upsert.Refused, Field: "sku", Message: "another product of the store already has this SKU: " + upsert.Reason(err)}
		case takenReference:
			return upsert.Result{State: upsert.StaleRef}
		}
	}
	return refusedBy(api)
}

// nameTaken concludes from a name that another product has: it is made unique, once.
func (p products) nameTaken(run *tenants.Run, w upsert.Write) upsert.Result {
	_, _, unique := p.Unique(w.Doc.Fields)
	if p.Renames(run) && w.Fields["name"] != unique {
		return upsert.Result{State: upsert.Renamed, Unique: unique}
	}
	return upsert.Result{State: upsert.Refused, Field: "name", Message: "another product of the store has the same name, and BigCommerce wants names unique: change the name, or let the sync append the SKU"}
}

func refusedBy(api *bigcommerce.APIError) upsert.Result {
	return upsert.Result{State: upsert.Refused, Field: refusedField(api.Fields), Message: "BigCommerce refused it: " + upsert.Explain(api.Title, api.Fields)}
}

// Create posts one product. A SKU that is taken leads to the product that has it.
func (p products) Create(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w upsert.Write) (upsert.Result, error) {
	answer, err := c.Products.Create(ctx, w.Fields, p.liveFields(run.Mapping)...)
	var partial *bigcommerce.PartialError
	if id := upsert.Int(answer["id"]); err == nil || errors.As(err, &partial) && id != 0 {
		out := upsert.Result{State: upsert.Landed, Live: upsert.Live{ID: id, Fields: answer}}
		if partial != nil {
			out.Partial = upsert.Explain(partial.Title, partial.Fields)
		}
		return out, nil
	}
	var api *bigcommerce.APIError
	if !upsert.Refuses(err) || !errors.As(err, &api) {
		return upsert.Result{}, err
	}
	if w.Recalled && aboutReference(err, api) {
		return upsert.Result{State: upsert.StaleRef}, nil
	}
	var conflict *bigcommerce.ConflictError
	if !errors.As(err, &conflict) {
		return refusedBy(api), nil
	}
	switch conflictAbout(api) {
	case takenSKU:
		return p.skuTaken(ctx, c, run, w, err)
	case takenReference:
		return upsert.Result{State: upsert.StaleRef}, nil
	case takenName:
		if w.Doc.Sent { // the product that has the name may be this very one
			if live, err := p.whoHas(ctx, c, run, p.Key(w.Doc.Fields).Shown); err != nil || live != nil {
				return existing(live), err
			}
		}
		return p.nameTaken(run, w), nil
	}
	return refusedBy(api), nil
}

// existing is the result of a create that was answered, but not with a new product.
func existing(live *upsert.Live) upsert.Result {
	if live == nil {
		return upsert.Result{State: upsert.Refused}
	}
	return upsert.Result{State: upsert.Exists, Live: *live}
}

// skuTaken finds the product that a create's SKU belongs to.
func (p products) skuTaken(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w upsert.Write, conflict error) (upsert.Result, error) {
	sku := p.Key(w.Doc.Fields).Shown
	if live, err := p.whoHas(ctx, c, run, sku); err != nil || live != nil {
		return existing(live), err
	}
	id, err := variantOf(ctx, c, sku)
	switch {
	case err != nil:
		return upsert.Result{State: upsert.Refused}, err
	case id != 0:
		return upsert.Result{State: upsert.Refused, Field: "sku", Message: fmt.Sprintf("this SKU belongs to a variant of product %d in the store: change one of the SKUs", id)}, nil
	}
	return upsert.Result{State: upsert.Refused, Field: "sku", Message: "BigCommerce says that this SKU is taken, but no product with it can be found: " + upsert.Reason(conflict) + ". Look for it in the control panel, also with spaces before or after it"}, nil
}

// whoHas returns the product whose SKU is sku, however it is padded and whatever its letter case;
// nil if there is none. BigCommerce's filters tell "FOO" from "FOO ", its uniqueness does not.
func (p products) whoHas(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, sku string) (*upsert.Live, error) {
	filters := []bigcommerce.ProductFilter{{SKU: sku}, {SKU: sku + " "}, {SKU: " " + sku}}
	if bigcommerce.ListableSKU(sku) {
		filters = append(filters, bigcommerce.ProductFilter{
			SKUs: []string{sku, sku + " ", " " + sku, " " + sku + " ", strings.ToUpper(sku), strings.ToLower(sku)},
		})
	}
	// However many spaces there are: a search does not compare whole values.
	filters = append(filters, bigcommerce.ProductFilter{Keyword: sku})
	for _, f := range filters {
		live, err := p.list(ctx, c, run, f)
		if err != nil {
			return nil, err
		}
		for _, l := range live {
			if p.LiveKey(l).Folded == foldKey(sku) {
				return &l, nil
			}
		}
	}
	// A simple product's SKU is also its base variant's.
	for v, err := range c.Variants.List(ctx, bigcommerce.VariantFilter{SKU: sku}) {
		if err != nil {
			return nil, err
		}
		if len(v.OptionValues) > 0 || foldKey(v.SKU) != foldKey(sku) {
			continue
		}
		live, err := p.list(ctx, c, run, bigcommerce.ProductFilter{IDs: []int64{v.ProductID}})
		if err != nil {
			return nil, err
		}
		if len(live) > 0 {
			return &live[0], nil
		}
	}
	return nil, nil //nolint:nilnil // as said
}

// variantOf returns the product one of whose variants has sku, 0 if there is none.
func variantOf(ctx context.Context, c *bigcommerce.Client, sku string) (int64, error) {
	for v, err := range c.Variants.List(ctx, bigcommerce.VariantFilter{SKU: sku}) {
		if err != nil {
			return 0, err
		}
		if foldKey(v.SKU) == foldKey(sku) {
			return v.ProductID, nil
		}
	}
	return 0, nil
}
