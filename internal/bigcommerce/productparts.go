package bigcommerce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// How many of its parts a product may have, and how long what they say (products_catalog.v3.yml,
// product-variants_catalog.v3.yml, product-variant-options_catalog.v3.yml).
const (
	MaxImages            = 1000
	MaxImageURL          = 255 // characters
	MaxCustomFields      = 200
	MaxCustomField       = 250 // characters of a name, and of a value
	MaxVariants          = 600
	MaxVariantSKU        = 255 // characters
	MaxOptionValues      = 250 // of an option
	MaxOptionName        = 255 // characters of a name, and of a value's label
	MaxVideoID           = 25  // characters
	MaxProductCategories = 1000
)

// PartsService is one kind of what belongs to a product: Client.Images, CustomFields, BulkPricing,
// Videos, Options or Modifiers. Its objects are documents with the fields of that kind's
// description; each has its id.
//
// What an image came from is in no answer: image_url is for writes, and the url_… of answers are
// the store's own.
type PartsService struct {
	service
	name string // as the path has it
	all  bool   // a list is answered whole: it has no pages
}

func (s *PartsService) path(product int64) string {
	return fmt.Sprintf("%s/%d/%s", productsPath, product, s.name)
}

// List returns all of a product's.
func (s *PartsService) List(ctx context.Context, product int64) ([]Fields, error) {
	if s.all {
		env, _, err := send[envelope[oneOrMore]](ctx, s.client, request{method: http.MethodGet, path: s.path(product)})
		return env.Data, err
	}
	var list []Fields
	for one, err := range collect[Fields](ctx, s.client, s.path(product), 0, nil) {
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// oneOrMore is a list that may come as its only element: bulk pricing rules are described so.
type oneOrMore []Fields

func (l *oneOrMore) UnmarshalJSON(b []byte) error {
	if isObject(b) {
		b = slices.Concat([]byte("["), b, []byte("]"))
	}
	return decodeNumbers(b, (*[]Fields)(l))
}

// Create adds one and returns it with its id. It is never sent twice: after an *UnavailableError
// with Sent, look with List. A picture that BigCommerce could not download is a *ValidationError of
// Status 400; a rule whose quantities overlap another's is a *ConflictError.
func (s *PartsService) Create(ctx context.Context, product int64, part Fields) (Fields, error) {
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPost, path: s.path(product), body: part})
}

// Update changes one. What is not in the document stays as it is.
func (s *PartsService) Update(ctx context.Context, product, id int64, part Fields) (Fields, error) {
	path := fmt.Sprintf("%s/%d", s.path(product), id)
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPut, path: path, body: part})
}

// Delete removes one. One that is not there is not an error.
func (s *PartsService) Delete(ctx context.Context, product, id int64) error {
	return s.client.remove(ctx, fmt.Sprintf("%s/%d", s.path(product), id))
}

// remove deletes what a path names; that it is gone already is not an error.
func (c *Client) remove(ctx context.Context, path string) error {
	_, _, err := send[none](ctx, c, request{method: http.MethodDelete, path: path})
	var gone *NotFoundError
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

// OptionValuesService is the values of a product's option, such as the sizes of Size.
type OptionValuesService struct{ service }

func (s *OptionValuesService) path(product, option int64) string {
	return fmt.Sprintf("%s/%d/options/%d/values", productsPath, product, option)
}

// List returns all values of an option.
func (s *OptionValuesService) List(ctx context.Context, product, option int64) ([]Fields, error) {
	var list []Fields
	for one, err := range collect[Fields](ctx, s.client, s.path(product, option), 0, nil) {
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// Create adds a value, which needs label and sort_order, and returns it with its id. No variant has
// it yet. It is never sent twice.
func (s *OptionValuesService) Create(ctx context.Context, product, option int64, value Fields) (Fields, error) {
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPost, path: s.path(product, option), body: value})
}

// Update changes a value; label and sort_order are needed every time.
func (s *OptionValuesService) Update(ctx context.Context, product, option, id int64, value Fields) (Fields, error) {
	path := fmt.Sprintf("%s/%d", s.path(product, option), id)
	return writeOne[Fields](ctx, s.client, request{method: http.MethodPut, path: path, body: value})
}
