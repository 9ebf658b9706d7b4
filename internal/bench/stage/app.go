package stage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/tenants/vault"
)

// BuildApp builds the program from the sources that the benchmark is run in, once, and returns its
// path.
var BuildApp = sync.OnceValues(func() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		b, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil && bytes.HasPrefix(b, []byte("module sluice\n")) {
			break
		}
		if root == filepath.Dir(root) {
			return "", errors.New("stage: run the benchmarks inside Sluice's sources: the app is built from them")
		}
		root = filepath.Dir(root)
	}
	path := filepath.Join(root, "bin", "sluice-bench")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", path, "./app")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("stage: build the app: %w\n%s", err, out)
	}
	return path, nil
})

// App is `sluice serve` as a process, with one store that was added by its API credentials.
type App struct {
	URL string
	cmd *exec.Cmd
	key string // of the store's API
}

var shownKey = regexp.MustCompile(`sluice_\S+`)

// StartApp starts the program on a database and a Redis of its own and adds the store.
func StartApp(ctx context.Context, databaseURL, redisURL, apiURL, store, token string) (*App, error) {
	program, err := BuildApp()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port // free right now
	_ = l.Close()
	keys, err := vault.GenerateKey("bench")
	if err != nil {
		return nil, err
	}
	a := &App{URL: "http://127.0.0.1:" + strconv.Itoa(port)}
	env := append(os.Environ(), "DATABASE_URL="+databaseURL, "REDIS_URL="+redisURL, "BIGCOMMERCE_API_URL="+apiURL,
		"BIGCOMMERCE_LOGIN_URL="+apiURL, "BIGCOMMERCE_CLIENT_ID=bench", "BIGCOMMERCE_CLIENT_SECRET=bench", "ENCRYPTION_KEYS="+keys,
		"APP_URL="+a.URL, "PORT="+strconv.Itoa(port), "ALLOW_PRIVATE_SOURCES=127.0.0.1/32", "LOG_LEVEL=warn")
	command := func(args ...string) ([]byte, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(token)
		out, err := cmd.Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("stage: sluice %s: %w: %s", args[0], err, exit.Stderr)
		}
		return out, err
	}
	if _, err := command("migrate"); err != nil {
		return nil, err
	}
	out, err := command("store", "add", "--store", store, "--api-key", "bench")
	if err != nil {
		return nil, err
	}
	if a.key = string(shownKey.Find(out)); a.key == "" {
		return nil, errors.New("stage: sluice store add printed no API key")
	}
	a.cmd = exec.CommandContext(ctx, program, "serve")
	a.cmd.Env, a.cmd.Stderr = env, os.Stderr
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := a.Call(ctx, http.MethodGet, "/flows", nil, nil)
		if err == nil {
			return a, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			a.Stop()
			return nil, fmt.Errorf("stage: sluice serve does not answer: %w", err)
		}
	}
}

// PID is the process's id.
func (a *App) PID() int { return a.cmd.Process.Pid }

// Stop ends the process, as a host does, and waits for it.
func (a *App) Stop() {
	_ = a.cmd.Process.Signal(os.Interrupt)
	_ = a.cmd.Wait()
}

// Call sends one request of the app's API; in and out are JSON, nil for none.
func (a *App) Call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("stage: %s %s: %s: %s", method, path, res.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Flow makes a flow of a kind that reads from a URL, with the mapping that Sluice suggests, and
// returns its id. Options that are not named are the defaults.
func (a *App) Flow(ctx context.Context, kind, url string, options map[string]any) (string, error) {
	var flow map[string]any
	if err := a.Call(ctx, http.MethodPost, "/flows", map[string]string{"kind": kind, "name": "bench"}, &flow); err != nil {
		return "", err
	}
	id, _ := flow["id"].(string)
	source := map[string]string{"kind": "url", "url": url}
	var seen struct {
		Mapping json.RawMessage `json:"suggested_mapping"`
	}
	if err := a.Call(ctx, http.MethodPost, "/sources/inspect", map[string]any{"flow_id": id, "source": source}, &seen); err != nil {
		return "", err
	}
	change := map[string]any{"version": flow["version"], "name": "bench", "source": source, "mapping": seen.Mapping, "options": options}
	return id, a.Call(ctx, http.MethodPut, "/flows/"+id, change, nil)
}

// Run is what the app says of a run.
type Run struct {
	ID, State, Error                                               string
	Read, Created, Updated, Unchanged, Failed, Requests, Throttled int64
}

// Sync starts a run of a flow and waits for its end. seen is called meanwhile, four times a second.
func (a *App) Sync(ctx context.Context, flow string, seen func()) (Run, error) {
	var r Run
	if err := a.Call(ctx, http.MethodPost, "/flows/"+flow+"/runs", map[string]bool{"dry_run": false}, &r); err != nil {
		return r, err
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-tick.C:
		}
		seen()
		if n%4 != 0 { // asking costs the app a query
			continue
		}
		if err := a.Call(ctx, http.MethodGet, "/runs/"+r.ID, nil, &r); err != nil {
			return r, err
		}
		switch r.State {
		case "done":
			return r, nil
		case "failed", "cancelled", "asking":
			return r, fmt.Errorf("stage: the run ended as %s: %s", r.State, r.Error)
		}
	}
}
