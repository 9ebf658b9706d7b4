package upserttest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// Config says what the records of a kind are. Records are counted from 0, versions of them from 0.
// Each version differs from every other in one field at least; where nothing shows what the store
// has (Route.Blind), in each field that Edit changes.
type Config struct {
	Setup
	Choices sandbox.Choices

	Header []string
	Row    func(i, version int) []string // of the feed; a line of its own, without line breaks
	// Seed makes what the store needs before n records can be written, nil for nothing. Of a target
	// that is no Creator these are the records themselves, with values that no version has.
	Seed func(w *World, n int)
	// Landed returns every record of the store, each as often as it is there, once all writes have
	// taken effect.
	Landed func(w *World) []Record
	// Want is what record i of a version must be in the store. It may have fewer fields than Landed
	// shows.
	Want func(i, version int) Record

	// Bad are rows that cannot be written, each for another reason: one at least that the mapping
	// refuses.
	Bad []Bad

	// Edit changes a field of record i by another hand, to what no version has. nil if nobody can.
	Edit func(w *World, i int)
	// Remove deletes record i by another hand. nil if nobody can.
	Remove func(w *World, i int)

	// EachDB also runs a small suite on SQLite. One kind's is enough: no kind asks a database itself.
	EachDB bool

	// Size is how many records the runs have whose requests are counted. Default 100.
	Size int
	// First is the least requests of a first run of n records, and Changed of one in which changed
	// of n records differ from what the run before it wrote.
	First   func(n int) int
	Changed func(changed, n int) int
}

// Record is a record of the store, or what is wanted of it.
type Record struct {
	Key    string // as the feed writes it
	Fields map[string]string
}

// Bad is a row that cannot be written.
type Bad struct {
	Name  string
	Row   func(i int) []string // instead of a version of record i
	Key   func(i int) string   // that its issue names; nil for record i's
	Field string               // that its issue names
	// Before arranges in the store that the row of record i is bad, after Seed. nil for what the
	// mapping refuses.
	Before func(w *World, i int)
}

// suite is a Config on one platform.
type suite struct {
	Config
	p *Platform
}

// Run proves of a kind what the package's documentation lists. Its test is called TestSoakSuite:
// make soak then kills the process at every point, not at some.
func Run(t *testing.T, cfg Config) {
	t.Helper()
	if cfg.Size == 0 {
		cfg.Size = 100
	}
	each := tenantstest.OneDB
	if cfg.EachDB || testenv.NewSoak(t).Whole() {
		each = tenantstest.EachDB
	}
	each(t, func(t *testing.T, db *tenants.DB) {
		s := &suite{Config: cfg, p: PlatformOn(t, db, cfg.Choices)}
		s.p.Killable(t)
		t.Run("requests", s.testRequests)
		t.Run("dry run", s.testDryRun)
		t.Run("bad rows", s.testBadRows)
		t.Run("retry", s.testRetry)
		t.Run("faults", s.testFaults)
		t.Run("others", s.testOthers)
		t.Run("apart", s.testApart)
		t.Run("cancelled", s.testCancelled)
		t.Run("given up", s.testGivenUp)
		t.Run("killed", s.testKilled)
	})
}

// creates reports whether the kind's flows create records.
func (s *suite) creates() bool {
	_, ok := s.Target().(upsert.Creator)
	return ok
}

// blind reports whether no answer shows what the store has, and nothing is looked at.
func (s *suite) blind() bool {
	if u, ok := s.Target().(upsert.Upserter); ok && u.Unseen(&tenants.Run{Options: s.Options}) {
		return true
	}
	return !slices.ContainsFunc(s.Target().Routes(), func(r upsert.Route) bool { return !r.Blind })
}

// world is a World that has been seeded.
type world struct {
	*World
	s      *suite
	before map[string]map[string]string // what the store held when it was seeded
}

// world returns one that is seeded for n records.
func (s *suite) world(t testing.TB, n int) *world {
	t.Helper()
	w := &world{World: NewWorld(t, s.p, s.Setup), s: s}
	if s.Seed != nil {
		s.Seed(w.World, n)
	}
	w.before = w.landed("seeded")
	return w
}

// feed makes the feed rows.
func (w *world) feed(rows ...[]string) { w.Feed.Body = CSV(w.s.Header, rows...) }

// all is one version of n records.
func all(version int) func(int) int { return func(int) int { return version } }

// rows returns the rows of n records.
func (s *suite) rows(n int, version func(i int) int) [][]string {
	out := make([][]string, n)
	for i := range out {
		out[i] = s.Row(i, version(i))
	}
	return out
}

// landed returns what the store holds, by key.
func (w *world) landed(note string) map[string]map[string]string {
	w.Helper()
	out := make(map[string]map[string]string)
	for _, r := range w.s.Landed(w.World) {
		if out[r.Key] != nil {
			w.Fatalf("%s: two records of the store are %q", note, r.Key)
		}
		out[r.Key] = r.Fields
	}
	return out
}

