package values

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
)

// slowPatterns are the digits of a number with each decimal sign: plain or in groups, decimals.
var slowPatterns = map[Sign]*regexp.Regexp{
	Point: regexp.MustCompile(`^(?:([0-9]*)|([1-9][0-9]{0,2}(?:[ \x{a0}\x{202f}\x{2009}'’,][0-9]{3})+))(?:\.([0-9]*))?$`),
	Comma: regexp.MustCompile(`^(?:([0-9]*)|([1-9][0-9]{0,2}(?:[ \x{a0}\x{202f}\x{2009}'’.][0-9]{3})+))(?:,([0-9]*))?$`),
}

var (
	noCents  = regexp.MustCompile(`^[.,][-–—]+`)
	signless = strings.NewReplacer("-", " ", "−", " ", "+", " ")
)

// slowNumber reads a number by trying every part of the text as its digits, against a pattern of
// each decimal sign.
func slowNumber(s string, sign Sign) (values []string) {
	s = strings.TrimSpace(s)
	if len(s) > maxAmount {
		return nil
	}
	for i := 0; i <= len(s); i++ {
		for j := i + 1; j <= len(s); j++ {
			body, before, after := s[i:j], s[:i], s[j:]
			m := slowPatterns[sign].FindStringSubmatch(body)
			if m == nil || strings.ContainsAny(before+after, "0123456789") || !oneGroup(m[2]) || m[1]+m[2]+m[3] == "" {
				continue
			}
			if first := body[0]; (first == '.' || first == ',') && before != "" && !strings.HasSuffix(strings.TrimRight(before, "-+−"), " ") && strings.Trim(before, "-+−") != "" && !strings.HasSuffix(before, "-") && !strings.HasSuffix(before, "+") && !strings.HasSuffix(before, "−") {
				continue // Fr.5
			}
			if last := body[len(body)-1]; last != '.' && last != ',' {
				if cents := noCents.FindString(after); cents != "" {
					after = after[len(cents):]
				} else if after != "" && (after[0] == '.' || after[0] == ',') {
					continue // the sign is the number's
				}
			} else if strings.IndexAny(after, "-–—") == 0 {
				continue
			} else if rest := strings.TrimLeft(after, " \u00a0"); strings.IndexAny(rest, "-–—") == 0 {
				continue
			}
			minus := strings.Count(before+after, "-") + strings.Count(before+after, "−")
			a, b := strings.TrimSpace(signless.Replace(before)), strings.TrimSpace(signless.Replace(after))
			known := func(w string) bool { return w == "" || w == "%" || UnitNamed(w) != "" || currencyNamed(w) != "" }
			if minus > 1 || !known(a) || !known(b) || (a != "" && b != "") {
				continue
			}
			digits := strings.Map(func(c rune) rune {
				if unicode.IsDigit(c) {
					return c
				}
				return -1
			}, m[1]+m[2])
			r, ok := new(big.Rat).SetString("0" + digits + "." + m[3] + "0")
			if !ok {
				continue
			}
			if minus == 1 {
				r.Neg(r)
			}
			if v := r.RatString(); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
	}
	return values
}

// oneGroup reports whether all groups are parted by the same sign.
func oneGroup(s string) bool {
	signs := map[rune]bool{}
	for _, c := range s {
		if !isDigit(c) {
			signs[c] = true
		}
	}
	return len(signs) <= 1
}

// FuzzNumber: what is read is what the obvious reading gives, and nothing where that finds nothing
// or several numbers.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1.250", "1,299.00", "$1,299.00", "99,50-", "- 5 kg", "1 250,5", "1'000.25 CHF", ".5", "Fr.5", "99.-", "0.250", "1.2.3", "19 %", "−3", "1\u00a0000", "US$ 3", "5-3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 24 { // the slow one is slow
			s = s[:24]
		}
		a, ok := Split(s)
		for _, sign := range []Sign{Point, Comma} {
			got := ""
			if ok {
				got, _ = a.Under(sign)
			}
			want := slowNumber(s, sign)
			if got == "" {
				continue // refusing is no wrong number
			}
			r, valid := new(big.Rat).SetString(got)
			if !valid || strings.ContainsAny(got, "eE+/_ ") || len(want) != 1 || r.RatString() != want[0] {
				t.Fatalf("%q with %q: %q, the obvious reading is %q", s, sign, got, want)
			}
		}
		number, read, two := a.Number(Unknown)
		point, comma := a.Readings()
		if ok && (two && (read || point == comma) || read && number != point && number != comma) {
			t.Fatalf("%q: %q, %t, %t of %q, %q", s, number, read, two, point, comma)
		}
	})
}

