package upsert

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Same reports whether a live value already is the wanted one. Numbers are compared by value (12.5
// is 12.50), times by instant, lists of numbers as sets (their order means nothing to BigCommerce);
// strings must be equal to the byte. What BigCommerce leaves out or answers as null is the zero
// value.
func Same(live, want any) bool {
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
			if !Same(lm[k], w) {
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
	ln, ok1 := Number(live)
	wn, ok2 := Number(want)
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
	n, ok := Number(v)
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
	if allNumbers(a) && allNumbers(b) {
		return SameSet(Ints(a), Ints(b))
	}
	a, b = withoutEmpty(a), withoutEmpty(b)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Same(a[i], b[i]) {
			return false
		}
	}
	return true
}

func allNumbers(l []any) bool {
	for _, v := range l {
		if _, isText := v.(string); isText {
			return false
		}
		if _, ok := Number(v); !ok {
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

// Number returns v's decimal text if it is a number, or text that is one.
func Number(v any) (string, bool) {
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

// Int returns v as a whole number, 0 if it is none.
func Int(v any) int64 {
	n, ok := Number(v)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(n, 10, 64)
	if err != nil {
		return 0
	}
	return i
}

// Ints returns v as whole numbers, nil if it is no list.
func Ints(v any) []int64 {
	l, ok := listOf(v)
	if !ok {
		return nil
	}
	out := make([]int64, 0, len(l))
	for _, x := range l {
		out = append(out, Int(x))
	}
	return out
}

// SameSet reports whether two lists have the same numbers, whatever their order and however often.
func SameSet(a, b []int64) bool {
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

// Text returns v if it is a string, "" otherwise.
func Text(v any) string {
	s, _ := v.(string)
	return s
}
