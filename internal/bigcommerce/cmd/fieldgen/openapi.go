package main

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"
)

// document is the part of an OpenAPI file that a catalogue is made from.
type document struct {
	Paths      map[string]pathItem `yaml:"paths"`
	Components struct {
		Schemas    map[string]*schema   `yaml:"schemas"`
		Parameters map[string]parameter `yaml:"parameters"`
	} `yaml:"components"`
}

type pathItem struct {
	Get  *operation `yaml:"get"`
	Post *operation `yaml:"post"`
	Put  *operation `yaml:"put"`
}

// parameter is one of an operation's, or a reference to one.
type parameter struct {
	Ref    string  `yaml:"$ref"`
	Name   string  `yaml:"name"`
	Schema *schema `yaml:"schema"`
}

type operation struct {
	Parameters  []parameter        `yaml:"parameters"`
	Description string             `yaml:"description"`
	RequestBody content            `yaml:"requestBody"`
	Responses   map[string]content `yaml:"responses"`
}

type content struct {
	Content map[string]struct {
		Schema *schema `yaml:"schema"`
	} `yaml:"content"`
}

func (c content) json() *schema { return c.Content["application/json"].Schema }

type schema struct {
	Ref        string             `yaml:"$ref"`
	AllOf      []*schema          `yaml:"allOf"`
	OneOf      []*schema          `yaml:"oneOf"`
	AnyOf      []*schema          `yaml:"anyOf"`
	Type       string             `yaml:"type"`
	Format     string             `yaml:"format"`
	Properties map[string]*schema `yaml:"properties"`
	Items      *schema            `yaml:"items"`
	Required   stringList         `yaml:"required"`
	ReadOnly   bool               `yaml:"readOnly"`
	Nullable   bool               `yaml:"nullable"`
	MinLength  int                `yaml:"minLength"`
	MaxLength  int                `yaml:"maxLength"`
	MaxItems   int                `yaml:"maxItems"`
	Minimum    *float64           `yaml:"minimum"`
	Maximum    *float64           `yaml:"maximum"`
	Enum       stringList         `yaml:"enum"`
	Default    any                `yaml:"default"`
	// Description is read for what the files say only in prose; it is never written.
	Description string `yaml:"description"`
}

// stringList takes a list's values but null as text, and anything but a list as empty: the files
// have "required: true" in places, and enums of numbers.
type stringList []string

func (l *stringList) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return nil
	}
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: only plain values can be in this list", item.Line)
		}
		if item.Tag != "!!null" {
			*l = append(*l, item.Value)
		}
	}
	return nil
}

func parse(raw []byte) (*document, error) {
	var doc document
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	if len(doc.Paths) == 0 {
		return nil, errors.New("not an OpenAPI file: it has no paths")
	}
	return &doc, nil
}

const (
	refPrefix       = "#/components/schemas/"
	parameterPrefix = "#/components/parameters/"
)

// listOf returns the words that the parameter called name, a list, may have; nil for any or no such
// parameter.
func (d *document) listOf(parameters []parameter, name string) ([]string, error) {
	for _, p := range parameters {
		if p.Ref != "" {
			target, ok := d.Components.Parameters[strings.TrimPrefix(p.Ref, parameterPrefix)]
			if !ok || !strings.HasPrefix(p.Ref, parameterPrefix) {
				return nil, fmt.Errorf("%s is not in the file", p.Ref)
			}
			p = target
		}
		if p.Name != name || p.Schema == nil || p.Schema.Items == nil {
			continue
		}
		items, err := d.resolve(p.Schema.Items)
		if err != nil {
			return nil, err
		}
		return items.Enum, nil
	}
	return nil, nil
}

// resolve returns s with its $ref followed and its allOf merged, so that Properties, Required and
// Type are those of the whole. Properties themselves are left as they are.
func (d *document) resolve(s *schema) (*schema, error) { return d.resolveWithin(s, nil) }

func (d *document) resolveWithin(s *schema, refs []string) (*schema, error) {
	if s == nil {
		return nil, errors.New("a schema is missing")
	}
	if s.Ref != "" {
		for _, seen := range refs {
			if seen == s.Ref {
				return nil, fmt.Errorf("%s refers to itself", s.Ref)
			}
		}
		target, ok := d.Components.Schemas[strings.TrimPrefix(s.Ref, refPrefix)]
		if !ok || !strings.HasPrefix(s.Ref, refPrefix) {
			return nil, fmt.Errorf("%s is not in the file", s.Ref)
		}
		return d.resolveWithin(target, append(refs, s.Ref))
	}
	if len(s.AllOf) == 0 {
		return s, nil
	}
	whole := *s
	whole.AllOf = nil
	whole.Properties = maps.Clone(s.Properties)
	if whole.Properties == nil {
		whole.Properties = map[string]*schema{}
	}
	for _, part := range s.AllOf {
		p, err := d.resolveWithin(part, refs)
		if err != nil {
			return nil, err
		}
		if whole.Type == "" {
			whole.Type = p.Type
		}
		whole.ReadOnly = whole.ReadOnly || p.ReadOnly
		whole.Required = append(whole.Required[:len(whole.Required):len(whole.Required)], p.Required...)
		for name, property := range p.Properties { // the first to name a property describes it
			if _, ok := whole.Properties[name]; !ok {
				whole.Properties[name] = property
			}
		}
	}
	return &whole, nil
}
