package bigcommerce

import "slices"

// Field describes one field of an API object as the official API description does. Nothing in a
// Field may be changed: all callers share its Enum and limits.
type Field struct {
	Name     string
	Type     string // "string", "integer", "number", "boolean", "array" or "object"
	Items    string // Type of an array's items, "" for other types
	Format   string // "date-time", "float" …, "" for none
	Required bool   // to create an object
	ReadOnly bool   // BigCommerce sets it
	Nullable bool   // may be null
	// Unselectable fields are not among those that include_fields may name: to see them, ask for every
	// field.
	Unselectable bool
	MinLength    int      // of a string, in characters
	MaxLength    int      // of a string, in characters; 0 for no limit
	MaxItems     int      // of an array; 0 for no limit
	Minimum      *float64 // of a number, inclusive; nil for none
	Maximum      *float64 // of a number, inclusive; nil for none
	Enum         []string // the only values allowed; nil for any
}

// ProductFields returns every field of a product, sorted by name.
func ProductFields() []Field { return slices.Clone(productFields) }

// ProductField returns one field of a product.
func ProductField(name string) (Field, bool) {
	for _, f := range productFields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// limit is for the generated catalogue.
func limit(n float64) *float64 { return &n }
