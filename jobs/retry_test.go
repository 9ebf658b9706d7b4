package jobs

import (
	"strings"
	"testing"

	"sluice/jobs/flow"
	"sluice/tenants"
)

// TestRetryable: a retry is offered when it may end otherwise than the run did, and says why.
func TestRetryable(t *testing.T) {
	mapping := func(expression string) tenants.Mapping {
		return tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: expression}}}
	}
	kind := flow.Spec{Plural: "gadgets", Options: []flow.Option{{Name: "size", Type: flow.Number, Max: 9, Default: 3.0}}}
	for name, c := range map[string]struct {
		change func(r *tenants.Run, f *tenants.Flow)
		gone   bool // the flow
		want   bool
		reason string
	}{
		"nothing changed":          {want: false, reason: "Nothing has changed"},
		"the matching":             {change: func(_ *tenants.Run, f *tenants.Flow) { f.Mapping = mapping("Code") }, want: true, reason: "matching"},
		"what it ignores":          {change: func(_ *tenants.Run, f *tenants.Flow) { f.Mapping.Ignored = []string{"colour"} }, want: false, reason: "Nothing"},
		"an option":                {change: func(_ *tenants.Run, f *tenants.Flow) { f.Options = tenants.Options{"size": 4.0} }, want: true, reason: "rules"},
		"an option to its default": {change: func(_ *tenants.Run, f *tenants.Flow) { f.Options = tenants.Options{"size": 3.0} }, want: false, reason: "Nothing"},
		"another file":             {change: func(_ *tenants.Run, f *tenants.Flow) { f.SnapshotID = "s2" }, want: true, reason: "file"},
		"an address":               {change: func(_ *tenants.Run, f *tenants.Flow) { f.SnapshotID = "" }, want: true, reason: "read again"},
		"how it is read":           {change: func(_ *tenants.Run, f *tenants.Flow) { f.Format.Delimiter = ";" }, want: true, reason: "file"},
		"it is read as detected":   {change: func(_ *tenants.Run, f *tenants.Flow) { f.Format.Type = "csv" }, want: false, reason: "Nothing"},
		"it may have passed":       {change: func(r *tenants.Run, _ *tenants.Flow) { r.Passing = 1 }, want: true, reason: "BigCommerce"},
		"none failed":              {change: func(r *tenants.Run, _ *tenants.Flow) { r.Failed = 0 }, want: false, reason: "no failed records"},
		"under way":                {change: func(r *tenants.Run, _ *tenants.Flow) { r.State = tenants.RunRunning }, want: false, reason: "not over"},
		"before it read":           {change: func(r *tenants.Run, _ *tenants.Flow) { r.SnapshotID = "" }, want: false, reason: "before its source"},
		"without its flow":         {gone: true, want: false, reason: "deleted"},
	} {
		r := &tenants.Run{State: tenants.RunDone, Counts: tenants.Counts{Total: 2, Failed: 1}, SnapshotID: "s1", Mapping: mapping("SKU"),
			Format: tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ","}, Options: tenants.Options{"size": 3.0}}
		f := &tenants.Flow{SnapshotID: "s1", Mapping: mapping("SKU")}
		if c.change != nil {
			c.change(r, f)
		}
		if c.gone {
			f = nil
		}
		if ok, reason := Retryable(r, f, kind); ok != c.want || !strings.Contains(reason, c.reason) {
			t.Errorf("%s: %v, %q", name, ok, reason)
		}
	}
}