// FuzzNumberIsRead: a number that is written by the rules is read.
func FuzzNumberIsRead(f *testing.F) {
	f.Add(uint64(1299), uint16(50), uint8(2), uint8(0), uint8(1), true)
	f.Fuzz(func(t *testing.T, whole uint64, fraction uint16, decimals, group, word uint8, negative bool) {
		groups := []string{"", ",", ".", " ", "\u00a0", "\u202f", "\u2009", "'"}
		words := []string{"", " kg", " USD", "€", " %"}
		digits, tail := new(big.Int).SetUint64(whole).String(), ""
		if n := int(decimals % 5); n > 0 {
			tail = (strings.Repeat("0", n) + new(big.Int).SetUint64(uint64(fraction)).String())
			tail = tail[len(tail)-n:]
		}
		g := groups[int(group)%len(groups)]
		for _, sign := range []Sign{Point, Comma} {
			if g == string(rune(sign)) {
				continue
			}
			text := digits
			for i := len(digits) - 3; i > 0; i -= 3 {
				text = text[:i] + g + text[i:]
			}
			if tail != "" {
				text += string(rune(sign)) + tail
			}
			if negative {
				text = "-" + text
			}
			text += words[int(word)%len(words)]
			want, _ := new(big.Rat).SetString(digits + "." + tail + "0")
			if negative {
				want.Neg(want)
			}
			a, ok := Split(text)
			number, read := a.Under(sign)
			got, valid := new(big.Rat).SetString(number)
			if !ok || !read || !valid || got.Cmp(want) != 0 {
				t.Fatalf("%q: %q, want %s", text, number, want.RatString())
			}
		}
	})
}

// FuzzUnits: what is converted is what a table in decimals gives, rounded.
func FuzzUnits(f *testing.F) {
	f.Add("1.2", uint8(0), uint8(3), "Weight (kg)")
	f.Add("0.0001", uint8(5), uint8(1), "weight_g")
	f.Fuzz(func(t *testing.T, number string, from, to uint8, column string) {
		UnitOfColumn(column, Weight)
		UnitOfColumn(column, Length)
		grams := map[string]string{"kg": "1000", "g": "1", "mg": "0.001", "t": "1000000", "lb": "453.59237", "oz": "28.349523125"}
		names := Units(Weight)
		a, b := names[int(from)%len(names)], names[int(to)%len(names)]
		amount, ok := Split(number)
		plain, read, _ := amount.Number(Unknown)
		if !ok || !read || len(plain) > MaxDigits {
			return
		}
		got, ok := Convert(plain, a, b)
		n, _ := new(big.Rat).SetString(plain)
		x, _ := new(big.Rat).SetString(grams[a])
		y, _ := new(big.Rat).SetString(grams[b])
		exact := new(big.Rat).Quo(new(big.Rat).Mul(n, x), y)
		small, _ := new(big.Rat).SetString("0.00005")
		if !ok {
			if exact.Abs(exact).Cmp(small) > 0 {
				t.Fatalf("%s %s in %s is refused", plain, a, b)
			}
			return
		}
		r, valid := new(big.Rat).SetString(got)
		if !valid {
			t.Fatalf("%q", got)
		}
		off := new(big.Rat).Sub(r, exact)
		thousandth := new(big.Rat).Mul(exact, big.NewRat(1, 1000))
		if off.Abs(off).Cmp(thousandth.Abs(thousandth)) > 0 && off.Cmp(small) > 0 {
			t.Fatalf("%s %s is %s %s, not %s", plain, a, exact.FloatString(8), b, got)
		}
	})
}

