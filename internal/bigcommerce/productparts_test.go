package bigcommerce

import (
	"context"
	"errors"
	"net/http"
	"testing"
)

// TestRequestsOfParts: each call is one request of the described form.
func TestRequestsOfParts(t *testing.T) {
	ctx := context.Background()
	one, list := `{"data":{"id":5},"meta":{}}`, `{"data":[{"id":5}],"meta":{}}`
	for name, tc := range map[string]struct {
		answer string
		call   func(*Client) error
		want   recordedRequest
	}{
		"images": {list, func(c *Client) error { _, err := c.Images.List(ctx, 7); return err },
			recordedRequest{Method: "GET", Path: "/v3/catalog/products/7/images", Query: "page=1&limit=250"}},
		"rules have no pages": {list, func(c *Client) error { _, err := c.BulkPricing.List(ctx, 7); return err },
			recordedRequest{Method: "GET", Path: "/v3/catalog/products/7/bulk-pricing-rules"}},
		"a new image": {one, func(c *Client) error {
			_, err := c.Images.Create(ctx, 7, Fields{"image_url": "https://x.example/a.png"})
			return err
		}, recordedRequest{Method: "POST", Path: "/v3/catalog/products/7/images", Body: `{"image_url":"https://x.example/a.png"}`}},
		"a changed field": {one, func(c *Client) error { _, err := c.CustomFields.Update(ctx, 7, 5, Fields{"value": "b"}); return err },
			recordedRequest{Method: "PUT", Path: "/v3/catalog/products/7/custom-fields/5", Body: `{"value":"b"}`}},
		"a video less": {``, func(c *Client) error { return c.Videos.Delete(ctx, 7, 5) },
			recordedRequest{Method: "DELETE", Path: "/v3/catalog/products/7/videos/5"}},
		"an option value": {one, func(c *Client) error { _, err := c.OptionValues.Create(ctx, 7, 8, Fields{"label": "L"}); return err },
			recordedRequest{Method: "POST", Path: "/v3/catalog/products/7/options/8/values", Body: `{"label":"L"}`}},
		"a variant": {one, func(c *Client) error { _, err := c.Variants.Create(ctx, 7, Fields{"sku": "S"}); return err },
			recordedRequest{Method: "POST", Path: "/v3/catalog/products/7/variants", Body: `{"sku":"S"}`}},
		"one variant": {one, func(c *Client) error { _, err := c.Variants.UpdateOne(ctx, 7, 9, Fields{"mpn": "M"}); return err },
			recordedRequest{Method: "PUT", Path: "/v3/catalog/products/7/variants/9", Body: `{"mpn":"M"}`}},
		"channels": {``, func(c *Client) error { return c.Products.AssignChannels(ctx, []ChannelAssignment{{7, 1}}) },
			recordedRequest{Method: "PUT", Path: "/v3/catalog/products/channel-assignments", Body: `[{"product_id":7,"channel_id":1}]`}},
		"out of a category": {``, func(c *Client) error { return c.Products.UnassignCategories(ctx, []int64{7, 8}, []int64{3}) },
			recordedRequest{Method: "DELETE", Path: "/v3/catalog/products/category-assignments", Query: "product_id:in=7,8&category_id:in=3"}},
		"a redirect": {list, func(c *Client) error {
			_, err := c.Redirects.Upsert(ctx, []Redirect{{SiteID: 1, FromPath: "/old/", To: RedirectTo{Type: "product", EntityID: 7}}})
			return err
		}, recordedRequest{Method: "PUT", Path: "/v3/storefront/redirects", Body: `[{"site_id":1,"from_path":"/old/","to":{"type":"product","entity_id":7}}]`}},
		"changed metafields": {list, func(c *Client) error {
			_, err := c.VariantMetafields.Update(ctx, []Metafield{{ID: 5, ResourceID: 9, Namespace: "n", Key: "k", Value: "v", OwnerClientID: "o"}})
			return err
		}, recordedRequest{Method: "PUT", Path: "/v3/catalog/variants/metafields", Body: `[{"id":5,"namespace":"n","key":"k","value":"v"}]`}},
	} {
		f := newFixture(t, answer(http.StatusOK, tc.answer))
		if err := tc.call(f.Client); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		log := f.log()
		if len(log) != 1 || log[0].Method != tc.want.Method || log[0].Path != "/stores/abc123"+tc.want.Path || log[0].Query != tc.want.Query || log[0].Body != tc.want.Body {
			t.Errorf("%s: %+v", name, log)
		}
	}
}

// TestPartsThatAreGone: what is gone need not be deleted, and what is not there has no pictures.
func TestPartsThatAreGone(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, answer(http.StatusNotFound, `{"status":404,"title":"gone"}`))
	if err := f.CustomFields.Delete(ctx, 7, 5); err != nil {
		t.Error(err)
	}
	var gone *NotFoundError
	if _, err := f.CustomFields.Update(ctx, 7, 5, Fields{}); !errors.As(err, &gone) {
		t.Error(err)
	}
	f = newFixture(t, answer(http.StatusNoContent, ""))
	if list, err := f.Images.List(ctx, 7); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	f = newFixture(t, answer(http.StatusOK, `{"data":{"id":5,"amount":1.50},"meta":{}}`)) // as described of rules
	if list, err := f.BulkPricing.List(ctx, 7); err != nil || len(list) != 1 || mustJSON(list[0]["amount"]) != "1.50" {
		t.Errorf("%v, %v", list, err)
	}
	if err := f.Products.UnassignChannels(ctx, []int64{7}, nil); err == nil || len(f.log()) != 1 {
		t.Error("a filter less would take away more")
	}
}

// TestMetafieldsInPart: what is right of a batch is saved though the answer is a 422.
func TestMetafieldsInPart(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, answer(422, `{"data":[{"id":1,"resource_id":7,"namespace":"n","key":"a","value":"v"}],
		"errors":[{"status":409,"title":"There is one","type":"t","errors":{"key":"taken"}}],"meta":{"total":2,"success":1,"failed":1}}`))
	got, err := f.ProductMetafields.Create(ctx, []Metafield{{ResourceID: 7, Namespace: "n", Key: "a"}, {ResourceID: 7, Namespace: "n", Key: "b"}})
	if err != nil || len(got.Saved) != 1 || got.Saved[0].ID != 1 || len(got.Errors) != 1 || got.Errors[0].Status != 409 || got.Errors[0].Fields["key"] != "taken" {
		t.Errorf("%+v, %v", got, err)
	}
	f = newFixture(t, answer(422, `{"status":422,"title":"All wrong","errors":{"0.key":"error.path.missing"}}`))
	var invalid *ValidationError
	if _, err := f.ProductMetafields.Create(ctx, []Metafield{{}}); !errors.As(err, &invalid) || invalid.Fields["0.key"] == "" {
		t.Error(err)
	}
}
