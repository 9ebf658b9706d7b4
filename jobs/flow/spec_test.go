package flow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
)

func TestCheckOptions(t *testing.T) {
	spec := flow.Spec{Plural: "parts", Options: []flow.Option{
		{Name: "names", Values: []string{"keep", "change"}, Default: "keep"}, {Name: "zero", Values: []string{"refuse", "write"}, Default: "refuse"},
	}}
	for name, test := range map[string]struct {
		options tenants.Options
		want    tenants.Options
		field   string
	}{
		"none":              {nil, tenants.Options{"names": "keep", "zero": "refuse"}, ""},
		"empty":             {tenants.Options{"names": ""}, tenants.Options{"names": "keep", "zero": "refuse"}, ""},
		"one":               {tenants.Options{"zero": "write"}, tenants.Options{"names": "keep", "zero": "write"}, ""},
		"an unknown value":  {tenants.Options{"zero": "perhaps"}, nil, "options.zero"},
		"another type":      {tenants.Options{"zero": true}, nil, "options.zero"},
		"an unknown option": {tenants.Options{"colour": "red"}, nil, "options.colour"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := spec.CheckOptions(test.options)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err != nil) != (test.field != "") || err != nil && problem.CodeOf(err) != problem.Invalid {
				t.Errorf("error %v", err)
			}
		})
	}
}
