package bigcommerce

import (
	"context"
	"iter"
	"net/http"
)

const brandsPath = "/v3/catalog/brands"

// Limits of brands, from BigCommerce's description of POST /catalog/brands.
const (
	MaxBrandName = 255    // characters
	MaxBrands    = 30_000 // per store
)

// BrandsService is the catalogue's brands (V3).
type BrandsService struct{ service }

// Brand is a brand. Its name is unique in the store.
type Brand struct {
	ID              int64      `json:"id,omitempty"` // read-only
	Name            string     `json:"name"`
	PageTitle       string     `json:"page_title,omitempty"`
	MetaKeywords    []string   `json:"meta_keywords,omitempty"`
	MetaDescription string     `json:"meta_description,omitempty"`
	SearchKeywords  string     `json:"search_keywords,omitempty"`
	ImageURL        string     `json:"image_url,omitempty"`
	CustomURL       *CustomURL `json:"custom_url,omitempty"` // made from the name if not given
}

// CustomURL is the path of a brand or product on the storefront.
type CustomURL struct {
	URL          string `json:"url"`
	IsCustomized bool   `json:"is_customized"`
}

// BrandFilter narrows a list of brands.
type BrandFilter struct {
	IDs           []int64 // id:in
	Name          string  // name, exactly
	IncludeFields []string
	Limit         int // items a page; 0 means MaxPageSize
}

func (f BrandFilter) writeTo(q *query) error {
	q.nums("id:in", f.IDs)
	q.str("name", f.Name)
	q.list("include_fields", f.IncludeFields)
	return nil
}

// List walks every brand that matches.
func (s *BrandsService) List(ctx context.Context, f BrandFilter) iter.Seq2[*Brand, error] {
	return collect[*Brand](ctx, s.client, brandsPath, f.Limit, f.writeTo)
}

// Create creates a brand and returns it with its ID. A name that is taken is a *ConflictError. It
// is never sent twice: after an *UnavailableError with Sent, look the name up. With a *PartialError
// the brand exists and is returned too.
func (s *BrandsService) Create(ctx context.Context, b Brand) (*Brand, error) {
	b.ID = 0
	return writeOne[*Brand](ctx, s.client, request{method: http.MethodPost, path: brandsPath, body: b})
}
