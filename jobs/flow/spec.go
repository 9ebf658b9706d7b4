package flow

import (
	"context"
	"math"
	"slices"
	"strconv"
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
	Scopes   []string // OAuth scopes, by BigCommerce's names, without which no flow of this kind runs
	Phases   []Phase  // of a run, in their order
	// Bulk: its write phase changes much of the store's catalogue, stock or prices. Of all such runs
	// of a store one step is carried out at a time.
	Bulk bool

	Webhooks []Webhook
	// CatchUp does in db what events of ctx's store asked for that nobody told of, because a webhook
	// was missing, new or asleep. It may be interrupted and repeated. Nil: nothing is to be done.
	CatchUp func(ctx context.Context, db *tenants.DB) error
}

// Granted returns what keeps flows of the kind from running in store: ScopeMissing, which names the
// scopes that the store did not grant. Nil: nothing does.
func (s Spec) Granted(store *tenants.Store) error {
	missing := store.MissingScopes(s.Scopes...)
	if len(missing) == 0 {
		return nil
	}
	return problem.New(problem.ScopeMissing, "Syncs of %s are paused: this store has not granted %s. "+
		"The operator of Sluice adds it to the app; then open Sluice from the control panel and accept the new permissions. The syncs then go on.",
		s.Plural, strings.Join(missing, ", "))
}

// Phase is a part of each run of a kind.
type Phase struct {
	Name  tenants.Phase `json:"name"`
	Share int           `json:"share"` // of the progress bar, in percent: those of a kind are 100 together
}

// Option is a choice of the merchant's for a flow. It is kept in tenants.Options by its name.
type Option struct {
	Name    string     `json:"name"`
	Type    OptionType `json:"type"`
	Label   string     `json:"label"`            // of its form field
	Help    string     `json:"help"`             // what it does, in a sentence
	Values  []Value    `json:"values,omitempty"` // of a choice: the allowed ones
	Min     float64    `json:"min,omitempty"`    // of a number: it and Max are allowed too
	Max     float64    `json:"max,omitempty"`
	Unit    string     `json:"unit,omitempty"`    // of a number, for people: "%"
	Default any        `json:"default,omitempty"` // a string or a float64; nil: empty
}

// OptionType says what an option's value is.
type OptionType string

// The types of options.
const (
	Choice OptionType = "choice" // one of Values
	Number OptionType = "number" // a JSON number
	Words  OptionType = "text"   // at most maxOptionText characters
	Pairs  OptionType = "pairs"  // an object of texts, by texts: at most maxPairs
)

// Value is what an option of type Choice can be.
type Value struct {
	Name  string `json:"name"`  // stored, never changes its meaning
	Label string `json:"label"` // for people
}

const (
	maxOptionText = 255
	maxPairs      = 200
)

// CheckOptions returns o with the default of each option that it leaves out. Fails with Invalid,
// whose field options.NAME says what is wrong.
func (s Spec) CheckOptions(o tenants.Options) (tenants.Options, error) {
	refuse := func(name, message string) error {
		return problem.New(problem.Invalid, "An option is not right.").WithField("options."+name, "%s", message)
	}
	out := make(tenants.Options, len(s.Options))
	for name := range o {
		if !slices.ContainsFunc(s.Options, func(known Option) bool { return known.Name == name }) {
			return nil, refuse(name, "there is no such option for "+s.Plural+": leave it out")
		}
	}
	for _, known := range s.Options {
		value := o[known.Name]
		if value == nil || value == "" {
			if known.Default != nil {
				out[known.Name] = known.Default
			}
			continue
		}
		var message string
		if value, message = known.check(value); message != "" {
			return nil, refuse(known.Name, message)
		}
		out[known.Name] = value
	}
	return out, nil
}

// check returns a value as it is kept, or what is wrong with it.
func (o Option) check(value any) (kept any, message string) {
	switch o.Type {
	case Number:
		n, ok := value.(float64)
		if !ok || math.IsNaN(n) || n < o.Min || n > o.Max {
			return nil, "give a number from " + number(o.Min) + " to " + number(o.Max)
		}
		return n, ""
	case Words:
		text, ok := value.(string)
		if !ok || len([]rune(text)) > maxOptionText {
			return nil, "give a text of at most " + number(maxOptionText) + " characters"
		}
		return strings.TrimSpace(text), ""
	case Pairs:
		pairs, ok := value.(map[string]any)
		if !ok || len(pairs) > maxPairs {
			return nil, "give an object of at most " + number(maxPairs) + " texts"
		}
		for name, v := range pairs {
			text, ok := v.(string)
			if !ok || len([]rune(text)) > maxOptionText || len([]rune(name)) > maxOptionText {
				return nil, "give texts of at most " + number(maxOptionText) + " characters"
			}
		}
		return pairs, ""
	default:
		text, ok := value.(string)
		if !ok || !slices.ContainsFunc(o.Values, func(v Value) bool { return v.Name == text }) {
			names := make([]string, len(o.Values))
			for i, v := range o.Values {
				names[i] = v.Name
			}
			return nil, "choose " + strings.Join(names, " or ")
		}
		return text, ""
	}
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
