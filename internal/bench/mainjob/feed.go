package mainjob

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// item is one product of the feed; its number is from 1.
type item struct {
	SKU    string  `json:"sku"`
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Weight float64 `json:"weight"`
	Price  float64 `json:"price"`
}

// change says whether a product has another price in the last scenario.
func change(n int) bool { return n%every == 0 }

// product returns the n-th product, as the last scenario has it or as the others do.
func product(n int, changed bool) item {
	it := item{SKU: fmt.Sprintf("BENCH-%06d", n), Name: fmt.Sprintf("Bench product %06d", n), Type: "physical", Weight: 1, Price: float64(n%1000) + 0.5}
	if changed && change(n) {
		it.Price++
	}
	return it
}

// write writes the feed as CSV.
func write(to io.Writer, changed bool) error {
	out := bufio.NewWriter(to)
	_, _ = out.WriteString("sku,name,type,weight,price\n") // Flush tells of an error
	for n := 1; n <= products; n++ {
		it := product(n, changed)
		_, _ = fmt.Fprintf(out, "%s,%s,%s,%s,%s\n", it.SKU, it.Name, it.Type, decimal(it.Weight), decimal(it.Price))
	}
	return out.Flush()
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
