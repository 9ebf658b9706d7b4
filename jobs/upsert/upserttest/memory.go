package upserttest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs/flow"
	"sluice/jobs/upsert"
	"sluice/tenants"
)

// record returns the flow's record of a key.
func (w *world) record(key string) tenants.Record {
	w.Helper()
	found, err := w.DB.RecordsByKeys(w.Ctx, w.Flow.ID, []string{upsert.Fold(key)})
	if err != nil || len(found) != 1 {
		w.Fatalf("record of %q: %v, %v", key, found, err)
	}
	return found[upsert.Fold(key)]
}

// deleted reports record i as deleted, as a webhook of a kind of record does.
func (w *world) deleted(kind string, i int) {
	w.Helper()
	r := w.record(w.s.Want(i, 0).Key)
	if err := w.DB.ForgetDeleted(w.Ctx, []tenants.DeletedRecord{{StoreHash: w.Store.Hash, Kind: kind, TargetID: r.TargetID}}); err != nil {
		w.Fatal(err)
	}
}

// remembered counts what is remembered of a flow's records.
func (w *world) remembered(flowID string) (n int64) {
	w.Helper()
	if err := w.DB.Scoped(w.Ctx).Model(&tenants.RememberedRecord{}).Where("flow_id = ?", flowID).Count(&n).Error; err != nil {
		w.Fatal(err)
	}
	return n
}

// testOthers: others change and delete records in the store, and webhooks report them deleted.
func (s *suite) testOthers(t *testing.T) {
	const n = 6
	begin := func(t *testing.T) *world {
		t.Helper()
		w := s.world(t, n)
		w.feed(s.rows(n, all(0))...)
		w.Want(w.Run(), s.wrote(n))
		return w
	}
	if s.Edit != nil {
		t.Run("edited", func(t *testing.T) {
			w := begin(t)
			s.Edit(w.World, 1)
			if got := w.Requests(func() { w.Run() }); got != 0 {
				t.Errorf("nothing changed in the source: %d requests", got)
			}
			w.feed(s.rows(n, func(i int) int { return i % 2 })...)
			r := w.Run()
			w.Want(r, Counts{Read: n, Updated: n / 2, Unchanged: n / 2})
			w.holds("edited", n, func(i int) int { return i % 2 })
			w.accounts(r, "edited")
		})
	}
	if s.Remove != nil {
		t.Run("removed", func(t *testing.T) {
			w := begin(t)
			s.Remove(w.World, 1)
			w.before = w.landed("removed")
			w.feed(s.rows(n, func(i int) int { return i % 2 })...)
			r := w.Run()
			if s.creates() {
				w.Want(r, Counts{Read: n, Created: 1, Updated: n/2 - 1, Unchanged: n / 2})
				w.holds("removed", n, func(i int) int { return i % 2 })
				return
			}
			w.Want(r, Counts{Read: n, Updated: n/2 - 1, Unchanged: n / 2, Failed: 1})
			kinds, messages := w.Issues(r, flow.SeverityError)
			if len(kinds) != 1 || !startsWith(kinds[0], fmt.Sprintf("%d %s ", 1+firstRow, s.Want(1, 0).Key)) {
				t.Errorf("errors %v", messages)
			}
			w.holds("removed", n, func(i int) int {
				if i == 1 {
					return absent
				}
				return i % 2
			})
		})
	}
	t.Run("reported deleted", func(t *testing.T) {
		w := begin(t)
		want := Counts{Read: n, Unchanged: n}
		w.deleted("another-kind", 1)
		if got := w.Requests(func() { w.Want(w.Run(), want) }); got != 0 {
			t.Errorf("the webhook of another kind of record: %d requests", got)
		}
		if s.Remove != nil && s.creates() {
			w.deletedAndGone(1)
			want = Counts{Read: n, Created: 1, Unchanged: n - 1}
		} else {
			w.deleted(w.Flow.Kind, 1)
		}
		var r *tenants.Run
		if got := w.Requests(func() { r = w.Run() }); got == 0 {
			t.Error("a record that was reported deleted was not looked for")
		}
		if s.blind() { // whether it is right already, nothing tells
			want = CountsOf(r)
			if want.Failed != 0 || want.Unchanged < n-1 {
				t.Errorf("counts %+v", want)
			}
		}
		w.Want(r, want)
		w.holds("reported deleted", n, all(0))
	})
}

