package sandbox

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

// FuzzProductValidation: whatever is accepted is valid JSON, is accepted again as it is shown, and
// then changes nothing.
func FuzzProductValidation(f *testing.F) {
	f.Add(`{` + minimal + `}`)
	f.Add(`{"name":"<é&\u2028>","type":"digital","weight":1e3,"price":0.1,"categories":[1,2],"meta_keywords":["a"],"custom_url":{"url":"/x/"}}`)
	f.Add(`{"name":null,"price":"1","inventory_level":99999999999,"preorder_release_date":"2026-01-02"}`)
	f.Fuzz(func(t *testing.T, body string) {
		v, err := readJSON(strings.NewReader(body))
		m, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		vals, _ := validate(productFields, productIndex, m, true, "")
		again := map[string]any{}
		for _, val := range vals {
			if !json.Valid([]byte(val.raw)) {
				t.Fatalf("%s = %s is no JSON", productFields[val.field].name, val.raw)
			}
			d, err := readJSON(strings.NewReader(val.raw))
			if err != nil {
				t.Fatal(err)
			}
			again[productFields[val.field].name] = d
		}
		second, errs := validate(productFields, productIndex, again, false, "")
		if len(errs) > 0 || len(second) != len(vals) {
			t.Fatalf("canonical values are refused: %v", errs)
		}
		for i := range vals {
			if vals[i] != second[i] {
				t.Fatalf("%v became %v", vals[i], second[i])
			}
		}
	})
}

// FuzzWholeProduct: a body is refused, or makes a product that is shown, kept and read back as it
// is.
func FuzzWholeProduct(f *testing.F) {
	f.Add(shirtWith(shirtOf("S-R", "S", "Red", `,"price":1`), shirtOf("M-R", "M", "Red", "")))
	f.Add(`{` + minimal + `,"images":[{"image_url":"https://x.example/%zz/..?a","is_thumbnail":true}],"custom_fields":[{"name":"a","value":"b"}],"videos":[{"video_id":"v"}]}`)
	f.Add(`{` + minimal + `,"variants":[{"sku":"a","option_values":[{"option_display_name":"","label":1}]},null],"bulk_pricing_rules":[{"quantity_min":1e300,"quantity_max":0,"type":"fixed","amount":"1e999"}]}`)
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	st := s.AddStore(StoreSpec{Hash: "fuzz"})
	f.Cleanup(func() { _ = s.Close() })
	everything, _ := newQuery("include=variants,options,modifiers,images,custom_fields,bulk_pricing_rules,videos,primary_image,channels")
	sel := everything.selection(true)
	f.Fuzz(func(t *testing.T, body string) {
		v, err := readJSON(strings.NewReader(body))
		m, ok := v.(map[string]any)
		if err != nil || !ok {
			return
		}
		vals, errs := validate(productFields, productIndex, m, true, "")
		inline := inlineVariants(m["variants"], errs)
		if len(errs) > 0 {
			return
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		p := &product{}
		if r := st.addInline(p, inline); r != nil {
			return
		}
		if _, r := st.assign(p, vals, "", true); r != nil {
			return
		}
		st.insertProductLocked(p)
		defer st.cat.remove(map[int64]bool{p.id: true})
		shown := p.append(nil, sel)
		raw, err := p.MarshalJSON()
		if err != nil || !json.Valid(shown) {
			t.Fatalf("%v: %s", err, shown)
		}
		back := new(product)
		if err := back.UnmarshalJSON(raw); err != nil || string(back.append(nil, sel)) != string(shown) {
			t.Fatalf("%v: %s became %s", err, shown, back.append(nil, sel))
		}
	})
}

// FuzzProductQuery: any query is either refused or answered with a page of the catalogue.
func FuzzProductQuery(f *testing.F) {
	for _, q := range []string{"", "id:in=77,78&limit=2", "sku=SEED-000001&include=variants", "keyword=a&sort=price&direction=desc&page=2", "date_modified:min=2026-01-01",
		"id:in=77&sku:in=SEED-000002,x&name=Seeded%20product%20000001", "price=0x1p-2&page=1000000000", "%zz"} {
		f.Add(q)
	}
	s, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	st := s.AddStore(StoreSpec{Hash: "fuzz"})
	st.SeedProducts(20)
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := newQuery(raw)
		if err != nil {
			return
		}
		filter, sel := q.productFilter(), q.selection(true)
		page, limit := q.page()
		if q.problem() != nil {
			return
		}
		found, total := st.cat.search(filter, (page-1)*limit, limit)
		if len(found) > limit || len(found) > total || total > 20 {
			t.Fatalf("%d of %d on a page of %d", len(found), total, limit)
		}
		for _, p := range found {
			if b := p.append(nil, sel); !json.Valid(b) {
				t.Fatalf("not JSON: %s", b)
			}
		}
		if _, err := url.ParseQuery(strings.TrimPrefix(q.meta(total, len(found), page, limit).Links.Current, "?")); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTokenRequest: the login host survives any body.
func FuzzTokenRequest(f *testing.F) {
	f.Add("client_id=a&code=b")
	f.Add("a=1&a=2")
	f.Add("%")
	s, err := New(Options{AppAuthURL: "http://127.0.0.1:1/auth"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	f.Fuzz(func(t *testing.T, body string) {
		v, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		in := map[string]string{}
		for k := range v {
			in[k] = v.Get(k)
		}
		if kind, _, ans := s.redeem(in); kind == "" || ans != nil {
			t.Fatal("a token was given without a code")
		}
	})
}
