package upsert

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
)

// away reports whether err says nothing about the request itself: BigCommerce did not answer it, or
// the process is stopping. sent says whether it may have been carried out all the same.
func away(err error) (sent, ok bool) {
	var u *bigcommerce.UnavailableError
	if errors.As(err, &u) {
		return u.Sent, true
	}
	return false, false
}

// reason is BigCommerce's own explanation of a refusal, for people.
func reason(err error) string {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return err.Error()
	}
	return explain(api.Title, api.Fields)
}

func explain(title string, fields map[string]string) string {
	parts := []string{title}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch m := fields[name]; {
		case m == "" || m == title:
		case name == "": // about no field
			parts = append(parts, m)
		default:
			parts = append(parts, fmt.Sprintf("%s: %s", name, m))
		}
	}
	return strings.Join(parts, "; ")
}
