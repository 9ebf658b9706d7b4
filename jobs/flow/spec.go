package flow

import (
	"slices"
	"strings"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Spec says what a kind of flow is. It never changes while the program runs.
type Spec struct {
	Name     string   // tenants.Flow.Kind: stored, never changes its meaning
	Singular string   // of a record, for people: "product"
	Plural   string   // "products"
	Options  []Option // that a flow of this kind has
}

// Option is a choice of the merchant's for a flow. It is kept in tenants.Options by its name.
type Option struct {
	Name    string   `json:"name"`
	Values  []string `json:"values"` // the allowed ones
	Default string   `json:"default"`
	Help    string   `json:"help"`
}

// CheckOptions returns o with the default of each option that it leaves out. Fails with Invalid, whose field
// options.NAME says what is wrong.
func (s Spec) CheckOptions(o tenants.Options) (tenants.Options, error) {
	refuse := func(name, format string, args ...any) error {
		return problem.New(problem.Invalid, "An option is not right.").WithField("options."+name, format, args...)
	}
	out := make(tenants.Options, len(s.Options))
	for name := range o {
		if !slices.ContainsFunc(s.Options, func(known Option) bool { return known.Name == name }) {
			return nil, refuse(name, "there is no such option for %s: leave it out", s.Plural)
		}
	}
	for _, known := range s.Options {
		value, isText := o[known.Name].(string)
		switch {
		case o[known.Name] == nil || isText && value == "":
			out[known.Name] = known.Default
		case !isText || !slices.Contains(known.Values, value):
			return nil, refuse(known.Name, "choose %s", strings.Join(known.Values, " or "))
		default:
			out[known.Name] = value
		}
	}
	return out, nil
}
