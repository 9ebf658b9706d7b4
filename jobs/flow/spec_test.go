package flow_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/tenants"
)

func TestCheckOptions(t *testing.T) {
	spec := flow.Spec{Plural: "parts", Options: []flow.Option{
		{Name: "names", Type: flow.Choice, Values: []flow.Value{{Name: "keep"}, {Name: "change"}}, Default: "keep"},
		{Name: "limit", Type: flow.Number, Min: 0, Max: 100, Default: 20.0},
		{Name: "place", Type: flow.Words},
		{Name: "places", Type: flow.Pairs},
	}}
	defaults := func(with tenants.Options) tenants.Options {
		out := tenants.Options{"names": "keep", "limit": 20.0}
		maps.Copy(out, with)
		return out
	}
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		options tenants.Options
		want    tenants.Options
		field   string
	}{
		"none":                 {nil, defaults(nil), ""},
		"empty":                {tenants.Options{"names": "", "place": "", "limit": nil}, defaults(nil), ""},
		"one":                  {tenants.Options{"names": "change"}, defaults(tenants.Options{"names": "change"}), ""},
		"an unknown value":     {tenants.Options{"names": "perhaps"}, nil, "options.names"},
		"another type":         {tenants.Options{"names": true}, nil, "options.names"},
		"an unknown option":    {tenants.Options{"colour": "red"}, nil, "options.colour"},
		"a number":             {tenants.Options{"limit": 0.0}, defaults(tenants.Options{"limit": 0.0}), ""},
		"no number":            {tenants.Options{"limit": "20"}, nil, "options.limit"},
		"a number too large":   {tenants.Options{"limit": 101.0}, nil, "options.limit"},
		"a text":               {tenants.Options{"place": " Berlin "}, defaults(tenants.Options{"place": "Berlin"}), ""},
		"a text too long":      {tenants.Options{"place": long}, nil, "options.place"},
		"pairs":                {tenants.Options{"places": map[string]any{"a": "b"}}, defaults(tenants.Options{"places": map[string]any{"a": "b"}}), ""},
		"pairs of no texts":    {tenants.Options{"places": map[string]any{"a": 1.0}}, nil, "options.places"},
		"pairs with long text": {tenants.Options{"places": map[string]any{"a": long}}, nil, "options.places"},
		"a list for pairs":     {tenants.Options{"places": []any{"a"}}, nil, "options.places"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := spec.CheckOptions(test.options)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var refused *problem.Error
			switch errors.As(err, &refused); {
			case test.field == "" && err != nil:
				t.Errorf("error %v", err)
			case test.field != "" && (refused == nil || refused.Code != problem.Invalid || refused.Fields[0].Field != test.field):
				t.Errorf("error %v, want Invalid with %s", err, test.field)
			}
		})
	}
}
