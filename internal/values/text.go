package values

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line is a text of one line as people see it: composed (NFC), without what nobody sees, with one
// space where there is white space.
func Line(s string) string {
	if plainLine(s) {
		return s
	}
	return strings.Join(strings.Fields(norm.NFC.String(Visible(s))), " ")
}

// plainLine reports whether there is nothing to do, as of nearly all texts.
func plainLine(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || c < ' ' || (c == ' ' && (i == 0 || i == len(s)-1 || s[i+1] == ' ')) {
			return false
		}
	}
	return true
}

// Lines is Line of each line: what breaks lines stays.
func Lines(s string) string { return norm.NFC.String(Visible(s)) }

// Visible drops what nobody sees: marks of byte order and direction, soft hyphens, spaces without a
// width. Joiners stay where scripts and emoji need them.
func Visible(s string) string {
	if strings.IndexFunc(s, invisible) < 0 {
		return s
	}
	var b strings.Builder
	runes := []rune(s)
	for i, c := range runes {
		if !invisible(c) || (joiner(c) && i > 0 && i < len(runes)-1 && joins(runes[i-1]) && joins(runes[i+1])) {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func invisible(c rune) bool {
	arabic := c >= 0x0600 && c <= 0x0605 || c == 0x06dd // signs that are seen
	return unicode.Is(unicode.Cf, c) && !arabic && c < 0xe0000 || c == 0x034f || c == 0x180e
}

func joiner(c rune) bool { return c == 0x200c || c == 0x200d }

// joins reports whether a joiner beside a character means something: in Arabic and Indic scripts,
// and between pictures and what varies them.
func joins(c rune) bool { return c >= 0x0600 && c < 0x1fff || c >= 0x2190 && c != 0xfeff }

// Decoded decodes the entities of HTML once: "Tom &amp; Jerry". One without its semicolon is text.
func Decoded(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	var b strings.Builder
	for {
		from := strings.IndexByte(s, '&')
		if from < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:from])
		s = s[from:]
		size := entity(s)
		if size == 0 {
			b.WriteByte('&')
			s = s[1:]
			continue
		}
		b.WriteString(html.UnescapeString(s[:size]))
		s = s[size:]
	}
}

// longestEntity is the longest that HTML has, in bytes.
const longestEntity = 33

// entity is the length of the entity that s begins with, 0 if it is none.
func entity(s string) int {
	end := strings.IndexByte(s[:min(len(s), longestEntity)], ';')
	if end < 2 {
		return 0
	}
	for i, c := range s[1:end] {
		named := c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c))
		if !named && (i > 0 || c != '#') {
			return 0
		}
	}
	return end + 1
}

// nothing are words that systems write where they have no value. Only the whole text counts.
var nothing = map[string]bool{
	"null": true, "(null)": true, "<null>": true, "[null]": true, `\n`: true, "nil": true, "<nil>": true, "none": true, "(none)": true, "undefined": true,
	"n/a": true, "#n/a": true, "#n/v": true, "#nv": true, "(blank)": true, "(empty)": true, "#ref!": true, "#value!": true, "#div/0!": true, "#name?": true, "#num!": true, "#null!": true,
	"#bezug!": true, "#wert!": true, "#zahl!": true, "#spill!": true, "#calc!": true, "-": true, "--": true, "---": true, "–": true, "—": true, "#": true,
}

// longestNothing is the longest of them, in bytes.
const longestNothing = 12

// Nothing reports whether a text stands for no value: NULL, N/A, #REF!, \N, a dash. What Excel
// shows of a number in too narrow a column is nothing either. NAN is a brand.
func Nothing(s string) bool {
	s = strings.TrimSpace(s)
	return s != "" && len(s) <= longestNothing && (nothing[strings.ToLower(s)] || s == "NaN" || s == "nan" || strings.Trim(s, "#") == "")
}
