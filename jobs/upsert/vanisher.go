package upsert

import (
	"fmt"

	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Vanisher is a Target whose records can be put into a harmless state once the source no longer has
// them. They are changed by the routes by which they are always changed.
type Vanisher interface {
	// Vanishings lists the states, as values of an option: {"hidden", "Hide them"}.
	Vanishings() []flow.Value
	// VanishTargets lists the targets that Vanish has to see of a record, besides those of a mapping.
	VanishTargets(state string) []string
	// Vanish returns what a record is to become, with what identifies it; or why nothing can be done.
	Vanish(state string, live Live) (d mapping.Document, problem string)
	// Restores reports whether a target gets back what it was before when the source has the record
	// again.
	Restores(target string) bool
}

// What becomes of records that left the source, as the flow's option says.
const (
	optionVanish  = "left"
	vanishNothing = "nothing"
	optionLeft    = "guard_left"
	guardLeft     = "left"
	// leftLeast is how many records must be about to leave: single ones do go.
	leftLeast = 3
)

// vanishOptions are those of kinds whose records can leave.
func vanishOptions(spec flow.Spec, v Vanisher) []flow.Option {
	return []flow.Option{{
		Name: optionVanish, Type: flow.Choice, Default: vanishNothing, Label: "When the file no longer has them",
		Help: fmt.Sprintf("What to do with %s that were brought in from the file and are not in it any more. "+
			"Choose something else than nothing only if the file always has all of them. Those that come back are put right again.", spec.Plural),
		Values: append([]flow.Value{{Name: vanishNothing, Label: "Nothing"}}, v.Vanishings()...),
	}, {
		Name: optionLeft, Type: flow.Number, Max: 100, Unit: "%", Default: 10.0, Label: "Ask when so many are gone",
		Help: fmt.Sprintf("A run waits for your answer before it changes more than this part of the %s because they are not in the file any more. 0 never asks.", spec.Plural),
	}}
}

// vanishing is what the run does to records that left the source, "" for nothing. A part of a source
// says nothing about what it does not have, nor does one without a row.
func (s *step) vanishing() string {
	if _, ok := s.k.target.(Vanisher); !ok || s.run.Incomplete || s.run.RetryOf != "" || s.run.Total == 0 {
		return ""
	}
	if state := s.run.Options.Text(optionVanish); state != vanishNothing {
		return state
	}
	return ""
}

// leftSpec is the guard of records that are about to be changed because they left.
func (s *step) leftSpec() (GuardSpec, bool) {
	state := s.vanishing()
	limit, _ := s.run.Options[optionLeft].(float64)
	if state == "" || limit == 0 {
		return GuardSpec{}, false
	}
	label := state
	for _, v := range s.k.target.(Vanisher).Vanishings() { //nolint:forcetypeassert // vanishing says so
		if v.Name == state {
			label = v.Label
		}
	}
	return GuardSpec{
		Name: guardLeft, Limit: limit, Least: leftLeast,
		Message: fmt.Sprintf("Many of the %s are not in the file any more. What you chose for them would be done: %s. Check that the file is whole.", s.k.spec.Plural, label),
	}, true
}

// checkVanish refuses a choice that contradicts another one.
func checkVanish(o tenants.Options) (field, message string) {
	if state := o.Text(optionVanish); state != "" && state != vanishNothing && o.Text(optionMode) == modeCreate {
		return optionVanish, "nothing that is there is changed while only new records are created: choose nothing here, or let records be updated too"
	}
	return "", ""
}
