package bigcommerce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

const variantsPath = "/v3/catalog/variants"

// MaxVariantsPerUpdate is the most that one request takes.
const MaxVariantsPerUpdate = 50

// VariantsService is the variants of all products (V3).
type VariantsService struct{ service }

// Variant is a variant as List returns it. A price or weight that is "" is the product's.
type Variant struct {
	ID                    int64         `json:"id"`
	ProductID             int64         `json:"product_id"`
	SKU                   string        `json:"sku"`
	Price                 json.Number   `json:"price"`
	CostPrice             json.Number   `json:"cost_price"`
	RetailPrice           json.Number   `json:"retail_price"`
	SalePrice             json.Number   `json:"sale_price"`
	Weight                json.Number   `json:"weight"`
	InventoryLevel        int64         `json:"inventory_level"`
	InventoryWarningLevel int64         `json:"inventory_warning_level"`
	UPC                   string        `json:"upc"`
	MPN                   string        `json:"mpn"`
	GTIN                  string        `json:"gtin"`
	OptionValues          []OptionValue `json:"option_values"` // empty for a product's base variant
}

// OptionValue is one choice that makes up a variant.
type OptionValue struct {
	ID                int64  `json:"id"`
	Label             string `json:"label"`
	OptionID          int64  `json:"option_id"`
	OptionDisplayName string `json:"option_display_name"`
}

// VariantFilter narrows a list of variants; a zero field filters nothing. There is no sku:in for
// variants: products have it, and with Include "variants" answer with their base variants.
type VariantFilter struct {
	ID            int64   // id
	SKU           string  // sku, exactly. Base variants may not be found by theirs: look the product up
	UPC           string  // upc, exactly
	ProductIDs    []int64 // product_id:in
	IncludeFields []string
	Limit         int // items a page; 0 means MaxPageSize
}

func (f VariantFilter) writeTo(q *query) error {
	q.num("id", f.ID)
	q.str("sku", f.SKU)
	q.str("upc", f.UPC)
	q.nums("product_id:in", f.ProductIDs)
	q.list("include_fields", f.IncludeFields)
	return nil
}

// List walks every variant that matches, base variants of simple products included.
func (s *VariantsService) List(ctx context.Context, f VariantFilter) iter.Seq2[*Variant, error] {
	return collect[*Variant](ctx, s.client, variantsPath, f.Limit, f.writeTo)
}

// ListPage returns one page, counted from 1, of the variants that match, as documents. A page after
// the last is empty.
func (s *VariantsService) ListPage(ctx context.Context, f VariantFilter, page int) ([]Fields, Pagination, error) {
	env, err := fetchPage[Fields](ctx, s.client, variantsPath, f.Limit, position{page: max(page, 1)}, f.writeTo)
	if err != nil {
		return nil, Pagination{}, err
	}
	if env.Meta.Pagination == nil {
		return nil, Pagination{}, errors.New("bigcommerce: GET " + variantsPath + ": the answer has no pagination")
	}
	return env.Data, *env.Meta.Pagination, nil
}

// Create adds a variant to a product, which needs sku and option_values: for each option of the
// product the id and option_id of a value that it has (see Client.Options and OptionValues). Name
// them by option_display_name and label besides. It is never sent twice: after an
// *UnavailableError with Sent, look the SKU up.
func (s *VariantsService) Create(ctx context.Context, product int64, variant Fields) (Fields, error) {
	path := fmt.Sprintf("%s/%d/variants", productsPath, product)
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPost, path: path, body: variant})
}

// UpdateOne changes one variant. It takes image_url, mpn and gtin, which the description of Update
// does not have.
func (s *VariantsService) UpdateOne(ctx context.Context, product, id int64, variant Fields) (Fields, error) {
	path := fmt.Sprintf("%s/%d/variants/%d", productsPath, product, id)
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPut, path: path, body: variant})
}

// Update changes up to MaxVariantsPerUpdate variants of any products by their "id". One without an
// id is made: it needs product_id, sku and option_values as of Create. A price of null is the
// product's; what it means for a base variant is not described, nor whether mpn, gtin and image_url
// are taken: compare with the answer, and use UpdateOne. If one is refused the *ValidationError's
// Fields say which ("3.price"), if BigCommerce does; whether the others were saved is not
// described.
func (s *VariantsService) Update(ctx context.Context, variants []Fields) (BatchResult, error) {
	if err := checkBatch("variants", variants, MaxVariantsPerUpdate); err != nil {
		return BatchResult{}, err
	}
	return putBatch(ctx, s.client, variantsPath, "", variants)
}
