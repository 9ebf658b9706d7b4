package bigcommerce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"
)

const productsPath = "/v3/catalog/products"

// The most items that one request takes; above it BigCommerce answers 413.
const (
	MaxProductsPerUpdate = 10
	MaxProductsPerDelete = 250
)

// ProductsService is the catalogue's products (V3).
type ProductsService struct{ service }

// Fields is a product or variant as a generic document: what is not in it is not sent. Numbers of
// an answer are json.Number, so that 12.50 stays what it was.
type Fields = map[string]any

// Product is a product as List returns it. Only the fields that Sluice reads are typed; which of
// them are filled follows from ProductFilter.IncludeFields.
type Product struct {
	ID                    int64       `json:"id"`
	Name                  string      `json:"name"`
	Type                  string      `json:"type"`
	SKU                   string      `json:"sku"`
	Description           string      `json:"description"`
	Weight                json.Number `json:"weight"`
	Price                 json.Number `json:"price"`
	CostPrice             json.Number `json:"cost_price"`
	RetailPrice           json.Number `json:"retail_price"`
	SalePrice             json.Number `json:"sale_price"`
	Categories            []int64     `json:"categories"`
	BrandID               int64       `json:"brand_id"`
	InventoryLevel        int64       `json:"inventory_level"`
	InventoryWarningLevel int64       `json:"inventory_warning_level"`
	InventoryTracking     string      `json:"inventory_tracking"` // "none", "product" or "variant"
	IsVisible             bool        `json:"is_visible"`
	Availability          string      `json:"availability"`
	Condition             string      `json:"condition"`
	UPC                   string      `json:"upc"`
	MPN                   string      `json:"mpn"`
	GTIN                  string      `json:"gtin"`
	BaseVariantID         int64       `json:"base_variant_id"` // 0 for a product with options
	DateCreated           time.Time   `json:"date_created"`
	DateModified          time.Time   `json:"date_modified"`
	Variants              []Variant   `json:"variants"` // with Include "variants" only
}

// ProductFilter narrows a list of products; a zero field filters nothing.
type ProductFilter struct {
	IDs             []int64   // id:in
	IDGreater       int64     // id:greater. With Sort "id" it walks a catalogue that changes meanwhile without gaps
	SKU             string    // sku: a product's main SKU, exactly
	SKUs            []string  // sku:in: main SKUs, none of them with a comma, see ListableSKU and SKULookups
	Name            string    // name, exactly
	Keyword         string    // in name, description, SKU or brand name
	BrandID         int64     // brand_id
	Categories      []int64   // categories:in
	DateModifiedMin time.Time // date_modified:min

	Include       []string // sub-resources: "variants", "images", "custom_fields" …; "options" and "modifiers" cut pages to 10
	IncludeFields []string // only these fields, none of them Field.Unselectable; id is returned unasked
	ExcludeFields []string
	Sort          string // "id", "name", "sku", "price", "date_modified" …
	Direction     string // "asc" or "desc"
	Limit         int    // items a page; 0 and anything above MaxPageSize mean MaxPageSize
}

func (f ProductFilter) writeTo(q *query) error {
	for _, sku := range f.SKUs {
		if !ListableSKU(sku) {
			return fmt.Errorf("bigcommerce: SKU %q cannot be in a list of SKUs: look it up alone, with ProductFilter.SKU", sku)
		}
	}
	q.nums("id:in", f.IDs)
	q.num("id:greater", f.IDGreater)
	q.str("sku", f.SKU)
	q.list("sku:in", f.SKUs)
	q.str("name", f.Name)
	q.str("keyword", f.Keyword)
	q.num("brand_id", f.BrandID)
	q.nums("categories:in", f.Categories)
	q.time("date_modified:min", f.DateModifiedMin)
	q.list("include", f.Include)
	q.list("include_fields", f.IncludeFields)
	q.list("exclude_fields", f.ExcludeFields)
	q.str("sort", f.Sort)
	q.str("direction", f.Direction)
	return nil
}

