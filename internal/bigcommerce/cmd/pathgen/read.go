package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// call is a documented path with its methods, sorted and separated by commas.
type call struct{ methods, path string }

// document is the part of an OpenAPI file that the table is made from.
type document struct {
	Servers []struct {
		URL string `yaml:"url"`
	} `yaml:"servers"`
	Paths      map[string]map[string]yaml.Node `yaml:"paths"`
	Components struct {
		Parameters map[string]parameter `yaml:"parameters"`
	} `yaml:"components"`
}

type parameter struct {
	Ref    string `yaml:"$ref"`
	Name   string `yaml:"name"`
	In     string `yaml:"in"`
	Schema struct {
		Type string `yaml:"type"`
	} `yaml:"schema"`
}

// methods are the keys of a path that are calls; the others describe all of them.
var methods = []string{"delete", "get", "head", "options", "patch", "post", "put"}

// template is one path while the files are read: what they say of each of its parameters, by place.
type template struct {
	methods []string
	kinds   map[int]map[string]bool
}

// read returns the calls of every file below dir, by path. Files about other hosts (storefronts,
// what an app itself serves) have none.
func read(dir string) ([]call, error) {
	all := map[string]*template{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		ext := filepath.Ext(path)
		if err != nil || entry.IsDir() || ext != ".yml" && ext != ".yaml" || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc document
		if err := yaml.Unmarshal(raw, &doc); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := doc.collect(all); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New(dir + " has no descriptions of calls under /stores/{store_hash}")
	}
	calls := make([]call, 0, len(all))
	for path, t := range all {
		slices.Sort(t.methods)
		calls = append(calls, call{strings.ToUpper(strings.Join(slices.Compact(t.methods), ",")), t.typed(path)})
	}
	slices.SortFunc(calls, func(a, b call) int { return cmp.Compare(a.path, b.path) })
	return calls, nil
}

var (
	storeServer = regexp.MustCompile(`/stores/\{[^/}]+\}/(v[23])/?$`)
	placeholder = regexp.MustCompile(`^\{([^{}]+)\}$`)
)

func (d *document) collect(all map[string]*template) error {
	base := ""
	for _, s := range d.Servers {
		if m := storeServer.FindStringSubmatch(s.URL); m != nil {
			base = "/" + m[1]
			break
		}
	}
	if base == "" {
		return nil
	}
	for path, item := range d.Paths {
		segments := strings.Split(base+strings.TrimSuffix(path, "/"), "/")
		names := map[string]int{}
		for i, s := range segments {
			if m := placeholder.FindStringSubmatch(s); m != nil {
				names[m[1]], segments[i] = i, "{}"
			}
		}
		shape := strings.Join(segments, "/")
		t := all[shape]
		if t == nil {
			t = &template{kinds: map[int]map[string]bool{}}
			all[shape] = t
		}
		for key, node := range item {
			var list []parameter
			if key == "parameters" {
				if err := node.Decode(&list); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			} else if slices.Contains(methods, key) {
				var operation struct {
					Parameters []parameter `yaml:"parameters"`
				}
				if err := node.Decode(&operation); err != nil {
					return fmt.Errorf("%s %s: %w", key, path, err)
				}
				t.methods, list = append(t.methods, key), operation.Parameters
			}
			if err := d.note(t, list, names); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return nil
}

const refPrefix = "#/components/parameters/"

// note adds to t the types of the path's parameters.
func (d *document) note(t *template, list []parameter, names map[string]int) error {
	for _, p := range list {
		if p.Ref != "" {
			target, ok := d.Components.Parameters[strings.TrimPrefix(p.Ref, refPrefix)]
			if !ok || !strings.HasPrefix(p.Ref, refPrefix) {
				return fmt.Errorf("%s is not in the file", p.Ref)
			}
			p = target
		}
		at, ours := names[p.Name]
		if p.In != "path" || !ours {
			continue
		}
		if t.kinds[at] == nil {
			t.kinds[at] = map[string]bool{}
		}
		t.kinds[at][p.Schema.Type] = true
	}
	return nil
}

// typed is a shape with its parameters: {#} where all that the files say is integer.
func (t *template) typed(shape string) string {
	segments := strings.Split(shape, "/")
	for i, s := range segments {
		if s == "{}" {
			segments[i] = "{*}"
			if kinds := t.kinds[i]; len(kinds) == 1 && kinds["integer"] {
				segments[i] = "{#}"
			}
		}
	}
	return strings.Join(segments, "/")
}
