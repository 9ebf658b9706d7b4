package openapi

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// The page's content.
type pageView struct {
	Title, Summary string
	Style          template.CSS
	YAMLPath       string
	Description    []paragraph
	Tags           []*tagView
	Schemes        []schemeView
	Schemas        []schemaView
}

// paragraph is text with parts in code.
type paragraph []span

type span struct {
	Text string
	Code bool
}

type tagView struct {
	ID, Name    string
	Description []paragraph
	Operations  []operationView
}

type operationView struct {
	ID, Method, Path, Summary string
	Description               []paragraph
	Access                    string
	Schemes                   []string // names of the schemes that do, with scopes
	MaxBody                   string
	Limits                    []string
	Parameters                []fieldView
	Bodies                    []bodyView
	Responses                 []responseView
}

type fieldView struct {
	Name, In    string
	Required    bool
	Type        typeView
	Description []paragraph
}

// typeView is a type in words, about the schema that it links to.
type typeView struct{ Before, Link, After string }

type bodyView struct {
	Media, Link, Example string
}

type responseView struct {
	Status      string
	Description []paragraph
	Codes       []string // of a problem
	Headers     []string
	Bodies      []bodyView
}

type schemeView struct {
	Name        string
	Description []paragraph
}

type schemaView struct {
	Name        string
	Description []paragraph
	Type        typeView
	Fields      []fieldView
	Example     string
}

// accessText says who may call.
var accessText = map[string]string{
	"read":      "Anybody who may open the panel, and API keys that read flows",
	"write":     "Owner and administrators, and API keys that write flows",
	"admin":     "Owner and administrators in person, never an API key",
	"owner":     "The store's owner in person, never an API key",
	"accounts":  "Owner and administrators, and API keys that write accounts",
	"login":     "API keys that sign customers in, never a person",
	"public":    "Everybody",
	"shopper":   "A shopper, with the session that current-customer answered",
	"signature": "BigCommerce, by its signature",
}

