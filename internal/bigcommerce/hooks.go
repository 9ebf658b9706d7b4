package bigcommerce

import (
	"context"
	"iter"
	"net/http"
	"strconv"
)

const hooksPath = "/v3/hooks"

// HooksService is the webhooks of this app on this store (V3): others are not seen.
type HooksService struct{ service }

// Hook is a subscription to events. BigCommerce removes an app's hooks when it is uninstalled, and
// deactivates one whose destination fails or that was idle for 90 days.
type Hook struct {
	ID          int64             `json:"id,omitempty"` // read-only
	ClientID    string            `json:"client_id,omitempty"`
	StoreHash   string            `json:"store_hash,omitempty"`
	Scope       string            `json:"scope"`             // "store/product/updated", "store/order/*"
	Destination string            `json:"destination"`       // https on port 443
	Headers     map[string]string `json:"headers,omitempty"` // come back with each delivery
	IsActive    bool              `json:"is_active"`
	CreatedAt   int64             `json:"created_at,omitempty"` // Unix seconds
	UpdatedAt   int64             `json:"updated_at,omitempty"` // Unix seconds
}

// hookBody is what may be sent of a Hook.
type hookBody struct {
	Scope       string            `json:"scope,omitempty"`
	Destination string            `json:"destination,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	IsActive    bool              `json:"is_active"`
}

func (h Hook) body() hookBody {
	return hookBody{Scope: h.Scope, Destination: h.Destination, Headers: h.Headers, IsActive: h.IsActive}
}

// List walks every hook, active or not.
func (s *HooksService) List(ctx context.Context) iter.Seq2[*Hook, error] {
	return collect[*Hook](ctx, s.client, hooksPath, MaxPageSize, nil)
}

// Create subscribes to h.Scope. Set IsActive, or the hook sleeps.
func (s *HooksService) Create(ctx context.Context, h Hook) (*Hook, error) {
	return writeOne[*Hook](ctx, s.client, request{method: http.MethodPost, path: hooksPath, body: h.body()})
}

// Update writes the scope, destination, headers and activity of the hook h.ID; an empty one of the
// first three stays as it is. IsActive wakes a hook that BigCommerce has deactivated.
func (s *HooksService) Update(ctx context.Context, h Hook) (*Hook, error) {
	return writeOne[*Hook](ctx, s.client, request{method: http.MethodPut, path: hookPath(h.ID), body: h.body()})
}

// Delete ends a subscription. One that is not there is a *NotFoundError, also when a first attempt
// had deleted it and its answer was lost.
func (s *HooksService) Delete(ctx context.Context, id int64) error {
	_, _, err := send[none](ctx, s.client, request{method: http.MethodDelete, path: hookPath(id)})
	return err
}

func hookPath(id int64) string { return hooksPath + "/" + strconv.FormatInt(id, 10) }
