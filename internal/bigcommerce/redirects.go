package bigcommerce

import (
	"context"
	"fmt"
	"iter"
	"net/http"
)

const redirectsPath = "/v3/storefront/redirects"

// MaxRedirectURL is how long the target of a redirect may be, in characters.
const MaxRedirectURL = 2048

// MaxRedirects is how many Upsert sends in one request. BigCommerce describes no limit.
const MaxRedirects = 100

// RedirectsService is the 301 redirects of storefronts (V3). A redirect is known by its site and
// its path.
type RedirectsService struct{ service }

// Redirect sends visitors of a path on.
type Redirect struct {
	ID       int64      `json:"id,omitempty"` // read-only
	SiteID   int64      `json:"site_id"`
	FromPath string     `json:"from_path"` // "/old-name/"
	To       RedirectTo `json:"to"`
}

// RedirectTo is where a redirect leads: to a thing of the store, wherever its address is then, or
// to an address.
type RedirectTo struct {
	Type     string `json:"type"`                // "product", "category", "brand", "page", "post" or "url"
	EntityID int64  `json:"entity_id,omitempty"` // of all but url
	URL      string `json:"url,omitempty"`       // of url
}

// RedirectFilter narrows a list of redirects; a zero field filters nothing.
type RedirectFilter struct {
	SiteID  int64
	IDs     []int64 // id:in
	Keyword string  // what from_path begins with
}

func (f RedirectFilter) writeTo(q *query) error {
	q.num("site_id", f.SiteID)
	q.nums("id:in", f.IDs)
	q.str("keyword", f.Keyword)
	return nil
}

// List walks every redirect that matches.
func (s *RedirectsService) List(ctx context.Context, f RedirectFilter) iter.Seq2[*Redirect, error] {
	return collect[*Redirect](ctx, s.client, redirectsPath, 0, f.writeTo)
}

// Upsert makes up to MaxRedirects redirects, or changes where those of the same site and path lead,
// and returns them. It may be repeated.
func (s *RedirectsService) Upsert(ctx context.Context, list []Redirect) ([]Redirect, error) {
	if len(list) == 0 || len(list) > MaxRedirects {
		return nil, fmt.Errorf("bigcommerce: %d redirects in one update, must be 1 to %d", len(list), MaxRedirects)
	}
	env, _, err := send[envelope[[]Redirect]](ctx, s.client, request{method: http.MethodPut, path: redirectsPath, body: list})
	return env.Data, err
}

// Delete deletes redirects. An id that is not there is not an error.
func (s *RedirectsService) Delete(ctx context.Context, ids []int64) error {
	if len(ids) == 0 { // would be no filter
		return nil
	}
	var q query
	q.nums("id:in", ids)
	_, _, err := send[none](ctx, s.client, request{method: http.MethodDelete, path: redirectsPath, query: q.String()})
	return err
}
