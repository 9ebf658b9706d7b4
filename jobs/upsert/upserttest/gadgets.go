package upserttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// GadgetsName is the name of the kind of Gadgets.
const GadgetsName = "gadgets"

// Routes of gadgets.
const (
	gadgetsRoute = "gadgets" // code, title and size
	partsRoute   = "parts"
)

// DefaultPartsBatch is the most gadgets whose parts one request takes.
const DefaultPartsBatch = 4

const (
	gadgetsBatch = 10
	gadgetsPage  = 50
)

// GadgetOptions vary what kind of record gadgets are.
type GadgetOptions struct {
	UpdateOnly bool // no flow creates them
	Blind      bool // the parts' endpoint shows nothing and takes one request at a time
	PartsBatch int  // of the parts' endpoint; 0 for DefaultPartsBatch
}

// Gadgets returns the Target of a kind that no store has: a gadget has a code, a title and a size,
// and a list of parts, which is written by a route of its own with a smaller batch. A Workshop has
// them. That they are a kind like any other, without a line about them anywhere else, is what they
// are for.
func Gadgets(o GadgetOptions) upsert.Target {
	if o.PartsBatch == 0 {
		o.PartsBatch = DefaultPartsBatch
	}
	g := gadgets{o}
	if o.UpdateOnly {
		return g
	}
	return gadgetMaker{g}
}

type gadgets struct{ o GadgetOptions }

// gadgetMaker are gadgets that flows create.
type gadgetMaker struct{ gadgets }

// GadgetMapping maps the columns of a feed of gadgets.
var GadgetMapping = tenants.Mapping{Fields: []tenants.FieldMapping{
	{Target: "code", Expression: "Code"},
	{Target: "title", Expression: "Title"},
	{Target: "size", Expression: "number(Size)"},
	{Target: "parts", Expression: `split(Parts, " ")`},
}}

var gadgetSpec = flow.Spec{Name: GadgetsName, Singular: "gadget", Plural: "gadgets", Options: []flow.Option{
	{Name: "finish", Type: flow.Words, Label: "Finish", Help: "What gadgets are finished with."},
}}

var gadgetCatalogue = func() *mapping.Catalogue {
	smallest := 0.0
	return mapping.NewCatalogue([]mapping.Field{
		{Field: bigcommerce.Field{Name: "code", Type: "string", MaxLength: 50}, Key: true, Columns: []string{"code"}},
		{Field: bigcommerce.Field{Name: "title", Type: "string", MaxLength: 100}, Label: "Name of the gadget", Columns: []string{"title"}},
		{Field: bigcommerce.Field{Name: "size", Type: "integer", Minimum: &smallest}, Columns: []string{"size"}},
		{Field: bigcommerce.Field{Name: "parts", Type: "array", Items: "string"}, Columns: []string{"parts"}},
	}, []string{"code"}, nil)
}()

func (gadgets) Spec() flow.Spec { return gadgetSpec }

func (gadgets) Catalogue(context.Context) (*mapping.Catalogue, error) { return gadgetCatalogue, nil }

func (gadgets) Key(d mapping.Document) upsert.Key {
	code := strings.TrimSpace(upsert.Text(d["code"]))
	k := upsert.Key{Folded: upsert.Fold(code), Shown: code, Field: "code"}
	if code == "" {
		k.Problem = "is empty: each gadget needs a code"
	}
	return k
}

func (gadgets) Title(d upsert.Doc, live upsert.Live) string {
	if title := upsert.Text(d.Fields["title"]); title != "" {
		return title
	}
	return upsert.Text(live.Fields["title"])
}

func (gadgets) KeyName() string { return "code" }

func (gadgets) LiveKey(live upsert.Live) upsert.Key {
	code := upsert.Text(live.Fields["code"])
	return upsert.Key{Folded: upsert.Fold(code), Shown: code}
}

func (gadgets) FieldOf(target string) string { return target }
func (gadgets) TargetOf(field string) string { return field }

func (gadgets) Kept(tenants.Mapping) []string {
	return []string{"id", "code", "title", "size", "parts"}
}

func (gadgets) Same(_ string, live, want any) bool { return upsert.Same(live, want) }

func (gadgets) Blind(string) bool { return false }

func (gadgets) LookupBatch() int { return gadgetsPage }

func (gadgets) Lookup(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, want []upsert.Want) ([]upsert.Live, []upsert.Want, error) {
	f := bigcommerce.ProductFilter{Limit: gadgetsPage}
	for _, w := range want {
		if w.ID != 0 {
			f.IDs = append(f.IDs, w.ID)
		} else {
			f.SKUs = append(f.SKUs, w.Key)
		}
	}
	page, _, err := c.Products.ListPage(ctx, f, 1)
	return gadgetsOf(page), nil, err
}

func (gadgetMaker) PageSize() int { return gadgetsPage }

// Scan makes gadgets that flows create a Scanner too.
func (gadgetMaker) Scan(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, after int64) ([]upsert.Live, int64, int, error) {
	page, at, err := c.Products.ListPage(ctx, bigcommerce.ProductFilter{IDGreater: after, Sort: "id", Limit: gadgetsPage}, 1)
	live := gadgetsOf(page)
	if err != nil || at.Total <= len(live) {
		return live, 0, at.Total, err
	}
	return live, live[len(live)-1].ID, at.Total, nil
}

