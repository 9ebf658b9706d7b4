package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTables(t *testing.T) {
	out := filepath.Join(t.TempDir(), "fields.go")
	if err := run([]string{
		"-in", "testdata/crates.yml", "-out", out, "-table", "crateFields=PUT /crates", "-table", "placeFields=PUT /crates:place",
		"-table", "rowFields=PUT /crates:place.rows", "-table", "moveFields=POST /crates",
	}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/crates.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s\nthe whole:\n%s", diff, got)
	}
}

func TestTablesRefuse(t *testing.T) {
	for table, want := range map[string]string{
		"f=PUT /circles":          "contains itself",
		"f=PUT /files":            "knows no file",
		"f=PUT /nothing":          "no fields",
		"f=PUT /gone":             "/gone has no PUT",
		"f=POST /files":           "/files has no POST",
		"f=PUT /crates:nowhere":   "a schema is missing",
		"f=PUT /crates:place.x":   "no fields",
		"f=GET /crates":           "write VARIABLE=METHOD PATH",
		"PUT /crates":             "write VARIABLE=METHOD PATH",
		"f=PUT /crates:":          "write VARIABLE=METHOD PATH",
		"f-=PUT /crates":          "write VARIABLE=METHOD PATH",
		"f=PUT /crates: place":    "write VARIABLE=METHOD PATH",
		"f=PUT /crates:place:row": "write VARIABLE=METHOD PATH",
	} {
		out := filepath.Join(t.TempDir(), "fields.go")
		err := run([]string{"-in", "testdata/crates.yml", "-out", out, "-table", table}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", table, err, want)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: written all the same", table)
		}
	}
}
