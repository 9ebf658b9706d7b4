package prices

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/bigcommerce"
	"sluice/jobs/upsert"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestVariantsOfLargeProducts: a look-up by products reads so many pages, whatever they have, and
// leaves the products that do not fit in to the next.
func TestVariantsOfLargeProducts(t *testing.T) {
	for name, pages := range map[string]func(products int) int{
		"small": func(int) int { return 2 }, "large": func(n int) int { return 2 * n }, "no end": func(int) int { return 1 << 40 },
	} {
		requests := 0
		c, err := bigcommerce.New(bigcommerce.Config{
			APIURL: "https://api.example", StoreHash: "abc", AccessToken: "secret",
			HTTP: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				requests++
				n := len(strings.Split(r.URL.Query().Get("product_id:in"), ","))
				body := fmt.Sprintf(`{"data":[],"meta":{"pagination":{"total":1,"total_pages":%d}}}`, pages(n))
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		want := make([]upsert.Want, 200)
		for i := range want {
			want[i] = upsert.Want{ID: int64(i + 1), Ref: fmt.Sprint(i + 1000)}
		}
		_, left, err := prices{}.variantsOf(t.Context(), c, want)
		if err != nil || requests > maxVariantPages+2 || len(left) == len(want) || name == "small" && len(left) != 0 {
			t.Errorf("%s: %d requests, %d left, %v", name, requests, len(left), err)
		}
	}
}