func gadgetsOf(page []bigcommerce.Fields) []upsert.Live {
	out := make([]upsert.Live, len(page))
	for i, f := range page {
		out[i] = upsert.Live{ID: upsert.Int(f["id"]), Ref: upsert.Text(f["ref"]), Fields: f}
	}
	return out
}

func (gadgets) Diff(d upsert.Doc, live upsert.Live, _ upsert.Refs) []upsert.Change {
	var out []upsert.Change
	for _, target := range d.Fields.Targets() {
		have, shown := live.Fields[target]
		if shown && upsert.Same(have, d.Fields[target]) || d.Explains(target, d.Fields[target], have, shown) {
			continue
		}
		c := upsert.Change{Field: target, Before: have, After: d.Fields[target], Unknown: !shown, Route: gadgetsRoute}
		if target == "parts" {
			c.Route = partsRoute
		}
		out = append(out, c)
	}
	return out
}

func (gadgets) Payload(d upsert.Doc, targets []string, _ upsert.Refs) bigcommerce.Fields {
	out := make(bigcommerce.Fields)
	for name, v := range d.Fields {
		if targets == nil || slices.Contains(targets, name) {
			out[name] = v
		}
	}
	return out
}

func (g gadgets) Routes() []upsert.Route {
	return []upsert.Route{{Name: gadgetsRoute, Batch: gadgetsBatch}, {Name: partsRoute, Batch: g.o.PartsBatch, Serial: g.o.Blind, Blind: g.o.Blind}}
}

func (g gadgets) Update(ctx context.Context, c *bigcommerce.Client, _ *tenants.Run, route string, w []upsert.Write) ([]upsert.Result, error) {
	if route == partsRoute && g.o.Blind {
		return g.putParts(ctx, c, w)
	}
	docs := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		docs[i] = x.Fields
		docs[i]["id"] = x.ID
	}
	res, err := c.Products.Update(ctx, docs)
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]upsert.Live)
	for _, l := range gadgetsOf(res.Data) {
		byID[l.ID] = l
	}
	out := make([]upsert.Result, len(w))
	for i, x := range w {
		out[i] = upsert.Result{State: upsert.Landed, Live: byID[x.ID]}
	}
	return out, nil
}

// putParts writes parts to where their gadgets are kept. A refusal names the gadgets that are to
// blame; those that were moved go to another place, and nothing of the others was saved.
func (gadgets) putParts(ctx context.Context, c *bigcommerce.Client, w []upsert.Write) ([]upsert.Result, error) {
	records := make([]bigcommerce.Fields, len(w))
	for i, x := range w {
		records[i] = bigcommerce.Fields{"sku": x.Ref, "currency": "none", "parts": x.Fields["parts"]}
	}
	err := c.PriceLists.UpsertRecords(ctx, workshopList, records)
	out := make([]upsert.Result, len(w))
	var refused *bigcommerce.RecordsError
	if err != nil && !errors.As(err, &refused) {
		return nil, err
	}
	for i := range out {
		out[i].State = upsert.Landed
		if err != nil {
			out[i].State = upsert.Again
		}
	}
	if refused == nil {
		return out, nil
	}
	for _, e := range refused.Records {
		i := e.Index
		switch {
		case e.Fields["moved"] != "":
			out[i].Live = upsert.Live{Ref: e.Fields["moved"]}
		case e.Fields["gone"] != "":
			out[i].State = upsert.Gone
		default:
			out[i] = upsert.Result{State: upsert.Refused, Field: "parts", Message: fmt.Sprintf("the workshop refused the parts: %s", e.Fields["parts"])}
		}
	}
	return out, nil
}

func (gadgets) Refusal(_ *tenants.Run, _ upsert.Write, err error) upsert.Result {
	var missing *bigcommerce.NotFoundError
	if errors.As(err, &missing) {
		return upsert.Result{State: upsert.Gone}
	}
	var api *bigcommerce.APIError
	if !errors.As(err, &api) {
		return upsert.Result{State: upsert.Refused, Message: err.Error()}
	}
	out := upsert.Result{State: upsert.Refused, Message: upsert.Explain(api.Title, api.Fields)}
	for field := range api.Fields {
		out.Field = field
	}
	return out
}

// Create makes a gadget without its parts, which another route writes.
func (g gadgetMaker) Create(ctx context.Context, c *bigcommerce.Client, run *tenants.Run, w upsert.Write) (upsert.Result, error) {
	parts, some := w.Fields["parts"]
	doc := make(bigcommerce.Fields)
	for name, v := range w.Fields {
		if name != "parts" {
			doc[name] = v
		}
	}
	answer, err := c.Products.Create(ctx, doc)
	var taken *bigcommerce.ConflictError
	switch {
	case errors.As(err, &taken):
		code := g.Key(w.Doc.Fields).Shown
		live, _, err := g.Lookup(ctx, c, run, []upsert.Want{{Key: code}})
		if err != nil || len(live) == 0 {
			return upsert.Result{State: upsert.Refused, Field: "code", Message: "the code is taken"}, err
		}
		return upsert.Result{State: upsert.Exists, Live: live[0]}, nil
	case upsert.Refuses(err):
		return g.Refusal(run, w, err), nil
	case err != nil:
		return upsert.Result{}, err
	}
	out := upsert.Result{State: upsert.Landed, Live: gadgetsOf([]bigcommerce.Fields{answer})[0]}
	if some && !upsert.Same(nil, parts) {
		out.Left = []upsert.Change{{Field: "parts", After: parts, Route: partsRoute}}
	}
	return out, nil
}
