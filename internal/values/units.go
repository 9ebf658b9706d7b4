package values

import (
	"math/big"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
)

// Measure is what a unit counts.
type Measure string

// The measures of units.
const (
	Weight Measure = "weight"
	Length Measure = "length"
)

// unit is one unit: how many of the measure's smallest it is, and what people and systems call it.
type unit struct {
	measure Measure
	size    *big.Rat // in mg, in mm
	names   string
}

// units are those that are known. Codes of UN/ECE are among their names.
var units = map[string]unit{
	"mg": {Weight, big.NewRat(1, 1), "mg mgm milligram milligrams milligramm milligramme milligrammes"},
	"g":  {Weight, big.NewRat(1_000, 1), "g gr grs grm gm gms gram grams gramm gramme grammes gramos grammi гр г"},
	"kg": {Weight, big.NewRat(1_000_000, 1), "kg kgs kgm kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos кг"},
	"t":  {Weight, big.NewRat(1_000_000_000, 1), "t to tne tonne tonnes"},
	"oz": {Weight, big.NewRat(45_359_237, 1_600), "oz ozs onz ounce ounces unze unzen onza onzas"},
	"lb": {Weight, big.NewRat(45_359_237, 100), "lb lbs lbr pound pounds libra libras"},
	"mm": {Length, big.NewRat(1, 1), "mm mmt millimeter millimeters millimetre millimetres мм"},             //nolint:misspell // as Americans spell it
	"cm": {Length, big.NewRat(10, 1), "cm cmt centimeter centimeters centimetre centimetres zentimeter см"}, //nolint:misspell // as Americans spell it
	"m":  {Length, big.NewRat(1_000, 1), "m mtr meter meters metre metres м"},
	"in": {Length, big.NewRat(254, 10), "in ins inh inch inches zoll \" ″ ” ''"},
	"ft": {Length, big.NewRat(3_048, 10), "ft fot foot feet ' ′ ’"},
	"yd": {Length, big.NewRat(9_144, 10), "yd yds yrd yard yards"},
}

var unitNames = make(map[string]string)

func init() {
	for unit, u := range units {
		for _, name := range strings.Fields(u.names) {
			unitNames[name] = unit
		}
	}
}

// UnitNamed is the unit that people call so, "" if there is none.
func UnitNamed(name string) string {
	name = strings.TrimSpace(name)
	if unit := unitNames[strings.ToLower(name)]; unit != "" {
		return unit
	}
	return unitNames[strings.ToLower(strings.Trim(name, ".[]()"))]
}

// MeasureOf is what a unit counts, "" if there is no such unit.
func MeasureOf(unit string) Measure { return units[unit].measure }

// Units lists the units of a measure, the usual ones first.
func Units(m Measure) []string {
	switch m {
	case Weight:
		return []string{"kg", "g", "lb", "oz", "mg", "t"}
	case Length:
		return []string{"cm", "mm", "m", "in", "ft", "yd"}
	}
	return nil
}

// What a converted number is rounded to: as few decimals as are off by less than a thousandth of
// it, from those that BigCommerce shows to those that it keeps.
const (
	shownDecimals = 2
	keptDecimals  = 4
)

// Convert converts a plain number from one unit to another of the same measure. ok is false if they
// measure different things, or nothing would be left of the number.
func Convert(number, from, to string) (converted string, ok bool) {
	n, isNumber := new(big.Rat).SetString(number)
	a, b := units[from], units[to]
	if !isNumber || a.measure == "" || a.measure != b.measure {
		return "", false
	}
	if from == to || n.Sign() == 0 {
		return number, true
	}
	n.Mul(n, new(big.Rat).Quo(a.size, b.size))
	for decimals := shownDecimals; decimals <= keptDecimals; decimals++ {
		converted = n.FloatString(decimals)
		rounded, _ := new(big.Rat).SetString(converted)
		off := new(big.Rat).Sub(rounded, n)
		if off.Abs(off).Cmp(new(big.Rat).Abs(new(big.Rat).Mul(n, big.NewRat(1, 1_000)))) <= 0 {
			break
		}
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(converted, "-"), ".")
	converted = canonical(n.Sign() < 0, whole, fraction)
	return converted, converted != "0"
}

