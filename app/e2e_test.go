package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/internal/problem"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/vault"
)

// panelSource is where the front end and its browser test stand, seen from this package.
const panelSource = "../ui/web"

// TestOutcomeInChromium drives what a merchant does through the sandbox's control panel, with the
// real binary, a real Redis and a real browser. The steps and what they assert are in ui/web/e2e.
// E2E_SHOTS names a folder for all screenshots, E2E_IMAGES one for those that the documentation
// shows.
func TestOutcomeInChromium(t *testing.T) {
	if s := openStage(t, ""); s != nil {
		s.play(t, "e2e/outcome.mjs")
	}
}

// stage is everything that a scenario in the browser needs: a sandbox, the app, and the merchant's
// back office, each in its place.
type stage struct {
	chromium, dir string
	app           string // its origin
	platform      sandboxInfo
	feeds         string
	database, key string // of the app, and what its tokens are sealed with
	log           *appLog
}

// openStage builds the program and starts it. scopes, separated by spaces, are what the app asks
// for; "" is its default. It returns nil where there is no browser and none is demanded.
func openStage(t *testing.T, scopes string) *stage {
	t.Helper()
	chromium, ok := testenv.Chromium(t)
	if !ok {
		return nil
	}
	for _, built := range []string{"dist/index.html", "node_modules/playwright-core/package.json"} {
		if _, err := os.Stat(filepath.Join(panelSource, built)); err != nil {
			t.Fatalf("the panel is not built (%v): run make first", err)
		}
	}
	for _, folder := range []string{"E2E_SHOTS", "E2E_IMAGES"} { // node runs in another folder than this test
		if path := os.Getenv(folder); path != "" && !filepath.IsAbs(path) {
			t.Fatalf("%s=%s: give an absolute path", folder, path)
		}
	}
	s := &stage{chromium: chromium, dir: t.TempDir()}
	binary := filepath.Join(s.dir, "sluice")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	port := freePort(t)
	s.app = "http://127.0.0.1:" + port
	s.platform = startSandbox(t, binary, s.app, scopes)
	s.startApp(t, binary, port, scopes)
	feeds := httptest.NewServer(newFeedFolder())
	t.Cleanup(feeds.Close)
	s.feeds = feeds.URL
	return s
}

// play runs a scenario of ui/web, told of the stage and of env, and judges the app's log after it.
func (s *stage) play(t *testing.T, script string, env ...string) {
	t.Helper()
	var hashes []string
	for _, st := range s.platform.Stores {
		hashes = append(hashes, st.Hash)
	}
	browse := exec.CommandContext(t.Context(), "node", script)
	browse.Dir = panelSource
	browse.Env = append(os.Environ(),
		"E2E_CONTROL_PANEL="+s.platform.ControlPanel, "E2E_APP="+s.app, "E2E_ADMIN="+s.platform.Admin, "E2E_FEEDS="+s.feeds,
		"E2E_CLIENT_ID="+s.platform.ClientID, "E2E_STORES="+strings.Join(hashes, ","), "E2E_CHROMIUM="+s.chromium,
		"E2E_WORK="+filepath.Join(s.dir, "browser"))
	browse.Env = append(browse.Env, env...)
	// The browser goes with node, whose end it notices; waiting for its output must not outlast that.
	browse.WaitDelay = 10 * time.Second
	out, err := browse.CombinedOutput()
	t.Logf("node %s:\n%s", script, out)
	if err != nil {
		t.Errorf("node %s: %v\nThe app's log:\n%s", script, err, s.log.tail())
	}
	s.log.check(t)
	s.wantQuietLog(t)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// startSandbox runs `sluice sandbox --json` with two stores and returns what it printed.
func startSandbox(t *testing.T, binary, appURL, scopes string) sandboxInfo {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, "sandbox", "--json", "--plan", "pro", "--window", "1s", "--stores", "2", "--app-url", appURL)
	if scopes != "" {
		cmd.Args = append(cmd.Args, "--scopes", scopes)
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	startProcess(t, cmd)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("sluice sandbox said nothing: %v", err)
	}
	var info sandboxInfo
	if err := json.Unmarshal(line, &info); err != nil {
		t.Fatalf("sluice sandbox --json printed %q: %v", line, err)
	}
	return info
}

