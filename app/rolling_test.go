package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/ui"
)

const (
	rollingLoad      = time.Minute
	rollingLoadLocal = 15 * time.Second // where nothing is required to be real
	rollingRestarts  = 4                // of two processes in turns
	// rollingDrain is DRAIN_DELAY; the proxy looks every healthEvery.
	rollingDrain = 2 * time.Second
	healthEvery  = 200 * time.Millisecond
	// callEvery is the pace of each caller. A shopper's address may ask 20 times a second, so there
	// are several.
	callEvery = 60 * time.Millisecond
)

// balancer is a small reverse proxy: round robin over the backends whose /readyz answers 200. It
// sends a request once, to one of them, and says so when it could not.
type balancer struct {
	backends []*backend
	next     atomic.Uint64
	failed   atomic.Pointer[error] // the first
}

type backend struct {
	url      *url.URL
	ready    atomic.Bool
	requests atomic.Int64
}

var errNoBackend = errors.New("no process is ready")

// startBalancer serves on address and watches backends until the test ends.
func startBalancer(t *testing.T, address string, backends ...*backend) *balancer {
	t.Helper()
	b := &balancer{backends: backends}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute}
	server := &http.Server{ReadHeaderTimeout: readHeaderTimeout, Handler: &httputil.ReverseProxy{
		Transport: once{transport},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"] // who the test says is calling
			r.SetXForwarded()
			to := b.pick()
			if to == nil {
				return
			}
			r.SetURL(to.url)
			to.requests.Add(1)
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // else the caller went away
				err = fmt.Errorf("%s %s to %s: %w", r.Method, r.URL.Path, r.URL.Host, err)
				b.failed.CompareAndSwap(nil, &err)
			}
			w.WriteHeader(http.StatusBadGateway)
		},
		ErrorLog: log.New(io.Discard, "", 0), // what it has to say, callers notice
	}}
	ctx, stop := context.WithCancel(context.Background())
	var watchers sync.WaitGroup
	for _, to := range backends {
		watchers.Go(func() { to.watch(ctx) })
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		stop()
		watchers.Wait()
		_ = server.Close()
		transport.CloseIdleConnections()
	})
	return b
}

func (b *balancer) pick() *backend {
	turn := b.next.Add(1)
	for n := range b.backends {
		if to := b.backends[(turn+uint64(n))%uint64(len(b.backends))]; to.ready.Load() {
			return to
		}
	}
	return nil
}

// watch keeps ready up to date.
func (b *backend) watch(ctx context.Context) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url.JoinPath("readyz").String(), nil)
		if err != nil {
			panic(err) // the URL is ours
		}
		res, err := client.Do(req)
		b.ready.Store(err == nil && res.StatusCode == http.StatusOK)
		if err == nil {
			_ = res.Body.Close()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once refuses what http.Transport does by itself: a request without a body that was sent on a
// connection which had just been closed is sent again, and a test would not see it.
type once struct{ *http.Transport }

var errSentTwice = errors.New("the connection was closed under the request, which was sent again")

func (o once) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "" {
		return nil, errNoBackend
	}
	var sent, again atomic.Bool
	trace := &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			if sent.Load() {
				again.Store(true)
			}
		},
		WroteHeaders: func() { sent.Store(true) },
	}
	res, err := o.Transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err == nil && again.Load() {
		_ = res.Body.Close()
		return nil, errSentTwice
	}
	return res, err
}

// rolling is a deployment of two processes behind a balancer, with callers of every public surface.
type rolling struct {
	*installation
	balancer  *balancer
	ports     []string
	processes []*process
	lines     []*line
	runs      int

	http    *http.Client
	ended   chan struct{}
	callers sync.WaitGroup
	calls   [surfaces]atomic.Int64
	hooks   []int64 // by store: deliveries that were acknowledged
}

// The surfaces that are called.
const (
	surfaceAPI = iota
	surfaceEvents
	surfaceAssets
	surfaceWebhooks
	surfaceStorefront
	surfaces
)

