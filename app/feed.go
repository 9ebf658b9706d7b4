package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
)

// exampleParts is how many parts the example ERP has.
const exampleParts = 2500

// family is a kind of part in the example ERP: its parts differ in size and finish.
type family struct {
	group, style, noun string
	sizes, finishes    []string
	price, weight      float64 // of the smallest; both grow with the size
}

// families is the range of a small industrial distributor.
var families = []family{
	{"Fasteners", "Hex bolts", "Hex Bolt", metric("M", 5, 6, 8, 10, 12, 16, 20, 24), finishes, 0.18, 0.004},
	{"Fasteners", "Socket screws", "Socket Head Cap Screw", metric("M", 3, 4, 5, 6, 8, 10, 12), finishes, 0.22, 0.003},
	{"Fasteners", "Nuts", "Hex Nut", metric("M", 3, 4, 5, 6, 8, 10, 12, 16, 20), finishes, 0.05, 0.001},
	{"Fasteners", "Washers", "Flat Washer", metric("M", 3, 4, 5, 6, 8, 10, 12, 16, 20), finishes, 0.03, 0.001},
	{"Fasteners", "Threaded rod", "Threaded Rod 1 m", metric("M", 6, 8, 10, 12, 16, 20), finishes, 1.9, 0.18},
	{"Bearings", "Ball bearings", "Deep Groove Ball Bearing", metric("6", 200, 201, 202, 203, 204, 205, 206, 207, 208), []string{"Open", "2RS", "ZZ", "C3"}, 3.4, 0.03},
	{"Bearings", "Pillow blocks", "Pillow Block Unit", metric("UCP ", 203, 204, 205, 206, 207, 208), []string{"Cast Iron", "Stainless"}, 11.5, 0.7},
	{"Hydraulics", "Hoses", "Hydraulic Hose per metre", metric("DN", 6, 8, 10, 12, 16, 20, 25), []string{"1SN", "2SN", "4SP"}, 4.2, 0.25},
	{"Hydraulics", "Fittings", "Straight Union Fitting", metric("", 6, 8, 10, 12, 15, 18, 22), []string{"Steel", "Brass", "Stainless A4"}, 2.1, 0.05},
	{"Electrical", "Cable glands", "Cable Gland", metric("M", 12, 16, 20, 25, 32, 40), []string{"Nylon Grey", "Nylon Black", "Brass"}, 0.9, 0.02},
	{"Electrical", "Terminals", "DIN Rail Terminal", metric("", 2, 4, 6, 10, 16), []string{"Grey", "Blue", "Earth"}, 0.8, 0.01},
	{"Power Transmission", "V-belts", "V-Belt", metric("SPA ", 800, 900, 1000, 1120, 1250, 1400, 1600, 1800, 2000), []string{"Wrapped", "Raw Edge"}, 5.6, 0.1},
	{"Power Transmission", "Chain", "Roller Chain 5 m", metric("", 6, 8, 10, 12, 16), []string{"Simplex", "Duplex", "Stainless"}, 19, 1.8},
	{"Safety", "Gloves", "Cut-Resistant Gloves", metric("Size ", 7, 8, 9, 10, 11), []string{"Level B", "Level C", "Level D"}, 6.9, 0.08},
}

var finishes = []string{"Zinc Plated", "Plain", "Stainless A2", "Stainless A4", "Black Oxide", "Hot-Dip Galvanised"}

var makers = []string{"Nordwerk", "Halden", "Pacific Fastening", "Brightwater", "Osei & Sons", "Kestrel"}

func metric(prefix string, sizes ...int) []string {
	out := make([]string, len(sizes))
	for i, s := range sizes {
		out[i] = prefix + strconv.Itoa(s)
	}
	return out
}

// writeExampleFeed writes the example ERP's parts as it would export them: its own column names,
// its own part numbers, and some names that several parts share. The same n gives the same bytes.
func writeExampleFeed(w io.Writer, n int) error {
	r := rand.New(rand.NewPCG(1886, 2026))
	c := csv.NewWriter(w)
	_ = c.Write([]string{"PartNum", "PartDescription", "LongDescription", "ProductGroup", "Style", "Manufacturer", "ListPrice", "StdCost", "OnHand", "WeightKg"})
	for i := range n {
		f := families[r.IntN(len(families))]
		size := r.IntN(len(f.sizes))
		finish := f.finishes[r.IntN(len(f.finishes))]
		maker := makers[r.IntN(len(makers))]
		pack := []int{1, 5, 10, 25, 50, 100, 200, 250, 500}[r.IntN(9)]
		grow := 1 + float64(size)*0.45
		price := f.price * grow * float64(pack) * (0.9 + 0.2*r.Float64())
		// Most of this ERP's descriptions are unmistakable; the older ones are not, and repeat.
		name := fmt.Sprintf("%s %s %s", f.sizes[size], f.noun, finish)
		if r.IntN(25) > 0 {
			name = fmt.Sprintf("%s %s, Pack of %d #%d", maker, name, pack, 1000+i)
		}
		_ = c.Write([]string{
			fmt.Sprintf("%s-%05d", initials(f.noun), 10000+i), name,
			fmt.Sprintf("%s %s by %s, %s. Sold in packs of %d; \"%s\" in the %s range.", f.sizes[size], f.noun, maker, finish, pack, f.style, f.group),
			f.group, f.style, maker,
			strconv.FormatFloat(max(price, 0.05), 'f', 2, 64), strconv.FormatFloat(max(price*0.61, 0.03), 'f', 2, 64),
			strconv.Itoa(r.IntN(400)), strconv.FormatFloat(f.weight*grow*float64(pack), 'f', 3, 64),
		})
	}
	c.Flush()
	return c.Error()
}

// initials of a noun make the prefix of its part numbers.
func initials(noun string) string {
	var out []byte
	up := true
	for i := range len(noun) {
		if up && noun[i] >= 'A' && noun[i] <= 'Z' {
			out = append(out, noun[i])
		}
		up = noun[i] == ' ' || noun[i] == '-'
	}
	return string(out)
}
