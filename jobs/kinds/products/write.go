package products

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

func (p products) Update(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, route string, w []upsert.Write) ([]upsert.Result, error) {
	switch route {
	case routeRemove:
		return remove(ctx, c, w[0])
	case routeAdd:
		return addVariants(ctx, c, w[0])
	case routeVariants:
		return updateVariants(ctx, c, w)
	case routeImages:
		return updateImages(ctx, c, w[0])
	case routeChannels:
		return updateChannels(ctx, c, run, w)
	case routeRelated:
		return p.updateRelated(ctx, c, w)
	case routeStock:
		return updateStock(ctx, c, w)
	}
	docs := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		x.Fields["id"] = x.ID
		docs[i] = x.Fields
	}
	fields := p.liveFields(run.Mapping)
	if slices.ContainsFunc(docs, sendsParts) { // their ids are in a whole answer only
		fields = nil
	}
	res, err := c.Products.Update(ctx, docs, fields...)
	if err != nil {
		return nil, err
	}
	return upsert.BatchResults(p, w, p.liveOf(res.Data, run.Mapping), res.Errors, refusedField), nil
}

// sendsParts reports whether a payload has lists of parts.
func sendsParts(sent bigcommerce.Fields) bool {
	return slices.ContainsFunc(partLists, func(name string) bool { return sent[name] != nil })
}

// refusedPart says what the refusal of a write to parts of a product means.
func refusedPart(w upsert.Write, api *bigcommerce.APIError) upsert.Result {
	message := upsert.Explain(api.Title, api.Fields)
	ids := children(w.Changes)
	for key := range api.Fields { // "3.price"
		place, field, _ := strings.Cut(key, ".")
		n, err := strconv.Atoi(place)
		if err != nil || n < 0 || n >= len(ids) || w.Changes[0].Route != routeVariants {
			continue
		}
		for _, c := range w.Changes {
			if c.Child == ids[n] && (fieldOfVariant(c.Field) == field || field == "") {
				return upsert.Result{State: upsert.Refused, Field: c.Field, Message: strings.TrimSpace(c.Part+": BigCommerce refused it: ") + " " + message}
			}
		}
	}
	return upsert.Result{State: upsert.Refused, Field: w.Changes[0].Field, Message: "BigCommerce refused it: " + message}
}

// Refusal of a single update.
func (p products) Refusal(run *tenants.Run, w upsert.Write, err error) upsert.Result {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return upsert.Result{State: upsert.Refused, Message: err.Error()}
	}
	var missing *bigcommerce.NotFoundError
	var conflict *bigcommerce.ConflictError
	if len(w.Changes) > 0 && w.Changes[0].Route != "" && !errors.As(err, &missing) {
		return refusedPart(w, api)
	}
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
	fields := p.liveFields(run.Mapping)
	if sendsParts(w.Fields) { // their ids are in a whole answer only
		fields = nil
	}
	answer, err := c.Products.Create(ctx, w.Fields, fields...)
	var partial *bigcommerce.PartialError
	if id := upsert.Int(answer["id"]); err == nil || errors.As(err, &partial) && id != 0 {
		out := upsert.Result{State: upsert.Landed, Live: upsert.Live{ID: id, Fields: answer}}
		if list := w.Doc.Fields[targetRelated]; len(texts(list)) > 0 && w.Fields[fieldRelated] == nil {
			out.Left = append(out.Left, upsert.Change{Field: targetRelated, After: list, Route: routeRelated})
		}
		out.Left = append(out.Left, leftChannels(run, w.Doc)...)
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

// skuTaken finds the record that a create's SKU belongs to: a variant, as is likely, or a product
// whose SKU BigCommerce's filters do not find. Where the document has variants, one of theirs may be
// taken; then it is the product that has them.
func (p products) skuTaken(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w upsert.Write, conflict error) (upsert.Result, error) {
	sku := p.Key(w.Doc.Fields).Shown
	if variants := partsOf(w.Doc.Fields[fieldVariants]); len(variants) > 0 {
		live, err := p.whose(ctx, c, run, append([]string{sku}, skusOf(variants)...))
		if err != nil || live != nil {
			return existing(live), err
		}
	} else if live, err := p.variant(ctx, c, run, sku); err != nil || live != nil {
		return existing(live), err
	}
	if live, err := p.whoHas(ctx, c, run, sku); err != nil || live != nil {
		return existing(live), err
	}
	return upsert.Result{State: upsert.Refused, Field: "sku", Message: "BigCommerce says that this SKU is taken, but no product with it can be found: " + upsert.Reason(conflict) + ". Look for it in the control panel, also with spaces before or after it"}, nil
}

// skusOf returns the SKUs of some variants, the first and the last: who has them has the others.
func skusOf(variants []object) []string {
	return []string{upsert.Text(variants[0]["sku"]), upsert.Text(variants[len(variants)-1]["sku"])}
}

// whose returns the product to which the first of SKUs belongs that a variant has; nil if none has.
func (p products) whose(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, skus []string) (*upsert.Live, error) {
	for _, sku := range skus {
		v, err := p.variant(ctx, c, run, sku)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		live, err := p.list(ctx, c, run, bigcommerce.ProductFilter{IDs: []int64{v.ID}})
		if err != nil || len(live) == 0 {
			return nil, err
		}
		return &live[0], nil
	}
	return nil, nil //nolint:nilnil // as said
}

// whoHas returns the product whose SKU is sku, however it is padded and whatever its letter case;
// nil if there is none. BigCommerce's filters tell "FOO" from "FOO ", its uniqueness does not.
func (p products) whoHas(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, sku string) (*upsert.Live, error) {
	var filters []bigcommerce.ProductFilter
	if bigcommerce.ListableSKU(sku) {
		filters = append(filters, bigcommerce.ProductFilter{
			SKUs: []string{sku, sku + " ", " " + sku, " " + sku + " ", strings.ToUpper(sku), strings.ToLower(sku)},
		})
	} else {
		filters = append(filters, bigcommerce.ProductFilter{SKU: sku}, bigcommerce.ProductFilter{SKU: sku + " "}, bigcommerce.ProductFilter{SKU: " " + sku})
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
