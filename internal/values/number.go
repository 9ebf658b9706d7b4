package values

import (
	"strings"
	"unicode/utf8"
)

// Sign is the decimal sign of a number as it is written.
type Sign byte

// The decimal signs.
const (
	Unknown Sign = 0
	Point   Sign = '.' // 1,299.50
	Comma   Sign = ',' // 1.299,50
)

// Limits of a number.
const (
	MaxDigits = 30  // before and after the decimal sign together: BigCommerce keeps fewer
	maxAmount = 200 // bytes of a text that may be a number
)

// Amount is a number as a cell has it, taken apart: "- $1,299.00", "2.5 lbs", "99,50-", "19 %".
type Amount struct {
	Negative bool
	Body     string // digits, decimal signs and what groups digits
	Unit     string // of weight or length, as Units has it: "kg"; "" for none
	Currency string // ISO 4217; "$" and the like for signs of several currencies; "" for none
	Percent  bool
}

// Split takes a text apart. ok is false if there is no number in it, or something else as well.
func Split(s string) (a Amount, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxAmount {
		return Amount{}, false
	}
	from := strings.IndexFunc(s, isDigit)
	if from < 0 {
		return Amount{}, false
	}
	to := strings.LastIndexFunc(s, isDigit) + 1
	if from > 0 && (s[from-1] == '.' || s[from-1] == ',') && (from == 1 || !isLetterBefore(s, from-1)) {
		from-- // .5
	}
	if to < len(s) && (s[to] == '.' || s[to] == ',') {
		to++ // 5.
	}
	before, after := strings.TrimSpace(s[:from]), strings.TrimSpace(s[to:])
	a.Body = s[from:to]
	after = a.noCents(after)
	// One minus at most, on either side of what stands before or after the digits.
	minuses := 0
	for _, side := range []*string{&before, &after} {
		for again := true; again; {
			rest := cutSign(*side, &minuses)
			again, *side = rest != *side, rest
		}
	}
	if minuses > 1 || (before != "" && !a.word(before)) || (after != "" && !a.word(after)) {
		return Amount{}, false
	}
	a.Negative = minuses == 1
	return a, true
}

// noCents drops the dash that stands for no cents: "99,-", "99.–".
func (a *Amount) noCents(after string) (rest string) {
	last := a.Body[len(a.Body)-1]
	rest = strings.TrimLeft(after, "-–—")
	if rest == after || (last != '.' && last != ',') {
		return after
	}
	a.Body = a.Body[:len(a.Body)-1]
	return strings.TrimSpace(rest)
}

// cutSign cuts a plus or minus from the beginning or the end of what stands beside a number.
func cutSign(s string, minuses *int) string {
	for _, sign := range []string{"-", "−", "+"} {
		rest, cut := strings.CutPrefix(s, sign)
		if !cut {
			rest, cut = strings.CutSuffix(s, sign)
		}
		if cut {
			if sign != "+" {
				*minuses++
			}
			return strings.TrimSpace(rest)
		}
	}
	return s
}

// word takes what stands beside a number: a unit, a currency or a percent sign, once.
func (a *Amount) word(s string) bool {
	if a.Unit != "" || a.Currency != "" || a.Percent {
		return false
	}
	if s == "%" {
		a.Percent = true
		return true
	}
	if a.Unit = UnitNamed(s); a.Unit == "" {
		a.Currency = currencyNamed(s)
	}
	return a.Unit != "" || a.Currency != ""
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

// isLetterBefore reports whether a letter ends at i, as in "Fr.5".
func isLetterBefore(s string, i int) bool {
	c, _ := utf8.DecodeLastRuneInString(s[:i])
	return c != ' ' && c != '\u00a0' && c != '-' && c != '+' && c != '−'
}

// groupSigns are what stands between groups of three digits, beside the other decimal sign.
const groupSigns = " \u00a0\u202f\u2009'’"

// Under is the number if sign is its decimal sign, in plain decimals: "-1299.5". ok is false if it
// cannot be. Before the decimal sign digits may stand in groups of three, of which only the first
// is shorter.
func (a Amount) Under(sign Sign) (number string, ok bool) {
	whole, fraction := a.Body, ""
	if i := strings.IndexByte(a.Body, byte(sign)); i >= 0 {
		whole, fraction = a.Body[:i], a.Body[i+1:]
	}
	digits, ok := ungroup(whole, sign)
	if !ok || strings.IndexFunc(fraction, notDigit) >= 0 || digits+fraction == "" || len(digits)+len(fraction) > maxAmount {
		return "", false
	}
	return canonical(a.Negative, digits, fraction), true
}

func notDigit(c rune) bool { return !isDigit(c) }

// ungroup drops what groups digits. No group stands before the first digit that is not 0: "0.250"
// is no thousand.
func ungroup(s string, sign Sign) (digits string, ok bool) {
	i := strings.IndexFunc(s, notDigit)
	if i < 0 {
		return s, true
	}
	group, size := utf8.DecodeRuneInString(s[i:])
	if other := '.' + ',' - rune(sign); group != other && !strings.ContainsRune(groupSigns, group) {
		return "", false
	}
	groups := strings.Split(s, s[i:i+size])
	if len(groups[0]) < 1 || len(groups[0]) > 3 || groups[0][0] == '0' {
		return "", false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 || strings.IndexFunc(g, notDigit) >= 0 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

// canonical writes a number without a plus, superfluous zeros or a negative zero.
func canonical(negative bool, whole, fraction string) string {
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	out := whole
	if fraction != "" {
		out += "." + fraction
	}
	if negative && out != "0" {
		out = "-" + out
	}
	return out
}

// Readings are the numbers that it can be, "" for none. They are the same where the decimal sign
// makes no difference.
func (a Amount) Readings() (point, comma string) {
	point, _ = a.Under(Point)
	comma, _ = a.Under(Comma)
	return point, comma
}

// Number is the number with this decimal sign; with Unknown, the only one that it can be. Of a text
// that can be two numbers ok is false, and two true.
func (a Amount) Number(sign Sign) (number string, ok, two bool) {
	if sign != Unknown {
		number, ok = a.Under(sign)
		return number, ok, false
	}
	point, comma := a.Readings()
	switch {
	case point != "" && comma != "" && point != comma:
		return "", false, true
	case point != "":
		return point, true, false
	}
	return comma, comma != "", false
}

// TooLong reports whether a plain number has more digits than one may.
func TooLong(number string) bool { return len(number) > MaxDigits }
