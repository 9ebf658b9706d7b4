package auth

import (
	"slices"
	"strings"
)

// readOnlySuffix marks the read-only form of a BigCommerce scope; the form without it includes it.
const readOnlySuffix = "_read_only"

// MissingScopes returns which of required the granted scopes (space-separated, as BigCommerce sends
// them) do not cover. A modify scope covers its read-only form.
func MissingScopes(required []string, granted string) []string {
	have := strings.Fields(granted)
	var missing []string
	for _, scope := range required {
		if slices.Contains(have, scope) || slices.Contains(have, strings.TrimSuffix(scope, readOnlySuffix)) {
			continue
		}
		missing = append(missing, scope)
	}
	return missing
}

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
