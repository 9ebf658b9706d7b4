package upsert

import "strings"

// Fold trims and case-folds s by Unicode's simple folding, so that the same text always has the
// same key, whatever the letter case.
func Fold(s string) string {
	return strings.ToLower(strings.ToUpper(strings.TrimSpace(s)))
}
