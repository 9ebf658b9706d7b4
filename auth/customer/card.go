package customer

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"sluice/tenants"
)

// cardNumber is a number as JSON writes it, with an exponent that stays readable. It has at most 15
// digits, as many as survive in a float64; a longer one is rather an identifier.
var cardNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$`)

const (
	maxDigits = 15
	// maxAcceptLanguage bounds what is parsed of an Accept-Language header.
	maxAcceptLanguage = 200
)

// FormatCard returns card with its values as a shopper reads them: numbers, money (in currency, an
// ISO 4217 code) and percentages (12.5 is 12.5 %) in the first language of acceptLanguage, an
// Accept-Language header, or in English; dates as ISO 8601 days, which every language reads. A
// value that is not of its field's format stays as the back-office system wrote it.
func FormatCard(card []tenants.CardValue, currency, acceptLanguage string) []tenants.CardValue {
	lang := language.English
	if len(acceptLanguage) > maxAcceptLanguage {
		acceptLanguage, _, _ = strings.Cut(acceptLanguage[:maxAcceptLanguage], ",")
	}
	if tags, _, err := language.ParseAcceptLanguage(acceptLanguage); err == nil && len(tags) > 0 {
		lang = tags[0]
	}
	p := message.NewPrinter(lang)
	out := make([]tenants.CardValue, len(card))
	for i, v := range card {
		v.Value = formatValue(p, v.Format, v.Value, currency)
		out[i] = v
	}
	return out
}

func formatValue(p *message.Printer, format, value, code string) string {
	text := strings.TrimSpace(value)
	if format == "date" {
		for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
			if day, err := time.Parse(layout, text); err == nil {
				return day.Format(time.DateOnly)
			}
		}
		return value
	}
	n, ok := parseNumber(text)
	if !ok {
		return value
	}
	switch format {
	case "number":
		_, fraction, _ := strings.Cut(strconv.FormatFloat(n, 'f', -1, 64), ".")
		return p.Sprint(number.Decimal(n, number.MaxFractionDigits(len(fraction))))
	case "percent":
		return p.Sprint(number.Percent(n/100, number.MaxFractionDigits(4)))
	case "money":
		unit, err := currency.ParseISO(code)
		if err != nil {
			return p.Sprint(number.Decimal(n, number.Scale(2)))
		}
		return p.Sprint(currency.Symbol(unit.Amount(n)))
	}
	return value
}

func parseNumber(text string) (float64, bool) {
	if !cardNumber.MatchString(text) {
		return 0, false
	}
	digits := 0
	for _, r := range text {
		if r >= '0' && r <= '9' {
			digits++
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && digits <= maxDigits && n > -1e15 && n < 1e15
}