// List walks every product that matches. Pages are counted by number: a product deleted meanwhile
// moves a later one out of sight; IDGreater avoids that.
func (s *ProductsService) List(ctx context.Context, f ProductFilter) iter.Seq2[*Product, error] {
	return collect[*Product](ctx, s.client, productsPath, f.Limit, f.writeTo)
}

// ListPage returns one page, counted from 1, of the products that match, as documents. A page after
// the last is empty.
func (s *ProductsService) ListPage(ctx context.Context, f ProductFilter, page int) ([]Fields, Pagination, error) {
	env, err := fetchPage[Fields](ctx, s.client, productsPath, f.Limit, position{page: max(page, 1)}, f.writeTo)
	if err != nil {
		return nil, Pagination{}, err
	}
	if env.Meta.Pagination == nil {
		return nil, Pagination{}, errors.New("bigcommerce: GET " + productsPath + ": the answer has no pagination")
	}
	return env.Data, *env.Meta.Pagination, nil
}

// Thumbnails returns the addresses of small pictures of products, by id: of those that have one. It
// is one request, for at most MaxPageSize ids.
func (s *ProductsService) Thumbnails(ctx context.Context, ids []int64) (map[int64]string, error) {
	if len(ids) == 0 || len(ids) > MaxPageSize { // none would be no filter
		return nil, fmt.Errorf("bigcommerce: pictures of %d products at once, must be 1 to %d", len(ids), MaxPageSize)
	}
	type pictured struct {
		ID    int64 `json:"id"`
		Image struct {
			Thumbnail string `json:"url_thumbnail"`
		} `json:"primary_image"`
	}
	f := ProductFilter{IDs: ids, Include: []string{"primary_image"}, IncludeFields: []string{"sku"}} // id comes unasked
	env, err := fetchPage[pictured](ctx, s.client, productsPath, 0, position{page: 1}, f.writeTo)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]string)
	for _, p := range env.Data {
		if p.Image.Thumbnail != "" {
			out[p.ID] = p.Image.Thumbnail
		}
	}
	return out, nil
}

// Create creates one product and returns it, limited to includeFields if there are any (see
// ProductFilter.IncludeFields). It is never sent twice: after an *UnavailableError with Sent, look
// the SKU up. With a *PartialError the product exists and is returned too.
func (s *ProductsService) Create(ctx context.Context, product Fields, includeFields ...string) (Fields, error) {
	var q query
	q.list("include_fields", includeFields)
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPost, path: productsPath, query: q.String(), body: product})
}

// Update changes up to MaxProductsPerUpdate products, each of which must have its "id". Fields that
// are not in a document stay as they are. Answers are limited to includeFields if there are any.
func (s *ProductsService) Update(ctx context.Context, products []Fields, includeFields ...string) (BatchResult, error) {
	if err := checkBatch("products", products, MaxProductsPerUpdate); err != nil {
		return BatchResult{}, err
	}
	for i, product := range products {
		if product["id"] == nil {
			return BatchResult{}, fmt.Errorf("bigcommerce: product %d of the update has no id", i)
		}
	}
	var q query
	q.list("include_fields", includeFields)
	return putBatch(ctx, s.client, productsPath, q.String(), products)
}

// Delete deletes up to MaxProductsPerDelete products. An id that is not there is not an error.
func (s *ProductsService) Delete(ctx context.Context, ids []int64) error {
	if len(ids) == 0 || len(ids) > MaxProductsPerDelete { // none would be no filter
		return fmt.Errorf("bigcommerce: %d products in one delete, must be 1 to %d", len(ids), MaxProductsPerDelete)
	}
	var q query
	q.nums("id:in", ids)
	_, _, err := send[none](ctx, s.client, request{method: http.MethodDelete, path: productsPath, query: q.String()})
	return err
}
