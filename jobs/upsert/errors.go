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

// Reason is BigCommerce's own explanation of a refusal, for people.
func Reason(err error) string {
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return err.Error()
	}
	return Explain(api.Title, api.Fields)
}

// Explain is a refusal's title and what it says of fields, for people.
func Explain(title string, fields map[string]string) string {
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

// Refuses reports whether err is BigCommerce's final word about what was sent: the other errors are
// about quota, the connection or the token.
func Refuses(err error) bool {
	var (
		conflict *bigcommerce.ConflictError
		invalid  *bigcommerce.ValidationError
		partial  *bigcommerce.PartialError
		large    *bigcommerce.TooLargeError
		missing  *bigcommerce.NotFoundError
	)
	return errors.As(err, &conflict) || errors.As(err, &invalid) || errors.As(err, &partial) || errors.As(err, &large) || errors.As(err, &missing)
}
