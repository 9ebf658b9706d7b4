package kinds

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"sluice/internal/bench/stage"
)

func TestFeeds(t *testing.T) {
	for _, j := range jobs() {
		feeds := [2][][]string{}
		for i, changed := range []bool{false, true} {
			var out strings.Builder
			if err := j.feed(&out, changed); err != nil {
				t.Fatal(err)
			}
			rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
			if err != nil || len(rows) != j.rows()+1 {
				t.Fatalf("%s: %d rows, %v", j.name, len(rows), err)
			}
			feeds[i] = rows
		}
		keys, differ := map[string]bool{}, 0
		for i, row := range feeds[0] {
			keys[strings.Join(row[:len(row)-1], ",")] = true
			if strings.Join(row, ",") != strings.Join(feeds[1][i], ",") {
				differ++
			}
		}
		if len(keys) != j.rows()+1 || differ != j.rows()/every {
			t.Errorf("%s: %d different keys, %d rows that differ", j.name, len(keys), differ)
		}
	}
}

// The figures are those that were promised.
func TestTargets(t *testing.T) {
	for i, want := range []map[string]float64{
		{firstRun: 80.75, onePer100: 1}, {firstRun: 105, onePer100: 1}, {firstRun: 252, onePer100: 2},
	} {
		j := jobs()[i]
		for _, s := range scenarios {
			if j.most[s] != want[s] {
				t.Errorf("%s, %s: at most %v requests, want %v", j.name, s, j.most[s], want[s])
			}
		}
	}
}

func TestAtTheQuota(t *testing.T) {
	for requests, want := range map[int]time.Duration{0: 0, 1: window, quota: window, quota + 1: 2 * window, 25_000: 167 * window} {
		if got := atQuota(requests); got != want {
			t.Errorf("%d requests: %s, want %s", requests, got, want)
		}
	}
}

func TestARunThatDidSomethingElseFails(t *testing.T) {
	j := stock()
	good := stage.Run{ID: "r", State: "done", Read: 100_000, Updated: 1000, Unchanged: 99_000, Requests: 1}
	if err := j.check(good, onePer100); err != nil {
		t.Error(err)
	}
	if j.check(good, firstRun) == nil || j.check(good, unchanged) == nil {
		t.Error("another scenario's run is accepted")
	}
	failed := good
	failed.Failed = 1
	if j.check(failed, onePer100) == nil {
		t.Error("a failed record is accepted")
	}
}
