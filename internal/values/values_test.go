package values

import (
	"testing"
	"time"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]struct{ point, comma string }{
		"12": {"12", "12"}, "12.50": {"12.5", ""}, "12,50": {"", "12.5"}, "1.250": {"1.25", "1250"}, "1,250": {"1250", "1.25"}, "0.250": {"0.25", ""}, "0,250": {"", "0.25"},
		"1.299,00": {"", "1299"}, "1,299.00": {"1299", ""}, "1.250.000": {"", "1250000"}, "1,250,000": {"1250000", ""}, "1250.000": {"1250", ""}, "1.2500": {"1.25", ""},
		"1 250": {"1250", "1250"}, "1\u00a0250,5": {"", "1250.5"}, "1\u2009250.5": {"1250.5", ""}, "1'250.50": {"1250.5", ""}, "1’250": {"1250", "1250"}, "12 50": {}, "1 2500": {},
		"1,29,900": {}, "1.25.000": {}, "1,250.000": {"1250", ""}, "1.250,000": {"", "1250"}, "1,250.000.000": {}, "01.250": {"1.25", ""}, "0.000": {"0", ""},
		"5.": {"5", ""}, "5,": {"", "5"}, ".5": {"0.5", ""}, ",5": {"", "0.5"}, "99,-": {"99", "99"}, "99.–": {"99", "99"}, "1.299,-": {"1.299", "1299"},
		"$1,299.00": {"1299", ""}, "USD 12.50": {"12.5", ""}, "40.99 USD": {"40.99", ""}, "€ 5": {"5", "5"}, "5,00 €": {"", "5"}, "12.50EUR": {"12.5", ""}, "-$5": {"-5", "-5"}, "$-5": {"-5", "-5"},
		"5-": {"-5", "-5"}, "1.299,00-": {"", "-1299"}, "-5-": {}, "--5": {}, "+5": {"5", "5"}, "−5": {"-5", "-5"}, "- 5": {"-5", "-5"}, "5 -": {"-5", "-5"}, "Fr. 5": {"5", "5"}, "Rs.500": {"500", "500"}, "US$ 3": {"3", "3"},
		"1.2 kg": {"1.2", ""}, "800 g": {"800", "800"}, "2.5 lbs": {"2.5", ""}, "19 %": {"19", "19"}, "19% off": {}, "5 kg kg": {}, "$5 kg": {}, "$ 5 €": {},
		"": {}, "abc": {}, "call": {}, "12 - 13": {}, "2 x 3": {}, "1e3": {}, "0x10": {}, "NaN": {}, "10 boxes x 20 bags": {}, "1/2": {}, "12:30": {}, "1.2.3": {}, "(5)": {}, "٣": {}, "5 apples": {},
	} {
		a, ok := Split(text)
		point, comma := "", ""
		if ok {
			point, comma = a.Readings()
		}
		if point != want.point || comma != want.comma {
			t.Errorf("%q: point %q, comma %q; want %q, %q", text, point, comma, want.point, want.comma)
		}
	}
	for text, want := range map[string]Amount{
		"1.2 kg": {Body: "1.2", Unit: "kg"}, "5 Lbs.": {Body: "5", Unit: "lb"}, `10"`: {Body: "10", Unit: "in"}, "10 cm": {Body: "10", Unit: "cm"}, "3 KGM": {Body: "3", Unit: "kg"},
		"40.99 USD": {Body: "40.99", Currency: "USD"}, "€5": {Body: "5", Currency: "EUR"}, "$5": {Body: "5", Currency: "$"}, "-5%": {Body: "5", Percent: true, Negative: true}, "5 zł": {Body: "5", Currency: "PLN"},
	} {
		if a, ok := Split(text); !ok || a != want {
			t.Errorf("%q: %+v, %t", text, a, ok)
		}
	}
	if !SameCurrency("$", "CAD") || SameCurrency("$", "EUR") || SameCurrency("EUR", "USD") || !SameCurrency("USD", "USD") || !SameCurrency("kr", "NOK") {
		t.Error("which currencies are the same")
	}
}

