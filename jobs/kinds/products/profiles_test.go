package products

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var markOfColumn = regexp.MustCompile(`\{\{(.+?)\}\}`)

// TestProfiles: each profile is recognised by a header with all of its columns, no other takes its
// files, and all that it says can be compiled.
func TestProfiles(t *testing.T) {
	list := catalogue.Profiles()
	if len(list) < 20 {
		t.Fatalf("%d profiles", len(list))
	}
	for _, p := range list {
		t.Run(p.Name, func(t *testing.T) {
			header := slices.Clone(p.Header.All)
			add := func(expression string) {
				for _, m := range markOfColumn.FindAllStringSubmatch(expression, -1) {
					name := strings.NewReplacer("#", "1", "*", "Form").Replace(m[1])
					if !slices.Contains(header, name) && !slices.Contains(p.Header.None, name) {
						header = append(header, name)
					}
				}
			}
			for _, f := range p.Fields {
				add(f.Expression)
			}
			for _, l := range p.Layouts {
				for _, e := range []string{l.Key, l.Start, l.Parent, l.Children, l.Leave} {
					add(e)
				}
			}
			for _, name := range p.Header.Any {
				if !slices.Contains(header, name) {
					header = append(header, name)
				}
			}
			s := catalogue.Suggest(header, nil)
			if s.Profile == nil || s.Profile.Name != p.Name {
				t.Fatalf("%v is taken for %+v", header, s.Profile)
			}
			if s.Without == nil || p.Label == "" {
				t.Error("no way to go without, or no label")
			}
			m := s.Mapping()
			for _, a := range s.Asks {
				for _, f := range a.Fields {
					f.Expression = strings.ReplaceAll(f.Expression, "{ANSWER}", "https://a.example/")
					m.Fields = append(m.Fields, f)
				}
			}
			_, faults, err := catalogue.Try(m, header)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range faults.Wrong {
				t.Errorf("%s: %s", w.Field, w.Message)
			}
			if len(faults.Missing) > 0 && p.Options["mode"] != "update" {
				t.Errorf("missing %+v", faults.Missing)
			}
			if (len(p.Layouts) > 0) != (s.Layout != nil) {
				t.Errorf("layout %+v", s.Layout)
			}
		})
	}
}
