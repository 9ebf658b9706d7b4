package bigcommerce

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListableSKU(t *testing.T) {
	for sku, want := range map[string]bool{
		"SM-13": true, "a b": true, "a/b": true, "FOO ": true, "Ä-1": true, "部品": true, "a&b=c+d%": true, " ": true,
		"": false, ",": false, "a,b": false,
	} {
		if ListableSKU(sku) != want {
			t.Errorf("ListableSKU(%q) = %v", sku, !want)
		}
	}
}

func TestSKUsPerLookup(t *testing.T) {
	short := make([]string, 600)
	for i := range short {
		short[i] = fmt.Sprintf("P-%04d", i)
	}
	room := maxURLBytes - urlReserve
	for name, tc := range map[string]struct {
		skus []string
		want int
	}{
		"none":                  {nil, 0},
		"one":                   {short[:1], 1},
		"as many as fit a page": {short[:MaxPageSize], MaxPageSize},
		"one more than a page":  {short[:MaxPageSize+1], MaxPageSize},
		"long":                  {slices.Repeat([]string{strings.Repeat("x", 255)}, 100), room / 256},
		"exactly the room":      {[]string{strings.Repeat("x", room-3), "y", "z"}, 2},
		"escaped":               {slices.Repeat([]string{strings.Repeat("部", 100)}, 100), room / 901},
		"one that is too long":  {[]string{strings.Repeat("x", maxURLBytes), "y"}, 1},
	} {
		if got := SKUsPerLookup(tc.skus); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

func TestSKULookups(t *testing.T) {
	got := SKULookups([]string{"A", "b,c", "", "D", "e,"})
	want := []ProductFilter{{SKU: "b,c"}, {SKU: "e,"}, {SKUs: []string{"A", "D"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := SKULookups(nil); got != nil {
		t.Errorf("lookups for nothing: %v", got)
	}
}

// Whatever the SKUs are, each is looked up exactly once, by a URL of a sound length, and the server
// reads it as it was.
func FuzzSKULookups(f *testing.F) {
	f.Add("A\nB,C\n\nÄ ö/+%&=#?\nFOO \n" + strings.Repeat("部", 255))
	f.Add(strings.Repeat("SKU-123\n", 600))
	f.Add("\xff\x00\n,\n,,")
	f.Fuzz(func(t *testing.T, lines string) {
		var want, got []string
		for _, sku := range strings.Split(lines, "\n") {
			if len(sku) > 1020 { // 255 characters of 4 bytes
				sku = sku[:1020]
			}
			if sku != "" {
				want = append(want, sku)
			}
		}
		for _, filter := range SKULookups(want) {
			var q query
			if err := filter.writeTo(&q); err != nil {
				t.Fatal(err)
			}
			if len(q.String()) > maxURLBytes-urlReserve+len("sku:in=") || len(filter.SKUs) > MaxPageSize {
				t.Errorf("%d SKUs in %d bytes", len(filter.SKUs), len(q.String()))
			}
			values, err := url.ParseQuery(q.String())
			if err != nil {
				t.Fatal(err)
			}
			if list := values.Get("sku:in"); list != "" {
				got = append(got, strings.Split(list, ",")...)
			}
			if sku := values.Get("sku"); sku != "" {
				got = append(got, sku)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
