package bigcommerce

import (
	"strings"
	"testing"
)

func TestMissingScopes(t *testing.T) {
	for _, test := range []struct {
		required []string
		granted  string
		want     string
	}{
		{[]string{"store_v2_products"}, "store_v2_products", ""},
		{[]string{"store_v2_products_read_only"}, "store_v2_products", ""},
		{[]string{"store_v2_products"}, "store_v2_products_read_only", "store_v2_products"},
		{[]string{"store_order_fulfillment_read_only"}, "store_order_fulfillment_manage", ""},
		{[]string{"a", "b"}, "", "a b"},
		{nil, "x", ""},
	} {
		if got := strings.Join(MissingScopes(test.required, test.granted), " "); got != test.want {
			t.Errorf("MissingScopes(%v, %q) = %q, want %q", test.required, test.granted, got, test.want)
		}
	}
}
