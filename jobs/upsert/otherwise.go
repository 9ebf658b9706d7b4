package upsert

import (
	"context"
	"maps"
	"slices"

	"sluice/jobs/mapping"
)

// otherwise are the constants that the run's mapping has for records which it creates and whose own
// value of a field is empty.
func (s *step) otherwise(ctx context.Context) (mapping.Document, error) {
	if s.constants != nil {
		return s.constants, nil
	}
	if s.catalogue == nil {
		var err error
		if s.catalogue, err = s.k.Catalogue(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	s.constants, err = s.catalogue.Otherwise(ctx, s.run.Mapping)
	return s.constants, err
}

// supplied is the document of a new record, with the constants of fields that it lacks. What exists
// in the store never gets them.
func supplied(d Doc, constants mapping.Document) Doc {
	if len(constants) == 0 {
		return d
	}
	fields := maps.Clone(constants)
	maps.Copy(fields, d.Fields)
	d.Fields = fields
	return d
}

// without are those of missing for which there is no constant.
func without(missing []mapping.Missing, constants mapping.Document) []mapping.Missing {
	return slices.DeleteFunc(missing, func(m mapping.Missing) bool {
		_, have := constants[m.Field]
		return have
	})
}
