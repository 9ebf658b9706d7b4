package upsert

import (
	"context"
	"runtime"

	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/connector"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/tenants"
)

// Config is what a Kind needs. DB and Sources are required.
type Config struct {
	DB      *tenants.DB
	Sources *connector.Sources
	// Limits says how many rows a source may have; nil: the defaults.
	Limits *limits.Limits
	// Concurrency is the most requests of one run in flight. Default 8.
	Concurrency int
	// WindowRows is the most rows that one plan step reads. Default 2,000.
	WindowRows int
}

// maxKey is the longest key that is shown, in characters.
const maxKey = 255

// maxMessage is the size of Record.Error, in characters.
const maxMessage = 1000

const (
	defaultConcurrency = 8
	defaultWindowRows  = 2000
)

// Kind carries out runs that write the records of a source to a Target. It is safe for concurrent
// use by many runs.
type Kind struct {
	cfg    Config
	target Target
	spec   flow.Spec
	refs   *refCache
}

var _ flow.Kind = (*Kind)(nil)

// phases are those of every run that writes records. Requests are what takes time, so reading and
// matching get little of the bar.
var phases = []flow.Phase{
	{Name: tenants.PhaseFetch, Share: 2},
	{Name: tenants.PhasePlan, Share: 8},
	{Name: tenants.PhaseMatch, Share: 5},
	{Name: tenants.PhaseWrite, Share: 85},
	{Name: tenants.PhaseFinish},
}

// New returns the kind of flow that writes to target.
func New(cfg Config, target Target) *Kind {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = defaultConcurrency
	}
	if cfg.WindowRows <= 0 {
		cfg.WindowRows = defaultWindowRows
	}
	spec := target.Spec()
	spec.Phases = phases
	return &Kind{cfg: cfg, target: target, spec: spec, refs: newRefCache(4 * runtime.GOMAXPROCS(0))}
}

// Spec is the target's, with the phases of runs that write records.
func (k *Kind) Spec() flow.Spec { return k.spec }

// Catalogue lists what a mapping may fill, in ctx's store.
func (k *Kind) Catalogue(ctx context.Context) (*mapping.Catalogue, error) {
	return k.target.Catalogue(ctx)
}

// Check says what is wrong with a flow that is to be saved. Expressions are checked with their
// source.
func (k *Kind) Check(ctx context.Context, f *tenants.Flow) error {
	catalogue, err := k.target.Catalogue(ctx)
	if err != nil {
		return err
	}
	refuse := problem.New(problem.Invalid, "The mapping is not right.")
	seen := make(map[string]bool, len(f.Mapping.Fields))
	for _, field := range f.Mapping.Fields {
		switch {
		case !catalogue.Has(field.Target):
			return refuse.WithField(field.Target, "is not a field that can be mapped")
		case seen[field.Target]:
			return refuse.WithField(field.Target, "is mapped twice: keep one of the two")
		}
		seen[field.Target] = true
	}
	if _, err := k.spec.CheckOptions(f.Options); err != nil {
		return err
	}
	if c, ok := k.target.(Checker); ok {
		return c.Check(f)
	}
	return nil
}

// ShownKey is the key of an item as the source writes it, "" if the item's document is not kept any
// more.
func (k *Kind) ShownKey(i tenants.RunItem) string {
	d, err := decodeDoc(i.Document)
	if err != nil {
		return ""
	}
	return k.target.Key(d.Fields).Shown
}
