package products

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sluice/jobs/upsert"
)

const (
	// maxName is BigCommerce's limit of a product name, in characters.
	maxName = 250
	// maxKey is the longest SKU, in characters: BigCommerce's limit, and that of Record.Key.
	maxKey = 255
)

// foldKey returns the form in which SKUs are compared: "FOO", "foo" and "FOO " are one product, for
// BigCommerce refuses the second of them, although its filters tell them apart.
func foldKey(sku string) string { return upsert.Fold(sku) }

// unaccent returns folded text without its accents: BigCommerce takes "Café" and "Cafe" for one
// name. Letters that are none with an accent (ø, ß) stay: where it takes those for others, its
// refusal tells.
func unaccent(folded string) string {
	for i := range len(folded) {
		if folded[i] >= utf8.RuneSelf {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, norm.NFD.String(folded))
		}
	}
	return folded
}

// nameKey identifies a product name among the names of a flow: BigCommerce wants names unique,
// whatever their letter case and accents.
func nameKey(name string) string {
	sum := sha256.Sum256([]byte(unaccent(upsert.Fold(name))))
	return hex.EncodeToString(sum[:])
}

// uniqueName makes name unique by its SKU: "Name (SKU)", with the name cut so that the whole stays
// within BigCommerce's limit.
func uniqueName(name, sku string) string {
	suffix := " (" + strings.TrimSpace(sku) + ")"
	room := maxName - utf8.RuneCountInString(suffix)
	name = strings.TrimSpace(name)
	if room < 1 { // a SKU that fills the name alone
		return clip(strings.TrimSpace(sku), maxName)
	}
	if utf8.RuneCountInString(name) > room {
		name = strings.TrimRightFunc(clip(name, room), unicode.IsSpace)
	}
	return name + suffix
}

// clip returns at most n characters of s.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}

// keyProblem says what is wrong with a SKU as a key, or "".
func keyProblem(sku string) string {
	switch {
	case strings.TrimSpace(sku) == "":
		return "the SKU is missing: every row needs one, for it says which product the row is"
	case utf8.RuneCountInString(foldKey(sku)) > maxKey:
		return "the SKU is too long; the limit is 255 characters"
	case strings.IndexFunc(sku, unicode.IsControl) >= 0 || !utf8.ValidString(sku):
		return "the SKU has a control character in it: remove it at the source"
	}
	return ""
}
