package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// resource is one collection of the simulated API, whole in one file: its calls with their scopes
// and limits, the events that it fires, what it keeps of each store. The file makes it, and
// newResources names it; no line elsewhere is about it. What its requests are checked against is
// generated from the description by internal/bigcommerce/cmd/fieldgen -table.
type resource struct {
	routes []route
	events []string // webhook events that it fires, and their wildcards, as hooks name them
	kinds  []string // of journal entries that are its own
	// keep makes what it keeps of one store, empty; nil if it keeps nothing. keptBy finds it again.
	keep func(*Store) kept
	// begin gives a store what every store has of it, unless it is there; it may be nil. The caller
	// holds the store's lock and flushes. It is called of a new store, and of one from a state
	// file, which may be older than the resource.
	begin func(*Store)
	// due carries out what was accepted earlier and takes effect by now, and says when there is
	// more to do: zero for never. It may be nil. The caller holds the store's lock and flushes. It
	// is called before the first request after the moment that the resource named with Store.later.
	due func(st *Store, now time.Time) time.Time
	// forget drops what it keeps of variants of the catalogue that are gone; it may be nil. The
	// caller holds the store's lock and flushes.
	forget func(st *Store, variants []int64)
	// dump adds what it keeps to the account of a store (see Dump); it may be nil. The caller holds
	// the store's lock.
	dump func(st *Store, out map[string]any)
}

// newResources makes every resource. Adding one is adding it here.
func newResources(s *Sandbox) []*resource {
	return []*resource{
		customerGroups(s),
		productVariants(s),
		productOptions(s),
		productParts(s),
		productModifiers(s),
		productAssignments(s),
		redirectResource(s),
		catalogueMetafields(s),
		currencyResource(s),
		priceListResource(s),
		priceRecordResource(s),
		priceAssignmentResource(s),
		inventoryLocations(s),
		inventoryStock(s),
		inventorySettings(s),
	}
}

// kept is what a resource keeps of one store, guarded by Store.mu. Values are replaced, never
// changed.
type kept interface {
	// apply replays a journal entry of one of the resource's kinds. Twice is as good as once.
	apply(e *entry) error
	// fold hands everything to add, for the state file: what others refer to first.
	fold(add func(kind string, id int64, v any))
}

// keptBy finds what the resource whose keep makes a T keeps of the store.
func keptBy[T kept](st *Store) T {
	for _, k := range st.kept {
		if t, ok := k.(T); ok {
			return t
		}
	}
	panic(fmt.Sprintf("sandbox: no resource keeps a %T", *new(T)))
}

// things are what most resources keep: values of one kind by their id, journalled under its name.
type things[T any] struct {
	st   *Store
	kind string
	byID map[int64]*T
}

func newThings[T any](st *Store, kind string) things[T] {
	return things[T]{st, kind, map[int64]*T{}}
}

func (t *things[T]) apply(e *entry) error { return applyTo(t.byID, e) }

func (t *things[T]) fold(add func(kind string, id int64, v any)) { foldMap(t.byID, t.kind, add) }

// put adds a thing or takes the place of what has its id. The caller flushes.
func (t *things[T]) put(id int64, v *T) {
	t.byID[id] = v
	t.st.record(t.kind, id, v)
}

// drop removes a thing. The caller flushes.
func (t *things[T]) drop(id int64) {
	delete(t.byID, id)
	t.st.record(t.kind, id, nil)
}

// keepers makes what every resource keeps of a store.
func (st *Store) keepers(resources []*resource) {
	st.kept = make([]kept, len(resources))
	for i, r := range resources {
		if r.keep != nil {
			st.kept[i] = r.keep(st)
		}
	}
}

// applyKept replays a journal entry of a resource; known is false for others.
func (st *Store) applyKept(e *entry) (known bool, err error) {
	for i, r := range st.sb.resources {
		if slices.Contains(r.kinds, e.Kind) {
			return true, st.kept[i].apply(e)
		}
	}
	return false, nil
}

// forgetVariants drops what the resources keep of variants that are gone. The caller holds the
// store's lock and flushes.
func (st *Store) forgetVariants(variants []int64) {
	for _, r := range st.sb.resources {
		if r.forget != nil {
			r.forget(st, variants)
		}
	}
}

// beginKept gives the store what every store has of each resource.
func (st *Store) beginKept() {
	for _, r := range st.sb.resources {
		if r.begin != nil {
			r.begin(st)
		}
	}
	st.flush()
}

// later makes carryOut come back at a moment. The caller holds the store's lock.
func (st *Store) later(at time.Time) {
	if next := st.next.Load(); next == 0 || at.UnixNano() < next {
		st.next.Store(at.UnixNano())
	}
}

// carryOut does what was accepted earlier and is due by now.
func (st *Store) carryOut(now time.Time) {
	if next := st.next.Load(); next == 0 || now.UnixNano() < next {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.carryOutLocked(now)
	st.flush()
}

// farFuture is when everything that was accepted has taken effect.
var farFuture = time.Unix(1<<33, 0)

func (st *Store) carryOutLocked(now time.Time) {
	st.next.Store(0)
	for _, r := range st.sb.resources {
		if r.due == nil {
			continue
		}
		if at := r.due(st, now); !at.IsZero() {
			st.later(at)
		}
	}
}

// mayHear reports whether hooks may name this scope.
func (s *Sandbox) mayHear(scope string) bool {
	return hookScopes[scope] || slices.ContainsFunc(s.resources, func(r *resource) bool { return slices.Contains(r.events, scope) })
}

// allScopes are those of everything that the sandbox simulates, without the read-only ones that
// they include.
func (s *Sandbox) allScopes() []string {
	all := slices.Clone(fixedScopes)
	for _, r := range s.resources {
		for _, rt := range r.routes {
			for _, scope := range rt.scopes {
				if !strings.HasSuffix(scope, "_read_only") && !slices.Contains(all, scope) {
					all = append(all, scope)
				}
			}
		}
	}
	return all
}
