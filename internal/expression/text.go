package expression

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	shownRunes   = 60   // of a value in a message
	messageRunes = 1000 // of a message
)

// Clip cuts s to a number of characters, the last of them an ellipsis if something was cut.
func Clip(s string, characters int) string {
	if len(s) <= characters {
		return s
	}
	n, cut := 0, 0
	for i := range s {
		switch n++; n {
		case characters:
			cut = i
		case characters + 1:
			return s[:cut] + "…"
		}
	}
	return s
}

// TrimText cuts white space and the invisible characters that spreadsheets leave around a value.
func TrimText(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || (s[0] < utf8.RuneSelf && s[len(s)-1] < utf8.RuneSelf) {
		return s
	}
	return strings.TrimFunc(s, func(c rune) bool { return unicode.IsSpace(c) || c == '\ufeff' || c == '\u200b' })
}

// Quote shows a value in a message. Quotation marks in it are doubled, so that its end can be told.
func Quote(s string) string {
	n := 0
	for i := range s {
		if n++; n > shownRunes {
			s = s[:i] + "…"
			break
		}
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// NotNumber says what to do about a text that should be a number.
func NotNumber(s, column string) string {
	if len(s) > maxNumber { // it is looked at some twenty times
		return Quote(s) + " is not a number"
	}
	name := "…"
	if column != "" {
		name = Name(column)
	}
	comma, point := strings.LastIndexByte(s, ','), strings.LastIndexByte(s, '.')
	digitsOnly := withoutAny.Replace(s)
	if _, ok := Decimal(digitsOnly); ok {
		switch {
		case point < 0 && strings.Count(s, ",") == 1 && len(s)-comma == 4:
			return fmt.Sprintf(`%s is not a number: is the comma for thousands or for decimals? Use the formula number(%s, ".") or number(%s, ",")`, Quote(s), name, name)
		case comma > point && strings.Count(s, ",") == 1:
			fixed, _ := fnNumber(s, ",")
			if f, ok := fixed.(float64); ok {
				example := strconv.FormatFloat(f, 'f', min(len(s)-comma-1, 10), 64)
				return fmt.Sprintf(`%s is not a number: use a point (%s), or use the formula number(%s, ",")`, Quote(s), example, name)
			}
		case strings.Count(s, ".") <= 1:
			return fmt.Sprintf(`%s is not a number: leave out the thousands separators, or use the formula number(%s, ".")`, Quote(s), name)
		}
		return fmt.Sprintf(`%s is not a number: leave out the thousands separators, or use the formula number(%s, ",")`, Quote(s), name)
	}
	if d, ok := CanonicalLiteral(s); ok && len(d) <= MaxDigits {
		return fmt.Sprintf("%s is not a plain number: write it in full (%s)", Quote(s), d)
	}
	for _, sign := range []string{"$", "€", "£", "¥", "USD", "EUR", "GBP", "%"} {
		if rest := TrimText(strings.Replace(s, sign, "", 1)); rest != s && strings.ContainsAny(rest, "0123456789") {
			return fmt.Sprintf(`%s is not a number: leave out the %s, or use the formula number(replace(%s, %q, ""))`, Quote(s), sign, name, sign)
		}
	}
	return Quote(s) + " is not a number"
}

// ParseBool reads yes and no as people and spreadsheets write them; the text says what is wrong, ""
// if nothing is.
func ParseBool(s string) (any, string) {
	switch strings.ToLower(s[:min(len(s), len("false")+1)]) {
	case "true", "yes", "y", "1":
		return true, ""
	case "false", "no", "n", "0":
		return false, ""
	}
	return nil, Quote(s) + " is neither yes nor no: use true or false, yes or no, 1 or 0"
}
