package products

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

// Routes, as Change has them; "" is the product itself.
const (
	routeRemove   = "remove"   // custom fields, bulk prices and videos that go
	routeAdd      = "add"      // variants that a product does not have
	routeVariants = "variants" // fields of variants
	routeImages   = "images"
	routeChannels = "channels"
	routeRelated  = "related" // products that may be made after those that name them
	routeStock    = "stock"   // of products and of variants
)

// Routes: what goes makes room first, and a variant is there before its picture. Stock is set once
// it is tracked.
func (products) Routes() []upsert.Route {
	return []upsert.Route{
		{Name: routeRemove, Batch: 1},
		{Name: "", Batch: bigcommerce.MaxProductsPerUpdate},
		{Name: routeAdd, Batch: 1, Unsafe: true},
		{Name: routeVariants, Batch: bigcommerce.MaxVariantsPerUpdate, Weight: func(changes []upsert.Change) int { return len(children(changes)) }},
		{Name: routeImages, Batch: 1, Unsafe: true},
		{Name: routeChannels, Batch: channelBatch, Serial: true},
		{Name: routeRelated, Batch: bigcommerce.MaxProductsPerUpdate},
		{Name: routeStock, Batch: bigcommerce.MaxInventoryBatch, Serial: true, Blind: true, Weight: func(changes []upsert.Change) int { return len(changes) }},
	}
}

// children are the parts that changes are of, in order.
func children(changes []upsert.Change) (out []int64) {
	for _, c := range changes {
		if !slices.Contains(out, c.Child) {
			out = append(out, c.Child)
		}
	}
	return out
}

// landed is the result of a write that was carried out.
func landed(w upsert.Write) upsert.Result {
	return upsert.Result{State: upsert.Landed, Live: upsert.Live{ID: w.ID, Parent: w.Parent, Ref: w.Ref}}
}

// remove takes parts of a product away. What is gone already is no error, so that it may be
// repeated.
func remove(ctx context.Context, c *bigcommerce.Client, w upsert.Write) ([]upsert.Result, error) {
	for _, change := range w.Changes {
		service := c.CustomFields
		switch change.Field {
		case targetBulkPrices:
			service = c.BulkPricing
		case targetVideos:
			service = c.Videos
		}
		if err := service.Delete(ctx, w.ID, change.Child); err != nil {
			return nil, err
		}
	}
	return []upsert.Result{landed(w)}, nil
}

// fieldOfVariant is the field of a variant that a change is of: of a row that is one it has the
// product's name.
func fieldOfVariant(target string) string {
	if target == variantPrefix+"image" {
		return "image_url"
	}
	return strings.TrimPrefix(target, variantPrefix)
}

