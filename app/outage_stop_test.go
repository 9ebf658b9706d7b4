package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/internal/testenv"
	"sluice/jobs"
	"sluice/tenants"
)

// terminate is SIGTERM, as an orchestrator sends it. It waits for the end.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wantGoodEnd(t)
}

func (p *process) wantGoodEnd(t *testing.T) {
	t.Helper()
	<-p.done
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d after SIGTERM\n%s", code, p.logTail())
	}
}

// deliver sends a webhook about a deleted product as BigCommerce does, and returns the status of
// the answer.
func (i *installation) deliver(store sandboxStoreInfo, id string, product int) (int, error) {
	body := fmt.Sprintf(`{"scope":"store/product/deleted","producer":"stores/%s","created_at":%d,"data":{"type":"product","id":%d}}`,
		store.Hash, time.Now().Unix(), product)
	signer, err := standardwebhooks.NewWebhookRaw([]byte(i.sandbox.ClientSecret))
	if err != nil {
		return 0, err
	}
	at := time.Now()
	signature, err := signer.Sign(id, at, []byte(body))
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(i.t.Context(), http.MethodPost, i.merchants[0].app+jobs.WebhookPath, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set(standardwebhooks.HeaderWebhookID, id)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// wantHandled checks that the deliveries of a store are all there and handled, and no others.
func (i *installation) wantHandled(databaseURL string, store sandboxStoreInfo, want int64) {
	t := i.t
	t.Helper()
	db, err := tenants.Open(t.Context(), databaseURL, i.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ctx := tenants.WithStore(t.Context(), store.Hash)
	testenv.Eventually(t, "webhooks that are handled", func() bool {
		var open int64
		if err := db.Scoped(ctx).Model(&tenants.WebhookEvent{}).Where("handled_at IS NULL").Count(&open).Error; err != nil {
			t.Fatal(err)
		}
		return open == 0
	})
	var all int64
	if err := db.Scoped(ctx).Model(&tenants.WebhookEvent{}).Count(&all).Error; err != nil {
		t.Fatal(err)
	}
	if all != want {
		t.Errorf("store %s has %d webhooks, %d were acknowledged", store.Hash, all, want)
	}
}

// callers reads from the API and delivers webhooks, one request after another, until stop is
// called, which returns how many webhooks each store was sent. Every request must be answered well.
func (i *installation) callers() (stop func() []int64) {
	ended := make(chan struct{})
	var clients sync.WaitGroup
	sent := make([]int64, len(i.sandbox.Stores))
	for n, store := range i.sandbox.Stores {
		clients.Go(func() {
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				status, err := i.deliver(store, fmt.Sprintf("msg_%s_%d", store.Hash, sent[n]), 1<<30+int(sent[n]))
				if err != nil || status != http.StatusOK {
					i.t.Errorf("webhook %d of store %s was answered %d: %v", sent[n], store.Hash, status, err)
					return
				}
				sent[n]++
				if err := i.merchants[n].call(i.t.Context(), http.MethodGet, "/runs?limit=5", nil, nil); err != nil {
					i.t.Errorf("store %s: %v", store.Hash, err)
					return
				}
				select {
				case <-ended:
					return
				case <-tick.C:
				}
			}
		})
	}
	end := sync.OnceFunc(func() { close(ended); clients.Wait() })
	i.t.Cleanup(end)
	return func() []int64 { end(); return sent }
}

// TestStoppedUnderLoad stops workers with SIGTERM while they hold jobs, one after another and then
// all but one at once. Leases last ten minutes: a job that was not given back would stand still for
// longer than the test waits. Meanwhile the web process answers every request, and at its own
// SIGTERM the one that is open.
func TestStoppedUnderLoad(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	s, ok := realStack(t, "workers in processes of their own need PostgreSQL and Redis")
	if !ok {
		return
	}
	// The callers ask more often than a person may.
	o := newLoad(t, s, 3, 1, 3, "JOB_LEASE=10m", "LIMIT_PRINCIPAL_RATE=100000", "LIMIT_STORE_RATE=100000")
	stop := o.callers()
	var longest time.Duration
	for range 6 {
		o.midRun()
		k := o.random.IntN(len(o.workers))
		w := o.workers[k]
		testenv.Eventually(t, "a worker with a job", func() bool { o.keepBusy(); return w.busy() > 0 })
		w.terminate(t)
		longest = max(longest, o.goesOn())
		o.workers[k] = o.startWorker()
	}
	o.midRun()
	for _, w := range o.workers { // a signal that comes before the program has asked for it ends it as the kernel does
		testenv.Eventually(t, "a worker that answers", w.up)
	}
	for _, w := range o.workers[1:] {
		if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range o.workers[1:] {
		w.wantGoodEnd(t)
	}
	o.workers = o.workers[:1]
	longest = max(longest, o.goesOn())
	sent := stop()
	t.Logf("after a worker's end every run went on within %v; webhooks: %v", longest.Round(time.Millisecond), sent)
	o.settled()
	for n, store := range o.sandbox.Stores {
		if sent[n] == 0 {
			t.Errorf("no webhook of store %s was sent", store.Hash)
		}
		o.wantHandled(s.database, store, sent[n])
	}
	o.workers[0].terminate(t)
	o.stopWeb()
}

// goesOn waits until each run has made a step since now or is over, and returns how long that took.
func (o *load) goesOn() time.Duration {
	o.t.Helper()
	start := time.Now()
	steps := func(l *line) (int64, bool) {
		var r demoRun
		if err := l.merchant.call(o.t.Context(), http.MethodGet, "/runs/"+l.current.ID, nil, &r); err != nil {
			o.t.Fatal(err)
		}
		return r.Created + r.Updated + r.Unchanged, r.State.Final()
	}
	for _, l := range o.lines {
		before, _ := steps(l)
		testenv.Eventually(o.t, "the run of "+l.prefix+" to go on", func() bool {
			now, over := steps(l)
			return over || now > before
		})
	}
	return time.Since(start)
}

// stopWeb stops the web process while a request is open, which waits for a merchant's server.
func (o *load) stopWeb() {
	t := o.t
	t.Helper()
	asked, release := make(chan struct{}), make(chan struct{})
	var first sync.Once
	office := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.Do(func() { close(asked) })
		<-release
		http.ServeFile(w, r, o.lines[0].feed)
	}))
	t.Cleanup(office.Close)
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	answered := make(chan error, 1)
	var open atomic.Bool
	open.Store(true)
	go func() {
		answered <- o.merchants[0].call(t.Context(), http.MethodPost, "/sources/inspect",
			map[string]any{"kind": "products", "source": map[string]string{"kind": "url", "url": office.URL + "/parts.csv"}}, nil)
		open.Store(false)
	}()
	select {
	case <-asked:
	case err := <-answered:
		t.Fatalf("answered early: %v", err)
	}
	if err := o.web.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	app, err := url.Parse(o.merchants[0].app)
	if err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "a listener that is closed", func() bool {
		c, err := net.Dial("tcp", app.Host)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if !open.Load() || !o.web.running() {
		t.Error("the open request or the process ended at once")
	}
	free()
	if err := <-answered; err != nil {
		t.Errorf("the open request: %v", err)
	}
	o.web.wantGoodEnd(t)
}
