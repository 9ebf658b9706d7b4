package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/testenv"
	"sluice/jobs/kinds/products"
	"sluice/tenants"
)

// environ is the environment of the programs that tests start: this machine's paths, and nothing of
// the configuration of whoever runs the tests.
func environ(variables ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	return append(env, variables...)
}

// runDemo calls `sluice demo --once --json` and returns what it printed.
func runDemo(t *testing.T, dir, feed string, env ...string) demoResult {
	t.Helper()
	results, complaint := runDemoWith(t, env, "--state", dir, "--feed", feed)
	if len(results) != 1 || complaint != "" {
		t.Fatalf("the demo: %+v, %s", results, complaint)
	}
	return results[0]
}

// runDemoWith calls `sluice demo --once --json` and returns what it printed: an object a line, and
// what it complained of when it ended with 1.
func runDemoWith(t *testing.T, env []string, args ...string) (results []demoResult, complaint string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), buildSluice(t), append([]string{"demo", "--once", "--json"}, args...)...)
	cmd.Env = environ(env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) || (err != nil) != (stderr.Len() > 0) {
		t.Fatalf("demo: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	for line := range bytes.Lines(stdout.Bytes()) {
		var r demoResult
		if err := strict(line, &r); err != nil {
			t.Fatalf("the demo's JSON: %v in %s", err, line)
		}
		t.Logf("%+v", r)
		results = append(results, r)
	}
	return results, stderr.String()
}

// productsFrom is a flow of products that reads from an address.
func productsFrom(address string) flowSpec {
	return flowSpec{Kind: products.Name, Source: demoSource{Kind: "url", URL: address}}
}

// demoCounts are the parts of the demo's result that have one right value.
type demoCounts struct{ read, created, updated, unchanged, failed int64 }

func wantDemo(t *testing.T, what string, r demoResult, want demoCounts, maxRequests int) {
	t.Helper()
	if r.State != "done" || len(r.Errors) > 0 {
		t.Errorf("%s: state %s, errors %v", what, r.State, r.Errors)
	}
	if got := (demoCounts{r.Read, r.Created, r.Updated, r.Unchanged, r.Failed}); got != want {
		t.Errorf("%s: %+v, want %+v", what, got, want)
	}
	if r.APIRequests > maxRequests {
		t.Errorf("%s: %d API requests, want at most %d", what, r.APIRequests, maxRequests)
	}
	if r.HTTP429 != 0 {
		t.Errorf("%s: %d requests were refused for the quota", what, r.HTTP429)
	}
}

// TestDemo is what the project promises of a first run, a second run, a changed feed, and an app
// that has forgotten everything.
func TestDemo(t *testing.T) {
	buildSluice(t)
	t.Run("SQLite and embedded Redis", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		demoPromises(t, dir, nil, func() []string {
			files, err := filepath.Glob(filepath.Join(dir, "sluice.db*"))
			if err != nil || len(files) == 0 {
				t.Fatalf("the app's database is not in the state folder: %v %v", files, err)
			}
			for _, f := range files {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
			return nil
		})
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		s, ok := realStack(t, "covered with SQLite and the embedded Redis only")
		if !ok {
			return
		}
		dir := t.TempDir()
		demoPromises(t, dir, []string{"DATABASE_URL=" + s.database, "REDIS_URL=" + s.redis}, func() []string {
			if files, _ := filepath.Glob(filepath.Join(dir, "sluice.db*")); len(files) > 0 {
				t.Errorf("DATABASE_URL is set and yet there is %v", files)
			}
			fresh, _ := testenv.Postgres(t)
			return []string{"DATABASE_URL=" + fresh, "REDIS_URL=" + s.redis}
		})
	})
}