// updateVariants writes fields of variants, of any products.
func updateVariants(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	var docs []bigcommerce.Fields
	var owner []int // of docs: which of w
	for i, x := range w {
		for _, id := range children(x.Changes) {
			doc := bigcommerce.Fields{"id": id}
			for _, change := range x.Changes {
				if change.Child == id {
					doc[fieldOfVariant(change.Field)] = change.After
				}
			}
			docs, owner = append(docs, doc), append(owner, i)
		}
	}
	out := make([]upsert.Result, len(w))
	for i, x := range w {
		out[i] = landed(x)
	}
	for from := 0; from < len(docs); from += bigcommerce.MaxVariantsPerUpdate {
		batch := docs[from:min(from+bigcommerce.MaxVariantsPerUpdate, len(docs))]
		res, err := c.Variants.Update(ctx, batch)
		if err != nil {
			return nil, err
		}
		answers := make(map[int64]bigcommerce.Fields, len(res.Data))
		for _, v := range res.Data {
			answers[partID(v)] = v
		}
		for n, doc := range batch {
			i := owner[from+n]
			answer := answers[partID(doc)]
			switch {
			case len(res.Errors) > 0 && !showsVariant(answer, doc) && len(w) > 1:
				out[i].State = upsert.Unsure
			case len(res.Errors) > 0 && !showsVariant(answer, doc):
				out[i] = upsert.Result{State: upsert.Refused, Field: fieldVariants, Message: "BigCommerce did not save all of it: " + upsert.Explain(res.Errors[0].Title, res.Errors[0].Fields)}
			default:
				if w[i].Ref != "" {
					out[i].Live.Fields = rowFields(answer)
				}
				if err := alone(ctx, c, w[i].ID, doc, answer); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, nil
}

// showsVariant reports whether an answer shows a variant as it was sent.
func showsVariant(answer, doc bigcommerce.Fields) bool {
	return answer != nil && !slices.ContainsFunc(slices.Collect(maps.Keys(doc)), func(name string) bool {
		have, shown := answer[name]
		return name != fieldLevel && shown && !(products{}).Same(name, have, doc[name])
	})
}

// alone writes codes of a variant that a batch did not take: the description of the batch does not
// have them.
func alone(ctx context.Context, c *bigcommerce.Client, product int64, doc, answer bigcommerce.Fields) error {
	left := make(bigcommerce.Fields)
	for _, name := range []string{"mpn", "gtin"} {
		if want, sent := doc[name]; sent && (answer == nil || !upsert.Same(answer[name], want)) {
			left[name] = want
		}
	}
	if len(left) == 0 {
		return nil
	}
	_, err := c.Variants.UpdateOne(ctx, product, partID(doc), left)
	return err
}

// addVariants gives a product variants that it does not have, and their options what these lack.
func addVariants(ctx context.Context, c *bigcommerce.Client, w upsert.Write) ([]upsert.Result, error) {
	options, err := c.Options.List(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	var wanted []object
	for _, change := range w.Changes {
		if v, ok := change.After.(object); ok {
			wanted = append(wanted, v)
		}
	}
	if options, err = completeOptions(ctx, c, w.ID, options, wanted); err != nil {
		return nil, err
	}
	docs := make([]bigcommerce.Fields, len(wanted))
	for i, v := range wanted {
		docs[i] = bigcommerce.Fields{"product_id": w.ID}
		for name, value := range v {
			if name != "image_url" && name != "option_values" && name != "id" {
				docs[i][name] = value
			}
		}
		docs[i]["option_values"] = chosen(options, v)
	}
	var made []object
	for batch := range slices.Chunk(docs, bigcommerce.MaxVariantsPerUpdate) {
		res, err := c.Variants.Update(ctx, batch)
		if err != nil {
			return nil, err
		}
		if len(res.Errors) > 0 {
			return []upsert.Result{{State: upsert.Refused, Field: fieldVariants, Message: "BigCommerce did not save all variants: " + upsert.Explain(res.Errors[0].Title, res.Errors[0].Fields)}}, nil
		}
		made = append(made, res.Data...)
	}
	noted := readNote(w.Doc.Note)
	out := landed(w)
	for _, v := range made {
		i := slices.IndexFunc(wanted, func(want object) bool { return foldKey(upsert.Text(want["sku"])) == foldKey(upsert.Text(v["sku"])) })
		if i < 0 {
			continue
		}
		if err := alone(ctx, c, w.ID, withID(docs[i], partID(v)), v); err != nil {
			return nil, err
		}
		url := upsert.Text(wanted[i]["image_url"])
		if url == "" {
			continue
		}
		switch _, err := c.Variants.UpdateOne(ctx, w.ID, partID(v), bigcommerce.Fields{"image_url": url}); {
		case err == nil:
			noted.Variants[strconv.FormatInt(partID(v), 10)] = urlKey(url)
		case upsert.Refuses(err):
			out.Partial = fmt.Sprintf("the picture %s: %s", url, upsert.Reason(err))
		default:
			return nil, err
		}
	}
	out.Live.Note = noted.text()
	out.Live.Fields = trim(bigcommerce.Fields{fieldVariants: listed(made)}, fieldsOfVariants(w.Doc.Fields))
	return []upsert.Result{out}, nil
}

func withID(doc bigcommerce.Fields, id int64) bigcommerce.Fields {
	out := maps.Clone(doc)
	out["id"] = id
	return out
}

// newOption is the type of an option that is made for variants of a product without any.
const newOption = "dropdown"

// completeOptions makes the options and values that variants need and a product lacks, and returns
// all of its options.
func completeOptions(ctx context.Context, c *bigcommerce.Client, product int64, options []bigcommerce.Fields, wanted []object) ([]bigcommerce.Fields, error) {
	had := len(options) > 0
	for _, v := range wanted {
		for _, o := range partsOf(v["option_values"]) {
			name, label := upsert.Text(o["option_display_name"]), upsert.Text(o["label"])
			option := optionNamed(options, name)
			switch {
			case option == nil && had: // Object saw none of its variants
				return nil, fmt.Errorf("products: product %d has no option %q", product, name)
			case option == nil:
				made, err := c.Options.Create(ctx, product, bigcommerce.Fields{"display_name": name, "type": newOption, "sort_order": len(options), "option_values": valuesOf(wanted, name)})
				if err != nil {
					return nil, err
				}
				options = append(options, made)
			case valueLabelled(option, label) == nil:
				values := partsOf(option["option_values"])
				made, err := c.OptionValues.Create(ctx, product, partID(option), bigcommerce.Fields{"label": label, "sort_order": len(values)})
				if err != nil {
					return nil, err
				}
				option["option_values"] = listed(append(values, made))
			}
		}
	}
	return options, nil
}

// valuesOf are the values that variants have of an option, as a new option is given them.
func valuesOf(variants []object, name string) (out []any) {
	seen := make(map[string]bool)
	for _, v := range variants {
		for _, o := range partsOf(v["option_values"]) {
			label := upsert.Text(o["label"])
			if optionKey(upsert.Text(o["option_display_name"])) == optionKey(name) && !seen[optionKey(label)] {
				seen[optionKey(label)] = true
				out = append(out, object{"label": label, "sort_order": len(out)})
			}
		}
	}
	return out
}

func optionNamed(options []bigcommerce.Fields, name string) bigcommerce.Fields {
	at := slices.IndexFunc(options, func(o bigcommerce.Fields) bool { return optionKey(upsert.Text(o["display_name"])) == optionKey(name) })
	if at < 0 {
		return nil
	}
	return options[at]
}

func valueLabelled(option bigcommerce.Fields, label string) object {
	values := partsOf(option["option_values"])
	at := slices.IndexFunc(values, func(v object) bool { return optionKey(upsert.Text(v["label"])) == optionKey(label) })
	if at < 0 {
		return nil
	}
	return values[at]
}

// chosen are the values of a variant by their ids.
func chosen(options []bigcommerce.Fields, v object) (out []any) {
	for _, o := range partsOf(v["option_values"]) {
		option := optionNamed(options, upsert.Text(o["option_display_name"]))
		value := valueLabelled(option, upsert.Text(o["label"]))
		out = append(out, object{"option_id": option["id"], "id": value["id"], "option_display_name": option["display_name"], "label": value["label"]})
	}
	return out
}

// updateImages adds, changes and takes away the pictures of a product and of its variants. One that
// BigCommerce does not take is left out, and said.
func updateImages(ctx context.Context, c *bigcommerce.Client, w upsert.Write) ([]upsert.Result, error) {
	noted, images := readNote(w.Doc.Note), partsOf(w.Doc.Seen[fieldImages])
	var refused []string
	for _, change := range w.Changes {
		err := error(nil)
		switch {
		case change.Field == variantPrefix+"image":
			if _, err = c.Variants.UpdateOne(ctx, w.ID, change.Child, bigcommerce.Fields{"image_url": change.After}); err == nil {
				noted.Variants[strconv.FormatInt(change.Child, 10)] = urlKey(upsert.Text(change.After))
			}
		case change.Op == upsert.OpRemove:
			if err = c.Images.Delete(ctx, w.ID, change.Child); err == nil {
				images = slices.DeleteFunc(slices.Clone(images), func(p object) bool { return partID(p) == change.Child })
				maps.DeleteFunc(noted.Images, func(_ string, id int64) bool { return id == change.Child })
			}
		case change.Op == upsert.OpAdd:
			var made bigcommerce.Fields
			sent, _ := change.After.(object)
			if made, err = c.Images.Create(ctx, w.ID, sent); err == nil {
				images = append(images, made)
				noted.Images[urlKey(change.Part)] = partID(made)
			}
		default:
			sent, isPlace := change.After.(object)
			if !isPlace {
				sent = object{"description": change.After}
			}
			var now bigcommerce.Fields
			if now, err = c.Images.Update(ctx, w.ID, change.Child, sent); err == nil {
				images = replaced(images, now)
			}
		}
		var gone *bigcommerce.NotFoundError
		switch {
		case err == nil:
		case upsert.Refuses(err) && !errors.As(err, &gone):
			refused = append(refused, fmt.Sprintf("the picture %s: %s", change.Part, upsert.Reason(err)))
		default:
			return nil, err
		}
	}
	out := landed(w)
	out.Live.Note, out.Partial = noted.text(), strings.Join(refused, "; ")
	out.Live.Fields = trim(bigcommerce.Fields{fieldImages: listed(images)}, nil)
	return []upsert.Result{out}, nil
}

// replaced is list with the part of the same id replaced.
func replaced(list []object, p object) []object {
	out := slices.Clone(list)
	for i, have := range out {
		if partID(have) == partID(p) {
			out[i] = p
		}
	}
	return out
}
