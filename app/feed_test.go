package main

import (
	"bytes"
	"encoding/csv"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/jobs/kinds/products"
)

// TestExampleFeed holds the example ERP's export to what the demo needs of it: always the same,
// right by BigCommerce's rules, with repeated names as real ones have, and mapped without a
// person's help.
func TestExampleFeed(t *testing.T) {
	var a, b bytes.Buffer
	if err := writeExampleFeed(&a, exampleParts); err != nil {
		t.Fatal(err)
	}
	if err := writeExampleFeed(&b, exampleParts); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two exports differ")
	}
	rows, err := csv.NewReader(&a).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	header, rows := rows[0], rows[1:]
	if len(rows) != exampleParts {
		t.Fatalf("%d parts", len(rows))
	}
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	skus, names := map[string]bool{}, map[string]int{}
	for i, row := range rows {
		if sku := strings.ToLower(row[column["PartNum"]]); skus[sku] || sku == "" {
			t.Errorf("row %d: SKU %q is empty or there twice", i, sku)
		} else {
			skus[sku] = true
		}
		name := row[column["PartDescription"]]
		names[strings.ToLower(name)]++
		if name == "" || len([]rune(name)) > 250 {
			t.Errorf("row %d: name of %d characters", i, len([]rune(name)))
		}
		for _, number := range []string{"ListPrice", "StdCost", "WeightKg"} {
			if v, err := strconv.ParseFloat(row[column[number]], 64); err != nil || v < 0 {
				t.Errorf("row %d: %s %q", i, number, row[column[number]])
			}
		}
		if n, err := strconv.Atoi(row[column["OnHand"]]); err != nil || n < 0 {
			t.Errorf("row %d: OnHand %q", i, row[column["OnHand"]])
		}
	}
	if repeats := exampleParts - len(names); repeats < 1 || repeats > exampleParts/10 {
		t.Errorf("%d repeated names", repeats)
	}

	mapped := map[string]bool{}
	catalogue, err := products.New().Catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range catalogue.Suggest(header, rows[:20]).Fields {
		mapped[f.Target] = true
	}
	for _, target := range []string{"sku", "name", "description", "price", "cost_price", "weight", "inventory_level", "category", "brand", "type"} {
		if !mapped[target] {
			t.Errorf("no mapping for %s is suggested: %v", target, mapped)
		}
	}
}

// TestFeedServer serves a file as it is at each request, and says when it has not changed.
func TestFeedServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my parts.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a\n1\n")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFeedServer(l)
	t.Cleanup(f.close)
	address, err := f.serve(path)
	if err != nil {
		t.Fatal(err)
	}
	get := func(url, etag string) (int, string, string) {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		req.RequestURI = ""
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var body bytes.Buffer
		if _, err := body.ReadFrom(res.Body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body.String(), res.Header.Get("ETag")
	}
	status, body, etag := get(address, "")
	if status != 200 || body != "a\n1\n" || etag == "" {
		t.Errorf("%d %q %q", status, body, etag)
	}
	if status, body, _ := get(address, etag); status != 304 || body != "" {
		t.Errorf("unchanged: %d %q", status, body)
	}
	write("a\n2\n")
	if status, body, _ := get(address, etag); status != 200 || body != "a\n2\n" {
		t.Errorf("changed: %d %q", status, body)
	}
	if status, _, _ := get(strings.Replace(address, "/export/", "/export/other-", 1), ""); status != 404 {
		t.Errorf("another file: %d", status)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := get(address, ""); status != 500 {
		t.Errorf("a file that went away: %d", status)
	}
}

func TestFeedServerNeedsItsFile(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := newFeedServer(l)
	defer f.close()
	if _, err := f.serve(filepath.Join(t.TempDir(), "none.csv")); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
