package bigcommerce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
)

// Limits of metafields (products_catalog.v3.yml).
const (
	MaxMetafields           = 250    // of a product or variant, for one client
	MaxMetafieldName        = 64     // characters of a namespace, and of a key
	MaxMetafieldValue       = 65_535 // characters
	MaxMetafieldDescription = 255    // characters

	// MaxMetafieldBatch is how many a batch sends in one request. BigCommerce describes no limit.
	MaxMetafieldBatch = 50
)

// MetafieldsService is the metafields of one kind of thing: Client.ProductMetafields or
// VariantMetafields. Of one thing and one client a metafield is known by its namespace and key.
type MetafieldsService struct {
	service
	path string
}

// Metafield is a value that apps keep with a thing.
type Metafield struct {
	ID            int64  `json:"id,omitempty"`          // read-only
	ResourceID    int64  `json:"resource_id,omitempty"` // of the product or variant
	Namespace     string `json:"namespace"`
	Key           string `json:"key"`
	Value         string `json:"value"`
	PermissionSet string `json:"permission_set,omitempty"` // "app_only", "read", "write", "read_and_sf_access" or "write_and_sf_access"
	Description   string `json:"description,omitempty"`
	OwnerClientID string `json:"owner_client_id,omitempty"` // read-only: whose it is
}

// MetafieldFilter narrows a list of metafields; a zero field filters nothing.
type MetafieldFilter struct {
	Namespace string
	Key       string
}

func (f MetafieldFilter) writeTo(q *query) error {
	q.str("namespace", f.Namespace)
	q.str("key", f.Key)
	return nil
}

// List walks the metafields of all products or variants that this client may see. There is no
// filter by product: the list is the store's.
func (s *MetafieldsService) List(ctx context.Context, f MetafieldFilter) iter.Seq2[*Metafield, error] {
	return collect[*Metafield](ctx, s.client, s.path, 0, f.writeTo)
}

// MetafieldResult is what became of a batch of metafields.
type MetafieldResult struct {
	Saved  []Metafield  // with their ids; match them by ResourceID, Namespace and Key
	Errors []BatchError // of the others; they need not say which they are about
}

// Create makes up to MaxMetafieldBatch metafields; each needs its ResourceID and PermissionSet. What
// is right of the batch is saved though the rest is not. It is never sent twice: after an
// *UnavailableError with Sent, look with List.
func (s *MetafieldsService) Create(ctx context.Context, list []Metafield) (MetafieldResult, error) {
	return s.write(ctx, http.MethodPost, list)
}

// Update changes up to MaxMetafieldBatch metafields by their IDs.
func (s *MetafieldsService) Update(ctx context.Context, list []Metafield) (MetafieldResult, error) {
	return s.write(ctx, http.MethodPut, list)
}

// Delete deletes up to MaxMetafieldBatch metafields.
func (s *MetafieldsService) Delete(ctx context.Context, ids []int64) error {
	if err := checkMetafields(len(ids)); err != nil {
		return err
	}
	_, _, err := send[none](ctx, s.client, request{method: http.MethodDelete, path: s.path, body: ids})
	return err
}

func checkMetafields(n int) error {
	if n == 0 || n > MaxMetafieldBatch {
		return fmt.Errorf("bigcommerce: %d metafields in one request, must be 1 to %d", n, MaxMetafieldBatch)
	}
	return nil
}

// write sends a batch. A part that failed makes the answer a 422, with what was saved in it.
func (s *MetafieldsService) write(ctx context.Context, method string, list []Metafield) (MetafieldResult, error) {
	if err := checkMetafields(len(list)); err != nil {
		return MetafieldResult{}, err
	}
	list = slices.Clone(list)
	for i := range list {
		m := &list[i]
		if m.OwnerClientID = ""; method == http.MethodPost {
			m.ID = 0
		} else {
			m.ResourceID = 0
		}
	}
	var part *MetafieldResult
	r := request{method: method, path: s.path, body: list, maxError: defaultMaxAnswer}
	r.explain = func(raw []byte, err error) error {
		var invalid *ValidationError
		var body struct {
			Data   *[]Metafield      `json:"data"`
			Errors []json.RawMessage `json:"errors"`
		}
		if errors.As(err, &invalid) && json.Unmarshal(raw, &body) == nil && body.Data != nil {
			encoded, _ := json.Marshal(body.Errors) // was JSON
			part = &MetafieldResult{Saved: *body.Data, Errors: batchErrors(encoded, s.client.redactor(r))}
		}
		return err
	}
	env, _, err := send[envelope[[]Metafield]](ctx, s.client, r)
	switch {
	case part != nil:
		return *part, nil
	case err != nil:
		return MetafieldResult{}, err
	}
	return MetafieldResult{Saved: env.Data}, nil
}
