package auth

import (
	"slices"
	"strings"
)

// scopeChange describes how a reinstall changed the granted scopes; "" when it did not.
func scopeChange(before, after string) string {
	old, now := strings.Fields(before), strings.Fields(after)
	var parts []string
	for _, s := range now {
		if !slices.Contains(old, s) {
			parts = append(parts, "+"+s)
		}
	}
	for _, s := range old {
		if !slices.Contains(now, s) {
			parts = append(parts, "-"+s)
		}
	}
	return strings.Join(parts, " ")
}
