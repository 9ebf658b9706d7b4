package expression

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/values"
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
func NotNumber(s string) string {
	if d, ok := CanonicalLiteral(s); ok && strings.ContainsAny(s, "eE") && len(s) <= maxNumber && len(d) <= MaxDigits {
		return fmt.Sprintf("%s is not a plain number: write it in full (%s)", Quote(s), d)
	}
	return Quote(s) + " is not a number"
}

// ParseBool reads yes and no as people and spreadsheets write them; the text says what is wrong, ""
// if nothing is.
func ParseBool(s string) (any, string) {
	if value, ok := values.Bool(s); ok {
		return value, ""
	}
	return nil, Quote(s) + " is neither yes nor no: use true or false, yes or no, 1 or 0"
}
