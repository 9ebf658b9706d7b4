package upsert

import (
	"context"
	"slices"

	"sluice/internal/bigcommerce"
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

// supply adds to what is sent to create a record the constants of fields that it lacks.
func supply(fields bigcommerce.Fields, constants mapping.Document) {
	for target, v := range constants {
		if _, have := fields[target]; !have {
			fields[target] = v
		}
	}
}

// without are those of missing for which there is no constant.
func without(missing []mapping.Missing, constants mapping.Document) []mapping.Missing {
	return slices.DeleteFunc(missing, func(m mapping.Missing) bool {
		_, have := constants[m.Field]
		return have
	})
}
