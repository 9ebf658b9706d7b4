package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCatalogueOfTestdata(t *testing.T) {
	out := filepath.Join(t.TempDir(), "fields.go")
	var usage bytes.Buffer
	if err := run([]string{
		"-in", "testdata/widgets.yml", "-out", out, "-path", "/widgets", "-package", "widgets", "-var", "fields",
	}, &usage); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/widgets.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s\nthe whole:\n%s", diff, got)
	}
	if bytes.Contains(got, []byte("Never copied")) {
		t.Error("prose was copied")
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, err := os.ReadFile("testdata/widgets.yml")
	if err != nil {
		t.Fatal(err)
	}
	changed := func(name, from, to string) string {
		if !strings.Contains(string(good), from) {
			t.Fatalf("testdata has no %q", from)
		}
		return write(name, strings.ReplaceAll(string(good), from, to))
	}
	for name, tc := range map[string]struct{ in, path, want string }{
		"no input":            {"", "/widgets", "-in and -out are needed"},
		"no such file":        {filepath.Join(dir, "none.yml"), "/widgets", "no such file"},
		"not YAML":            {write("bad.yml", "paths: [\n"), "/widgets", "yaml"},
		"not OpenAPI":         {write("other.yml", "name: x\n"), "/widgets", "no paths"},
		"another path":        {"testdata/widgets.yml", "/gadgets", "/gadgets does not have"},
		"no PUT":              {changed("noput.yml", "    put:", "    patch:"), "/widgets", "does not have"},
		"no body":             {changed("nobody.yml", "schema: {$ref: '#/components/schemas/widget_Post'}", "example: {}"), "/widgets", "a schema is missing"},
		"a missing reference": {changed("noref.yml", "schemas/box'}", "schemas/crate'}"), "/widgets", "schemas/crate is not in the file"},
		"another file's":      {changed("file.yml", "'#/components/schemas/box'}", "'box.yml#/box'}"), "/widgets", "box.yml#/box is not in the file"},
		"a list in an enum":   {changed("enum.yml", "7]", "[7]]"), "/widgets", "only plain values"},
		"a circle":            {changed("circle.yml", "      properties:\n        height: {type: integer}", "      $ref: '#/components/schemas/box'"), "/widgets", "refers to itself"},
	} {
		t.Run(name, func(t *testing.T) {
			var usage bytes.Buffer
			out := filepath.Join(t.TempDir(), "fields.go")
			err := run([]string{"-in", tc.in, "-out", out, "-path", tc.path}, &usage)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("it wrote a catalogue all the same")
			}
		})
	}
	if err := run([]string{"-in", "testdata/widgets.yml", "-out", filepath.Join(dir, "x.go"), "-path", "/widgets", "-package", "no package"}, &bytes.Buffer{}); err == nil {
		t.Error("source that is not Go was written")
	}
}

func TestReadOnlyProse(t *testing.T) {
	for name, tc := range map[string]struct {
		in   string
		want []string
	}{
		"none":                {"Creates a thing.", nil},
		"bullets":             {"**Read-Only Fields**\n- `id`\n- `date_created`\n", []string{"id", "date_created"}},
		"stars and a gap":     {"**Read-Only Fields:**\n\n* `id` - the ID\n", []string{"id"}},
		"ends at prose":       {"**Read-Only Fields**\n- `id`\n\nSee also:\n- `name`\n", []string{"id"}},
		"ends at a heading":   {"**Read-Only Fields**\n- `id`\n**Required**\n- `name`\n", []string{"id"}},
		"bullet without code": {"**Read-Only Fields**\n- all of them\n- `half\n", nil},
	} {
		if diff := cmp.Diff(tc.want, readOnlyProse(tc.in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