// UnitOfColumn is the unit of a measure that a column's name says: "Weight (kg)", "weight_g",
// "Variant Grams", "WeightLB". clash says that it names several.
func UnitOfColumn(name string, m Measure) (unit string, clash bool) {
	words := wordsOf(name)
	for i, word := range words {
		u := unitNames[word]
		if u == "" {
			u = gluedUnit(word)
		}
		switch {
		case u == "" || units[u].measure != m:
		case word == "in" && i < len(words)-1: // Gewicht in kg, Länge in cm
		case word == "to" && len(words) > 1: // Weight to ship
		case unit != "" && unit != u:
			return "", true
		default:
			unit = u
		}
	}
	return unit, false
}

// gluedUnit is the unit at the end of a word that names what is measured: "weightkg".
func gluedUnit(word string) string {
	for _, what := range []string{"weight", "gewicht", "poids", "peso", "length", "width", "height", "depth", "lange", "breite", "hohe", "tiefe"} {
		if i := strings.Index(word, what); i >= 0 {
			return unitNames[word[i+len(what):]]
		}
	}
	return ""
}

// wordsOf splits a column's name into lower-case words: at signs, digits, and where capitals begin.
func wordsOf(name string) (out []string) {
	var word []rune
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = nil
		}
	}
	runes := []rune(name)
	for i, c := range runes {
		switch {
		case !unicode.IsLetter(c):
			flush()
			continue
		case unicode.IsUpper(c) && i > 0 && unicode.IsLower(runes[i-1]): // WeightKG
			flush()
		case unicode.IsUpper(c) && i > 0 && i+1 < len(runes) && unicode.IsUpper(runes[i-1]) && unicode.IsLower(runes[i+1]): // KGWeight
			flush()
		}
		word = append(word, c)
	}
	flush()
	return out
}

// currencySigns are signs and short names of money. One that several currencies have stands for
// itself.
var currencySigns = map[string]string{
	"$": "$", "€": "EUR", "£": "£", "¥": "¥", "￥": "¥", "₹": "INR", "rs": "rs", "₽": "RUB", "руб": "RUB", "р": "RUB", "₺": "TRY", "tl": "TRY", "₩": "KRW", "₴": "UAH", "грн": "UAH",
	"₪": "ILS", "₫": "VND", "₱": "PHP", "฿": "THB", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "kr": "kr", "fr": "CHF", "sfr": "CHF", "lei": "RON", "r$": "BRL", "us$": "USD",
	"a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "mx$": "MXN", "元": "CNY", "円": "JPY", "euro": "EUR", "euros": "EUR", "dollar": "$", "dollars": "$",
}

// currencyNamed is the currency that people write so, "" if there is none.
func currencyNamed(s string) string {
	name := strings.ToLower(strings.TrimRight(strings.TrimSpace(s), "."))
	if code, ok := currencySigns[name]; ok {
		return code
	}
	if len(name) == 3 {
		if unit, err := currency.ParseISO(name); err == nil {
			return unit.String()
		}
	}
	if code, rest, ok := strings.Cut(name, " "); ok { // USD $5
		if a, b := currencyNamed(code), currencyNamed(rest); a != "" && b != "" && SameCurrency(a, b) {
			return a
		}
	}
	return ""
}

// SameCurrency reports whether what is written may be the currency with this code: "$" is any
// dollar's.
func SameCurrency(written, code string) bool {
	if written == code || written == "" || code == "" {
		return true
	}
	shared := map[string]string{
		"$":  "USD CAD AUD NZD HKD SGD TWD MXN ARS CLP COP UYU BBD BSD BZD BMD BND FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD ZWL DOP NIO CUP",
		"£":  "GBP EGP GIP FKP SHP SYP LBP SDG SSP",
		"¥":  "JPY CNY",
		"kr": "SEK NOK DKK ISK",
		"rs": "INR PKR LKR NPR MUR SCR IDR",
	}
	return strings.Contains(shared[written], code) || strings.Contains(shared[code], written) && len(written) == 3
}
