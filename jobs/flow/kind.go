package flow

import (
	"context"
	"errors"
	"fmt"

	"sluice/internal/bigcommerce"
	"sluice/internal/problem"
	"sluice/tenants"
)

// Kind is a kind of flow. It has no state that a restart would miss, and many runs use it at once.
type Kind interface {
	Spec() Spec
	// Check says what is wrong with a flow that is to be saved: problem.Invalid, whose fields name
	// mappings and options.
	Check(ctx context.Context, f *tenants.Flow) error
	// Problems returns what keeps runs of a flow from being of use, with its source as it was last
	// read (Flow.Header); where that is nil, what does so whatever the source has.
	Problems(ctx context.Context, f *tenants.Flow) ([]Problem, error)
	// Step does one bounded unit of the run that s is a step of. Only what it gives to s is saved, all
	// or nothing. After a crash it is called again with what was saved last: what it may have sent it
	// finds before it sends again. Errors of quota and outages are returned as they came; the engine
	// knows what they mean.
	Step(ctx context.Context, s *Step) error
	// Tidy deletes what only the run needed. It is over and saved; what fails here, the next run of
	// the flow makes good.
	Tidy(ctx context.Context, run *tenants.Run) error
}

// Pictured is a Kind whose records have pictures.
type Pictured interface {
	// Pictures returns addresses of small pictures of records that the store has, for those that have
	// one. It asks the store at most once.
	Pictures(ctx context.Context, c *bigcommerce.Client, of []Record) (map[Record]string, error)
}

// Record names a record of a store, as its kind does.
type Record struct{ ID, Parent int64 }

// Problem is why a flow cannot run.
type Problem struct {
	Part    Part   `json:"part"`
	Field   string `json:"field"`   // of the mapping a target, of the options a name; "" for the part as a whole
	Label   string `json:"label"`   // of the field
	Message string `json:"message"` // a sentence that names the field
}

// Part is where a problem is put right.
type Part string

// The parts of a flow.
const (
	PartSource  Part = "source"
	PartMapping Part = "mapping"
	PartOptions Part = "options"
)

// ErrUnknownKind is of a flow or run that a newer version of Sluice made.
var ErrUnknownKind = errors.New("flow: this version of Sluice does not know the kind")

// unknownKind is ErrUnknownKind, for people.
func unknownKind(name string) error {
	return problem.Wrap(fmt.Errorf("%w %q", ErrUnknownKind, name), problem.Conflict,
		"This version of Sluice cannot carry out syncs of the kind %q. Ask who runs Sluice to update it.", name)
}
