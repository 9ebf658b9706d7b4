package upsert

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
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
	proofs proofs
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

// assemblingPhases are those of records that may have several rows.
var assemblingPhases = slices.Insert(slices.Clone(phases), 2, flow.Phase{Name: tenants.PhaseAssemble})

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
	if _, ok := target.(Assembler); ok {
		spec.Phases = assemblingPhases
	}
	if _, ok := target.(Creator); ok {
		spec.Options = slices.Concat(spec.Options, []flow.Option{modeOption(spec)})
	}
	if v, ok := target.(Vanisher); ok {
		spec.Options = slices.Concat(spec.Options, vanishOptions(spec, v))
	}
	spec.Options = slices.Concat(spec.Options, []flow.Option{shrankOption})
	return &Kind{cfg: cfg, target: target, spec: spec, refs: newRefCache(4 * runtime.GOMAXPROCS(0))}
}

// Spec is the target's, with the phases and the options of every run that writes records.
func (k *Kind) Spec() flow.Spec { return k.spec }

// Catalogue lists what a mapping may fill, in ctx's store, which counts in its own units.
func (k *Kind) Catalogue(ctx context.Context) (*mapping.Catalogue, error) {
	catalogue, err := k.target.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	_, creates := k.target.(Creator)
	of := mapping.Store{Creates: creates}
	store, err := k.cfg.DB.Store(ctx, tenants.StoreHash(ctx))
	switch {
	case err == nil:
		of.Unit = store.Unit
	case problem.CodeOf(err) != problem.NotFound:
		return nil, err
	}
	return catalogue.For(of), nil
}

// Check says what is wrong with a flow that is to be saved. Expressions are checked with their
// source.
func (k *Kind) Check(ctx context.Context, f *tenants.Flow) error {
	catalogue, err := k.Catalogue(ctx)
	if err != nil {
		return err
	}
	refuse := problem.New(problem.Invalid, "The matching is not right.")
	seen := make(map[string]bool, len(f.Mapping.Fields))
	for _, field := range f.Mapping.Fields {
		switch {
		case !catalogue.Has(field.Target):
			return refuse.WithField(field.Target, "is not a field that can be matched")
		case seen[field.Target]:
			return refuse.WithField(field.Target, "is matched twice: keep one of the two")
		}
		seen[field.Target] = true
	}
	if _, ok := k.target.(Assembler); !ok && f.Mapping.Layout != nil {
		return refuse.WithField("layout", "each row of the source is a %s: there is nothing to choose", k.spec.Singular)
	}
	if err := k.checkOptions(f); err != nil {
		return err
	}
	return k.checkTarget(f)
}

// Problems says what of a flow's mapping and options keeps its runs from writing.
func (k *Kind) Problems(ctx context.Context, f *tenants.Flow) ([]flow.Problem, error) {
	catalogue, err := k.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	out, err := mappingProblems(catalogue, f)
	if err != nil {
		return nil, err
	}
	for _, err := range []error{k.checkOptions(f), k.checkTarget(f)} {
		var p *problem.Error
		switch {
		case err == nil:
		case !errors.As(err, &p):
			return nil, err
		case len(p.Fields) == 0:
			out = append(out, flow.Problem{Part: flow.PartOptions, Message: p.Message})
		default:
			for _, field := range p.Fields {
				out = append(out, k.problemOf(catalogue, field))
			}
		}
	}
	return out, nil
}

func mappingProblems(catalogue *mapping.Catalogue, f *tenants.Flow) ([]flow.Problem, error) {
	about := func(field, message string) flow.Problem {
		label := catalogue.Label(field)
		return flow.Problem{Part: flow.PartMapping, Field: field, Label: label, Message: label + ": " + message + "."}
	}
	if len(f.Mapping.Fields) == 0 {
		return []flow.Problem{{Part: flow.PartMapping, Message: "Nothing is matched yet: say which columns of the file belong to which fields."}}, nil
	}
	var faults mapping.Faults
	var err error
	if f.Header == nil {
		faults, err = catalogue.Check(f.Mapping)
	} else {
		_, faults, err = catalogue.Try(f.Mapping, f.Header)
	}
	var p *problem.Error
	if errors.As(err, &p) {
		return []flow.Problem{{Part: flow.PartMapping, Message: p.Message}}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []flow.Problem
	for _, q := range f.Questions {
		if !q.Answered(f.Mapping) {
			out = append(out, about(q.Field, q.Text))
		}
	}
	for _, w := range faults.Wrong {
		out = append(out, about(w.Field, w.Message))
	}
	for _, m := range faults.Missing {
		if !m.Created {
			out = append(out, about(m.Field, m.Message))
		}
	}
	return out, nil
}

// problemOf tells which part of a flow a field of a refusal is in.
func (k *Kind) problemOf(catalogue *mapping.Catalogue, field problem.Field) flow.Problem {
	name, isOption := strings.CutPrefix(field.Field, "options.")
	if !isOption && catalogue.Has(field.Field) {
		label := catalogue.Label(field.Field)
		return flow.Problem{Part: flow.PartMapping, Field: field.Field, Label: label, Message: label + ": " + field.Message + "."}
	}
	p := flow.Problem{Part: flow.PartOptions, Field: name, Label: name}
	for _, o := range k.spec.Options {
		if o.Name == name {
			p.Label = o.Label
		}
	}
	p.Message = p.Label + ": " + field.Message + "."
	return p
}

func (k *Kind) checkOptions(f *tenants.Flow) error {
	options, err := k.spec.CheckOptions(f.Options)
	if err != nil {
		return err
	}
	if field, message := checkVanish(options); message != "" {
		return problem.New(problem.Invalid, "The options do not fit together.").WithField("options."+field, "%s", message)
	}
	return nil
}

func (k *Kind) checkTarget(f *tenants.Flow) error {
	if c, ok := k.target.(Checker); ok {
		return c.Check(f)
	}
	return nil
}

// Page is the path of a record's page in the store's control panel, "" if it has none.
func (k *Kind) Page(id, parent int64) string {
	if p, ok := k.target.(Paged); ok {
		return p.Page(id, parent)
	}
	return ""
}

// Pictures is part of flow.Pictured.
func (k *Kind) Pictures(ctx context.Context, c *bigcommerce.Client, of []flow.Record) (map[flow.Record]string, error) {
	if p, ok := k.target.(Pictured); ok {
		return p.Pictures(ctx, c, of)
	}
	return nil, nil
}

// Currency is the code of the currency of the record with this key, as written; "" for the store's
// own.
func (k *Kind) Currency(key string) string {
	if v, ok := k.target.(Valued); ok {
		return v.Currency(key)
	}
	return ""
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
