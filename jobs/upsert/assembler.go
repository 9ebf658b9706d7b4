package upsert

import (
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Assembler is a Target whose records may be made of several rows, as products of the rows of their
// variants. Documents are then what Assemble makes, also of records of one row.
type Assembler interface {
	// Assemble makes one document of the parts of a record, in the source's order. It depends on
	// nothing else. l is nil where each row is a record.
	Assemble(l *tenants.Layout, parts []Part) Assembled
	// MostParts is the most rows that a record may have.
	MostParts() int
}

// Part is what one row says of a record.
type Part struct {
	Fields mapping.Document // as mapped; Assemble may change it
	Own    bool             // the record's own row, not one that is a part of it
}

// Assembled is a record.
type Assembled struct {
	Fields   mapping.Document
	Problems []PartProblem
}

// PartProblem is what is wrong with one part.
type PartProblem struct {
	Part    int    // its index
	Field   string // the mapping's target
	Message string
	Value   string
	Warning bool // the record is written all the same
}

// assemble makes one document of parts; what a target that is no Assembler makes of one is that.
func (k *Kind) assemble(l *tenants.Layout, parts []Part) Assembled {
	if a, ok := k.target.(Assembler); ok {
		return a.Assemble(l, parts)
	}
	return Assembled{Fields: parts[0].Fields}
}
