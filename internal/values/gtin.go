package values

import "strings"

// GTIN is an article number, as UPC, EAN and ISBN, without what separates its digits. damaged says
// that a spreadsheet has made a number of it, so that digits are lost; warning what else is wrong
// with it, "" for nothing.
func GTIN(s string) (code string, damaged bool, warning string) {
	code = strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -–.\u00a0\u2009\u202f\u2011\u2010", c) {
			return -1
		}
		return c
	}, strings.TrimSpace(s))
	if Scientific(s) {
		return "", true, ""
	}
	if whole, ok := strings.CutSuffix(strings.TrimSpace(s), ".0"); ok && strings.IndexFunc(whole, notDigit) < 0 {
		code = whole // of a number with decimals
	}
	switch {
	case strings.IndexFunc(code, notDigit) >= 0:
		if isbn10(code) {
			return code, false, ""
		}
		return strings.TrimSpace(s), false, "has other characters than digits"
	case isbn10(code):
		return code, false, ""
	case len(code) != 8 && len(code) != 12 && len(code) != 13 && len(code) != 14:
		return code, false, "does not have 8, 12, 13 or 14 digits"
	case !checked(code):
		return code, false, "has a wrong last digit, by which mistakes are found"
	}
	return code, false, ""
}

// checked reports whether the last digit is right.
func checked(code string) bool {
	sum := 0
	for i := range len(code) {
		digit := int(code[len(code)-1-i] - '0')
		if i%2 == 1 {
			digit *= 3
		}
		sum += digit
	}
	return sum%10 == 0
}

// isbn10 reports whether a code is one of old books, whose last digit may be an X.
func isbn10(code string) bool {
	if len(code) != 10 {
		return false
	}
	sum := 0
	for i := range len(code) {
		c := code[i]
		switch {
		case c >= '0' && c <= '9':
			sum += (10 - i) * int(c-'0')
		case i == 9 && (c == 'X' || c == 'x'):
			sum += 10
		default:
			return false
		}
	}
	return sum%11 == 0
}

// Scientific reports whether a text is a number as spreadsheets shorten long ones, 4.00638E+12: its
// other digits are lost. 2E10 and 219E01BE are codes.
func Scientific(s string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(strings.TrimSpace(s)), "E")
	if !ok {
		return false
	}
	exponent, signed := strings.CutPrefix(exponent, "+")
	whole, fraction, parted := strings.Cut(strings.TrimPrefix(mantissa, "-"), ".")
	if !parted {
		whole, fraction, parted = strings.Cut(whole, ",")
	}
	digits := func(s string, least, most int) bool {
		return len(s) >= least && len(s) <= most && strings.IndexFunc(s, notDigit) < 0
	}
	return (signed || parted) && digits(whole, 1, 1) && digits(exponent, 1, 3) && (!parted || digits(fraction, 1, 20))
}
