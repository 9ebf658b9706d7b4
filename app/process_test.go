package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/bigcommerce"
	"sluice/internal/sandbox"
	"sluice/internal/testenv"
	"sluice/tenants/vault"
)

// process is a running program of a test. It is killed at the test's end if it still runs.
type process struct {
	cmd  *exec.Cmd
	log  string // file of its standard error
	done chan struct{}
	err  error // of Wait, once done is closed
}

// startSluice starts the real program. stdout may be nil.
func startSluice(t *testing.T, env []string, stdout io.Writer, args ...string) *process {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "stderr-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	p := &process{cmd: exec.Command(buildSluice(t), args...), log: log.Name(), done: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, stdout, log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if b, err := os.ReadFile(p.log); args[0] != "sandbox" { // which is BigCommerce and may write what it likes
			if err != nil {
				t.Error(err)
			}
			wantQuiet(t, "the log of sluice "+args[0], b)
		}
		if t.Failed() {
			t.Logf("%s %v: %v; the end of its log:\n%s", args[0], args[1:], p.err, p.logTail())
		}
	})
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

func (p *process) logTail() string {
	b, _ := os.ReadFile(p.log)
	return string(b[max(0, len(b)-4000):])
}

// nextPort makes the ports of one test process different from each other.
var nextPort atomic.Int64

