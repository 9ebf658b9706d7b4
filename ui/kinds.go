package ui

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"sluice/internal/problem"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// mapped is a kind whose flows map the rows of a source; *upsert.Kind is one. The store is the
// context's.
type mapped interface {
	Catalogue(ctx context.Context) (*mapping.Catalogue, error)
	Inspect(ctx context.Context, req upsert.InspectRequest) (*upsert.Inspection, error)
	Header(ctx context.Context, req upsert.InspectRequest, m tenants.Mapping) ([]string, []tenants.OpenQuestion, error)
	PreviewMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping, limit int) (*upsert.Preview, error)
	CheckMapping(ctx context.Context, snapshotID string, format tenants.Format, m tenants.Mapping) (*upsert.Check, error)
}

// kindView is what the panel draws flows of a kind from.
type kindView struct {
	Name     string        `json:"name"`
	Singular string        `json:"singular"`
	Plural   string        `json:"plural"`
	Options  []flow.Option `json:"options"`
	Phases   []flow.Phase  `json:"phases"`
}

func (a *API) kinds(c *gin.Context) {
	views := []kindView{}
	for _, k := range a.cfg.Kinds.Kinds() {
		spec := k.Spec()
		v := kindView{Name: spec.Name, Singular: spec.Singular, Plural: spec.Plural, Options: spec.Options, Phases: spec.Phases}
		if v.Options == nil {
			v.Options = []flow.Option{}
		}
		if v.Phases == nil {
			v.Phases = []flow.Phase{}
		}
		views = append(views, v)
	}
	c.JSON(http.StatusOK, gin.H{"kinds": views})
}

// kindFields lists what mappings of a kind may fill in the caller's store.
func (a *API) kindFields(c *gin.Context) {
	kind, err := a.cfg.Kinds.Kind(c.Param("kind"))
	if err != nil {
		_ = c.Error(problem.New(problem.NotFound, "There are no flows of this kind: choose %s.", a.kindNames()))
		return
	}
	m, err := asMapped(kind)
	if err != nil {
		_ = c.Error(err)
		return
	}
	catalogue, err := m.Catalogue(c.Request.Context())
	if err != nil {
		_ = c.Error(err)
		return
	}
	store, err := a.cfg.DB.Store(c.Request.Context(), caller(c).StoreHash)
	if err != nil {
		_ = c.Error(err)
		return
	}
	targets := catalogue.Targets()
	for i, t := range targets {
		targets[i].Unit = store.Unit(t.Measure)
	}
	c.JSON(http.StatusOK, gin.H{"fields": targets})
}

// mappedOf returns the kind of the flow flowID or, when that is "", the kind that the request
// names.
func (a *API) mappedOf(ctx context.Context, flowID, name string) (mapped, error) {
	var kind flow.Kind
	if flowID == "" {
		var err error
		if kind, err = a.named(name, "Nothing says which kind of record this is about."); err != nil {
			return nil, err
		}
		return asMapped(kind)
	}
	f, err := a.cfg.DB.Flow(ctx, flowID)
	if err != nil {
		return nil, err
	}
	if kind, err = a.cfg.Kinds.Kind(f.Kind); err != nil {
		return nil, err
	}
	return asMapped(kind)
}

// named returns the kind that a request's field kind names. Fails with Invalid and message.
func (a *API) named(name, message string) (flow.Kind, error) {
	kind, err := a.cfg.Kinds.Kind(name)
	if err != nil {
		return nil, problem.New(problem.Invalid, "%s", message).WithField("kind", "choose %s", a.kindNames())
	}
	return kind, nil
}

func asMapped(kind flow.Kind) (mapped, error) {
	m, ok := kind.(mapped)
	if !ok {
		return nil, problem.New(problem.NotFound, "Syncs of %s have no matching.", kind.Spec().Plural)
	}
	return m, nil
}

// kindNames names the kinds of flows that can be made.
func (a *API) kindNames() string {
	kinds := a.cfg.Kinds.Kinds()
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.Spec().Name
	}
	return strings.Join(names, " or ")
}
