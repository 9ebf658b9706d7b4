package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"sluice/internal/sandbox"
	"sluice/internal/testenv"
)

// kills is how often the app is killed in one run.
const kills = 20

// serveFile serves what is in a file at that moment, with an ETag.
func serveFile(t *testing.T, path string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, path)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/parts.csv"
}

// TestKilledAtRandomPoints kills the app with SIGKILL at 20 random points of a run. Every product
// ends in the store once, and the run's counts add up.
func TestKilledAtRandomPoints(t *testing.T) {
	eachStack(t, func(t *testing.T, s stack) {
		list := catalogue(catalogueSize)
		feed := filepath.Join(t.TempDir(), "parts.csv")
		writeCatalogue(t, feed, list)
		// The lease bounds how long the work of a killed process stands still where Redis outlives it.
		d := deploy(t, s, "JOB_LEASE=1s")

		// In numbers of requests. A run makes one for each product at least, so that every point is
		// reached.
		random := rand.New(rand.NewPCG(testenv.Seed(t), 0))
		points := []int{0} // before anything was read
		for range kills - 1 {
			points = append(points, random.IntN(catalogueSize*9/10))
		}
		slices.Sort(points)
		t.Logf("points %v", points)

		r := d.start(serveFile(t, feed))
		before := d.requests()
		for _, point := range points {
			testenv.Eventually(t, "progress to "+strconv.Itoa(point)+" requests", func() bool { return d.requests()-before >= point })
			d.app.kill()
			d.serve()
		}
		r = d.finish(r.ID)
		if r.State != "done" || r.Error != "" {
			t.Errorf("the run is %s: %s", r.State, r.Error)
		}
		if r.Total != catalogueSize || r.Read != catalogueSize || r.Created != catalogueSize || r.Updated+r.Unchanged+r.Failed != 0 {
			t.Errorf("counts %+v", r.Counts)
		}
		d.wantStore(list)
		if logged := d.requests() - before; r.Requests > int64(logged) {
			t.Errorf("the run says %d requests, the sandbox saw %d", r.Requests, logged)
		}
		// Nothing is left to do, and the app knows it.
		again := d.start(d.feedOf(r.FlowID))
		if again = d.finish(again.ID); again.Unchanged != catalogueSize || again.Requests != 0 {
			t.Errorf("a second run: %+v, %d requests", again.Counts, again.Requests)
		}
	})
}

// TestKilledAtRequests kills the app with SIGKILL while it waits for an answer, again and again:
// runs of kinds that need few requests are hit at each of them. They end as if nothing had been.
func TestKilledAtRequests(t *testing.T) {
	for _, g := range everyGoods() {
		if !g.seeded { // TestKilledAtRandomPoints
			continue
		}
		t.Run(g.kind, func(t *testing.T) {
			eachStack(t, func(t *testing.T, s stack) {
				d := deploy(t, s, "JOB_LEASE=1s")
				lines := []*line{d.newLineOf(g, d.merchant, "S0F0", g.rows), d.newLineOf(g, d.merchant, "S0F1", g.rows)}
				d.slow(100)
				for _, l := range lines {
					l.start()
				}
				giveUp := func() {}
				if s.redis != "" { // the embedded one is killed with the app
					rdb := redisClient(t, s.redis)
					giveUp = func() { d.giveUp(rdb) }
				}
				ended := func() bool {
					giveUp()
					return lines[0].ended() && lines[1].ended()
				}
				random := rand.New(rand.NewPCG(testenv.Seed(t), 0))
				for range g.kills {
					before, more := d.requests(), 1+random.IntN(3)
					over := false
					testenv.Eventually(t, "more requests or the end", func() bool {
						over = ended()
						return over || d.requests()-before >= more
					})
					if over {
						break
					}
					d.app.kill()
					d.serve()
				}
				testenv.Eventually(t, "the end of both runs", ended)
				g.want(d.installation, lines)
			})
		})
	}
}

