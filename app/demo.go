package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/internal/sandbox"
	"sluice/jobs"
	"sluice/tenants"
	"sluice/tenants/vault"
)

type demoCommand struct {
	Once    bool          `help:"Install, sync, print the result, exit."`
	JSON    bool          `name:"json" help:"Print the result of each run as one line of JSON."`
	Kind    string        `help:"Kind of the flow." default:"products"`
	Feed    string        `help:"A product file to sync instead of the example ERP's 2,500 parts." placeholder:"FILE"`
	Mapping string        `help:"A file with the mapping, as JSON, instead of the one that Sluice suggests." placeholder:"FILE"`
	Options string        `help:"A file with the options of the flow, as JSON." placeholder:"FILE"`
	Flow    []string      `help:"A file with a whole flow, as JSON: kind, source, mapping, options. The source is a path from the file's folder, or an address. Several are run one after the other." placeholder:"FILE" sep:"none"`
	State   string        `help:"Keep the app's database (sluice.db) and the sandbox's stores (sandbox.json) in this folder between calls." placeholder:"DIR"`
	Plan    string        `help:"Plan of the sandbox store: ${enum}." enum:"standard,plus,pro,enterprise" default:"pro"`
	Window  time.Duration `help:"Length of the sandbox's quota window; BigCommerce's is 30s." default:"1s"`
	Verbose bool          `help:"Show the app's log."`
}

// demoResult is what --json prints of a run.
type demoResult struct {
	StoreHash   string  `json:"store_hash"`
	RunID       string  `json:"run_id"`
	State       string  `json:"state"`
	Read        int64   `json:"read"`
	Created     int64   `json:"created"`
	Updated     int64   `json:"updated"`
	Unchanged   int64   `json:"unchanged"`
	Skipped     int64   `json:"skipped"` // passed by, because of the flow's options
	Failed      int64   `json:"failed"`
	Warnings    int64   `json:"warnings"`
	APIRequests int     `json:"api_requests"` // the sandbox's count, from the start of the run to its end
	HTTP429     int     `json:"http_429"`
	Quota       int     `json:"quota"` // requests per window
	WindowMS    int64   `json:"window_ms"`
	Seconds     float64 `json:"seconds"`
	Errors      []issue `json:"errors"`

	// Question is what the run asks and waits for (State asking).
	Question *tenants.Question `json:"question,omitempty"`
}