// demoPromises runs the demo four times. forget makes the app forget everything, and returns the
// environment from then on.
func demoPromises(t *testing.T, dir string, env []string, forget func() []string) {
	list := catalogue(catalogueSize)
	feed := filepath.Join(t.TempDir(), "parts.csv")
	writeCatalogue(t, feed, list)

	r := runDemo(t, dir, feed, env...)
	// Besides one request a product: the store's categories and catalogue, and the categories to
	// create.
	wantDemo(t, "first run", r, demoCounts{read: catalogueSize, created: catalogueSize}, catalogueSize+20)
	store := r.StoreHash

	r = runDemo(t, dir, feed, env...)
	wantDemo(t, "second run", r, demoCounts{read: catalogueSize, unchanged: catalogueSize}, 2)

	for i := range 100 {
		list[i*24].cents++
	}
	writeCatalogue(t, feed, list)
	r = runDemo(t, dir, feed, env...)
	wantDemo(t, "100 prices changed", r, demoCounts{read: catalogueSize, updated: 100, unchanged: catalogueSize - 100}, 13)

	r = runDemo(t, dir, feed, forget()...)
	wantDemo(t, "everything forgotten", r, demoCounts{read: catalogueSize, unchanged: catalogueSize}, 15)
	if r.StoreHash != store {
		t.Errorf("the store changed from %s to %s", store, r.StoreHash)
	}
}

// TestSandboxDump: what a demo brought is what the look at its state shows.
func TestSandboxDump(t *testing.T) {
	dir := t.TempDir()
	feed := filepath.Join(dir, "feed.csv")
	if err := os.WriteFile(feed, []byte("sku,name,price,weight,stock\nD-1,Drill,12.50,1,3\nD-2,Saw,7.25,1,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := runDemo(t, dir, feed)
	for _, args := range [][]string{{"--state", dir}, {"--state", filepath.Join(dir, "sandbox.json"), "--store", r.StoreHash}} {
		cmd := exec.CommandContext(t.Context(), buildSluice(t), append([]string{"sandbox", "dump"}, args...)...)
		cmd.Env = environ()
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Hash     string `json:"store_hash"`
			Products []struct {
				SKU   string
				Price json.Number
			}
			Stock, Orders []any
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%v: %.200s", err, out)
		}
		prices := map[string]json.Number{}
		for _, p := range got.Products {
			prices[p.SKU] = p.Price
		}
		if got.Hash != r.StoreHash || len(prices) != 2 || prices["D-1"] != "12.5" || prices["D-2"] != "7.25" || got.Stock == nil || got.Orders == nil {
			t.Errorf("prices %v in %.500s", prices, out)
		}
	}
	out, err := exec.CommandContext(t.Context(), buildSluice(t), "sandbox", "dump", "--state", t.TempDir()).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("there is no state of a sandbox in")) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestDemoAsks: a run that waits for an answer is no failure and not done: programs tell it by the
// exit code, and by the question in the JSON.
func TestDemoAsks(t *testing.T) {
	for state, want := range map[tenants.RunState]int{
		tenants.RunDone: 0, tenants.RunAsking: 2, tenants.RunFailed: 1, tenants.RunCancelled: 1,
	} {
		got := 0
		if err := (&demoResult{State: string(state)}).failure(); err != nil {
			got = exitCode(fmt.Errorf("demo: %w", err))
		}
		if got != want {
			t.Errorf("%s: exit code %d, want %d", state, got, want)
		}
	}
	q := tenants.Question{Guard: "lost", Message: "Parts are missing.", Count: 3, Of: 4, Limit: 20, Examples: []string{"A-1"}}
	body, err := json.Marshal(demoResult{State: "asking", Question: &q})
	var back struct{ Question *tenants.Question }
	if err == nil {
		err = json.Unmarshal(body, &back)
	}
	if err != nil || back.Question == nil || back.Question.Guard != "lost" || back.Question.Count != 3 {
		t.Errorf("%s, %v", body, err)
	}
	var out strings.Builder
	(&demoResult{State: "asking", Question: &q}).write(&out)
	if !strings.Contains(out.String(), "the run asks: Parts are missing. 3 of 4.\n  A-1\n") {
		t.Errorf("said %q", out.String())
	}
}
