package expression

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxDigits is the longest number that is taken, before and after the point together. A price with
// more is a mistake, and BigCommerce keeps fewer.
const MaxDigits = 30

// Decimal reads a plain decimal number: an optional sign, digits, an optional point and more
// digits. It returns it without a plus, superfluous zeros or a negative zero: "+012.50" is "12.5".
func Decimal(s string) (string, bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	point, digits := -1, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.' && point < 0:
			point = i
		default:
			return "", false
		}
	}
	if digits == 0 {
		return "", false
	}
	if point >= 0 {
		s = strings.TrimRight(s, "0")
		s = strings.TrimSuffix(s, ".")
	}
	for len(s) > 1 && s[0] == '0' && s[1] != '.' {
		s = s[1:]
	}
	switch {
	case s == "" || s == "0":
		return "0", true
	case s[0] == '.':
		s = "0" + s
	}
	if negative {
		s = "-" + s
	}
	return s, true
}

// FromFloat writes a calculated number. 15 significant digits are what a float64 holds of any
// decimal, so 12.1 * 1.2 is 14.52 and not 14.519999999999998.
func FromFloat(f float64) (string, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) || math.Abs(f) >= 1e21 {
		return "", false
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if err != nil {
		return "", false
	}
	return Decimal(strconv.FormatFloat(rounded, 'f', -1, 64))
}

// CanonicalNumber writes a number of any Go type in the one form that hashes and comparisons use.
// exact floats (not calculated ones) keep every digit that makes them what they are.
func CanonicalNumber(v any) (string, bool) {
	switch v := v.(type) {
	case json.Number:
		return CanonicalLiteral(string(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", false
		}
		return CanonicalLiteral(strconv.FormatFloat(v, 'g', -1, 64))
	case float32:
		return CanonicalNumber(float64(v))
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case int32:
		return strconv.FormatInt(int64(v), 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	}
	return "", false
}

// CanonicalLiteral is Decimal for a JSON number, which may have an exponent.
func CanonicalLiteral(s string) (string, bool) {
	if d, ok := Decimal(s); ok {
		return d, true
	}
	mantissa, exponent, ok := strings.Cut(strings.ToLower(s), "e")
	if !ok {
		return "", false
	}
	if _, ok := Decimal(mantissa); !ok || len(mantissa) > 400 {
		return "", false
	}
	if n, err := strconv.Atoi(exponent); err != nil || n > 400 || n < -400 { // a float64 has no larger one
		return "", false
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return "", false
	}
	return Decimal(r.FloatString(800))
}
