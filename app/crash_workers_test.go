package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/internal/testenv"
	"sluice/jobs/queue"
	"sluice/tenants"
)

// workerProcesses is how many workers run at once.
const workerProcesses = 3

// worker is a process of `serve --work`.
type worker struct {
	*process
	metrics string // address
}

func (i *installation) startWorker() *worker {
	i.t.Helper()
	w := &worker{metrics: "127.0.0.1:" + stablePort(i.t)}
	w.process = startSluice(i.t, append(i.env, "METRICS_ADDR="+w.metrics), nil, "serve", "--work")
	return w
}

// busy returns how many jobs the worker is carrying out, 0 while it does not answer.
func (w *worker) busy() int {
	n, _ := w.jobs()
	return n
}

// up reports whether the worker has started.
func (w *worker) up() bool {
	_, up := w.jobs()
	return up
}

func (w *worker) jobs() (n int, up bool) {
	res, err := http.Get("http://" + w.metrics + "/metrics")
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "sluice_jobs_running "); ok {
			n, err := strconv.Atoi(text)
			return n, err == nil
		}
	}
	return 0, false
}

// line is a flow of a store, whose feed changes before each run.
type line struct {
	i        *installation
	merchant *merchant
	goods    goods
	prefix   string
	flow     demoFlow
	feed     string // file
	list     []product
	current  *demoRun
	want     tenants.Counts // of the current run
}

// newLine makes a flow of products whose feed has some rows, all new.
func (i *installation) newLine(m *merchant, prefix string, rows int) *line {
	i.t.Helper()
	return i.newLineOf(productGoods, m, prefix, rows)
}

// newLineOf is newLine for any kind of flow.
func (i *installation) newLineOf(g goods, m *merchant, prefix string, rows int) *line {
	i.t.Helper()
	l := &line{i: i, merchant: m, goods: g, prefix: prefix, feed: i.t.TempDir() + "/parts.csv"}
	l.change(rows, 0)
	if g.seeded {
		i.seed(i.sandbox.Stores[slices.Index(i.merchants, m)], l.list)
	}
	var version atomic.Int64
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(version.Add(1)))) // never the same: always read whole
		http.ServeFile(w, r, l.feed)
	}))
	i.t.Cleanup(office.Close)
	ctx := i.t.Context()
	err := m.call(ctx, http.MethodPost, "/flows", map[string]string{"kind": g.kind, "name": prefix}, &l.flow)
	if g.flow != nil {
		l.flow.Mapping, l.flow.Options = g.flow(prefix)
	}
	if err == nil {
		err = m.pointFlow(ctx, &l.flow, demoSource{Kind: "url", URL: office.URL + "/" + prefix + ".csv"}, false)
	}
	if err != nil {
		i.t.Fatal(err)
	}
	return l
}

// change adds rows to the feed and changes others: the quantity of stock, the price of everything
// else.
func (l *line) change(add, others int) {
	l.want = tenants.Counts{Total: int64(len(l.list) + add), Created: int64(add), Updated: int64(others), Unchanged: int64(len(l.list) - others)}
	if l.goods.seeded {
		l.want.Created, l.want.Updated = 0, l.want.Created+l.want.Updated
	}
	for k := range others {
		if l.goods.kind == stockGoods.kind {
			l.list[k].stock++
		} else {
			l.list[k].cents++
		}
	}
	for range add {
		n := len(l.list)
		l.list = append(l.list, product{sku: fmt.Sprintf("%s-%05d", l.prefix, n), name: fmt.Sprintf("%s item %d", l.prefix, n), text: "Made for everyday use.",
			group: fmt.Sprintf("group %d", n%5), style: fmt.Sprintf("style %d", n%7), cents: 500 + n, stock: 1 + n%9})
	}
	l.goods.write(l.i.t, l.feed, l.prefix, l.list)
}

func (l *line) start() {
	l.i.t.Helper()
	r, err := l.merchant.startRun(l.i.t.Context(), l.flow.ID)
	if err != nil {
		l.i.t.Fatal(err)
	}
	l.current = r
}

// ended reports whether the current run is over; its counts must then add up exactly.
func (l *line) ended() bool {
	l.i.t.Helper()
	over, err := l.over()
	if err != nil {
		l.i.t.Fatal(err)
	}
	return over
}

