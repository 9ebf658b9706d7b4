package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
)

// TestFamilies: a name that the mapping gives makes a target of its own, within limits.
func TestFamilies(t *testing.T) {
	c := NewCatalogue([]Field{
		{Field: bigcommerce.Field{Name: "code", Type: "string"}, Key: true},
		{Field: bigcommerce.Field{Name: "extra:", Type: "string", MaxLength: 5}, Label: "Extra", Columns: []string{"extra"}, Family: &Family{Names: "Name of the extra", Most: 2, MaxName: 8}},
	}, nil, nil)
	p, err := c.Compile(mappingOf("code", "A", "extra:Colour", "B"), []string{"A", "B"})
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	doc, wrong := apply(t, p, []string{"1", "red"})
	if d := cmp.Diff(Document{"code": "1", "extra:Colour": "red"}, doc); d != "" || len(wrong) > 0 {
		t.Errorf("%s %v", d, wrong)
	}
	if doc, wrong = apply(t, p, []string{"1", "orange"}); len(wrong) > 0 || len(doc) != 1 || len(p.Notes()) != 1 || p.Notes()[0].Field != "extra:Colour" {
		t.Errorf("a value that is too long: %v %v", wrong, p.Notes())
	}
	if got := c.Label("extra:Colour"); got != "Extra Colour" {
		t.Errorf("label %q", got)
	}
	for target, want := range map[string]string{
		"extra:": "needs a name", "extra: x": "spaces around", "extra:abcdefghi": "9 characters", "extra:a\nb": "cannot be seen", "code:x": "no such field", "extra": "no such field",
		"extra:COLOUR": "matched twice",
	} {
		m := mappingOf("code", "A", "extra:Colour", "B", target, "B")
		if _, err := c.Compile(m, []string{"A", "B"}); err == nil || !strings.Contains(fmt.Sprint(fieldsOf(err)), want) {
			t.Errorf("%q: %v", target, fieldsOf(err))
		}
	}
	if _, err := c.Compile(mappingOf("code", "A", "extra:a", "B", "extra:b", "B", "extra:c", "B"), []string{"A", "B"}); err == nil {
		t.Error("three of two at most are taken")
	}
	if s := c.Suggest([]string{"extra"}, nil); len(s.Fields) != 0 {
		t.Errorf("a family is suggested without a name: %v", s.Fields)
	}
}

// TestLinks: what stands between addresses is no part of them, and what is part of one does not
// part it.
func TestLinks(t *testing.T) {
	for in, want := range map[string][]string{
		"https://a/1.jpg":                                 {"https://a/1.jpg"},
		"https://a/1.jpg, https://a/2.jpg":                {"https://a/1.jpg", "https://a/2.jpg"},
		"https://a/w_1,h_2/1.jpg":                         {"https://a/w_1,h_2/1.jpg"},
		"https://a/w_1,h_2/1.jpg|https://a/w_1,h_2/2.jpg": {"https://a/w_1,h_2/1.jpg", "https://a/w_1,h_2/2.jpg"},
		"/m/b/1.jpg,/m/b/2.PNG":                           {"/m/b/1.jpg", "/m/b/2.PNG"},
		"https://a/1;https://a/2\n\nhttps://a/3":          {"https://a/1", "https://a/2", "https://a/3"},
		"a, b":                                            {"a, b"},
		" | ":                                             nil,
	} {
		if d := cmp.Diff(want, splitLinks(in)); d != "" {
			t.Errorf("%q: %s", in, d)
		}
	}
}
