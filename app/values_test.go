package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/tenants"
)

// valuesCase is a file of values as people and systems write them, and what must be in the store
// then, with the mapping that is suggested.
type valuesCase struct {
	before []bigcommerce.Fields   // products that the store has
	files  []string               // that the flow reads, one after the other
	change func(*tenants.Mapping) // what the merchant changes of the suggestion; nil: nothing
	show   func(*bigcommerce.Product) string
	want   map[string]string // SKU → show
	state  tenants.RunState  // of the last run; "" is done
	told   []string          // parts of what the last run tells: "KEY field message"
}

// TestValues: no number, unit or word is ever taken for another, in files that went wrong elsewhere.
func TestValues(t *testing.T) {
	h := newHouse(t, houseOptions{})
	price := func(p *bigcommerce.Product) string { return fmt.Sprint(p.Price) }
	weight := func(p *bigcommerce.Product) string { return fmt.Sprint(p.Weight) }
	rows := func(header string, n int, row func(i int) string) string {
		out := header + "\n"
		for i := range n {
			out += row(i) + "\n"
		}
		return out
	}
	w1 := bigcommerce.Fields{"sku": "W1", "name": "Anchor", "type": "physical", "weight": 5.5, "price": 100}
	stocked := func(odd, price string) string {
		return rows("sku,name,price,weight,qty", 10, func(i int) string {
			if i == 4 {
				return "S4,Item 4," + price + ",1," + odd
			}
			return fmt.Sprintf("S%d,Item %d,%s,1,5", i, i, price)
		})
	}
	only := func(c map[string]string, rest string, n int) map[string]string {
		out := map[string]string{}
		for i := range n {
			out[fmt.Sprintf("S%d", i)] = rest
		}
		for sku, v := range c {
			out[sku] = v
		}
		return out
	}
	dotted := "sku;name;preis;gewicht;uvp\nS0;Item 0;1.250;1,5;1.499,00\nS1;Item 1;2.500;0,75;2.999,00\n"
	for name, c := range map[string]valuesCase{
		"a file without weights sets none": {
			before: []bigcommerce.Fields{w1}, files: []string{"sku,name,price\nW1,Anchor,99\n"},
			show: func(p *bigcommerce.Product) string { return fmt.Sprint(p.Price, " ", p.Weight) }, want: map[string]string{"W1": "99 5.5"},
		},
		"stock alone": {
			before: []bigcommerce.Fields{w1}, files: []string{"sku,qty\nW1,7\nNOT-IN-STORE,8\n"},
			show: func(p *bigcommerce.Product) string {
				return fmt.Sprint(p.Name, " ", p.Price, " ", p.Weight, " ", p.InventoryLevel)
			},
			want: map[string]string{"W1": "Anchor 100 5.5 7"}, told: []string{"NOT-IN-STORE sku the store has no product with this SKU, and the row does not have what a new one needs"},
		},
		"a point that may group digits is asked": {
			files: []string{dotted}, show: price, want: map[string]string{}, state: tenants.RunFailed,
		},
		"a point that groups digits, as somebody said": {
			files: []string{dotted}, show: price, want: map[string]string{"S0": "1250", "S1": "2500"},
			change: func(m *tenants.Mapping) {
				for i, f := range m.Fields {
					if f.Target == "price" {
						m.Fields[i].Decimal = tenants.DecimalComma
					}
				}
			},
		},
		"words among prices": {
			files: []string{rows("sku,name,price,weight,msrp", 10, func(i int) string {
				if i%3 == 1 {
					return fmt.Sprintf("S%d,Item %d,call,1,99", i, i)
				}
				return fmt.Sprintf("S%d,Item %d,10,1,99", i, i)
			})},
			show: price, want: map[string]string{"S0": "10", "S2": "10", "S3": "10", "S5": "10", "S6": "10", "S8": "10", "S9": "10"},
			told: []string{`S1 price "call" is not a number`, `S4 price "call" is not a number`, `S7 price "call" is not a number`},
		},
		"weights with their units": {
			files: []string{"sku,name,price,weight\nA1,Chair,10,1.2 kg\nA2,Table,11,800 g\nA3,Lamp,12,2.5 lbs\n"},
			show:  weight, want: map[string]string{"A1": "42.33", "A2": "28.22", "A3": "40"},
		},
		"three decimals": {
			files: []string{"Material|Description|Price|Weight\n000000000012345|Pump|1.299,00 |5,000\n000000000012346|Valve|99,50 |0,250\n"},
			show:  func(p *bigcommerce.Product) string { return fmt.Sprint(p.Price, " ", p.Weight) },
			want:  map[string]string{"000000000012345": "1299 5", "000000000012346": "99.5 0.25"},
		},
		"money with its signs": {
			files: []string{"sku,name,price,weight\nA1,Chair,\"$1,299.00\",1\nA2,Table,$5.00,1\nA3,Lamp,USD 12.50,1\n"},
			show:  price, want: map[string]string{"A1": "1299", "A2": "5", "A3": "12.5"},
		},
		"words for nothing": {
			files: []string{"sku,name,price,weight,brand,category,description,ean\nS0,Item 0,10,1,NULL,NULL,NULL,NULL\nS1,Item 1,10,1,N/A,-,\\N,n/a\nS2,Item 2,10,1,Acme,Deck,text,4006381333931\nS3,Item 3,10,1,None,(none),none,\n"},
			show: func(p *bigcommerce.Product) string {
				return fmt.Sprintf("%t %d %s", p.BrandID > 0, len(p.Categories), p.Description+p.GTIN)
			},
			want: map[string]string{"S0": "false 0 ", "S1": "false 0 ", "S2": "true 1 text4006381333931", "S3": "false 0 "},
			told: []string{" brand cells were taken as empty: N/A in 1, NULL in 1, None in 1"},
		},
		"empty cells that clear": {
			files: []string{"sku,name,price,weight,sale_price\nC1,Cleat,10,1,8\n", "sku,name,price,weight,sale_price\nC1,Cleat,10,1,\n"},
			change: func(m *tenants.Mapping) {
				for i, f := range m.Fields {
					if f.Target == "sale_price" {
						m.Fields[i].Empty = tenants.EmptyClears
					}
				}
			},
			show: func(p *bigcommerce.Product) string { return fmt.Sprint(p.SalePrice) }, want: map[string]string{"C1": "0"},
		},
		"characters that nobody sees": {
			files: []string{"sku,name,price,weight\nA\u00a01,Chair,10,1\nA 1,Table,11,1\nB\u200b2,Lamp,11,1\nB2,Lamp two,12,1\n\ufeffC3\ufeff,Sofa,1,1\nD4\u2060,Bed,1,1\nE\u00ad5,Desk,1,1\n\u202aF6\u202c,Rug,1,1\n"},
			show:  func(p *bigcommerce.Product) string { return p.Name },
			want:  map[string]string{"A 1": "Chair", "B2": "Lamp", "C3": "Sofa", "D4": "Bed", "E5": "Desk", "F6": "Rug"},
			told:  []string{"A 1 sku this SKU is already in row 2", "B2 sku this SKU is already in row 4"},
		},
		"spaces inside": {
			files: []string{"sku,name,price,weight,brand,category\nA1,One,10,1,Acme Inc,Deck > Dock lines\nA2,Two,10,1,Acme  Inc,Deck > Dock  lines\nA3,Three,10,1,Acme\u00a0Inc,Deck > Dock\u00a0lines\n"},
			show:  func(p *bigcommerce.Product) string { return "" }, want: map[string]string{"A1": "", "A2": "", "A3": ""},
		},
		"yes and no": {
			files: []string{"sku;name;preis;gewicht;aktiv\nA1;Stuhl;10,00;1;Ja\nA2;Tisch;11,00;1;Nein\nA3;Lampe;12,00;1;WAHR\nA4;Sofa;12,00;1;FALSCH\n"},
			show:  func(p *bigcommerce.Product) string { return fmt.Sprint(p.IsVisible) }, want: map[string]string{"A1": "true", "A2": "false", "A3": "true", "A4": "false"},
		},
		"numbers that a spreadsheet damaged": {
			files: []string{"sku,name,price,weight,ean\n4.00638E+12,Pen,9.99,1,4.00638E+12\nB2,Ink,8.99,1,4006381333931\n2E10,Ok,1,1,4006381333931\n219E01BE,Ok too,1,1,\n"},
			show:  func(p *bigcommerce.Product) string { return p.GTIN }, want: map[string]string{"B2": "4006381333931", "2E10": "4006381333931", "219E01BE": ""},
			told: []string{` sku "4.00638E+12" is what a spreadsheet made of a long number`},
		},
		"stock below zero": {
			files: []string{stocked("5", "10"), stocked("-2", "12")},
			show:  func(p *bigcommerce.Product) string { return fmt.Sprint(p.InventoryLevel, " ", p.Price) },
			want:  only(map[string]string{"S4": "0 12"}, "5 12", 10), told: []string{"S4 inventory_level -2 is below zero: it counts as 0"},
		},
		"a minus behind": {
			files: []string{stocked("5-", "10")},
			show:  func(p *bigcommerce.Product) string { return fmt.Sprint(p.InventoryLevel) },
			want:  only(map[string]string{"S4": "0"}, "5", 10), told: []string{"S4 inventory_level -5 is below zero: it counts as 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.arrives(t, h)
		})
	}
}

