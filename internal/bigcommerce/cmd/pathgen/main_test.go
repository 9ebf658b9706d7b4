package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const wantTable = "GET /v2/clock\nGET,POST /v3/things\nDELETE,GET,PUT /v3/things/{#}\nGET,PUT /v3/things/{#}/parts/{*}\n"

func TestTableOfTestdata(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table.go")
	if err := run([]string{"-in", "testdata", "-out", out, "-package", "things", "-const", "calls"}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(got), "package things\n") || !strings.Contains(string(got), "const calls = `\n"+wantTable+"`\n") {
		t.Errorf("%s", got)
	}
	if bytes.Contains(got, []byte("Never copied")) {
		t.Error("prose was copied")
	}
}

func TestRunRefuses(t *testing.T) {
	folder := func(content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.yml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	const server = "servers: [{url: 'https://api.example.com/stores/{store_hash}/v3'}]\n"
	for name, tc := range map[string]struct{ in, want string }{
		"no input":                    {"", "-in and -out are needed"},
		"no such folder":              {filepath.Join(t.TempDir(), "none"), "no such file"},
		"nothing in it":               {t.TempDir(), "no descriptions"},
		"not YAML":                    {folder("paths: [\n"), "yaml"},
		"only other hosts":            {folder("servers: [{url: 'https://shop.example'}]\npaths: {/x: {get: {}}}\n"), "no descriptions"},
		"a missing reference":         {folder(server + "paths: {'/x/{id}': {get: {parameters: [{$ref: '#/components/parameters/none'}]}}}\n"), "none is not in the file"},
		"another file's":              {folder(server + "paths: {'/x/{id}': {parameters: [{$ref: 'a.yml#/x'}], get: {}}}\n"), "a.yml#/x is not in the file"},
		"parameters that are no list": {folder(server + "paths: {/x: {parameters: 3}}\n"), "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "table.go")
			err := run([]string{"-in", tc.in, "-out", out}, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("it wrote a table all the same")
			}
		})
	}
	if err := run([]string{"-in", "testdata", "-out", filepath.Join(t.TempDir(), "x.go"), "-package", "no package"}, &bytes.Buffer{}); err == nil {
		t.Error("source that is not Go was written")
	}
}
