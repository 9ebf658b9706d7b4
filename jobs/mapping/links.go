package mapping

import (
	"path"
	"slices"
	"strings"

	"sluice/internal/expression"
)

// pictures are what names of picture files end with, as far as BigCommerce takes them.
var pictures = []string{".bmp", ".gif", ".jpeg", ".jpg", ".png", ".wbmp", ".xbm", ".webp"}

// splitLinks returns the addresses of a text. | and line breaks always stand between two. A comma
// or a semicolon may be part of an address, so that it only does if an address follows: one with a
// scheme where the first has one, else the name of a picture.
func splitLinks(s string) []string {
	var out []string
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '|' || r == '\n' || r == '\r' }) {
		out = append(out, splitLine(line)...)
	}
	return slices.DeleteFunc(out, func(s string) bool { return expression.TrimText(s) == "" })
}

func splitLine(line string) []string {
	parts := strings.FieldsFunc(line, func(r rune) bool { return r == ',' || r == ';' })
	for i := range parts {
		parts[i] = expression.TrimText(parts[i])
	}
	parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
	if len(parts) < 2 {
		return parts
	}
	begins := isPicture
	if HasScheme(parts[0]) {
		begins = HasScheme
	}
	if !slices.ContainsFunc(parts, func(p string) bool { return !begins(p) }) {
		return parts
	}
	return []string{line}
}

// HasScheme reports whether s is an address of the web with its scheme.
func HasScheme(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// isPicture reports whether s ends as a picture's name does.
func isPicture(s string) bool {
	name, _, _ := strings.Cut(s, "?")
	return slices.Contains(pictures, strings.ToLower(path.Ext(name)))
}