// absent is the version of a record that the run must not have touched.
const absent = -1

// holds fails the test unless the store holds n records in these versions, and else what it held
// before.
func (w *world) holds(note string, n int, version func(i int) int) {
	w.Helper()
	want := maps.Clone(w.before)
	for i := range n {
		v := version(i)
		if v == absent {
			continue
		}
		r := w.s.Want(i, v)
		fields := maps.Clone(want[r.Key])
		if fields == nil {
			fields = make(map[string]string)
		}
		maps.Copy(fields, r.Fields)
		want[r.Key] = fields
	}
	got := w.landed(note)
	for key, fields := range got {
		for name := range fields {
			if _, known := want[key][name]; !known && want[key] != nil {
				delete(fields, name) // a field that nobody says anything about
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		w.Fatalf("%s: the store (-want +got):\n%s", note, d)
	}
}

// wrote is how many records of a kind of Counts a run that writes n new ones has.
func (s *suite) wrote(n int) Counts {
	if s.creates() {
		return Counts{Read: int64(n), Created: int64(n)}
	}
	return Counts{Read: int64(n), Updated: int64(n)}
}

// within fails the test if there were more than 1.05 times the least requests.
func (w *world) within(what string, got, least int) {
	w.Helper()
	if got > least+least/20 {
		w.Errorf("%s: %d requests, of which %d are needed", what, got, least)
	}
}

// accounts fails the test unless journal and items of a run that is done say what its counts say.
func (w *world) accounts(r *tenants.Run, note string) {
	w.Helper()
	actions := make(map[string]int64)
	keys := make(map[string]bool)
	for _, e := range w.Entries(r) {
		actions[e.Action]++
		if keys[e.Key] {
			w.Errorf("%s: the journal has %q twice", note, e.Key)
		}
		keys[e.Key] = true
		changes := w.Changes(e.Changes)
		if len(changes) == 0 {
			w.Errorf("%s: the journal has no changes of %q", note, e.Key)
		}
		for _, c := range changes {
			if c.Route != "" || c.Done {
				w.Errorf("%s: the journal of %q tells how it was written: %+v", note, e.Key, c)
			}
		}
	}
	want := map[string]int64{}
	for action, n := range map[string]int64{"create": r.Created, "update": r.Updated} {
		if n > 0 {
			want[action] = n
		}
	}
	if d := cmp.Diff(want, actions); d != "" {
		w.Errorf("%s: the journal's actions (-counts +journal): %s", note, d)
	}
	for _, item := range w.Items(r) {
		if item.State != tenants.ItemDone && item.State != tenants.ItemFailed {
			w.Errorf("%s: line %d is left %s", note, item.Line, item.State)
		}
	}
}

// testRequests: a first run, one without changes, one of 1 %, and each again without changes.
func (s *suite) testRequests(t *testing.T) {
	n := s.Size
	w := s.world(t, n)
	version := all(0)
	again := func(note string) {
		t.Helper()
		var r *tenants.Run
		if got := w.Requests(func() { r = w.Run() }); got != 0 {
			t.Errorf("%s, and again: %d requests", note, got)
		}
		w.Want(r, Counts{Read: int64(n), Unchanged: int64(n)})
		w.holds(note+", and again", n, version)
	}
	w.feed(s.rows(n, version)...)
	var r *tenants.Run
	got := w.Requests(func() { r = w.Run() })
	w.Want(r, s.wrote(n))
	w.within("first", got, s.First(n))
	if int(r.Requests) != got {
		t.Errorf("the run counted %d requests of %d", r.Requests, got)
	}
	w.holds("first", n, version)
	w.accounts(r, "first")
	again("first")
	for round, part := range []int{100, 5} {
		changed := 0
		last := version
		version = func(i int) int {
			if i%part == part/2 {
				return round + 1
			}
			return last(i)
		}
		for i := range n {
			if version(i) != last(i) {
				changed++
			}
		}
		w.feed(s.rows(n, version)...)
		note := fmt.Sprintf("%d of %d changed", changed, n)
		got = w.Requests(func() { r = w.Run() })
		w.Want(r, Counts{Read: int64(n), Updated: int64(changed), Unchanged: int64(n - changed)})
		w.within(note, got, s.Changed(changed, n))
		w.holds(note, n, version)
		w.accounts(r, note)
		again(note)
	}
}

// readsOnly has w fail at each request of the engine that is no GET.
func (w *world) readsOnly() (restore func()) {
	was := w.Wrap
	w.Wrap = func(next http.RoundTripper) http.RoundTripper {
		return Tripper(func(r *http.Request) (*http.Response, error) {
			if r.Method != http.MethodGet {
				w.Errorf("a dry run sent %s %s", r.Method, r.URL.Path)
			}
			return next.RoundTrip(r)
		})
	}
	return func() { w.Wrap = was }
}

// testDryRun: nothing is written to the store, and nothing kept of what was seen there.
func (s *suite) testDryRun(t *testing.T) {
	const n = 10
	w := s.world(t, n)
	kept := func() (out int64) {
		t.Helper()
		for _, model := range []any{&tenants.RememberedRecord{}, &tenants.Record{}, &tenants.JournalEntry{}} {
			var rows int64
			if err := w.DB.Scoped(context.WithoutCancel(w.Ctx)).Model(model).Count(&rows).Error; err != nil {
				t.Fatal(err)
			}
			out += rows
		}
		return out
	}
	round := func(note string, want Counts, version func(int) int) {
		t.Helper()
		before, was := w.landed(note), kept()
		w.feed(s.rows(n, version)...)
		restore := w.readsOnly()
		dry := w.Run(DryRun)
		restore()
		w.Want(dry, want)
		if d := cmp.Diff(before, w.landed(note)); d != "" {
			t.Errorf("%s: a dry run changed the store: %s", note, d)
		}
		if now := kept(); now != was {
			t.Errorf("%s: a dry run left %d rows", note, now-was)
		}
		says := changesOf(w.World, dry)
		r := w.Run()
		w.Want(r, want)
		if d := cmp.Diff(says, changesOf(w.World, r)); d != "" {
			t.Errorf("%s: what a dry run says would change, and what the run then changes: %s", note, d)
		}
		if len(s.Target().Routes()) == 1 && max(dry.PlannedRequests-r.PlannedRequests, r.PlannedRequests-dry.PlannedRequests) > 1 {
			t.Errorf("%s: a dry run plans %d requests, the run %d", note, dry.PlannedRequests, r.PlannedRequests)
		}
		w.holds(note, n, version)
	}
	round("first", s.wrote(n), all(0))
	round("half changed", Counts{Read: n, Updated: n / 2, Unchanged: n / 2}, func(i int) int { return i % 2 })
}

// changesOf returns the fields that a run's items change, by key.
func changesOf(w *World, r *tenants.Run) map[string][]string {
	out := make(map[string][]string)
	for key, changes := range w.ItemChanges(r) {
		for _, c := range changes {
			out[key] = append(out[key], fmt.Sprintf("%s: %v", c.Field, c.After))
		}
		slices.Sort(out[key])
	}
	return out
}

// key is what the issue of a bad row of record i names.
func (s *suite) key(b Bad, i int) string {
	if b.Key != nil {
		return b.Key(i)
	}
	return s.Want(i, 0).Key
}

// firstRow is the line of a feed's first row.
const firstRow = 2

// testBadRows: each kind of bad row fails alone, in a first run and among records that are
// remembered.
func (s *suite) testBadRows(t *testing.T) {
	const n, at = 10, 4
	for _, bad := range s.Bad {
		t.Run(bad.Name, func(t *testing.T) {
			w := s.world(t, n)
			if bad.Before != nil {
				bad.Before(w.World, at)
				w.before = w.landed("arranged")
			}
			for _, v := range []int{0, 1} {
				version := func(i int) int {
					if i == at {
						return absent
					}
					return v
				}
				rows := s.rows(n, all(v))
				rows[at] = bad.Row(at)
				w.feed(rows...)
				r := w.Run()
				want := s.wrote(n - 1)
				if v > 0 {
					want = Counts{Updated: n - 1}
				}
				want.Read, want.Failed = n, 1
				w.Want(r, want)
				kinds, messages := w.Issues(r, flow.SeverityError)
				if d := cmp.Diff([]string{fmt.Sprintf("%d %s %s", at+firstRow, s.key(bad, at), bad.Field)}, kinds); d != "" {
					t.Errorf("errors %v: %s", messages, d)
				}
				w.holds(bad.Name, n, version)
			}
		})
	}
}

// testRetry: a retry writes the rows that failed, as they are in the source now, and no others.
func (s *suite) testRetry(t *testing.T) {
	const n, at = 10, 4
	bad := s.mapped()
	w := s.world(t, n)
	rows := s.rows(n, all(0))
	rows[at] = bad.Row(at)
	w.feed(rows...)
	first := w.Run()
	want := s.wrote(n - 1)
	want.Read, want.Failed = n, 1
	w.Want(first, want)
	again := w.Run(RetryOf(first))
	w.Want(again, Counts{Read: 1, Failed: 1})
	w.feed(s.rows(n, func(i int) int {
		if i == at {
			return 0
		}
		return 1 // what else is new in the source is none of the retry's business
	})...)
	var retry *tenants.Run
	got := w.Requests(func() { retry = w.Run(RetryOf(first)) })
	w.Want(retry, s.wrote(1))
	w.within("retry", got, s.First(1))
	w.holds("retry", n, all(0))
	w.accounts(retry, "retry")
}

// mapped returns a bad row that the mapping refuses.
func (s *suite) mapped() Bad {
	i := slices.IndexFunc(s.Bad, func(b Bad) bool { return b.Before == nil })
	return s.Bad[i]
}