// FuzzDates: what time.Parse reads with a plain layout is read the same; nothing is read that is no
// day of the calendar.
func FuzzDates(f *testing.F) {
	for _, s := range []string{"2026-12-31", "31.12.2026", "12/31/2026 6:05 PM", "3/4/2026", "Dec 31, 2026", "2026-12-31T18:00:00+02:00", "20210603", "Thu, 31 Dec 2026 18:00:00 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		month, day, ok := ReadDate(s)
		if !ok && (!month.IsZero() || !day.IsZero()) || ok && month.IsZero() && day.IsZero() {
			t.Fatalf("%q: %v, %v, %t", s, month, day, ok)
		}
		for layout, first := range map[string]string{
			time.DateOnly: "", time.RFC3339: "", "2006-01-02 15:04:05": "", "2.1.2006": "", "20060102": "", "2 Jan 2006": "", "January 2, 2006": "",
			"1/2/2006": "month", "2/1/2006": "day", "1/2/2006 3:04 PM": "month", "2/1/2006 15:04": "day",
		} {
			want, err := time.Parse(layout, s)
			if err != nil || want.Year() < 1000 || strings.ContainsAny(s, ",.") && strings.Contains(layout, "15:04:05") || offZone(want) {
				continue
			}
			if got := map[string]time.Time{"": month, "month": month, "day": day}[first]; !got.Equal(want) || first == "" && !day.Equal(want) {
				t.Fatalf("%q as %s: %v, %v; want %v", s, layout, month, day, want)
			}
		}
	})
}

// offZone reports a zone that no place has.
func offZone(t time.Time) bool {
	_, seconds := t.Zone()
	return seconds > 14*3600+59*60 || seconds < -14*3600-59*60
}

// FuzzWords: yes, no and nothing are whole words, whatever white space is around them.
func FuzzWords(f *testing.F) {
	for _, s := range []string{"Ja", " NEIN ", "否", "-1", "NULL", "#N/A", `\N`, "-", "A\u200bB", "Tom &amp; Jerry"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		value, ok := Bool(s)
		word := strings.ToLower(Line(s))
		if yes, no := slices.Contains(strings.Fields(yesWords), word), slices.Contains(strings.Fields(noWords), word); ok && (value != yes || value == no) {
			t.Fatalf("%q: %t", s, value)
		}
		if Nothing(s) && (len(s) > 64 || strings.TrimSpace(s) == "") {
			if len(strings.TrimSpace(s)) > longestNothing || strings.TrimSpace(s) == "" {
				t.Fatalf("%q is nothing", s)
			}
		}
		line := Line(s)
		if Line(line) != line || strings.ContainsAny(line, "\u200b\ufeff\u00ad\u00a0\t\n") || strings.Contains(line, "  ") {
			t.Fatalf("%q: %q", s, line)
		}
		if !strings.Contains(s, "&") && Decoded(s) != s {
			t.Fatalf("%q: %q", s, Decoded(s))
		}
	})
}

// FuzzGTIN: digits are neither lost nor made, and the check digit is the one that GS1 describes.
func FuzzGTIN(f *testing.F) {
	for _, s := range []string{"4006381333931", "4.00638E+12", "4 006381 33393-1", "080442957X", "4006381333931.0", "2E10", "219E01BE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, damaged, warning := GTIN(s)
		if damaged != Scientific(s) || damaged && code != "" {
			t.Fatalf("%q: %q, %t", s, code, damaged)
		}
		digits := func(s string) string {
			return strings.Map(func(c rune) rune {
				if c >= '0' && c <= '9' {
					return c
				}
				return -1
			}, s)
		}
		if !damaged && digits(code) != digits(s) && digits(code)+"0" != digits(s) {
			t.Fatalf("%q: %q", s, code)
		}
		if damaged || warning != "" || len(code) == 10 {
			return
		}
		weights, sum := "3131313131313", 0
		for i, c := range code[:len(code)-1] {
			sum += int(c-'0') * int(weights[len(weights)-len(code)+1+i]-'0')
		}
		if want := (10 - sum%10) % 10; want != int(code[len(code)-1]-'0') {
			t.Fatalf("%q: check digit %d", code, want)
		}
	})
}
