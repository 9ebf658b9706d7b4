package prices

import (
	"strings"

	"sluice/internal/problem"
	"sluice/tenants"
)

// Check refuses options that no row could make good.
func (prices) Check(f *tenants.Flow) error {
	refuse := func(option, message string) error {
		return problem.New(problem.Invalid, "An option is not right.").WithField("options."+option, "%s", message)
	}
	if _, problem := parseAssigned(f.Options[optionAssign]); problem != "" {
		return refuse(optionAssign, problem)
	}
	if code := strings.TrimSpace(f.Options.Text(optionCurrency)); code != "" && !isCurrency(code) {
		return refuse(optionCurrency, "give the code of a currency, three letters such as EUR")
	}
	return nil
}

// isCurrency reports whether text has the form of a currency's code.
func isCurrency(text string) bool {
	return len(text) == 3 && strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
