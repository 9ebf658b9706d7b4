package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPicturesOfTheDocumentation holds the pictures in docs/images against what refers to them, and
// against the pages of the panel, which each have one.
func TestPicturesOfTheDocumentation(t *testing.T) {
	shown := map[string]bool{}
	texts, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(texts, "../README.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\((?:docs/)?images/([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
			shown[m[1]] = true
		}
	}
	have := map[string]bool{}
	files, err := os.ReadDir("../docs/images")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		have[f.Name()] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(shown)), slices.Sorted(maps.Keys(have))); diff != "" {
		t.Errorf("what the documentation shows (-) and docs/images (+) differ:\n%s", diff)
	}

	pages, err := os.ReadFile(filepath.Join(panelSource, "dev/pages.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\{ name: '([a-z-]+)', path: '[^']*' \}`).FindAllSubmatch(pages, -1)
	if len(found) < 20 {
		t.Errorf("%d pages of the panel", len(found))
	}
	for _, page := range found {
		if name := "panel-" + string(page[1]) + ".png"; !shown[name] {
			t.Errorf("no text shows %s", name)
		}
	}
}