func startsWith(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// deletedAndGone deletes record i, which a webhook reports.
func (w *world) deletedAndGone(i int) {
	w.Helper()
	w.deleted(w.Flow.Kind, i)
	w.s.Remove(w.World, i)
}

// testApart: stores, flows and kinds leave each other's records alone.
func (s *suite) testApart(t *testing.T) {
	const n = 5
	one, two := s.world(t, n), s.world(t, n)
	one.feed(s.rows(n, all(0))...)
	one.Want(one.Run(), s.wrote(n))
	one.holds("one store", n, all(0))
	had := one.remembered(one.Flow.ID)

	// A flow of another kind, whose records have the same ids.
	other := &tenants.Flow{Kind: "another-kind", Name: "Other", ConnectionID: one.Flow.ConnectionID}
	if err := one.DB.CreateFlow(one.Ctx, other); err != nil {
		t.Fatal(err)
	}
	var records []tenants.Record
	texts := make(map[string]string)
	for i := range n {
		r := one.record(s.Want(i, 0).Key)
		r.Kind, r.FlowID = other.Kind, other.ID
		records = append(records, r)
		texts[r.Key] = "{}"
	}
	err := one.DB.Tx(one.Ctx, func(tx *tenants.DB) error {
		if err := tx.UpsertRecords(one.Ctx, records); err != nil {
			return err
		}
		return tx.RememberRecords(one.Ctx, other.Kind, other.ID, texts)
	})
	if err != nil {
		t.Fatal(err)
	}

	two.feed(s.rows(n, all(1))...)
	two.Want(two.Run(), s.wrote(n))
	two.holds("another store", n, all(1))
	one.holds("the first store, after another's run", n, all(0))
	if got := one.Requests(func() { one.Run() }); got != 0 || one.remembered(one.Flow.ID) != had {
		t.Errorf("after another store's run: %d requests, %d of %d records remembered", got, one.remembered(one.Flow.ID), had)
	}

	// A second flow of the store writes the same records: the first remembers them no more.
	first := one.Flow
	one.Flow = one.AddFlow("Second", s.Mapping, s.Options)
	one.feed(s.rows(n, all(1))...)
	one.Want(one.Run(), Counts{Read: n, Updated: n})
	one.holds("another flow", n, all(1))
	if got := one.remembered(first.ID); got != 0 {
		t.Errorf("the first flow still remembers %d records that another wrote", got)
	}
	if got := one.remembered(other.ID); got != n {
		t.Errorf("a flow of another kind remembers %d of its %d records", got, n)
	}
	one.Flow = first
	one.feed(s.rows(n, all(2))...)
	one.Want(one.Run(), Counts{Read: n, Updated: n})
	one.holds("the first flow again", n, all(2))
}

// testKilled kills a run that has something for every kind of write, and of memory.
func (s *suite) testKilled(t *testing.T) {
	const same, changed, edited, removed, forgotten, fresh, last, bad = 0, 1, 2, 3, 4, 5, 6, 7
	edits, removes := s.Edit != nil && !s.blind(), s.Remove != nil && s.creates()
	version := func(i int) int {
		if i == same {
			return 0
		}
		return 1
	}
	want := Counts{Read: 9, Updated: 6, Unchanged: 1, Failed: 2}
	journal := make(map[string]string)
	for i := changed; i <= last; i++ {
		key, action := upsert.Fold(s.Want(i, 0).Key), "update"
		if s.creates() && (i == fresh || i == last || removes && i == removed) {
			action = "create"
			want.Created, want.Updated = want.Created+1, want.Updated-1
		}
		journal[key] = action
	}
	refused := s.mapped()
	stride := 7
	if s.p.DB.AcrossStores(t.Context()).Name() == "postgres" {
		stride = 19 // what it does otherwise than SQLite, each step does
	}
	scenario := Scenario{
		Points: 10, Stride: stride,
		New: func(t testing.TB, seed int) *World {
			w := s.world(t, bad+1)
			w.Config.Concurrency, w.Config.WindowRows = 1+seed%4, 4
			w.feed(s.rows(forgotten+1, all(0))...)
			w.Want(w.Run(), s.wrote(forgotten+1))
			if edits {
				s.Edit(w.World, edited)
			}
			if removes {
				s.Remove(w.World, removed)
			}
			w.deleted(w.Flow.Kind, forgotten)
			rows := append(s.rows(last+1, version), s.Row(fresh, 2), refused.Row(bad))
			w.feed(rows...)
			w.seeded = w
			return w.World
		},
		Settled: func(base *World, r *tenants.Run, note string) {
			w := base.seeded
			r = w.Saved(r)
			if got := CountsOf(r); r.State != tenants.RunDone || got != want {
				_, messages := w.Issues(r, "")
				w.Fatalf("%s: state %s %q, counts %+v, want %+v; issues %v", note, r.State, r.Error, got, want, messages)
			}
			w.holds(note, last+1, version)
			w.accounts(r, note)
			if d := cmp.Diff(journal, w.Journal(r)); d != "" {
				w.Fatalf("%s: journal %s", note, d)
			}
			kinds, _ := w.Issues(r, flow.SeverityError)
			named := fmt.Sprintf("%d %s %s", firstRow+last+2, s.key(refused, bad), refused.Field)
			if len(kinds) != 2 || !startsWith(kinds[0], fmt.Sprintf("%d %s ", firstRow+last+1, s.Want(fresh, 0).Key)) && kinds[0] != named ||
				kinds[0] != named && kinds[1] != named {
				w.Fatalf("%s: errors %v", note, kinds)
			}
			if got := w.Requests(func() { r = w.Run() }); got != 0 {
				w.Fatalf("%s: the next run made %d requests", note, got)
			}
			w.holds(note+", and again", last+1, version)
		},
	}
	KilledAnywhere(t, scenario)
	KilledAgainAndAgain(t, scenario)
}