func TestUnits(t *testing.T) {
	for _, c := range []struct{ number, from, to, want string }{
		{"1.2", "kg", "oz", "42.33"}, {"800", "g", "oz", "28.22"}, {"2.5", "lb", "oz", "40"}, {"10", "kg", "oz", "352.74"}, {"5", "g", "kg", "0.005"}, {"2", "g", "lb", "0.0044"}, {"0", "g", "t", "0"},
		{"1", "in", "cm", "2.54"}, {"100", "cm", "in", "39.37"}, {"1", "ft", "in", "12"}, {"1", "mm", "m", "0.001"}, {"1.23456", "kg", "kg", "1.23456"}, {"-16", "oz", "lb", "-1"}, {"435", "g", "oz", "15.34"},
	} {
		if got, ok := Convert(c.number, c.from, c.to); !ok || got != c.want {
			t.Errorf("%s %s in %s: %q, %t; want %q", c.number, c.from, c.to, got, ok, c.want)
		}
	}
	for _, c := range [][3]string{{"1", "kg", "cm"}, {"1", "", "kg"}, {"1", "mg", "t"}} {
		if got, ok := Convert(c[0], c[1], c[2]); ok {
			t.Errorf("%v: %q", c, got)
		}
	}
	for name, want := range map[string]string{
		"Weight (kg)": "kg", "weight_g": "g", "Variant Grams": "g", "WeightLB": "lb", "weightoz": "oz", "Gewicht in kg": "kg", "Poids [g]": "g", "weight": "", "Weight to ship": "", "shipping_weight": "",
		"Item": "", "Net Weight KGS": "kg", "GrammGewicht": "g", "Product Weight": "", "Weight (lb/oz)": "clash",
	} {
		got, clash := UnitOfColumn(name, Weight)
		if clash {
			got = "clash"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"Length (cm)": "cm", "Width in": "in", "Höhe in mm": "mm", "height_m": "m", "Depth": "", "lengthcm": "cm", "Weight (kg)": ""} {
		if got, _ := UnitOfColumn(name, Length); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	for text, want := range map[string]string{
		"A\u00a01": "A 1", "B\u200b2": "B2", "\ufeffC3\ufeff": "C3", "D4\u2060": "D4", "E\u00ad5": "E5", "\u202aF6\u202c": "F6", "Acme  Inc": "Acme Inc", " a\tb ": "a b", "e\u0301": "é",
		"👨\u200d👩": "👨\u200d👩", "می\u200cخواهم": "می\u200cخواهم", "A\u200dB": "AB", "plain": "plain",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"Tom &amp; Jerry": "Tom & Jerry", "&amp;lt;": "&lt;", "AT&T": "AT&T", "Q&A &copy 2": "Q&A &copy 2", "&#39;&#x41;": "'A", "&;&nope;": "&;&nope;", "5 & 6; 7": "5 & 6; 7"} {
		if got := Decoded(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{
		"NULL": true, "n/a": true, "N/A": true, "#N/A": true, "#REF!": true, `\N`: true, "None": true, "nil": true, "-": true, "(none)": true, "#": true, "#####": true, "NaN": true,
		"NAN": false, "NA": false, "": false, "Nullable": false, "None of it": false, "0": false, "#1": false,
	} {
		if Nothing(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
	for text, want := range map[string]string{
		"Ja": "yes", "Nein": "no", "WAHR": "yes", "FALSCH": "no", "oui": "yes", "NON": "no", "Sí": "yes", "vrai": "yes", "faux": "no", "да": "yes", "Нет": "no", "是": "yes", "否": "no", "-1": "yes", "1": "yes", "0": "no",
		"maybe": "", "": "", "2": "", "o": "",
	} {
		value, ok := Bool(text)
		if ok != (want != "") || ok && value != (want == "yes") {
			t.Errorf("%q: %t, %t", text, value, ok)
		}
	}
	for text, want := range map[string]struct {
		code             string
		damaged, warning bool
	}{
		"4006381333931": {"4006381333931", false, false}, "4 006381 33393-1": {"4006381333931", false, false}, "4006381333932": {"4006381333932", false, true}, "4.00638E+12": {"", true, false},
		"4,00638E+12": {"", true, false}, "036000291452": {"036000291452", false, false}, "96385074": {"96385074", false, false}, "36000291452": {"36000291452", false, true}, "4006381333931.0": {"4006381333931", false, false},
		"080442957X": {"080442957X", false, false}, "ABC": {"ABC", false, true},
	} {
		code, damaged, warning := GTIN(text)
		if code != want.code || damaged != want.damaged || (warning != "") != want.warning {
			t.Errorf("%q: %q, %t, %q", text, code, damaged, warning)
		}
	}
	for text, want := range map[string]bool{"4.00638E+12": true, "4E+12": true, "1.5e10": true, "2E10": false, "219E01BE": false, "E+1": false, "44.1E+2": false, "A.5E+1": false} {
		if Scientific(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

func TestDates(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-31": "2026-12-31T00:00:00Z", "2026-12-31T18:00:00Z": "2026-12-31T18:00:00Z", "2026-12-31T18:00:00+02:00": "2026-12-31T18:00:00+02:00", "2014-02-08 10:01:36.826": "2014-02-08T10:01:36Z",
		"31.12.2026": "2026-12-31T00:00:00Z", "12/31/2026": "2026-12-31T00:00:00Z", "31/12/2026": "2026-12-31T00:00:00Z", "20210603": "2021-06-03T00:00:00Z", "2026/1/2": "2026-01-02T00:00:00Z",
		"12/31/2026 6:05 PM": "2026-12-31T18:05:00Z", "31 Dec 2026": "2026-12-31T00:00:00Z", "Dec 31, 2026": "2026-12-31T00:00:00Z", "31-Dec-2026": "2026-12-31T00:00:00Z",
		"Thu, 31 Dec 2026 18:00:00 +0000": "2026-12-31T18:00:00Z", "Thu, 31 Dec 2026 18:00:00 GMT": "2026-12-31T18:00:00Z", "3/3/2026": "2026-03-03T00:00:00Z", "2020-04-30T09:30-08:00": "2020-04-30T09:30:00-08:00",
		"3/4/2026": "two", "3-4-2026": "two", "12.31.2026": "", "2026-02-30": "", "31.12.26": "", "13/13/2026": "", "soon": "", "": "", "2026-12-31T25:00": "", "12": "", "2020-01-01/2020-02-01": "",
	} {
		month, day, ok := ReadDate(text)
		got := ""
		switch {
		case !ok:
		case month.IsZero():
			got = day.Format(time.RFC3339)
		case day.IsZero() || month.Equal(day):
			got = month.Format(time.RFC3339)
		default:
			got = "two"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