// startApp runs `sluice serve` as README.md describes, until it answers.
func (s *stage) startApp(t *testing.T, binary, port, scopes string) {
	t.Helper()
	var err error
	if s.key, err = vault.GenerateKey("e2e"); err != nil {
		t.Fatal(err)
	}
	s.database, s.log = "sqlite:"+filepath.Join(s.dir, "sluice.db"), &appLog{}
	cmd := exec.CommandContext(t.Context(), binary, "serve")
	cmd.Stderr = s.log
	cmd.Env = append(os.Environ(),
		"BIGCOMMERCE_CLIENT_ID="+s.platform.ClientID, "BIGCOMMERCE_CLIENT_SECRET="+s.platform.ClientSecret,
		"BIGCOMMERCE_API_URL="+testenv.APIProxy(t, s.platform.API), "BIGCOMMERCE_LOGIN_URL="+s.platform.Login, "FRAME_ANCESTORS="+s.platform.ControlPanel,
		"APP_URL="+s.app, "PORT="+port, "ENCRYPTION_KEYS="+s.key, "ALLOW_PRIVATE_SOURCES=127.0.0.1/32",
		"DATABASE_URL="+s.database, "REDIS_URL="+testenv.Redis(t), "LOG_LEVEL=debug")
	if scopes != "" {
		cmd.Env = append(cmd.Env, "APP_SCOPES="+scopes)
	}
	startProcess(t, cmd)
	testenv.Eventually(t, "sluice serve", func() bool {
		res, err := http.Get(s.app + "/")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil
	})
}

// startProcess starts a command that is asked to stop at the end of the test, and must then do so
// well.
func startProcess(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // t.Context() has ended here
		err := cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("%s ended with code %d: %v", cmd.Args[:2], code, err)
		}
	})
}

// appLog keeps what the app logs.
type appLog struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *appLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *appLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (l *appLog) tail() string {
	s := l.String()
	return s[max(0, len(s)-16<<10):]
}

// check fails the test when the app noticed an error or was told of a violation of its policy.
func (l *appLog) check(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, "content security policy violation") {
			t.Errorf("the app logged: %s", line)
		}
	}
}

// wantQuietLog fails the test when the app's log has a secret, or a shopper of the stores.
func (s *stage) wantQuietLog(t *testing.T) {
	t.Helper()
	secrets := &secretList{}
	_, key, _ := strings.Cut(s.key, ":")
	secrets.add("encryption key", key)
	secrets.add("client secret", s.platform.ClientSecret)
	secrets.add("client secret at the provider", s.platform.Identity.ClientSecret)
	db, err := tenants.Open(t.Context(), s.database, s.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	installed := 0
	for _, store := range s.platform.Stores {
		secrets.add("access token of the sandbox's own", store.Token)
		token, err := db.AccessToken(tenants.WithStore(t.Context(), store.Hash), store.Hash)
		switch {
		case err == nil:
			installed++
			secrets.add("access token of an install", token)
		case problem.CodeOf(err) != problem.NotFound: // the scenario left this store alone, or removed the app
			t.Error(err)
		}
		for _, shopper := range store.Shoppers {
			secrets.add("shopper", shopper.Email)
		}
	}
	if installed == 0 {
		t.Error("no store has the app: of which token was it?")
	}
	text := []byte(s.log.String())
	secrets.wantNone(t, "the app's log", text)
	wantQuiet(t, "the app's log", text)
}

// feedFolder is the back office of this test: it serves the files that were put into it, as the web
// server of an ERP does, with an ETag.
type feedFolder struct {
	mu    sync.Mutex
	files map[string][]byte
}

func newFeedFolder() *feedFolder { return &feedFolder{files: map[string][]byte{}} }

func (f *feedFolder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.Method {
	case http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		f.files[r.URL.Path] = body
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		data, ok := f.files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		sum := sha256.Sum256(data)
		w.Header().Set("ETag", fmt.Sprintf("%q", hex.EncodeToString(sum[:8])))
		w.Header().Set("Content-Type", "text/csv")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	default:
		http.Error(w, "GET or PUT", http.StatusMethodNotAllowed)
	}
}
