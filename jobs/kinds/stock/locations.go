package stock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/jobs/flow"
	"sluice/jobs/mapping"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// ReferenceLocations is what a store's locations are remembered as (tenants.StoreReferences), so
// that a run in which no level changed makes no request. They change rarely, but a name that moved
// to another location is no error that anybody would notice, so they are believed for
// maxLocationsAge only.
const (
	ReferenceLocations = "location"
	maxLocationsAge    = time.Hour
)

// places are a store's locations and when its orders take stock off, as far as that could be read.
type places struct {
	Locations   []place `json:"locations"`
	UpdateStock string  `json:"update_stock,omitempty"` // BigCommerce's word; "" if it is not known
}

type place struct {
	ID       int64  `json:"id"`
	Code     string `json:"code,omitempty"`
	Name     string `json:"name,omitempty"`
	Disabled bool   `json:"disabled,omitempty"`
	Hidden   bool   `json:"hidden,omitempty"` // no storefront shows it
}

// String names the place for people.
func (p place) String() string { return fmt.Sprintf("%s (id %d)", p.Name, p.ID) }

// loadPlaces returns what is remembered of the store's locations, or reads it. recalled reports
// that the run did not read it.
func loadPlaces(ctx context.Context, s *flow.Step, fresh bool) (p places, recalled bool, err error) {
	if !fresh {
		loaded, ok, err := upsert.RecallReferences(ctx, s, ReferenceLocations, maxLocationsAge, &p)
		if err != nil || ok {
			return p, !upsert.ReadBy(s.Run(), loaded), err
		}
	}
	c, err := s.Client(ctx)
	if err != nil {
		return p, false, err
	}
	p = places{}
	for l, err := range c.Locations.List(ctx) {
		if err != nil {
			return p, false, err
		}
		p.Locations = append(p.Locations, place{l.ID, l.Code, l.Label, !l.Enabled, !l.StorefrontVisible})
	}
	settings, err := c.Inventory.Settings(ctx, 0)
	var forbidden *bigcommerce.ForbiddenError
	switch {
	case errors.As(err, &forbidden), s.Held(err): // it only explains
	case err != nil:
		return p, false, err
	case settings.UpdateStock != nil:
		p.UpdateStock = *settings.UpdateStock
	}
	loaded := s.Now()
	s.OnCommitOnce(ReferenceLocations, func(ctx context.Context, tx *tenants.DB) error {
		return upsert.SaveReferences(ctx, tx, ReferenceLocations, p, loaded)
	})
	return p, false, nil
}

// find returns the one location that a text means, or what is wrong with it.
func (p places) find(text string) (place, string) {
	kind, name, prefixed := strings.Cut(text, ":")
	kind, name = upsert.Fold(kind), upsert.Fold(name)
	prefixed = prefixed && (kind == "id" || kind == "code" || kind == "name")
	if !prefixed {
		kind, name = "", upsert.Fold(text)
	}
	var found []place
	for _, l := range p.Locations {
		id := (kind == "" || kind == "id") && strconv.FormatInt(l.ID, 10) == name
		code := (kind == "" || kind == "code") && l.Code != "" && upsert.Fold(l.Code) == name
		label := (kind == "" || kind == "name") && upsert.Fold(l.Name) == name
		if id || code || label {
			found = append(found, l)
		}
	}
	switch len(found) {
	case 1:
		return found[0], ""
	case 0:
		return place{}, "the store has no location with this name, code or id: it has " + p.list() + ". Correct it, or say in the sync's rules which of them it is"
	}
	return place{}, fmt.Sprintf("it could be %s or %s: say which in the sync's rules, as id:%d or id:%d", found[0], found[1], found[0].ID, found[1].ID)
}

// list names the locations for people, the first few of many.
func (p places) list() string {
	const most = 10
	var names []string
	for i, l := range p.Locations {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(p.Locations)-most))
			break
		}
		names = append(names, l.String())
	}
	return strings.Join(names, ", ")
}

// resolver finds the locations of one window's rows.
type resolver struct {
	places places
	alias  map[string]string // folded name of the source → the merchant's word for it
	fixed  string            // the location of rows that name none
	sum    bool
	known  map[string]resolved
}

type resolved struct {
	place   place
	problem string
}

func newResolver(p places, o tenants.Options) *resolver {
	r := &resolver{places: p, alias: make(map[string]string), fixed: o.Text(optionLocation), sum: o.Text(optionSum) == sumAll, known: make(map[string]resolved)}
	pairs, _ := o[optionLocations].(map[string]any)
	for name, v := range pairs {
		r.alias[upsert.Fold(name)] = upsert.Text(v)
	}
	return r
}

