package openapi

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// document is the description as far as the page shows it. Nodes keep the order of the file.
type document struct {
	Info struct {
		Title       string `yaml:"title"`
		Summary     string `yaml:"summary"`
		Description string `yaml:"description"`
	} `yaml:"info"`
	Tags []struct {
		Name        string `yaml:"name"`
		Description string `yaml:"description"`
	} `yaml:"tags"`
	Paths      yaml.Node `yaml:"paths"`
	Components struct {
		SecuritySchemes yaml.Node             `yaml:"securitySchemes"`
		Parameters      map[string]*parameter `yaml:"parameters"`
		Headers         map[string]*header    `yaml:"headers"`
		Responses       map[string]*response  `yaml:"responses"`
		Schemas         yaml.Node             `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	ID          string                      `yaml:"operationId"`
	Tags        []string                    `yaml:"tags"`
	Summary     string                      `yaml:"summary"`
	Description string                      `yaml:"description"`
	Access      string                      `yaml:"x-access"`
	MaxBody     int64                       `yaml:"x-max-body-bytes"`
	Limits      []rateLimit                 `yaml:"x-rate-limits"`
	Security    []map[string][]string       `yaml:"security"`
	Parameters  []*parameter                `yaml:"parameters"`
	RequestBody struct{ Content yaml.Node } `yaml:"requestBody"`
	Responses   yaml.Node                   `yaml:"responses"`
}

type rateLimit struct {
	Per     string `yaml:"per"`
	Burst   int    `yaml:"burst"`
	EveryMS int    `yaml:"every_ms"`
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name        string `yaml:"name"`
	In          string `yaml:"in"`
	Required    bool   `yaml:"required"`
	Description string `yaml:"description"`
	Schema      schema `yaml:"schema"`
}

type header struct {
	Ref         string `yaml:"$ref"`
	Description string `yaml:"description"`
}

type response struct {
	Ref         string    `yaml:"$ref"`
	Description string    `yaml:"description"`
	Headers     yaml.Node `yaml:"headers"`
	Content     yaml.Node `yaml:"content"`
}

type schema struct {
	Ref         string      `yaml:"$ref"`
	Type        yaml.Node   `yaml:"type"`
	Format      string      `yaml:"format"`
	Description string      `yaml:"description"`
	Enum        []string    `yaml:"enum"`
	Default     *string     `yaml:"default"`
	Pattern     string      `yaml:"pattern"`
	Minimum     *string     `yaml:"minimum"`
	Maximum     *string     `yaml:"maximum"`
	MinLength   *string     `yaml:"minLength"`
	MaxLength   *string     `yaml:"maxLength"`
	MinItems    *string     `yaml:"minItems"`
	MaxItems    *string     `yaml:"maxItems"`
	Required    []string    `yaml:"required"`
	Properties  yaml.Node   `yaml:"properties"`
	Additional  yaml.Node   `yaml:"additionalProperties"`
	Items       *schema     `yaml:"items"`
	OneOf       []schema    `yaml:"oneOf"`
	AllOf       []schema    `yaml:"allOf"`
	Examples    []yaml.Node `yaml:"examples"`
}

type media struct {
	Schema  schema    `yaml:"schema"`
	Example yaml.Node `yaml:"example"`
}

// each calls f with the keys and values of a mapping, in order.
func each(node *yaml.Node, f func(key string, value *yaml.Node) error) error {
	if node.Kind == 0 {
		return nil // absent
	}
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping is needed", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if err := f(node.Content[i].Value, node.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// refName is the last part of a reference to a component, "" for none.
func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// types returns the types of a schema without null, and whether null is one of them.
func (s *schema) types() (names []string, nullable bool) {
	all := []*yaml.Node{&s.Type}
	if s.Type.Kind == yaml.SequenceNode {
		all = s.Type.Content
	}
	for _, n := range all {
		switch n.Value {
		case "":
		case "null":
			nullable = true
		default:
			names = append(names, n.Value)
		}
	}
	return names, nullable
}
