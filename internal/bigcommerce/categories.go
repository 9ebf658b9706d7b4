package bigcommerce

import (
	"context"
	"fmt"
	"iter"
	"net/http"
)

const (
	treesPath      = "/v3/catalog/trees"
	categoriesPath = "/v3/catalog/trees/categories"
)

// Limits of categories, from BigCommerce's description of POST /catalog/trees/categories.
const (
	MaxCategoryName         = 50     // characters
	MaxCategoryDepth        = 8      // levels of child categories
	MaxCategories           = 16_000 // per store
	MaxCategoriesPerProduct = 1_000
)

// CategoriesService is the catalogue's category trees (V3). It replaces /catalog/categories, which
// BigCommerce has deprecated.
type CategoriesService struct{ service }

// CategoryTree is a tree of categories; a channel shows one.
type CategoryTree struct {
	ID       int64   `json:"id"`
	Name     string  `json:"name"`
	Channels []int64 `json:"channels"`
}

// Category is a node of a tree. Its name is unique among its siblings.
type Category struct {
	ID              int64        `json:"category_id,omitempty"`   // read-only
	UUID            string       `json:"category_uuid,omitempty"` // read-only
	ParentID        int64        `json:"parent_id"`               // 0 at the top of a tree
	TreeID          int64        `json:"tree_id,omitempty"`
	Name            string       `json:"name"`
	Description     string       `json:"description,omitempty"`
	SortOrder       int64        `json:"sort_order,omitempty"`
	PageTitle       string       `json:"page_title,omitempty"`
	MetaKeywords    []string     `json:"meta_keywords,omitempty"`
	MetaDescription string       `json:"meta_description,omitempty"`
	SearchKeywords  string       `json:"search_keywords,omitempty"`
	ImageURL        string       `json:"image_url,omitempty"`
	IsVisible       *bool        `json:"is_visible,omitempty"` // nil: BigCommerce's default
	URL             *CategoryURL `json:"url,omitempty"`        // made from the name if not given
}

// CategoryURL is the path of a category on the storefront.
type CategoryURL struct {
	Path         string `json:"path"`
	IsCustomized bool   `json:"is_customized"`
}

// CategoryFilter narrows a list of categories.
type CategoryFilter struct {
	IDs           []int64 // category_id:in
	TreeIDs       []int64 // tree_id:in
	ParentIDs     []int64 // parent_id:in
	Name          string  // name, exactly
	NameLike      string  // name:like, part of the name
	IsVisible     *bool
	IncludeFields []string
	Limit         int // items a page; 0 means MaxPageSize
}

func (f CategoryFilter) writeTo(q *query) error {
	q.nums("category_id:in", f.IDs)
	q.nums("tree_id:in", f.TreeIDs)
	q.nums("parent_id:in", f.ParentIDs)
	q.str("name", f.Name)
	q.str("name:like", f.NameLike)
	q.boolean("is_visible", f.IsVisible)
	q.list("include_fields", f.IncludeFields)
	return nil
}

// Trees returns the store's category trees. The endpoint takes no page: all come at once.
func (s *CategoriesService) Trees(ctx context.Context) ([]CategoryTree, error) {
	env, _, err := send[envelope[[]CategoryTree]](ctx, s.client, request{method: http.MethodGet, path: treesPath})
	return env.Data, err
}

// List walks every category that matches, of all trees unless the filter names some.
func (s *CategoriesService) List(ctx context.Context, f CategoryFilter) iter.Seq2[*Category, error] {
	return collect[*Category](ctx, s.client, categoriesPath, f.Limit, f.writeTo)
}

// Create creates categories, which need a Name and a TreeID; a child needs its ParentID too, so
// that parents are created in an earlier call. It returns those that were created, with their IDs,
// and for a 207 a *PartialError about the others. It is never sent twice: after an
// *UnavailableError with Sent, list the parent's children.
func (s *CategoriesService) Create(ctx context.Context, categories []Category) ([]Category, error) {
	body := make([]Category, len(categories))
	for i, category := range categories {
		if category.Name == "" || category.TreeID == 0 {
			return nil, fmt.Errorf("bigcommerce: category %d (%q) needs a name and a tree", i, category.Name)
		}
		category.ID, category.UUID = 0, ""
		body[i] = category
	}
	r := request{method: http.MethodPost, path: categoriesPath, body: body}
	env, status, err := send[envelope[[]Category]](ctx, s.client, r)
	if err == nil && status == http.StatusMultiStatus {
		err = &PartialError{s.client.multiStatus(r, env.Errors)}
	}
	return env.Data, err
}