// over is ended for where the app may not answer.
func (l *line) over() (bool, error) {
	t := l.i.t
	t.Helper()
	var r demoRun
	if err := l.merchant.call(t.Context(), http.MethodGet, "/runs/"+l.current.ID, nil, &r); err != nil || !r.State.Final() && r.State != tenants.RunAsking {
		return false, err
	}
	got := tenants.Counts{Total: r.Total, Created: r.Created, Updated: r.Updated, Unchanged: r.Unchanged, Failed: r.Failed}
	if r.State != tenants.RunDone || r.Error != "" || r.Read != r.Total || got != l.want {
		t.Errorf("%s: run %s is %s (%s): read %d, %+v, want %+v", l.prefix, r.ID, r.State, r.Error, r.Read, got, l.want)
	}
	return true, nil
}

// TestSoakWorkersKilled kills workers with SIGKILL again and again while they hold jobs of several
// stores and flows of a kind. What is created is created once, each change lands, runs add up, and
// nothing is left behind.
func TestSoakWorkersKilled(t *testing.T) {
	buildSluice(t)
	for _, g := range everyGoods() {
		t.Run(g.kind, func(t *testing.T) {
			t.Parallel()
			killWorkers(t, g)
		})
	}
}

func killWorkers(t *testing.T, g goods) {
	soak := testenv.NewSoak(t)
	kills := soak.Size(g.kills, 10*g.kills)
	s, ok := realStack(t, "workers in processes of their own need PostgreSQL and Redis")
	if !ok {
		return
	}
	i := install(t, s, 3, "JOB_LEASE=1s")
	i.startWeb("serve", "--web")
	var lines []*line
	for n, m := range i.merchants {
		for f := range 2 {
			lines = append(lines, i.newLineOf(g, m, fmt.Sprintf("S%dF%d", n, f), g.rows))
		}
	}
	if g.seeded { // runs of few requests: without it most of a job is the database's
		i.slow(50)
	}
	for _, l := range lines {
		l.start()
	}
	var workers []*worker
	var logs []string
	for range workerProcesses {
		workers = append(workers, i.startWorker())
	}
	rdb := redisClient(t, s.redis)
	random := soak.Rand()
	midJob, runs := 0, len(lines)
	feed := func() {
		i.giveUp(rdb)
		for _, l := range lines {
			if l.ended() {
				l.change(g.more, 30)
				l.start()
				runs++
			}
		}
	}
	for range kills {
		feed()
		k := random.IntN(len(workers))
		w := workers[k]
		looks := 1 + random.IntN(6) // how often it is seen at work before it dies
		testenv.Eventually(t, "a busy worker", func() bool {
			if w.busy() > 0 {
				looks--
			} else { // the others may have ended all the runs while it started
				feed()
			}
			return looks <= 0 || !w.running()
		})
		if !w.running() {
			t.Fatalf("a worker ended: %v\n%s", w.err, w.logTail())
		}
		if w.busy() > 0 {
			midJob++
		}
		w.kill()
		logs = append(logs, w.log)
		workers[k] = i.startWorker()
	}
	for _, l := range lines {
		testenv.Eventually(t, "the end of the run of "+l.prefix, func() bool {
			i.giveUp(rdb)
			return l.ended()
		})
	}
	for _, w := range workers {
		logs = append(logs, w.log)
	}
	reaped := reapedIn(t, logs)
	soak.Figure("kills", float64(kills), "")
	soak.Figure("kills in the middle of a job", float64(midJob), "")
	soak.Figure("leases of dead workers taken back", float64(reaped), "")
	soak.Figure("runs", float64(runs), "")
	if midJob < kills*8/10 {
		t.Errorf("only %d of %d kills were mid-job", midJob, kills)
	}
	if reaped < kills/2 {
		t.Errorf("only %d leases of dead workers were taken back", reaped)
	}
	g.want(i, lines)
	i.wantIdle(s.database, s.redis)
}

// wantLines checks that each store has the products of its lines, as they were last changed, and
// each was created once.
func (i *installation) wantLines(lines []*line) {
	i.t.Helper()
	for n, store := range i.sandbox.Stores {
		var all []product
		for _, l := range lines {
			if l.merchant == i.merchants[n] {
				all = append(all, l.list...)
			}
		}
		i.wantProducts(store, all)
	}
	i.wantCreatedOnce(lines)
}

// reapedIn sums up what workers said about leases of dead ones.
func reapedIn(t *testing.T, logs []string) (sum int) {
	t.Helper()
	for _, path := range logs {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for text := range strings.Lines(string(b)) {
			var entry struct {
				Msg  string
				Jobs int
			}
			if json.Unmarshal([]byte(text), &entry) == nil && strings.HasPrefix(entry.Msg, "jobs of a dead worker") {
				sum += entry.Jobs
			}
		}
	}
	return sum
}

