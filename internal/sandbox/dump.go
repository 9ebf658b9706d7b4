package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// Dump is an account of everything that a store of a state file holds, as one JSON object, so that
// anyone can check what arrived there:
//
//	store_hash     which store it is
//	products       as V3 shows them, with variants, options, modifiers, channels, images, custom_fields and the like, and
//	               besides brand_name and category_paths ("A > B"); an image has its image_url too,
//	               as it was sent, which no answer of the API shows
//	customers      as V3 shows them, with addresses and attributes
//	orders         there are none
//	stock          sku, location_id and quantity of each level that was set; what was accepted
//	               counts as carried out
//	price_records  none, but what a resource adds
//	metafields     of products and variants
//	redirects      of storefronts
//	…              what else resources add
//
// The hash may be empty where the file has one store. The file is only read, and its sandbox may be
// running.
func Dump(stateFile, hash string) (json.RawMessage, error) {
	s, err := readState(stateFile)
	if err != nil {
		return nil, err
	}
	stores := s.Stores()
	if hash == "" && len(stores) == 1 {
		hash = stores[0].Hash
	}
	st := s.Store(hash)
	if st == nil {
		names := make([]string, len(stores))
		for i, other := range stores {
			names[i] = other.Hash
		}
		if hash == "" {
			return nil, fmt.Errorf("%s has %d stores: name one of them (%s)", stateFile, len(stores), strings.Join(names, ", "))
		}
		return nil, fmt.Errorf("%s has no store %q, but %s", stateFile, hash, strings.Join(names, ", "))
	}
	return st.dump(), nil
}

// readState makes a sandbox of what a state file and its journal hold, without writing either.
// Where the file was replaced meanwhile, the journal may have been emptied before it was read: then
// both are read again.
func readState(path string) (*Sandbox, error) {
	for {
		before, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("sandbox: read state: %w", err)
		}
		s := &Sandbox{log: slog.New(slog.DiscardHandler), opts: Options{Plan: defaultPlan, Window: defaultWindow, Now: time.Now}, stores: map[string]*Store{}, faults: &faultSet{}}
		s.resources = newResources(s)
		s.fronts, s.hooks = newFronts(s), newDispatcher(s) // neither is started
		journal, err := os.Open(path + ".wal")
		if errors.Is(err, fs.ErrNotExist) {
			journal, err = os.Open(os.DevNull)
		}
		if err != nil {
			return nil, fmt.Errorf("sandbox: journal: %w", err)
		}
		err = s.restore(&stateFile{path: path, wal: journal})
		_ = journal.Close()
		after, statErr := os.Stat(path)
		if statErr == nil && !os.SameFile(before, after) {
			continue
		}
		return s, errors.Join(err, statErr)
	}
}

// dump is the account of one store.
func (st *Store) dump() json.RawMessage {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.carryOutLocked(farFuture)
	out := map[string]any{"store_hash": st.Hash, "orders": []any{}, "price_records": []any{}, "products": st.dumpProducts(), "customers": st.dumpCustomers()}
	for _, r := range st.sb.resources {
		if r.dump != nil {
			r.dump(st, out)
		}
	}
	return json.RawMessage(compact(out))
}

func (st *Store) dumpProducts() []json.RawMessage {
	q, _ := newQuery("include=variants,options,modifiers,channels,custom_fields,bulk_pricing_rules,videos")
	sel := q.selection(true)
	out := make([]json.RawMessage, 0, len(st.cat.order))
	for _, p := range st.cat.order {
		brand := ""
		if b := st.cat.brands[parseID(p.get("brand_id"))]; b != nil {
			brand = b.Name
		}
		paths := []string{}
		for _, id := range p.categories() {
			paths = append(paths, st.cat.categoryPath(id))
		}
		raw := p.append(nil, sel)
		images := p.parts("images")
		for i, o := range images {
			images[i] = p.imageView(o)
			images[i]["image_url"] = o["image_url"]
		}
		raw = append(raw[:len(raw)-1], `,"images":`+compact(images)+`,"brand_name":`+jsonString(brand)+`,"category_paths":`+compact(paths)+`}`...)
		out = append(out, raw)
	}
	return out
}

// categoryPath names a category from the top, as feeds do.
func (c *catalogue) categoryPath(id int64) string {
	var names []string
	for at := c.categories[id]; at != nil; at = c.categories[at.Parent] {
		names = append(names, at.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " > ")
}

func (st *Store) dumpCustomers() []any {
	out := []any{}
	for _, id := range sortedKeys(st.shop.customers) {
		out = append(out, st.shop.customers[id].view([]string{"addresses", "attributes"}))
	}
	return out
}
