package mapping

import (
	"errors"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// Document is what a row says about a product: target field → typed value.
type Document map[string]any

// Hash identifies the document's content.
func (d Document) Hash() string { return "" }

// JSON returns the canonical JSON of the document.
func (d Document) JSON() []byte { return nil }

// Equal reports whether two values of a field are the same: numbers by value, whatever their Go type.
func Equal(a, b any) bool { return false }

// Program is a compiled mapping.
type Program struct{}

// Compile checks and compiles a mapping.
func Compile(m tenants.Mapping, header []string, fields []bigcommerce.Field) (*Program, error) {
	return nil, errors.ErrUnsupported
}

// Apply maps a CSV row.
func (p *Program) Apply(values []string) (Document, []problem.Field) { return nil, nil }

// ApplyObject maps an NDJSON row.
func (p *Program) ApplyObject(object map[string]any) (Document, []problem.Field) { return nil, nil }

// Suggest proposes a mapping from the column names and some rows.
func Suggest(header []string, sample [][]string) tenants.Mapping { return tenants.Mapping{} }

// Target is a field that a mapping may fill.
type Target struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // string, integer, number, boolean or array
	Required bool     `json:"required"`
	Enum     []string `json:"enum,omitempty"`
	Help     string   `json:"help,omitempty"`
}

// Targets lists the fields that a mapping may fill.
func Targets() []Target { return nil }
