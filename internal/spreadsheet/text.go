package spreadsheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Text returns s so that no spreadsheet that opens it in a CSV file runs a part of it: an
// apostrophe stands before each formula sign with which a cell could begin.
//
// Which cells there are is the reader's to say. Excel splits at the list separator of its user's
// country, which is often a semicolon; then the quotes around our cells are text to it, and a line
// break inside them ends the row. So a cell may begin at the start of s and after every separator,
// also behind quotes and blanks, which readers take away. Numbers with a sign are no exception: '-5
// is still read as what it is, and there is no form of a number that a formula could hide in.
func Text(s string) string {
	var b strings.Builder
	begins := true
	for i, r := range s {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError { // one byte that is no UTF-8, or the character itself
			_, size = utf8.DecodeRuneInString(s[i:])
		}
		if begins && (formulaSign(r) || i == 0 && r == '\n') {
			b.WriteByte('\'')
			begins = false
		}
		b.WriteString(s[i : i+size])
		switch {
		case strings.ContainsRune(",;|\t\r\n", r):
			begins = true
		case !skipped(r):
			begins = false
		}
	}
	return b.String()
}

// formulaSign reports whether a cell that begins with r may be run: the signs of OWASP's CSV
// injection page, and what readers make the same signs of, such as the full-width ones of East
// Asian keyboards.
func formulaSign(r rune) bool {
	switch r {
	case '=', '+', '-', '@', '\t', '\r', '\u2212': // the last is the minus of typesetters
		return true
	}
	if r < utf8.RuneSelf {
		return false
	}
	plain := norm.NFKC.String(string(r))
	return strings.ContainsAny(plain[:1], "=+-@")
}

// skipped reports whether readers may take r away from before a cell's text, or do not show it.
func skipped(r rune) bool {
	return r == '"' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