// Run starts everything on loopback ports, walks the install and runs the flows.
func (c *demoCommand) Run(ctx context.Context) error {
	dir, temporary := c.State, c.State == ""
	if temporary {
		var err error
		if dir, err = os.MkdirTemp("", "sluice-demo-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	if c.Verbose {
		log = newLogger(os.Stderr, slog.LevelDebug)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d, err := c.start(ctx, dir, log)
	if err != nil {
		return err
	}
	defer d.close()

	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return d.program.run(ctx, d.listener, true) })
	work.Go(func() error {
		defer cancel()
		var failed error
		err := d.sync(ctx, c.out(), func(r *demoResult) error {
			failed = errors.Join(failed, r.failure())
			return c.print(r)
		})
		if err != nil {
			return err
		}
		if c.Once {
			return failed
		}
		d.invite(os.Stdout)
		<-ctx.Done()
		return nil
	})
	err = work.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// out is where people read along; nobody does with --json.
func (c *demoCommand) out() io.Writer {
	if c.JSON {
		return io.Discard
	}
	return os.Stdout
}

// demo is a running demonstration.
type demo struct {
	program  *program
	listener net.Listener
	sandbox  *sandbox.Sandbox
	store    *sandbox.Store
	feed     *feedServer
	flows    []flowSpec
	merchant *merchant
	options  *demoCommand
}

func (c *demoCommand) start(ctx context.Context, dir string, log *slog.Logger) (*demo, error) {
	flows, err := c.flows()
	if err != nil {
		return nil, err
	}
	d := &demo{options: c, flows: flows}
	if err := d.start(ctx, dir, log); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

func (d *demo) start(ctx context.Context, dir string, log *slog.Logger) (err error) {
	var lc net.ListenConfig
	if d.listener, err = lc.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	feedListener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	d.feed = newFeedServer(feedListener)
	for i := range d.flows {
		if source := &d.flows[i].Source; source.URL == "" {
			if source.URL, err = d.feed.serve(source.File); err != nil {
				return err
			}
		}
	}
	appURL := "http://" + d.listener.Addr().String()
	if err := d.startSandbox(ctx, dir, appURL, log); err != nil {
		return err
	}
	cfg, err := d.config(dir, appURL)
	if err != nil {
		return err
	}
	if d.program, err = assemble(ctx, cfg, log); err != nil {
		return err
	}
	if err := d.program.migrate(ctx); err != nil {
		return err
	}
	if err := d.program.db.CheckKeys(ctx); err != nil { // of the store that a former demo left
		return err
	}
	d.merchant = &merchant{app: appURL, panel: appPanelURL(d.sandbox, d.store), http: &http.Client{Timeout: 2 * time.Minute}}
	return nil
}

// startSandbox starts the simulated BigCommerce with one store, the one of before if it has state.
func (d *demo) startSandbox(ctx context.Context, dir, appURL string, log *slog.Logger) error {
	var err error
	d.sandbox, err = sandbox.New(sandbox.Options{
		Plan: d.options.Plan, Window: d.options.Window, StateFile: filepath.Join(dir, sandboxState), Log: log,
		AppAuthURL: appURL + "/auth", AppLoadURL: appURL + "/load", AppUninstallURL: appURL + "/uninstall", AppRemoveUserURL: appURL + "/remove_user",
	})
	if err != nil {
		return err
	}
	if err := d.sandbox.Start(ctx); err != nil {
		return err
	}
	if stores := d.sandbox.Stores(); len(stores) > 0 {
		d.store = stores[0]
		return nil
	}
	// A hash of its own, so that demos that share a database or a Redis do not meet.
	d.store = d.sandbox.AddStore(sandbox.StoreSpec{Hash: strings.ToLower(rand.Text()[:10]), Name: "Halyard & Co."})
	return d.store.SeedStorefronts()
}

// demoLease is short: who kills a demo that runs on a Redis of their own does not want to wait.
const demoLease = 5 * time.Second

// config is what the app's environment would say; DATABASE_URL, REDIS_URL and ENCRYPTION_KEYS are
// taken from the real one.
func (d *demo) config(dir, appURL string) (*Config, error) {
	keys := os.Getenv("ENCRYPTION_KEYS")
	if keys == "" {
		var err error
		if keys, err = keptKey(filepath.Join(dir, "encryption.key")); err != nil {
			return nil, err
		}
	}
	database := os.Getenv("DATABASE_URL")
	if database == "" {
		database = "sqlite:" + filepath.Join(dir, "sluice.db")
	}
	urls := d.sandbox.URLs()
	cfg := &Config{
		ClientID: d.sandbox.ClientID(), ClientSecret: d.sandbox.ClientSecret(), AppURL: appURL,
		Scopes: sandbox.DefaultScopes, DatabaseURL: database, EncryptionKeys: keys,
		LoginURL: urls.Login, APIURL: urls.API, FrameAncestors: []string{urls.ControlPanel},
		PrivateSources: []string{"127.0.0.1/32"}, RedisConfig: RedisConfig{RedisURL: os.Getenv("REDIS_URL"), RedisShards: 1}, JobLease: demoLease, LogLevel: "info",
		WorkerConcurrency: jobs.DefaultConcurrency,
	}
	return cfg, cfg.check(nil)
}

// keptKey reads the encryption key that an earlier call left, or makes one.
func keptKey(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	key, err := vault.GenerateKey("demo")
	if err != nil {
		return "", err
	}
	return key, os.WriteFile(path, []byte(key+"\n"), 0o600)
}

// sync installs the app, runs the flows one after the other and calls each with what came of one.
func (d *demo) sync(ctx context.Context, out io.Writer, each func(*demoResult) error) error {
	quota, window := d.store.Quota()
	fmt.Fprintf(out, "A sandbox BigCommerce runs on this machine: store %s with the quota of the %s plan, %d requests a window.\nThe window is shortened to %s, so that a first run takes seconds; BigCommerce's own is 30 s.\n\n",
		d.store.Hash, d.options.Plan, quota, window)
	if err := d.merchant.open(ctx); err != nil {
		return fmt.Errorf("install: %w", err)
	}
	// An unfinished run may not have fetched its feed yet, which has another address now.
	flows := make([]*demoFlow, len(d.flows))
	runs := make([]*demoRun, len(d.flows))
	for i, spec := range d.flows {
		var err error
		if flows[i], err = d.merchant.prepareFlow(ctx, spec); err != nil {
			return fmt.Errorf("flow: %w", err)
		}
		if runs[i], err = d.merchant.unfinishedRun(ctx, flows[i].ID); err != nil {
			return err
		}
	}
	for i, f := range flows {
		result, err := d.run(ctx, out, f, runs[i])
		if err != nil {
			return err
		}
		if err := each(result); err != nil {
			return err
		}
	}
	return nil
}

// run runs a flow, or goes on with r, and returns what came of it.
func (d *demo) run(ctx context.Context, out io.Writer, f *demoFlow, r *demoRun) (*demoResult, error) {
	m := d.merchant
	if r != nil {
		fmt.Fprintf(out, "Installed before; run %s was interrupted and goes on.\n", r.ID)
	} else {
		if err := d.settle(ctx); err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "Installed. Syncing %s\n", f.Source.URL)
	}
	mark, started := d.store.Log().Mark(), time.Now()
	var err error
	if r == nil {
		if r, err = m.startRun(ctx, f.ID); err != nil {
			return nil, fmt.Errorf("run: %w", err)
		}
	}
	bar := newProgress(out)
	if r, err = m.watch(ctx, r.ID, bar.show); err != nil {
		return nil, fmt.Errorf("run: %w", err)
	}
	bar.done()
	quota, window := d.store.Quota()
	counts := d.store.Log().ClientSince(d.sandbox.ClientID(), mark)
	result := &demoResult{
		StoreHash: d.store.Hash, RunID: r.ID, State: string(r.State), Read: r.Read, Created: r.Created, Updated: r.Updated,
		Unchanged: r.Unchanged, Skipped: r.Skipped, Failed: r.Failed, Warnings: r.Warnings, APIRequests: counts.Total, HTTP429: counts.Throttled,
		Quota: quota, WindowMS: window.Milliseconds(), Seconds: time.Since(started).Round(time.Millisecond).Seconds(),
		Question: r.Question,
	}
	if result.Errors, err = m.errors(ctx, r.ID); err != nil {
		return nil, err
	}
	if r.Error != "" {
		result.Errors = append(result.Errors, issue{Message: r.Error})
	}
	return result, nil
}

// errAsks ends a demo that nobody watches: its run waits for an answer.
var errAsks = errors.New("the run asks before it writes: call sluice demo without --once and answer in the panel")

// failure says why a run that nobody watches was not done; nil when it was.
func (r *demoResult) failure() error {
	switch tenants.RunState(r.State) {
	case tenants.RunDone:
		return nil
	case tenants.RunAsking:
		return errAsks
	}
	return fmt.Errorf("the run ended as %s", r.State)
}

// settle waits until the store has no work left: an install registers webhooks and reads the store,
// a first flow registers those of its kind, and those requests are not the run's.
func (d *demo) settle(ctx context.Context) error {
	ctx = tenants.WithStore(ctx, d.store.Hash)
	tick := time.NewTicker(runPoll)
	defer tick.Stop()
	for {
		n, err := d.program.service.PendingJobs(ctx)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (c *demoCommand) print(r *demoResult) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	r.write(os.Stdout)
	return nil
}

// invite tells where to look.
func (d *demo) invite(w io.Writer) {
	fmt.Fprintf(w, "\nOpen the control panel to see it as a merchant does:\n\n  %s\n\nPress Ctrl-C to stop.\n", appPanelURL(d.sandbox, d.store))
}

// appPanelURL is where the control panel shows the app of a store.
func appPanelURL(s *sandbox.Sandbox, store *sandbox.Store) string {
	return s.URLs().ControlPanel + "/manage/" + store.Hash + "/app/" + s.ClientID()
}

func (d *demo) close() {
	if d.program != nil {
		d.program.close()
	}
	if d.feed != nil {
		d.feed.close()
	}
	if d.sandbox != nil {
		if err := d.sandbox.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "sluice: sandbox:", err)
		}
	}
	if d.listener != nil {
		_ = d.listener.Close()
	}
}
