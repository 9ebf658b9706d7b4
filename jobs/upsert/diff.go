package upsert

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
)

// change is one field of one product before and after; RunItem.Changes and JournalEntry.Changes are
// JSON arrays of it. Field is the mapping's target, so a category or brand is shown by name.
type change struct {
	Field   string `json:"field"`
	Before  any    `json:"before"`
	After   any    `json:"after"`
	Unknown bool   `json:"unknown,omitempty"` // the store did not show the field, so that Before says nothing
}

// diff returns what writing d would change of the live product, by field name. Fields that are not
// mapped are never looked at. A field that live does not have is unknown: it is a change until it was sent.
func diff(d itemDoc, live bigcommerce.Fields, refs resolver) []change {
	var out []change
	for _, target := range targetsOf(d) {
		want := d.fields[target]
		switch target {
		case "name":
			v, shown := live["name"]
			have := text(v)
			if have == d.name() || have == uniqueName(d.name(), d.sku()) || d.cleaned.explains("name", d.effectiveName(), v, shown) {
				continue // the unique form was given by an earlier run, which may have been forgotten
			}
			out = append(out, change{Field: "name", Before: have, After: d.effectiveName(), Unknown: !shown})
		case targetCategory:
			ids, missing := refs.categories(text(want))
			v, shown := live["categories"]
			have := intsOf(v)
			if len(missing) > 0 || (!shown || !sameSet(ids, have)) && !d.cleaned.explains("categories", ids, have, shown) {
				out = append(out, change{Field: target, Before: refs.paths(have), After: text(want), Unknown: !shown})
			}
		case targetBrand:
			id, ok := refs.brand(text(want))
			v, shown := live["brand_id"]
			have := intOf(v)
			if !ok || (!shown || id != have) && !d.cleaned.explains("brand_id", id, v, shown) {
				out = append(out, change{Field: target, Before: refs.brandName(have), After: text(want), Unknown: !shown})
			}
		default:
			have, shown := live[target]
			if shown && sameField(target, have, want) || d.cleaned.explains(target, want, have, shown) {
				continue
			}
			out = append(out, change{Field: target, Before: have, After: want, Unknown: !shown})
		}
	}
	return out
}

// created returns the changes of a product that does not exist yet.
func created(d itemDoc) []change {
	var out []change
	for _, target := range targetsOf(d) {
		after := d.fields[target]
		if target == "name" {
			after = d.effectiveName()
		}
		out = append(out, change{Field: target, After: after})
	}
	return out
}

func targetsOf(d itemDoc) []string {
	out := make([]string, 0, len(d.fields))
	for k := range d.fields {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func encodeChanges(c []change) (string, error) {
	if len(c) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("upsert: changes: %w", err)
	}
	return string(b), nil
}

// differing returns the sent fields that the answer shows with another value. A field that the answer
// does not have says nothing.
func differing(sent, answer bigcommerce.Fields) []string {
	var out []string
	for field, want := range sent {
		if field == "id" {
			continue
		}
		have, shown := answer[field]
		if !shown {
			continue
		}
		if !sameField(field, have, want) {
			out = append(out, field)
		}
	}
	sort.Strings(out)
	return out
}

// same reports whether a live value already is the wanted one. Numbers are compared by value (12.5 is
// 12.50), times by instant, lists of numbers as sets (their order means nothing to BigCommerce);
// strings must be equal to the byte. What BigCommerce leaves out or answers as null is the zero value.
func same(live, want any) bool {
	if live == nil || want == nil {
		return zero(live) && zero(want)
	}
	if l, ok := listOf(live); ok {
		w, ok := listOf(want)
		return ok && sameList(l, w)
	}
	if lm, ok := live.(map[string]any); ok {
		wm, ok := want.(map[string]any)
		if !ok {
			return false
		}
		for k, w := range wm {
			if !same(lm[k], w) {
				return false
			}
		}
		return true
	}
	if lb, ok := live.(bool); ok {
		wb, ok := want.(bool)
		return ok && lb == wb
	}
	ls, liveText := live.(string)
	ws, wantText := want.(string)
	if liveText && wantText {
		return ls == ws || sameInstant(ls, ws)
	}
	ln, ok1 := numberOf(live)
	wn, ok2 := numberOf(want)
	return ok1 && ok2 && sameNumber(ln, wn)
}

func zero(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case bool:
		return !x
	}
	if l, ok := listOf(v); ok {
		return len(l) == 0
	}
	n, ok := numberOf(v)
	return ok && sameNumber(n, "0")
}

// listOf returns v's elements if it is a list of any element type.
func listOf(v any) ([]any, bool) {
	if l, ok := v.([]any); ok {
		return l, true
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Slice {
		return nil, false
	}
	out := make([]any, rv.Len())
	for i := range out {
		out[i] = rv.Index(i).Interface()
	}
	return out, true
}

func sameList(a, b []any) bool {
	numbers := true
	for _, l := range [][]any{a, b} {
		for _, v := range l {
			if _, isText := v.(string); isText {
				numbers = false
			} else if _, ok := numberOf(v); !ok {
				numbers = false
			}
		}
	}
	if numbers {
		return sameSet(intsOf(a), intsOf(b))
	}
	a, b = withoutEmpty(a), withoutEmpty(b)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

// withoutEmpty drops empty strings: BigCommerce answers an empty list of keywords as [""].
func withoutEmpty(l []any) []any {
	out := make([]any, 0, len(l))
	for _, v := range l {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}

// numberOf returns v's decimal text if it is a number, or text that is one.
func numberOf(v any) (string, bool) {
	switch x := v.(type) {
	case json.Number:
		return x.String(), true
	case string:
		_, err := strconv.ParseFloat(x, 64)
		return x, err == nil
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	case float32:
		return strconv.FormatFloat(float64(x), 'f', -1, 32), true
	}
	rv := reflect.ValueOf(v)
	switch {
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), true
	case rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), true
	}
	return "", false
}

// sameNumber compares decimals exactly; numbers with an exponent as floats, because a rational of
// "1e999999999" would take all memory.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	if strings.ContainsAny(a+b, "eEpPxXnN_") {
		x, err1 := strconv.ParseFloat(a, 64)
		y, err2 := strconv.ParseFloat(b, 64)
		return err1 == nil && err2 == nil && x == y
	}
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	return ok1 && ok2 && x.Cmp(y) == 0
}

func sameInstant(a, b string) bool {
	x, err1 := time.Parse(time.RFC3339, a)
	y, err2 := time.Parse(time.RFC3339, b)
	return err1 == nil && err2 == nil && x.Equal(y)
}

func intOf(v any) int64 {
	n, ok := numberOf(v)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return 0
	}
	return i
}

func intsOf(v any) []int64 {
	l, ok := listOf(v)
	if !ok {
		return nil
	}
	out := make([]int64, 0, len(l))
	for _, x := range l {
		out = append(out, intOf(x))
	}
	return out
}

func sameSet(a, b []int64) bool {
	in := make(map[int64]bool, len(a))
	for _, x := range a {
		in[x] = true
	}
	seen := make(map[int64]bool, len(b))
	for _, x := range b {
		if !in[x] {
			return false
		}
		seen[x] = true
	}
	return len(seen) == len(in)
}
