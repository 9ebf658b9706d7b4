package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// catalogueSize, and the traits that catalogue gives its rows, are those of a real retail
// catalogue.
const (
	catalogueSize  = 2465
	repeatedNames  = 98 // rows whose name an earlier row has
	quotedTexts    = 42 // rows with quotes in the long description
	quotedNames    = 2
	catalogueStyle = 84 // styles, in 20 groups
	catalogueGroup = 20
)

// product is a row of the test catalogue.
type product struct {
	sku, name, text, group, style, audience string
	cents, stock                            int
}

var catalogueHeader = []string{"PartNum", "PartDescription", "LongDescription", "ProductGroup", "Style", "ListPrice", "OnHand", "Audience"}

// catalogue returns n products, always the same: unique SKUs, names that repeat, quotes, commas and
// letters beyond ASCII in texts, and a two-level range.
func catalogue(n int) []product {
	r := rand.New(rand.NewPCG(20, 84))
	colours := []string{"Amber", "Slate", "Olive", "Crème", "Ruby", "Indigo", "Sand", "Jet"}
	kinds := []string{"Trail", "City", "Studio", "Harbour", "Alpine", "Garden"}
	list := make([]product, n)
	for i := range list {
		style := i % catalogueStyle
		p := product{
			sku:   fmt.Sprintf("%c%c%c-%08X", 'A'+style%26, 'A'+style/4%26, 'K'+style%9, 0x1000_0000+i*7919),
			name:  fmt.Sprintf("%s %s Item %d", colours[r.IntN(len(colours))], kinds[r.IntN(len(kinds))], i+1),
			group: fmt.Sprintf("group %02d", style%catalogueGroup), style: fmt.Sprintf("style %02d", style),
			cents: 199 + r.IntN(40_000), stock: r.IntN(120), audience: []string{"", "", "", "F", "M"}[r.IntN(5)],
		}
		p.text = fmt.Sprintf("Made for everyday use, in %s; number %d of its range.", p.style, i+1)
		if i%(n/quotedTexts+1) == 3 {
			p.text = fmt.Sprintf("The \"%s\" line, 14\" wide, as reviewers say: \"a keeper\".", p.style)
		}
		list[i] = p
	}
	for i := range quotedNames {
		list[i*5].name = fmt.Sprintf("Frame 1%d\" × 20\"", i)
	}
	// The repeats are spread over the rows; every seventh name is there three times.
	for i := range repeatedNames * n / catalogueSize {
		at := n/2 + i*(n/2)/repeatedNames
		list[at].name = list[at-n/2+1].name
		if i%7 == 6 {
			list[at].name = list[at-n/2/repeatedNames].name
		}
	}
	return list
}

func writeCatalogue(t testing.TB, path string, list []product) {
	t.Helper()
	rows := [][]string{catalogueHeader}
	for _, p := range list {
		rows = append(rows, []string{p.sku, p.name, p.text, p.group, p.style,
			fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100), strconv.Itoa(p.stock), p.audience})
	}
	writeRows(t, path, rows)
}

// writeRows writes a feed, the header first.
func writeRows(t testing.TB, path string, rows [][]string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(csv.NewWriter(f).WriteAll(rows), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestTheCatalogueHasTheTraitsOfARealOne(t *testing.T) {
	names, skus, groups, styles := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range catalogue(catalogueSize) {
		names[p.name]++
		skus[p.sku]++
		groups[p.group]++
		styles[p.style]++
	}
	if len(skus) != catalogueSize || catalogueSize-len(names) != repeatedNames || len(groups) != catalogueGroup || len(styles) != catalogueStyle {
		t.Fatalf("%d SKUs, %d names, %d groups, %d styles", len(skus), len(names), len(groups), len(styles))
	}
}
