package queue

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/jobs"
)

// Only what was done counts, and what follows is spread over the stores.
func TestTheMeterCountsWhatWasDone(t *testing.T) {
	got := map[string]int{}
	var ids []int64
	m := &meter{stores: []string{"a", "b", "c"}, done: func(store string, id int64) { got[store]++; ids = append(ids, id) }}
	for range 3 {
		m.Attempted(forget, jobs.EndDone, time.Millisecond)
		m.Attempted(forget, jobs.EndFailed, time.Millisecond)
		m.Attempted("housekeeping", jobs.EndDone, time.Millisecond)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1, "c": 1}, got); diff != "" {
		t.Errorf("jobs by store (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, ids); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
}

func TestOtherDatabasesOfTheServer(t *testing.T) {
	old := postgres.url
	t.Cleanup(func() { postgres.url = old })
	postgres.url = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	got, err := database("round7")
	if want := "postgres://postgres@127.0.0.1:5432/round7?sslmode=disable"; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
