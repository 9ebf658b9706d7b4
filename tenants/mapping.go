package tenants

// Mapping turns a row of a source into a document.
type Mapping struct {
	Fields []FieldMapping `json:"fields"`
}

// FieldMapping fills one target field from one expression over the row.
type FieldMapping struct {
	Target     string `json:"target"`     // a name of the catalogue of the kind of flow (jobs/mapping)
	Expression string `json:"expression"` // expr-lang over the row's columns
}
