package mainjob

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/bench/stage"
)

func TestTheFewestRequests(t *testing.T) {
	for _, c := range []struct{ creates, updates, want int }{
		{0, 0, 0}, {10_000, 0, 10_000}, {0, 1, 1}, {0, 10, 1}, {0, 11, 2}, {0, 100, 10}, {3, 25, 6},
	} {
		if got := least(c.creates, c.updates); got != c.want {
			t.Errorf("%d creates and %d updates: %d, want %d", c.creates, c.updates, got, c.want)
		}
	}
}

func TestTheFeedChangesOneInAHundred(t *testing.T) {
	feeds := [2][][]string{}
	for i, changed := range []bool{false, true} {
		var out strings.Builder
		if err := write(&out, changed); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
		if err != nil || len(rows) != products+1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		feeds[i] = rows
	}
	skus, differ := map[string]bool{}, 0
	for i, row := range feeds[0] {
		skus[row[0]] = true
		if strings.Join(row, ",") != strings.Join(feeds[1][i], ",") {
			differ++
		}
	}
	if len(skus) != products+1 || differ != products/every {
		t.Errorf("%d different keys, %d rows that differ", len(skus), differ)
	}
}

// counter answers as a store without a quota to speak of, and counts by method; a 429 comes first
// of all.
func counter(t *testing.T) (c *client, counts map[string]int) {
	counts = map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Rate-Limit-Time-Reset-Ms", "1")
		w.Header().Set("X-Rate-Limit-Requests-Left", "1")
		counts[r.Method]++
		if len(counts) == 1 && counts[r.Method] == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		var answer any = []known{}
		switch r.Method {
		case http.MethodPost:
			answer = known{int64(counts[r.Method])}
		case http.MethodPut:
			var in []known
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in) > batch {
				t.Errorf("PUT of %d products: %v", len(in), err)
			}
			answer = in
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": answer})
	}))
	t.Cleanup(server.Close)
	info := stage.SandboxInfo{URL: server.URL, Stores: map[string]stage.StoreInfo{"s": {Token: "t"}}}
	return newClient(info, "s"), counts
}

// The contender that is the measure sends as many requests as the derivation says, and a refused
// one again.
func TestTheSmallestPossibleIsSmallest(t *testing.T) {
	c, counts := counter(t)
	m := newSmallest(c)
	for _, s := range scenarios {
		if err := m.run(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := counts[http.MethodPost], least(products, 0)+1; got != want {
		t.Errorf("%d creates, want %d with the refused one", got, want)
	}
	if got, want := counts[http.MethodPut], least(0, products/every); got != want || len(counts) != 2 {
		t.Errorf("%d updates, want %d; all: %v", got, want, counts)
	}
	if id := m.ids[products]; id != int64(counts[http.MethodPost]) {
		t.Errorf("the last product's id is %s", strconv.FormatInt(id, 10))
	}
}

func TestARunThatDidSomethingElseFails(t *testing.T) {
	good := stage.Run{ID: "r", State: "done", Read: products, Updated: products / every, Unchanged: products - products/every, Requests: 11}
	if err := check(good, onePer100); err != nil {
		t.Error(err)
	}
	for _, s := range []string{firstRun, unchanged} {
		if check(good, s) == nil {
			t.Errorf("%s: accepted", s)
		}
	}
	failed := good
	failed.Failed = 1
	if check(failed, onePer100) == nil {
		t.Error("a failed record is accepted")
	}
}
