package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// queueFixture is a database, and perhaps a Redis, with something of everything: a store with work,
// a paused one, a lease, two dead jobs.
type queueFixture struct {
	t   *testing.T
	db  *tenants.DB
	env []string
}

func newQueueFixture(t *testing.T, database, redisURL string) *queueFixture {
	t.Helper()
	f := &queueFixture{t: t, db: tenantstest.Open(t, database), env: environ(
		"DATABASE_URL="+database, "REDIS_URL="+redisURL, "ENCRYPTION_KEYS="+tenantstest.Keys)}
	if err := f.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var q *queue.Queue
	if redisURL != "" {
		o, err := redis.ParseURL(redisURL)
		if err != nil {
			t.Fatal(err)
		}
		rdb := redis.NewClient(o)
		t.Cleanup(func() { _ = rdb.Close() })
		q = queue.New(rdb, queue.Options{})
		if err := q.Rebuild(t.Context(), func(context.Context, func(queue.Job) error) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Add(-time.Minute).UTC()
	for _, store := range []string{"busy1", "paused1"} {
		ctx := tenants.WithStore(t.Context(), store)
		if _, err := f.db.UpsertInstalledStore(ctx, tenants.Install{StoreHash: store, AccessToken: "t", Origin: tenants.OriginCredentials}); err != nil {
			t.Fatal(err)
		}
		for i := range map[string]int{"busy1": 3, "paused1": 2}[store] {
			row := tenants.Job{ID: fmt.Sprintf("%s-%d", store, i), Kind: "store.refresh", State: tenants.JobPending, Payload: "{}", RunAt: now}
			f.add(ctx, &row)
			if q != nil {
				if err := q.Enqueue(ctx, queue.Job{ID: row.ID, Store: store, Kind: row.Kind}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	busy, paused := tenants.WithStore(t.Context(), "busy1"), tenants.WithStore(t.Context(), "paused1")
	for _, id := range []string{"dead-1", "dead-2"} {
		f.add(busy, &tenants.Job{ID: id, Kind: "store.refresh", State: tenants.JobDead, Payload: "{}", Attempts: 2, LastError: "no answer", RunAt: now})
		for n := range 2 {
			f.add(busy, &tenants.JobAttempt{ID: tenants.NewID(), JobID: id, Attempt: n + 1, Error: fmt.Sprint("failure ", n+1), FailedAt: now})
		}
	}
	if q != nil {
		if err := q.Pause(paused, "paused1"); err != nil {
			t.Fatal(err)
		}
		if l, err := q.Claim(busy, 0); err != nil || l == nil || l.Store != "busy1" {
			t.Fatalf("claim: %+v, %v", l, err)
		}
	}
	if _, err := f.db.MarkNeedsReinstall(paused, "paused1", "no access"); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *queueFixture) add(ctx context.Context, row any) {
	f.t.Helper()
	if err := f.db.Scoped(ctx).Create(row).Error; err != nil {
		f.t.Fatal(err)
	}
}

// sluice runs `sluice queue` and returns what it printed.
func (f *queueFixture) sluice(args ...string) (stdout, stderr string, err error) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), buildSluice(f.t), append([]string{"queue"}, args...)...)
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = f.env, &out, &complaints
	err = cmd.Run()
	return out.String(), complaints.String(), err
}

// want runs a command that must succeed and print all of texts.
func (f *queueFixture) want(args []string, texts ...string) {
	f.t.Helper()
	out, complaints, err := f.sluice(args...)
	if err != nil {
		f.t.Fatalf("%v: %v\n%s%s", args, err, out, complaints)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			f.t.Errorf("%v does not say %q:\n%s", args, text, out)
		}
	}
}

func (f *queueFixture) json(into any, args ...string) {
	f.t.Helper()
	out, complaints, err := f.sluice(append(args, "--json")...)
	if err != nil {
		f.t.Fatalf("%v: %v\n%s", args, err, complaints)
	}
	if err := json.Unmarshal([]byte(out), into); err != nil || strings.Count(out, "\n") != 1 {
		f.t.Fatalf("%v printed %q: %v", args, out, err)
	}
}

func TestQueueCommands(t *testing.T) {
	buildSluice(t)
	sqlite := func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "app.db") }
	t.Run("SQLite and embedded Redis", func(t *testing.T) {
		t.Parallel()
		queueCommands(t, newQueueFixture(t, sqlite(t), ""), true)
	})
	t.Run("SQLite and another Redis", func(t *testing.T) {
		t.Parallel()
		queueCommands(t, newQueueFixture(t, sqlite(t), testenv.EmbeddedRedis(t)), false)
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		s, ok := realStack(t, "covered with SQLite and the embedded Redis only")
		if !ok {
			return
		}
		queueCommands(t, newQueueFixture(t, s.database, s.redis), false)
	})
}