// of returns the location of a row that names it by text, or what is wrong with it.
func (r *resolver) of(text string) resolved {
	if r.sum {
		text = ""
	}
	if known, ok := r.known[text]; ok {
		return known
	}
	var out resolved
	name, byOption := text, false
	if other, ok := r.alias[upsert.Fold(text)]; ok && text != "" {
		name = other
	}
	if name == "" {
		name, byOption = r.fixed, true
	}
	switch {
	case name != "":
		if out.place, out.problem = r.places.find(name); out.problem != "" {
			out.problem = strconv.Quote(name) + ": " + out.problem
		}
	case len(r.places.Locations) == 1:
		out.place = r.places.Locations[0]
	default:
		out.problem = "the row names no location, and the store has several: " + r.places.list() + ". Match a column with Location, or choose one in the sync's rules"
	}
	if out.problem == "" && out.place.Disabled {
		out.problem = "the location " + out.place.String() + " is disabled, and BigCommerce does not change the stock of such: enable it in the control panel"
	}
	if out.problem != "" && byOption && name != "" {
		out.problem = "the rule Location: " + out.problem
	}
	r.known[text] = out
	return out
}

// unknown reports whether a location that rows name could not be found.
func (r *resolver) unknown() bool {
	for _, k := range r.known {
		if k.problem != "" {
			return true
		}
	}
	return false
}

// Prepare gives each row the id of its location, and looks at its quantity.
func (s stock) Prepare(ctx context.Context, st *flow.Step, rows []*upsert.Row) error {
	p, recalled, err := loadPlaces(ctx, st, false)
	if err != nil {
		return err
	}
	options := st.Run().Options
	r := newResolver(p, options)
	for _, row := range rows {
		r.of(locationText(row))
	}
	if recalled && r.unknown() { // perhaps it is new
		if p, _, err = loadPlaces(ctx, st, true); err != nil {
			return err
		}
		r = newResolver(p, options)
	}
	for _, row := range rows {
		text := locationText(row)
		delete(row.Fields, targetLocation)
		if at := r.of(text); at.problem != "" {
			row.Miss(targetLocation, at.problem, text)
		} else {
			row.Fields[fieldLocation] = at.place.ID
		}
		prepareQuantity(row, options)
		if _, bin := row.Fields[targetBin]; bin && row.Fields[targetSafety] == nil && row.Fields[targetWarning] == nil {
			row.Refuse(targetBin, "BigCommerce takes a bin picking number only together with the safety stock or the low stock level: match one of them too", upsert.Text(row.Fields[targetBin]))
		}
	}
	tellPlaces(st, r)
	return nil
}

func locationText(row *upsert.Row) string {
	return strings.TrimSpace(upsert.Text(row.Fields[targetLocation]))
}

// prepareQuantity sees to it that the quantity is one that BigCommerce takes.
func prepareQuantity(row *upsert.Row, o tenants.Options) {
	v, mapped := row.Fields[targetQuantity]
	if n := upsert.Int(v); !mapped || v == nil {
		row.Refuse(targetQuantity, "is empty: nothing is written, because no quantity is not 0", "")
	} else if n < 0 {
		shown := strconv.FormatInt(n, 10)
		if o.Text(optionNegative) == negativeRefuse {
			row.Refuse(targetQuantity, "is below zero, which BigCommerce does not take: correct it, or have the sync write 0", shown)
			return
		}
		row.Warn(targetQuantity, "is below zero, which BigCommerce does not take: it counts as 0", shown)
		row.Fields[targetQuantity] = int64(0)
	}
}

// tellPlaces says, before anything is written, what is unusual about the locations that rows name,
// and in a dry run when the store's orders take stock off.
func tellPlaces(st *flow.Step, r *resolver) {
	var hidden []place
	for _, k := range r.known {
		if k.problem == "" && k.place.Hidden && !slices.Contains(hidden, k.place) {
			hidden = append(hidden, k.place)
		}
	}
	for _, p := range hidden {
		st.Warn(flow.Issue{Field: fmt.Sprintf("location %d", p.ID), Message: "No storefront shows the location " + p.String() + ": what is there is counted, but not sold."})
	}
	if !st.Run().DryRun {
		return
	}
	switch r.places.UpdateStock {
	case "order_placed":
		st.Warn(flow.Issue{Field: "stock settings", Message: "This store takes stock off when an order is placed. Numbers of a system that does not know the newest orders yet raise it again."})
	case "order_completed_or_shipped":
		st.Warn(flow.Issue{Field: "stock settings", Message: "This store takes stock off when an order is completed or shipped. Numbers that are less the open orders already take them off twice."})
	}
}

// Merges: the rows of several warehouses may be added up.
func (stock) Merges(run *tenants.Run) bool { return run.Options.Text(optionSum) == sumAll }

// Merge adds up quantities, and takes of the settings what the later row says.
func (stock) Merge(into, d mapping.Document) (field, message string) {
	sum := upsert.Int(into[targetQuantity]) + upsert.Int(d[targetQuantity])
	for name, v := range d {
		into[name] = v
	}
	into[targetQuantity] = sum
	if sum > maxQuantity {
		return targetQuantity, fmt.Sprintf("adds up to %d, and BigCommerce counts %d at most", sum, maxQuantity)
	}
	return "", ""
}