// TestStoppedGracefully stops the app with SIGTERM in the middle of a run. It saves its step, gives
// its jobs back and exits well, and the next process goes on at once: leases last ten minutes here,
// so that a job which was not given back would not.
func TestStoppedGracefully(t *testing.T) {
	eachStack(t, func(t *testing.T, s stack) {
		list := catalogue(600)
		feed := filepath.Join(t.TempDir(), "parts.csv")
		writeCatalogue(t, feed, list)
		d := deploy(t, s, "JOB_LEASE=10m")
		r := d.start(serveFile(t, feed))
		before := d.requests()
		testenv.Eventually(t, "the middle of the run", func() bool { return d.requests()-before >= 200 })
		if err := d.app.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-d.app.done
		if code := d.app.cmd.ProcessState.ExitCode(); code != 0 {
			t.Fatalf("exit code %d after SIGTERM\n%s", code, d.app.logTail())
		}
		stopped := d.requests()
		d.serve()
		if r = d.finish(r.ID); r.State != "done" || r.Created != 600 || r.Failed != 0 {
			t.Errorf("the run is %s with %+v: %s", r.State, r.Counts, r.Error)
		}
		// The step was saved: what was created before the stop is not looked up or sent again.
		if total := d.requests() - before; total > 600+30 {
			t.Errorf("%d requests in all, %d of them before the stop", total, stopped-before)
		}
		d.wantStore(list)
	})
}

// TestDemoSurvivesKill kills `sluice demo --state DIR` itself. The sandbox's store and the run
// survive with it, and the next call goes on.
func TestDemoSurvivesKill(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	list := catalogue(1200)
	dir, feed := t.TempDir(), filepath.Join(t.TempDir(), "parts.csv")
	writeCatalogue(t, feed, list)
	random := rand.New(rand.NewPCG(testenv.Seed(t), 0))
	created := 0 // products that the sandbox has acknowledged, by its journal
	for range 6 {
		p := startSluice(t, environ(), nil, "demo", "--once", "--json", "--state", dir, "--feed", feed)
		more := random.IntN(150)
		testenv.Eventually(t, strconv.Itoa(more)+" more products", func() bool {
			return !p.running() || journalled(t, dir) >= more
		})
		if !p.running() {
			t.Fatalf("the demo ended: %v\n%s", p.err, p.logTail())
		}
		p.kill()
		created += journalled(t, dir)
	}
	t.Logf("at most %d products were created by killed demos", created)
	r := runDemo(t, dir, feed)
	if r.State != "done" || r.Read != 1200 || r.Created+r.Updated+r.Unchanged != 1200 || r.Failed != 0 {
		t.Errorf("after the kills: %+v", r)
	}
	r = runDemo(t, dir, feed)
	wantDemo(t, "second run", r, demoCounts{read: 1200, unchanged: 1200}, 2)
	if n := productsIn(t, dir); n != 1200 {
		t.Errorf("the store has %d products", n)
	}
}

// TestDemoKilledWhileItFetches leaves a run that waits for a feed server which is gone with the
// demo.
func TestDemoKilledWhileItFetches(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	list := catalogue(60)
	dir, feed := t.TempDir(), filepath.Join(t.TempDir(), "parts.csv")
	writeCatalogue(t, feed, list)
	wantDemo(t, "first run", runDemo(t, dir, feed), demoCounts{read: 60, created: 60}, 80)

	// The feed becomes a pipe: who reads it waits for us.
	if err := errors.Join(os.Remove(feed), syscall.Mkfifo(feed, 0o600)); err != nil {
		t.Fatal(err)
	}
	p := startSluice(t, environ(), nil, "demo", "--once", "--json", "--state", dir, "--feed", feed)
	testenv.Eventually(t, "the fetch", func() bool {
		pipe, err := os.OpenFile(feed, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
		if err == nil {
			t.Cleanup(func() { _ = pipe.Close() }) // until then there is no end of the file
		}
		return err == nil || !p.running()
	})
	if !p.running() {
		t.Fatalf("the demo ended: %v\n%s", p.err, p.logTail())
	}
	p.kill()
	if err := os.Remove(feed); err != nil {
		t.Fatal(err)
	}
	list[7].cents++
	writeCatalogue(t, feed, list)
	wantDemo(t, "after the kill", runDemo(t, dir, feed), demoCounts{read: 60, updated: 1, unchanged: 59}, 4)
}

// journalled counts the products that the running demo has created, from the sandbox's journal.
func journalled(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "sandbox.json.wal"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte(`"kind":"product"`))
}

// productsIn opens a demo's sandbox state and counts the products of its store.
func productsIn(t *testing.T, dir string) int {
	t.Helper()
	s, err := sandbox.New(sandbox.Options{StateFile: filepath.Join(dir, "sandbox.json")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Stores()[0].Products()
}

// feedOf returns the address that a flow reads from.
func (d *deployment) feedOf(flowID string) string {
	d.t.Helper()
	var f demoFlow
	if err := d.merchant.call(d.t.Context(), http.MethodGet, "/flows/"+flowID, nil, &f); err != nil {
		d.t.Fatal(err)
	}
	return f.Source.URL
}