// TestRollingRestart restarts two `sluice serve` processes behind a proxy, in turns, twice each,
// while merchants, their panels, BigCommerce and shoppers call and runs are under way. No request
// fails, every webhook is there once and handled, every run is whole, and no job is left.
func TestRollingRestart(t *testing.T) {
	buildSluice(t)
	t.Parallel()
	s, ok := realStack(t, "two processes need PostgreSQL and Redis: SQLite and the embedded Redis have one, which cannot be restarted without a gap")
	if !ok {
		return
	}
	during := rollingLoadLocal
	if os.Getenv(testenv.RequireVariable) != "" {
		during = rollingLoad
	}
	r := startRolling(t, s)
	for _, m := range r.merchants {
		l := r.newLine(m, "R"+strconv.Itoa(len(r.lines)), 150)
		l.start()
		r.lines, r.runs = append(r.lines, l), r.runs+1
	}
	begin := time.Now()
	r.call()
	for n := range rollingRestarts {
		turn := begin.Add(during * time.Duration(n) / rollingRestarts)
		r.until("the next restart", func() bool { return !time.Now().Before(turn) })
		r.restart(n % len(r.processes))
	}
	r.until("the end of the load", func() bool { return time.Since(begin) >= during })
	r.hangUp()
	r.report(time.Since(begin))
	for _, l := range r.lines {
		testenv.Eventually(t, "the end of the run of "+l.prefix, l.ended)
	}
	for n, store := range r.sandbox.Stores {
		r.wantHandled(s.database, store, r.hooks[n])
	}
	r.wantJobsOnce(s.database)
	r.wantLines(r.lines)
	r.wantIdle(s.database, s.redis)
	for _, p := range r.processes {
		p.terminate(t)
	}
}

func startRolling(t *testing.T, s stack) *rolling {
	t.Helper()
	r := &rolling{
		installation: install(t, s, 2, "DRAIN_DELAY="+rollingDrain.String(), "TRUSTED_PROXIES=127.0.0.1/32"),
		http:         &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		ended:        make(chan struct{}),
	}
	t.Cleanup(r.http.CloseIdleConnections)
	r.hooks = make([]int64, len(r.merchants))
	for n := range r.merchants {
		r.merchants[n].http = r.http
	}
	var backends []*backend
	for range 2 {
		port := stablePort(t)
		r.ports = append(r.ports, port)
		backends = append(backends, &backend{url: &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}})
	}
	address, err := url.Parse(r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.balancer = startBalancer(t, address.Host, backends...)
	for n := range r.ports {
		r.processes = append(r.processes, r.startBehind(n))
	}
	return r
}

// startBehind starts a process and waits until the balancer has noticed.
func (r *rolling) startBehind(n int) *process {
	r.t.Helper()
	p := startSluice(r.t, append(slices.Clone(r.env), "PORT="+r.ports[n]), nil, "serve")
	r.until("process "+strconv.Itoa(n)+" behind the proxy", func() bool { return r.balancer.backends[n].ready.Load() || !p.running() })
	if !p.running() {
		r.t.Fatalf("serve ended: %v\n%s", p.err, p.logTail())
	}
	return p
}

// restart stops a process as an orchestrator does, and starts it again.
func (r *rolling) restart(n int) {
	r.t.Helper()
	p := r.processes[n]
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	r.until("the end of process "+strconv.Itoa(n), func() bool { return !p.running() })
	p.wantGoodEnd(r.t)
	r.processes[n] = r.startBehind(n)
}

// until waits for condition, and starts the next run of each line meanwhile.
func (r *rolling) until(what string, condition func() bool) {
	r.t.Helper()
	testenv.Eventually(r.t, what, func() bool {
		for _, l := range r.lines {
			if l.ended() {
				l.change(60, 30)
				l.start()
				r.runs++
			}
		}
		return condition()
	})
}

// every calls do at callEvery until the load ends. do gets the number of its call.
func (r *rolling) every(surface int, do func(n int) error) {
	r.callers.Go(func() {
		tick := time.NewTicker(callEvery)
		defer tick.Stop()
		for n := 0; ; n++ {
			if err := do(n); err != nil {
				r.t.Errorf("call %d, %s: %v", n, []string{"panel API", "live events", "assets", "webhooks", "storefront"}[surface], err)
				return
			}
			r.calls[surface].Add(1)
			select {
			case <-r.ended:
				return
			case <-tick.C:
			}
		}
	})
}

// hangUp ends the callers.
func (r *rolling) hangUp() {
	r.t.Helper()
	close(r.ended)
	r.callers.Wait()
	if err := r.balancer.failed.Load(); err != nil {
		r.t.Errorf("the proxy: %v", *err)
	}
}

// call starts a caller of each surface and store.
func (r *rolling) call() {
	assets := r.assets()
	for n, store := range r.sandbox.Stores {
		m := r.merchants[n]
		paths := []string{"/session", "/runs?limit=5", "/flows", "/quota"}
		r.every(surfaceAPI, func(k int) error {
			return m.call(r.t.Context(), http.MethodGet, paths[k%len(paths)], nil, nil)
		})
		r.every(surfaceEvents, func(int) error { return r.stream(m) })
		r.every(surfaceAssets, func(k int) error {
			_, err := r.ask(http.MethodGet, assets[k%len(assets)], "", nil)
			return err
		})
		r.every(surfaceWebhooks, func(k int) error {
			id := fmt.Sprintf("msg_%s_%d", store.Hash, r.hooks[n])
			for range 1 + k%4/3 { // BigCommerce repeats a delivery now and then
				if status, err := r.deliver(store, id, 1<<30+k); err != nil || status != http.StatusOK {
					return fmt.Errorf("%d: %w", status, cmp.Or(err, errors.New("not taken")))
				}
			}
			r.hooks[n]++
			return nil
		})
		r.every(surfaceStorefront, func(k int) error { return r.shop(store, "203.0.113."+strconv.Itoa(k%8)) })
	}
}

