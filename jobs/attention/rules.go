package attention

import (
	"fmt"

	"sluice/tenants"
)

// Param is a number that a rule has.
type Param struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	Unit    string `json:"unit"`
	Default int64  `json:"default"`
	Min     int64  `json:"min"`
	Max     int64  `json:"max"`
}

// Rule says when people are told of problems.
type Rule struct {
	Name    string
	Label   string
	Help    string
	Enabled bool // unless a store chose otherwise
	Params  []Param
	Causes  []string // of the problems that it tells of
	// Looked: what the rule is about is looked for only while it is on.
	Looked bool
}

// The causes of problems. They are stored: they never change their meaning.
const (
	CauseRunFailed  = "run_failed"
	CauseProblems   = "problems"
	CauseLate       = "late"
	CauseNoData     = "no_data"
	CauseShrank     = "shrank"
	CauseSecretAge  = "secret_age"
	CauseWebhookOff = "webhook_off"
	CauseReinstall  = "reinstall"
	CausePermission = "permission"
	CauseAsking     = "asking"
)

// Rules are all of them, in the order in which a list shows them.
var Rules = []Rule{
	{Name: CauseRunFailed, Label: "A run failed", Help: "A run could not go on, or nobody answered its question in time.", Enabled: true, Causes: []string{CauseRunFailed}},
	{Name: CauseProblems, Label: "Records were left out", Help: "A run left out more records than this, or a larger part of them. Fewer are shown under “Needs attention” all the same.", Enabled: true,
		Params: []Param{
			{Name: "count", Label: "More than this many records", Unit: "records", Default: 10, Min: 0, Max: 1_000_000},
			{Name: "percent", Label: "Or more than this part of all", Unit: "%", Default: 5, Min: 0, Max: 100},
		}, Causes: []string{CauseProblems}},
	{Name: CauseAsking, Label: "A run asks you", Help: "A run found something that looks like a mistake, and waits for your answer before it writes.", Enabled: true, Causes: []string{CauseAsking}},
	{Name: CauseShrank, Label: "The file shrank", Help: "The file has far fewer records than the last time, has none, or ends too soon.", Enabled: true, Causes: []string{CauseShrank}},
	{Name: CauseLate, Label: "A sync is late", Help: "A run that the schedule asks for has not ended in time.", Enabled: true,
		Params: []Param{{Name: "minutes", Label: "Late by more than", Unit: "minutes", Default: 60, Min: 5, Max: 10_080}}, Causes: []string{CauseLate}, Looked: true},
	{Name: CauseNoData, Label: "No new data", Help: "No run has brought in records for this long.",
		Params: []Param{{Name: "hours", Label: "For more than", Unit: "hours", Default: 24, Min: 1, Max: 2_160}}, Causes: []string{CauseNoData}, Looked: true},
	{Name: CauseSecretAge, Label: "A password is old", Help: "The password or key that a source asks for has not been changed for this long.", Enabled: true,
		Params: []Param{{Name: "days", Label: "For more than", Unit: "days", Default: 365, Min: 1, Max: 3_650}}, Causes: []string{CauseSecretAge}, Looked: true},
	{Name: CauseWebhookOff, Label: "BigCommerce's notices were off", Help: "BigCommerce had stopped telling Sluice of changes in your store.", Enabled: true, Causes: []string{CauseWebhookOff}},
	{Name: CauseReinstall, Label: "Sluice needs access again", Help: "Sluice has to be installed again, or a permission is missing. What needs it is paused.", Enabled: true, Causes: []string{CauseReinstall, CausePermission}},
}

// Chosen is a store's choice for a rule: its own, or the default.
func (r Rule) Chosen(s tenants.AlertSettings) tenants.AlertRule {
	own, ok := s.Rules[r.Name]
	if !ok {
		own.Enabled = r.Enabled
	}
	params := make(map[string]int64, len(r.Params))
	for _, p := range r.Params {
		params[p.Name] = p.Default
		if v, ok := own.Params[p.Name]; ok {
			params[p.Name] = v
		}
	}
	own.Params = params
	return own
}

// Check returns a store's choice for the rule of that name as it is kept. field and wrong say what
// is not right; wrong is "" if all is.
func Check(name string, choice tenants.AlertRule) (kept tenants.AlertRule, field, wrong string) {
	for _, r := range Rules {
		if r.Name != name {
			continue
		}
		kept = tenants.AlertRule{Enabled: choice.Enabled, Params: map[string]int64{}}
		for _, p := range r.Params {
			v, ok := choice.Params[p.Name]
			if !ok {
				continue
			}
			if v < p.Min || v > p.Max {
				return kept, p.Name, fmt.Sprintf("choose %d to %d", p.Min, p.Max)
			}
			kept.Params[p.Name] = v
		}
		for given := range choice.Params {
			if _, ok := kept.Params[given]; !ok {
				return kept, given, "is not known"
			}
		}
		return kept, "", ""
	}
	return kept, "", "is not known"
}

// chosen are a store's choices for all rules, by the causes that they tell of.
type chosen map[string]tenants.AlertRule

func choose(s tenants.AlertSettings) chosen {
	c := chosen{}
	for _, r := range Rules {
		for _, cause := range r.Causes {
			c[cause] = r.Chosen(s)
		}
	}
	return c
}

// looks reports whether a cause is looked for.
func (c chosen) looks(cause string) bool {
	for _, r := range Rules {
		if r.Name == cause && r.Looked {
			return c[cause].Enabled
		}
	}
	return true
}
