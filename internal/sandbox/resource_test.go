package sandbox

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestResources: what one says of itself must not be another's.
func TestResources(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	kinds, calls := map[string]int{}, map[string]int{}
	for _, r := range s.resources {
		for _, k := range r.kinds {
			kinds[k]++
		}
		if len(r.routes) == 0 || (r.keep == nil) != (len(r.kinds) == 0) {
			t.Errorf("%+v", r)
		}
	}
	for _, rt := range s.apiRoutes() {
		calls[rt.method+" "+shape(rt.path)]++
	}
	for _, m := range []map[string]int{kinds, calls} {
		for what, n := range m {
			if n != 1 {
				t.Errorf("%s is there %d times", what, n)
			}
		}
	}
	for _, scope := range s.allScopes() {
		if strings.HasSuffix(scope, "_read_only") {
			t.Error(scope)
		}
	}
}

// jobs is a resource for tests: what was accepted a second ago is carried out.
type job struct{ Due int64 }

type jobs struct {
	things[job]
	done int
}

func TestResourceOfOneFile(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	file := filepath.Join(t.TempDir(), "state.json")
	open := func() *Sandbox {
		s, err := New(Options{StateFile: file, ClientID: "c", Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	jobsOf := func(st *Store) *jobs { return keptBy[*jobs](st) }
	resource := &resource{
		events: []string{"store/job/done"},
		kinds:  []string{"job"},
		keep:   func(st *Store) kept { return &jobs{things: newThings[job](st, "job")} },
		begin: func(st *Store) {
			if j := jobsOf(st); len(j.byID) == 0 {
				j.put(1, &job{})
			}
		},
		due: func(st *Store, now time.Time) (next time.Time) {
			j := jobsOf(st)
			for id, one := range j.byID {
				switch at := time.Unix(one.Due, 0); {
				case one.Due == 0:
				case now.Before(at):
					next = at
				default:
					j.done++
					j.put(id, &job{})
				}
			}
			return next
		},
	}
	s := open()
	s.resources = append(s.resources, resource)
	if !s.mayHear("store/job/done") || s.mayHear("store/job/begun") {
		t.Error("hooks")
	}
	st := s.AddStore(StoreSpec{Hash: "one"})
	if len(jobsOf(st).byID) != 1 {
		t.Fatal("a new store has no job")
	}
	st.mu.Lock()
	jobsOf(st).put(2, &job{Due: now.Unix() + 1})
	jobsOf(st).put(3, &job{Due: now.Unix() + 3})
	st.later(now.Add(3 * time.Second))
	st.later(now.Add(time.Second))
	st.flush()
	st.mu.Unlock()
	st.carryOut(now)
	if jobsOf(st).done != 0 {
		t.Error("carried out too early")
	}
	now = now.Add(2 * time.Second)
	st.carryOut(now)
	st.carryOut(now)
	if jobsOf(st).done != 1 {
		t.Errorf("%d carried out, want 1", jobsOf(st).done)
	}
	now = now.Add(2 * time.Second)
	st.carryOut(now)
	if jobsOf(st).done != 2 {
		t.Errorf("%d carried out, want 2", jobsOf(st).done)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{StateFile: file}); err == nil || !strings.Contains(err.Error(), "unknown kind") {
		t.Errorf("what nobody keeps was read: %v", err)
	}
}

func TestFieldsInObjects(t *testing.T) {
	specs := []fieldSpec{
		{name: "place", kind: kObject, fields: []fieldSpec{
			{name: "x", kind: kNumber, required: true, max: num(90)}, {name: "id", kind: kInteger, readOnly: true},
			{name: "rows", kind: kObjects, maxItems: 2, fields: []fieldSpec{{name: "n", kind: kInteger, required: true}}},
		}},
		{name: "free", kind: kObject},
	}
	for in, want := range map[string]string{
		`{"place":{"x":90,"id":"?","more":1,"rows":[{"n":1},{"n":2}]},"free":{"a":[]}}`: `{"free":{"a":[]},"place":{"rows":[{"n":1},{"n":2}],"x":90}}`,
		`{"place":{}}`:                            `place.x ` + msgMissing,
		`{"place":[]}`:                            `place ` + msgObject,
		`{"place":null}`:                          `place ` + msgObject,
		`{"place":{"x":91}}`:                      `place.x ` + msgMax,
		`{"place":{"x":1,"rows":{}}}`:             `place.rows ` + msgArray,
		`{"place":{"x":1,"rows":[1]}}`:            `place.rows.0 ` + msgObject,
		`{"place":{"x":1,"rows":[{"n":1},{}]}}`:   `place.rows.1.n ` + msgMissing,
		`{"place":{"x":1,"rows":[{},{},{}]}}`:     `place.rows ` + msgTooMany,
		`{"place":{"x":1,"rows":[{"n":1.5},{}]}}`: `place.rows.0.n ` + msgInteger + ` place.rows.1.n ` + msgMissing,
	} {
		v, err := readJSON(strings.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		vals, errs := validate(specs, index(specs), v.(map[string]any), true, "")
		got := compact(rawMap(specs, vals))
		if len(errs) > 0 {
			got = ""
			for _, k := range sortedKeys(errs) {
				got += " " + k + " " + errs[k]
			}
			got = got[1:]
		}
		if got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