// ask sends a request and returns its body, which must come with 200 and whole.
func (r *rolling) ask(method, address, body string, header map[string]string) ([]byte, error) {
	req, err := http.NewRequestWithContext(r.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, req.URL.Path, res.Status, got)
	}
	return got, err
}

// assets returns the addresses of the panel's files.
func (r *rolling) assets() (addresses []string) {
	files, _ := ui.Assets()
	err := fs.WalkDir(files, "assets", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			addresses = append(addresses, r.address+"/"+path)
		}
		return err
	})
	if err != nil || len(addresses) == 0 {
		r.t.Fatalf("%d assets, %v", len(addresses), err)
	}
	return addresses
}

// stream holds the live events open until the process ends them, as a panel does, or the load ends.
// A stream that is cut, not ended, is an error.
func (r *rolling) stream(m *merchant) error {
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.address+ui.Prefix+"/events", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	client := http.Client{Transport: r.http.Transport} // without a time limit
	res, err := client.Do(req)                         //nolint:bodyclose // it is, at the end; the goroutine below hides that
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	over := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, res.Body)
		over <- err
	}()
	select {
	case err := <-over:
		return err
	case <-r.ended:
		cancel()
		<-over
		return nil
	}
}

// shop asks who is signed in, as a storefront's page does with the token that BigCommerce signed.
func (r *rolling) shop(store sandboxStoreInfo, from string) error {
	now := time.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{ // as Store.CurrentCustomerClaims, which is in another process
		"customer": map[string]any{"id": 5, "email": store.Shoppers[0].Email, "group_id": "0"}, "iss": "bc/apps", "sub": store.Hash, "store_hash": store.Hash,
		"iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "version": 1, "aud": r.sandbox.ClientID, "application_id": "sandboxapplication",
		"operation": "current_customer",
	}).SignedString([]byte(r.sandbox.ClientSecret))
	if err != nil {
		return err
	}
	header := map[string]string{"Content-Type": "text/plain;charset=UTF-8", "X-Forwarded-For": from}
	body, err := r.ask(http.MethodPost, r.address+"/storefront/"+store.Hash+"/current-customer", token, header)
	if err != nil {
		return err
	}
	var who struct {
		Session  string
		Account  string
		Customer struct{ ID int64 }
	}
	if err := json.Unmarshal(body, &who); err != nil || who.Customer.ID != 5 || who.Session == "" {
		return fmt.Errorf("answered %s: %w", body, err)
	}
	header["Authorization"] = "Bearer " + who.Session
	_, err = r.ask(http.MethodGet, who.Account, "", header)
	return err
}

// report says what was done, and fails if a surface or a process had nothing to do.
func (r *rolling) report(took time.Duration) {
	t := r.t
	t.Helper()
	var counts, served []int64
	for n := range r.calls {
		counts = append(counts, r.calls[n].Load())
	}
	for _, b := range r.balancer.backends {
		served = append(served, b.requests.Load())
	}
	t.Logf("%v of load, %d restarts: %v calls of API, live events, assets, webhooks and storefronts; %v requests by process; %v webhooks; %d runs",
		took.Round(time.Second), rollingRestarts, counts, served, r.hooks, r.runs)
	if slices.Min(counts) < rollingRestarts || slices.Min(served) < 100 || slices.Min(r.hooks) < 10 || r.runs <= len(r.lines) {
		t.Error("that was no load")
	}
}

// wantJobsOnce checks that each webhook made one job, and that no job was given up or failed on the
// way.
func (r *rolling) wantJobsOnce(databaseURL string) {
	t := r.t
	t.Helper()
	db, err := tenants.Open(t.Context(), databaseURL, r.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for n, store := range r.sandbox.Stores {
		ctx := tenants.WithStore(t.Context(), store.Hash)
		var made, bad, attempts int64
		err := errors.Join(
			db.Scoped(ctx).Model(&tenants.Job{}).Where("kind = ? AND state = ?", "event", tenants.JobDone).Count(&made).Error,
			db.Scoped(ctx).Model(&tenants.Job{}).Where("state NOT IN ?", []tenants.JobState{tenants.JobDone, tenants.JobPending}).Count(&bad).Error,
			db.Scoped(ctx).Model(&tenants.JobAttempt{}).Count(&attempts).Error,
		)
		if err != nil || made != r.hooks[n] || bad != 0 || attempts != 0 {
			t.Errorf("store %s: %d jobs of %d webhooks done, %d given up, %d attempts failed: %v", store.Hash, made, r.hooks[n], bad, attempts, err)
		}
	}
}
