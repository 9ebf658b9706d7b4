package tenants

import (
	"strings"
	"unicode"
)

// PlainName returns a name as somebody outside gave it, of a file, a flow, a key, a person, without
// what would make it look like another name or break the line that it stands in: control
// characters, line separators, marks that turn the direction of text, and characters that nobody
// sees. The joiners of Persian, Indic scripts and emoji stay.
func PlainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c', r == '\u200d':
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Bidi_Control, unicode.Other_Default_Ignorable_Code_Point):
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
}

// FileName is PlainName of the last part of a path as Windows, Unix or a web address writes it; ""
// if there is none.
func FileName(path string) string {
	path = strings.TrimSpace(PlainName(path))
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	if strings.Trim(path, ". ") == "" {
		return ""
	}
	return path
}

// cleanName is Clean of PlainName.
func cleanName(name string, size int) string { return Clean(PlainName(name), size) }
