package memory

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/sandbox"
)

// The feed is about the products that the sandbox makes, or the run would be one of creates.
func TestTheFeedIsAboutTheSeededProducts(t *testing.T) {
	const known, fresh = 200, 3
	var out strings.Builder
	if err := write(&out, known, fresh); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(lines) != 1+known+fresh {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	s, err := sandbox.New(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	st := s.AddStore(sandbox.StoreSpec{Hash: "seeded"})
	st.SeedProducts(known)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URLs().API+"/stores/seeded/v3/catalog/products?limit=250&sort=id", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", st.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var live struct {
		Data []struct {
			SKU   string  `json:"sku"`
			Name  string  `json:"name"`
			Price float64 `json:"price"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&live); err != nil || len(live.Data) != known {
		t.Fatalf("%d products, %v", len(live.Data), err)
	}
	for i, p := range live.Data {
		line := lines[i+1]
		price, err := strconv.ParseFloat(line[4], 64)
		if changed := (i+1)%every == 0; err != nil || line[0] != p.SKU || line[1] != p.Name || (price != p.Price) != changed {
			t.Errorf("line %d is %v, the product %+v", i+1, line, p)
		}
	}
}

func TestGrowth(t *testing.T) {
	for _, c := range []struct {
		seen []float64
		want float64
	}{
		{[]float64{50, 60, 55, 52, 90, 54, 55, 51, 56}, 0}, // a peak is not growth
		{[]float64{10, 20, 30, 40, 50, 60, 70, 80, 90}, 60},
	} {
		if got := growth(c.seen); got != c.want {
			t.Errorf("%v grows by %v, want %v", c.seen, got, c.want)
		}
	}
}

func TestResidentIsAboutThisProcess(t *testing.T) {
	mb, err := resident(os.Getpid())
	if err != nil || mb < 1 || mb > 10_000 {
		t.Errorf("%v MB, %v", mb, err)
	}
	if _, err := resident(1 << 30); err == nil {
		t.Error("a process that is not there has memory")
	}
}