// wantCreatedOnce checks that each SKU was created once, in one store.
func (i *installation) wantCreatedOnce(lines []*line) {
	i.t.Helper()
	ids := map[string]map[int64]bool{} // by SKU
	i.journal(func(_, kind string, id int64, value json.RawMessage) {
		if kind != "product" {
			return
		}
		var of struct{ SKU string }
		i.decode(value, &of)
		if ids[of.SKU] == nil {
			ids[of.SKU] = map[int64]bool{}
		}
		ids[of.SKU][id] = true
	})
	total := 0
	for _, l := range lines {
		total += len(l.list)
		for _, p := range l.list {
			if n := len(ids[p.sku]); n != 1 {
				i.t.Errorf("SKU %s was created %d times", p.sku, n)
			}
		}
	}
	if len(ids) != total {
		i.t.Errorf("%d SKUs were created, want %d", len(ids), total)
	}
}

// redisClient returns a client of a test's own.
func redisClient(t *testing.T, redisURL string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// giveUp moves up the time of requests that have been on their way for long: those of killed
// processes, which are given up after two minutes. Until then a store gets no other of which
// BigCommerce takes only one at a time.
func (i *installation) giveUp(rdb *redis.Client) {
	i.t.Helper()
	ctx, old := i.t.Context(), time.Now().Add(2*time.Minute-3*time.Second).UnixMilli()
	for _, store := range i.sandbox.Stores {
		key := "sluice:{0}:o:" + store.Hash
		requests, err := rdb.ZRangeArgs(ctx, redis.ZRangeArgs{Key: key, Start: "-inf", Stop: old, ByScore: true}).Result()
		for _, request := range requests {
			err = errors.Join(err, rdb.ZAddXX(ctx, key, redis.Z{Score: 1, Member: request}).Err())
		}
		if err != nil {
			i.t.Fatal(err)
		}
	}
}

// wantIdle checks that SQL and Redis have no work left, and Redis no trace of any. Requests of
// killed processes are given up after two minutes; here their time is moved up.
func (i *installation) wantIdle(databaseURL, redisURL string) {
	t := i.t
	t.Helper()
	ctx := context.Background()
	db, err := tenants.Open(ctx, databaseURL, i.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rdb := redisClient(t, redisURL)
	q := queue.New(rdb, queue.Options{})
	var left []string
	look := func() error {
		left = nil
		var rows []tenants.Job
		err := db.AcrossStores(ctx).Where("state = ? OR state = ? AND run_at <= ?", tenants.JobDead, tenants.JobPending, time.Now().UTC()).Find(&rows).Error
		for _, r := range rows {
			left = append(left, fmt.Sprintf("job %s is %s: %s", r.ID, r.State, r.LastError))
		}
		keys, e := rdb.Keys(ctx, "*").Result()
		err = errors.Join(err, e)
		for _, key := range keys {
			name := strings.TrimPrefix(key, "sluice:{0}:")
			kind, _, _ := strings.Cut(name, ":")
			switch kind {
			case "epoch", "shards", "V", "seq", "stores", "mark", "minutes", "t", "m":
				continue
			case "sweep", "paging", "audit": // whose turn it is: these run out and are never let go
				continue
			case "o":
				requests, e := rdb.ZRangeWithScores(ctx, key, 0, -1).Result()
				err = errors.Join(err, e)
				for _, z := range requests {
					if until := time.UnixMilli(int64(z.Score)); until.After(time.Now().Add(2 * time.Minute)) {
						left = append(left, fmt.Sprintf("request %v is given up at %v only", z.Member, until))
					}
					err = errors.Join(err, rdb.ZAddXX(ctx, key, redis.Z{Score: 1, Member: z.Member}).Err())
				}
			}
			left = append(left, "key "+key)
		}
		wrong, e := q.Audit(ctx)
		if wrong > 0 {
			t.Errorf("audit found %d wrong counters", wrong)
		}
		return errors.Join(err, e)
	}
	defer func() {
		if t.Failed() {
			t.Logf("left behind: %s", strings.Join(left, "; "))
		}
	}()
	testenv.Eventually(t, "nothing is left to do", func() bool {
		if err := look(); err != nil {
			t.Fatal(err)
		}
		return len(left) == 0
	})
}
