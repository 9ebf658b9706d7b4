package products

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/upsert/upserttest"
)

// TestPictures: records are shown with their pictures, which are found as BigCommerce lists them.
func TestPictures(t *testing.T) {
	w := newWorld(t, upserttest.NewPlatform(t))
	with := w.add(bigcommerce.Fields{"name": "With", "type": "physical", "weight": 1, "price": 1})
	w.Call("POST", fmt.Sprint("/v3/catalog/products/", with, "/images"), map[string]any{"image_url": "https://pics.example/a.jpg", "is_thumbnail": true})
	without := w.add(bigcommerce.Fields{"name": "Without", "type": "physical", "weight": 1, "price": 1})
	got, err := products{}.Pictures(w.Ctx, w.Hand(), []flow.Record{{ID: with}, {ID: without}, {ID: 1 << 40}})
	if url := got[flow.Record{ID: with}]; err != nil || len(got) != 1 || !strings.HasPrefix(url, "https://cdn11.bigcommerce.com/") {
		t.Errorf("%v, %v", got, err)
	}
}