func (c valuesCase) arrives(t *testing.T, h *house) {
	s := h.newShop(t)
	for _, p := range c.before {
		_, err := s.client.Products.Create(t.Context(), p)
		s.do(err)
	}
	body := c.files[0]
	s.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, body)
	})
	spec := productsFrom(s.address)
	spec.Mapping = &tenants.Mapping{} // as suggested
	var err error
	s.flow, err = s.merchant.prepareFlow(t.Context(), spec)
	s.do(err)
	if c.change != nil {
		c.change(&s.flow.Mapping)
		s.saveFlow()
	}
	if c.state == tenants.RunFailed {
		err := s.merchant.call(t.Context(), http.MethodPost, "/flows/"+s.flow.ID+"/runs", map[string]any{}, nil)
		if err == nil || !strings.Contains(err.Error(), `"1.250" is 1.25 or 1250`) || len(s.products()) > 0 {
			t.Errorf("the run is not refused: %v; %v", err, s.products())
		}
		return
	}
	var r *demoRun
	for _, body = range c.files {
		r = s.run()
	}
	got := map[string]string{}
	for sku, p := range s.products() {
		got[sku] = c.show(p)
	}
	if d := cmp.Diff(c.want, got); d != "" {
		t.Errorf("products (-want +got):\n%s", d)
	}
	told := fmt.Sprint(s.findings(r.ID))
	for _, f := range s.findings(r.ID) {
		told += "\n" + f.Key + " " + f.Field + " " + f.Message
	}
	for _, want := range c.told {
		if !strings.Contains(told, "\n"+want) {
			t.Errorf("nobody is told %q:%s", want, told)
		}
	}
	if r.State != tenants.RunDone {
		t.Errorf("run %s %q", r.State, r.Error)
	}
}