// stablePort returns a port that stays free while the process that listens on it is killed and
// restarted: below those that the kernel gives to outgoing connections.
func stablePort(t *testing.T) string {
	t.Helper()
	for range 500 {
		port := fmt.Sprint(20_000 + (int64(os.Getpid())*31+nextPort.Add(1))%10_000)
		l, err := net.Listen("tcp", ":"+port)
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return ""
}

// stack is where a deployment keeps its data.
type stack struct{ database, redis string }

// realStack is a stack of real servers. Where they are not installed, and not required, it logs
// what the test does without.
func realStack(t *testing.T, without string) (s stack, ok bool) {
	t.Helper()
	database, ok := testenv.Postgres(t)
	redis, ok2 := testenv.RealRedis(t)
	if !ok || !ok2 {
		t.Log(without)
	}
	return stack{database, redis}, ok && ok2
}

// eachStack runs test, in parallel, on SQLite with the embedded Redis always, and on PostgreSQL
// with a real Redis where they are installed.
func eachStack(t *testing.T, test func(t *testing.T, s stack)) {
	t.Helper()
	buildSluice(t)
	t.Run("SQLite and embedded Redis", func(t *testing.T) {
		t.Parallel()
		test(t, stack{database: "sqlite:" + filepath.Join(t.TempDir(), "app.db")})
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		s, ok := realStack(t, "covered with SQLite and the embedded Redis only")
		if !ok {
			return
		}
		test(t, s)
	})
}

// installation is Sluice as an operator sets it up, its processes yet to be started, with a sandbox
// in a process of its own and stores in it that were added by their store-level API credentials.
type installation struct {
	t         *testing.T
	sandbox   sandboxInfo
	address   string // of the app, base URL
	state     string // the sandbox's state file
	env       []string
	merchants []*merchant // of the sandbox's stores, in order; they call the API with API keys
	key       string      // ENCRYPTION_KEYS
}

// install starts a sandbox and adds its stores to a new database.
func install(t *testing.T, s stack, stores int, variables ...string) *installation {
	t.Helper()
	i := prepare(t, s, stores, variables...)
	i.command("", "migrate")
	for _, store := range i.sandbox.Stores {
		added := i.command(store.Token+"\n", "store", "add", "--store", store.Hash, "--api-key", "tests")
		_, secret, ok := strings.Cut(added, "(shown this once): ")
		if !ok {
			t.Fatalf("store add printed %q", added)
		}
		secret, _, _ = strings.Cut(secret, "\n")
		i.merchants = append(i.merchants, withKey(i.address, secret))
	}
	return i
}

// prepare starts a sandbox and writes down the environment of an app, whose database it leaves
// alone.
func prepare(t *testing.T, s stack, stores int, variables ...string) *installation {
	t.Helper()
	i := &installation{t: t, state: filepath.Join(t.TempDir(), "sandbox.json")}
	port := stablePort(t)
	i.address = "http://127.0.0.1:" + port

	var out lineBuffer
	p := startSluice(t, environ(), &out, "sandbox", "--json", "--plan", "pro", "--window", "1s", "--stores", strconv.Itoa(stores),
		"--state", i.state, "--app-url", i.address)
	testenv.Eventually(t, "sandbox", func() bool { return out.line() != nil || !p.running() })
	if err := json.Unmarshal(out.line(), &i.sandbox); err != nil || len(i.sandbox.Stores) != stores {
		t.Fatalf("the sandbox printed %q: %v", out.line(), err)
	}

	key, err := vault.GenerateKey("test")
	if err != nil {
		t.Fatal(err)
	}
	i.key = key
	i.env = environ(append([]string{
		"BIGCOMMERCE_API_URL=" + i.sandbox.API, "BIGCOMMERCE_LOGIN_URL=" + i.sandbox.Login,
		"BIGCOMMERCE_CLIENT_ID=" + i.sandbox.ClientID, "BIGCOMMERCE_CLIENT_SECRET=" + i.sandbox.ClientSecret,
		"APP_URL=" + i.address, "SUPPORT_URL=mailto:help@example.com", "PORT=" + port, "ENCRYPTION_KEYS=" + key, "FRAME_ANCESTORS=" + i.sandbox.ControlPanel,
		"DATABASE_URL=" + s.database, "REDIS_URL=" + s.redis, "ALLOW_PRIVATE_SOURCES=127.0.0.1/32",
		// Tests look on all the time, from one address and with one key each.
		"LIMIT_ADDRESS_RATE=1000000", "LIMIT_PRINCIPAL_RATE=1000000", "LIMIT_STORE_RATE=1000000",
	}, variables...)...)
	return i
}

// deployment is an installation with one store and one process.
type deployment struct {
	*installation
	store    sandboxStoreInfo
	app      *process
	merchant *merchant
}

// deploy installs Sluice and starts `sluice serve`.
func deploy(t *testing.T, s stack, variables ...string) *deployment {
	t.Helper()
	i := install(t, s, 1, variables...)
	d := &deployment{installation: i, store: i.sandbox.Stores[0], merchant: i.merchants[0]}
	d.serve()
	return d
}

// withKey calls the API with an API key, which needs no renewal.
func withKey(app, secret string) *merchant {
	return &merchant{app: app, token: secret, renewAt: time.Now().Add(24 * time.Hour), http: &http.Client{Timeout: 30 * time.Second}}
}

// command runs a command of the operator to its end and returns what it printed.
func (i *installation) command(stdin string, args ...string) string {
	i.t.Helper()
	out, err := i.try(stdin, args...)
	if err != nil {
		i.t.Fatalf("sluice %v: %v\n%s", args, err, out)
	}
	return out
}

// refused runs a command that must fail, and returns what it says.
func (i *installation) refused(args ...string) string {
	i.t.Helper()
	out, err := i.try("", args...)
	if err == nil {
		i.t.Fatalf("sluice %v was not refused:\n%s", args, out)
	}
	return out
}

func (i *installation) try(stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(i.t.Context(), buildSluice(i.t), args...)
	cmd.Env, cmd.Stdin = i.env, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// serve starts the app and waits until it answers.
func (d *deployment) serve() {
	d.t.Helper()
	d.app = d.startWeb("serve")
}

// startWeb starts a process that serves and waits until it answers.
func (i *installation) startWeb(args ...string) *process {
	i.t.Helper()
	p := startSluice(i.t, i.env, nil, args...)
	testenv.Eventually(i.t, "sluice serve", func() bool {
		return !p.running() || i.merchants[0].call(i.t.Context(), http.MethodGet, "/session", nil, nil) == nil
	})
	if !p.running() {
		i.t.Fatalf("serve ended: %v\n%s", p.err, p.logTail())
	}
	return p
}

// start starts a run of the feed at address.
func (d *deployment) start(address string) *demoRun {
	d.t.Helper()
	f, err := d.merchant.prepareFlow(d.t.Context(), productsFrom(address))
	if err != nil {
		d.t.Fatal(err)
	}
	r, err := d.merchant.startRun(d.t.Context(), f.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// finish waits for the end of a run.
func (d *deployment) finish(id string) *demoRun {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	r, err := d.merchant.watch(ctx, id, func(*demoRun) {})
	if err != nil {
		d.t.Fatalf("run %s: %v", id, err)
	}
	return r
}

// requests returns how many API requests the sandbox has answered.
func (d *deployment) requests() int { d.t.Helper(); return d.requestsOf(d.store).Total }

// requestsOf returns the sandbox's counts of a store's API requests.
func (i *installation) requestsOf(store sandboxStoreInfo) (counts sandbox.Counts) {
	i.t.Helper()
	res, err := http.Get(i.sandbox.Admin + "/sandbox/stores/" + store.Hash + "/requests")
	if err != nil {
		i.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&counts); err != nil {
		i.t.Fatal(err)
	}
	return counts
}

// client returns the tests' own eyes on a store.
func (i *installation) client(store sandboxStoreInfo) *bigcommerce.Client {
	i.t.Helper()
	client, err := bigcommerce.New(bigcommerce.Config{APIURL: i.sandbox.API, StoreHash: store.Hash, AccessToken: store.Token})
	if err != nil {
		i.t.Fatal(err)
	}
	return client
}

// wantStore checks that the store has the products of list, each once, and no others.
func (d *deployment) wantStore(list []product) { d.t.Helper(); d.wantProducts(d.store, list) }

// wantProducts is wantStore for any store.
func (i *installation) wantProducts(store sandboxStoreInfo, list []product) {
	i.t.Helper()
	skus, names, prices := map[string]int{}, map[string]int{}, map[string]float64{}
	n := 0
	for p, err := range i.client(store).Products.List(i.t.Context(), bigcommerce.ProductFilter{Limit: 250}) {
		if err != nil {
			i.t.Fatal(err)
		}
		n++
		skus[p.SKU]++
		names[strings.ToLower(strings.TrimSpace(p.Name))]++
		price, err := p.Price.Float64()
		if err != nil {
			i.t.Errorf("SKU %s costs %q", p.SKU, p.Price)
		}
		prices[p.SKU] = price
	}
	if n != len(list) || len(skus) != n || len(names) != n {
		i.t.Errorf("store %s has %d products with %d SKUs and %d names, want %d of each", store.Hash, n, len(skus), len(names), len(list))
	}
	for _, p := range list {
		if skus[p.sku] != 1 {
			i.t.Errorf("SKU %s is there %d times", p.sku, skus[p.sku])
		} else if cents := math.Round(prices[p.sku] * 100); int(cents) != p.cents {
			i.t.Errorf("SKU %s costs %v, want %d cents", p.sku, prices[p.sku], p.cents)
		}
	}
}

// lineBuffer collects what a process prints.
type lineBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lineBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// line returns the first line once it is whole.
func (l *lineBuffer) line() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := bytes.IndexByte(l.b.Bytes(), '\n'); i >= 0 {
		return bytes.Clone(l.b.Bytes()[:i])
	}
	return nil
}