func queueCommands(t *testing.T, f *queueFixture, embedded bool) {
	var show queueView
	f.json(&show, "show")
	if show.Embedded != embedded || show.SQL != (jobs.JobTotals{Stores: 2, Due: 5, Dead: 2}) || (show.Redis == nil) != embedded {
		t.Errorf("show: %+v", show)
	}
	if len(show.Stores) != 2 || show.Stores[0].Store != "busy1" || show.Stores[0].Due != 3 || show.Stores[0].Dead != 2 ||
		show.Stores[1].Held != "paused, needs_reinstall: no access" {
		t.Errorf("stores: %+v", show.Stores)
	}
	if embedded {
		f.want([]string{"show"}, embeddedNote, "5 due, 0 later, 2 dead, of 2 stores", "needs_reinstall: no access")
		f.want([]string{"leases"}, "inside the serving process")
	} else {
		live := show.Stores[0].Live
		if r := show.Redis; !r.Complete || r.InFlight != 1 || live == nil || live.InFlight != 1 || live.Waiting != 2 || !show.Stores[1].Live.Paused {
			t.Errorf("live: %+v, %+v", r, live)
		}
		f.want([]string{"show"}, "Redis: complete; 1 jobs in flight", "busy1", "unknown", "needs_reinstall: no access")
		f.want([]string{"leases"}, "busy1-0", "store.refresh", "in ")
		f.want([]string{"leases", "--store", "paused1"}, "No job is in flight")
	}
	var leases leasesView
	f.json(&leases, "leases")
	if embedded != (len(leases.Leases) == 0) || leases.Embedded != embedded {
		t.Errorf("leases: %+v", leases)
	}
	var dead struct{ Dead []jobs.DeadJob }
	f.json(&dead, "dead")
	if len(dead.Dead) != 2 || len(dead.Dead[0].History) != 2 || dead.Dead[0].History[1].Error != "failure 2" {
		t.Errorf("dead: %+v", dead)
	}
	f.want([]string{"dead"}, "dead-1", "no answer", "attempt 1: failure 1")
	f.want([]string{"dead", "--store", "paused1"}, "No job is dead")

	f.want([]string{"retry", "dead-1"}, "will be tried again")
	f.want([]string{"retry", "dead-1"}, "waits or runs already")
	f.want([]string{"drop", "dead-2"}, "is dropped")
	f.want([]string{"drop", "dead-2"}, "was dropped before")
	var out jobs.Outcome
	f.json(&out, "retry", "dead-1")
	if diff := cmp.Diff(jobs.Outcome{ID: "dead-1", Store: "busy1", Kind: "store.refresh", State: tenants.JobPending}, out); diff != "" {
		t.Errorf("retry --json (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"retry", "nothing"}, "There is no job nothing"}, {[]string{"retry", "dead-2"}, "was dropped"},
		{[]string{"drop", "dead-1"}, "not dead"}, {[]string{"show", "--limit", "0"}, "--limit must be 1"},
	} {
		if out, complaints, err := f.sluice(tt.args...); err == nil || !strings.Contains(complaints, tt.says) || out != "" {
			t.Errorf("%v: %v, said %q and printed %q", tt.args, err, complaints, out)
		}
	}
	if !embedded { // it is in the queue at once, not when the sweeper comes
		f.json(&show, "show")
		if live := show.Stores[0].Live; live.Waiting != 3 {
			t.Errorf("after the retry: %+v", live)
		}
	}
	var actions []string
	entries, _, err := f.db.AuditLog(tenants.WithStore(t.Context(), "busy1"), tenants.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		actions = append(actions, e.Actor+" "+e.Action+" "+e.Subject)
	}
	if diff := cmp.Diff([]string{"operator job.dropped job:dead-2", "operator job.retried job:dead-1"}, actions); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}