// view reads the description.
func view(text []byte) (*pageView, error) {
	var d document
	if err := yaml.Unmarshal(text, &d); err != nil {
		return nil, err
	}
	v := &pageView{Title: d.Info.Title, Summary: d.Info.Summary, Description: paragraphs(d.Info.Description)}
	tags := map[string]*tagView{}
	for _, t := range d.Tags {
		one := &tagView{ID: "tag-" + strings.ReplaceAll(strings.ToLower(t.Name), " ", "-"), Name: t.Name, Description: paragraphs(t.Description)}
		tags[t.Name] = one
		v.Tags = append(v.Tags, one)
	}
	schemas := map[string]*schema{}
	err := each(&d.Components.Schemas, func(name string, node *yaml.Node) error {
		s := new(schema)
		schemas[name] = s
		return node.Decode(s)
	})
	if err != nil {
		return nil, err
	}
	b := builder{d: &d, schemas: schemas}
	err = each(&d.Paths, func(path string, item *yaml.Node) error {
		shared := struct {
			Parameters []*parameter `yaml:"parameters"`
		}{}
		if err := item.Decode(&shared); err != nil {
			return err
		}
		return each(item, func(method string, node *yaml.Node) error {
			if method == "parameters" {
				return nil
			}
			var op operation
			if err := node.Decode(&op); err != nil {
				return err
			}
			op.Parameters = append(slices.Clone(shared.Parameters), op.Parameters...)
			if len(op.Tags) != 1 || tags[op.Tags[0]] == nil {
				return fmt.Errorf("%s %s needs one tag that is listed", method, path)
			}
			one, err := b.operation(method, path, &op)
			if err == nil {
				tags[op.Tags[0]].Operations = append(tags[op.Tags[0]].Operations, one)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	err = each(&d.Components.SecuritySchemes, func(name string, node *yaml.Node) error {
		var s header
		err := node.Decode(&s)
		v.Schemes = append(v.Schemes, schemeView{name, paragraphs(s.Description)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, each(&d.Components.Schemas, func(name string, _ *yaml.Node) error {
		one, err := b.schema(name)
		v.Schemas = append(v.Schemas, one)
		return err
	})
}

type builder struct {
	d       *document
	schemas map[string]*schema
}

func (b *builder) operation(method, path string, op *operation) (operationView, error) {
	access, ok := accessText[op.Access]
	if !ok {
		return operationView{}, fmt.Errorf("%s %s: x-access is %q", method, path, op.Access)
	}
	v := operationView{ID: op.ID, Method: strings.ToUpper(method), Path: path, Summary: op.Summary, Description: paragraphs(op.Description), Access: access}
	for _, alternative := range op.Security {
		for scheme, scopes := range alternative {
			v.Schemes = append(v.Schemes, strings.TrimSpace(scheme+" "+strings.Join(scopes, " ")))
		}
	}
	if op.MaxBody > 0 {
		v.MaxBody = size(op.MaxBody)
	}
	for _, l := range op.Limits {
		v.Limits = append(v.Limits, fmt.Sprintf("per %s %d at once, then one every %d ms", l.Per, l.Burst, l.EveryMS))
	}
	for _, p := range op.Parameters {
		if p.Ref != "" {
			p = b.d.Components.Parameters[refName(p.Ref)]
		}
		v.Parameters = append(v.Parameters, fieldView{p.Name, p.In, p.Required, typeOf(&p.Schema), paragraphs(p.Description)})
	}
	var err error
	if v.Bodies, err = b.bodies(&op.RequestBody.Content); err != nil {
		return v, err
	}
	return v, each(&op.Responses, func(status string, node *yaml.Node) error {
		var r response
		if err := node.Decode(&r); err != nil {
			return err
		}
		if r.Ref != "" {
			r = *b.d.Components.Responses[refName(r.Ref)]
		}
		one := responseView{Status: status, Description: paragraphs(r.Description)}
		err := each(&r.Headers, func(name string, _ *yaml.Node) error {
			one.Headers = append(one.Headers, name)
			return nil
		})
		if err != nil {
			return err
		}
		if one.Bodies, err = b.bodies(&r.Content); err == nil {
			one.Codes, err = codes(&r.Content)
		}
		v.Responses = append(v.Responses, one)
		return err
	})
}

func (b *builder) bodies(content *yaml.Node) (views []bodyView, err error) {
	err = each(content, func(name string, node *yaml.Node) error {
		var m media
		if err := node.Decode(&m); err != nil {
			return err
		}
		one := bodyView{Media: name, Link: refName(m.Schema.Ref)}
		example := &m.Example
		if s := b.schemas[one.Link]; example.Kind == 0 && s != nil && len(s.Examples) > 0 {
			example = &s.Examples[0]
		}
		one.Example, err = exampleText(example)
		views = append(views, one)
		return err
	})
	return views, err
}

// codes returns the codes that a problem may have: those of the schema beside Problem.
func codes(content *yaml.Node) (names []string, err error) {
	err = each(content, func(_ string, node *yaml.Node) error {
		var m media
		if err := node.Decode(&m); err != nil {
			return err
		}
		for _, part := range m.Schema.AllOf {
			err := each(&part.Properties, func(_ string, node *yaml.Node) error {
				var code schema
				err := node.Decode(&code)
				names = append(names, code.Enum...)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return names, err
}

func (b *builder) schema(name string) (schemaView, error) {
	s := b.schemas[name]
	v := schemaView{Name: name, Description: paragraphs(s.Description), Type: typeOf(s)}
	if len(s.Examples) > 0 {
		var err error
		if v.Example, err = exampleText(&s.Examples[0]); err != nil {
			return v, err
		}
	}
	return v, fields(s, "", &v.Fields)
}

// fields lists the properties of a schema, and below them those of objects that have no name of
// their own.
func fields(s *schema, under string, list *[]fieldView) error {
	return each(&s.Properties, func(name string, node *yaml.Node) error {
		var p schema
		if err := node.Decode(&p); err != nil {
			return err
		}
		*list = append(*list, fieldView{Name: under + name, Required: slices.Contains(s.Required, name), Type: typeOf(&p), Description: paragraphs(p.Description)})
		if p.Items != nil && p.Items.Ref == "" {
			return fields(p.Items, under+name+"[].", list)
		}
		return fields(&p, under+name+".", list)
	})
}
