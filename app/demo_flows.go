package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"sluice/tenants"
)

// flowSpec is a flow that the demo makes and runs. A file of --flow has it as JSON.
type flowSpec struct {
	Kind    string           `json:"kind"`
	Name    string           `json:"name"` // "": the first flow of the kind, whatever its name
	Source  demoSource       `json:"source"`
	Format  *tenants.Format  `json:"format"`  // nil: the flow's own, which is detected at first
	Mapping *tenants.Mapping `json:"mapping"` // nil: the flow's own, which Sluice suggests at first
	Options tenants.Options  `json:"options"` // nil: the flow's own, which are the defaults at first
}

// demoSource is where a flow reads from: a file that the demo serves, or an address as the API
// takes it. As JSON it is {"kind":"url","url":…} or a text, which is an address or the path of a
// file.
type demoSource struct {
	Kind          string  `json:"kind"`
	URL           string  `json:"url"` // "": File is served
	Authorization *string `json:"authorization,omitempty"`
	File          string  `json:"-"` // "": the example's 2,500 parts
}

func (s *demoSource) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil {
		type plain demoSource
		if err := strict(b, (*plain)(s)); err != nil {
			return err
		}
		if s.Kind != "url" || s.URL == "" {
			return errors.New(`source: give {"kind":"url","url":ADDRESS}, or the path of a file as a text`)
		}
		return nil
	}
	*s = demoSource{Kind: "url"}
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
		s.URL = text
	} else {
		s.File = text
	}
	return nil
}

// flows reads what the command says of its flows.
func (c *demoCommand) flows() ([]flowSpec, error) {
	if c.Kind == "" {
		return nil, errors.New("--kind has to name a kind of flow")
	}
	if len(c.Flow) == 0 {
		spec := flowSpec{Kind: c.Kind, Source: demoSource{Kind: "url", File: c.Feed}}
		if c.Mapping != "" {
			if err := readStrict(c.Mapping, &spec.Mapping); err != nil {
				return nil, err
			}
		}
		if c.Options != "" {
			if err := readStrict(c.Options, &spec.Options); err != nil {
				return nil, err
			}
		}
		return []flowSpec{spec}, nil
	}
	if c.Feed != "" || c.Mapping != "" || c.Options != "" {
		return nil, errors.New("--flow FILE says all of a flow: leave out --feed, --mapping and --options")
	}
	specs := make([]flowSpec, len(c.Flow))
	paths := map[[2]string]string{}
	for i, path := range c.Flow {
		s := &specs[i]
		*s = flowSpec{Kind: c.Kind, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Source: demoSource{Kind: "url"}}
		if err := readStrict(path, s); err != nil {
			return nil, err
		}
		if s.Kind == "" || s.Name == "" {
			return nil, fmt.Errorf("%s: leave kind and name out or give them", path)
		}
		if file := s.Source.File; file != "" && !filepath.IsAbs(file) {
			s.Source.File = filepath.Join(filepath.Dir(path), file)
		}
		key := [2]string{s.Kind, s.Name}
		if other, taken := paths[key]; taken && other != path {
			return nil, fmt.Errorf("%s and %s are both named %q: give one of them another \"name\"", other, path, s.Name)
		}
		paths[key] = path
	}
	return specs, nil
}

// readStrict reads a file with one JSON value. What v does not have is misspelt.
func readStrict(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := strict(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one JSON value")
	}
	return nil
}
