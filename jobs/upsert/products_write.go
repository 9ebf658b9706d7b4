package upsert

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

func (products) UpdateBatch() int { return bigcommerce.MaxProductsPerUpdate }

func (p products) Update(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w []Write) ([]Result, error) {
	docs := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		x.Fields["id"] = x.ID
		docs[i] = x.Fields
	}
	res, err := c.Products.Update(ctx, docs, p.liveFields(run.Mapping)...)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]Live, len(res.Data))
	for _, l := range liveOf(res.Data) {
		byID[l.ID] = l
	}
	out := make([]Result, len(w))
	for i, x := range w {
		live, ok := byID[x.ID]
		out[i] = Result{State: Landed, Live: live}
		switch {
		case len(res.Errors) == 0, ok && len(differing(p, x.Fields, live.Fields)) == 0:
		case len(w) > 1: // a 207 does not say whose fault it is
			out[i] = Result{State: Unsure}
		default:
			e := res.Errors[0]
			out[i] = Result{State: Refused, Field: refusedField(e.Fields), Message: "BigCommerce did not save all of it: " + explain(e.Title, e.Fields)}
		}
	}
	return out, nil
}

// Refusal of a single update.
func (p products) Refusal(run *tenants.Run, w Write, err error) Result {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return Result{State: Refused, Message: err.Error()}
	}
	var missing *bigcommerce.NotFoundError
	var conflict *bigcommerce.ConflictError
	switch {
	case errors.As(err, &missing), refusedField(api.Fields) == "id":
		return Result{State: Gone}
	case errors.As(err, &conflict):
		switch conflictAbout(api) {
		case takenName:
			return p.nameTaken(run, w)
		case takenSKU:
			return Result{State: Refused, Field: "sku", Message: "another product of the store already has this SKU: " + reason(err)}
		case takenReference:
			return Result{State: StaleRef}
		}
	}
	return refusedBy(api)
}

// nameTaken concludes from a name that another product has: it is made unique, once.
func (p products) nameTaken(run *tenants.Run, w Write) Result {
	_, _, unique := p.Unique(w.Doc.Fields)
	if p.Renames(run) && w.Fields["name"] != unique {
		return Result{State: Renamed, Unique: unique}
	}
	return Result{State: Refused, Field: "name", Message: "another product of the store has the same name, and BigCommerce wants names unique: change the name, or let the flow append the SKU"}
}

func refusedBy(api *bigcommerce.APIError) Result {
	return Result{State: Refused, Field: refusedField(api.Fields), Message: "BigCommerce refused it: " + explain(api.Title, api.Fields)}
}

// Create posts one product. A SKU that is taken leads to the product that has it.
func (p products) Create(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w Write) (Result, error) {
	answer, err := c.Products.Create(ctx, w.Fields, p.liveFields(run.Mapping)...)
	var partial *bigcommerce.PartialError
	if id := intOf(answer["id"]); err == nil || errors.As(err, &partial) && id != 0 {
		out := Result{State: Landed, Live: Live{ID: id, Fields: answer}}
		if partial != nil {
			out.Partial = explain(partial.Title, partial.Fields)
		}
		return out, nil
	}
	var api *bigcommerce.APIError
	if !blames(err) || !errors.As(err, &api) {
		return Result{}, err
	}
	if w.Recalled && aboutReference(err, api) {
		return Result{State: StaleRef}, nil
	}
	var conflict *bigcommerce.ConflictError
	if !errors.As(err, &conflict) {
		return refusedBy(api), nil
	}
	switch conflictAbout(api) {
	case takenSKU:
		return p.skuTaken(ctx, c, run, w, err)
	case takenReference:
		return Result{State: StaleRef}, nil
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
func existing(live *Live) Result {
	if live == nil {
		return Result{State: Refused}
	}
	return Result{State: Exists, Live: *live}
}

// skuTaken finds the product that a create's SKU belongs to.
func (p products) skuTaken(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w Write, conflict error) (Result, error) {
	sku := p.Key(w.Doc.Fields).Shown
	if live, err := p.whoHas(ctx, c, run, sku); err != nil || live != nil {
		return existing(live), err
	}
	id, err := variantOf(ctx, c, sku)
	switch {
	case err != nil:
		return Result{State: Refused}, err
	case id != 0:
		return Result{State: Refused, Field: "sku", Message: fmt.Sprintf("this SKU belongs to a variant of product %d in the store: change one of the SKUs", id)}, nil
	}
	return Result{State: Refused, Field: "sku", Message: "BigCommerce says that this SKU is taken, but no product with it can be found: " + reason(conflict) + ". Look for it in the control panel, also with spaces before or after it"}, nil
}

// whoHas returns the product whose SKU is sku, however it is padded and whatever its letter case;
// nil if there is none. BigCommerce's filters tell "FOO" from "FOO ", its uniqueness does not.
func (p products) whoHas(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, sku string) (*Live, error) {
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
