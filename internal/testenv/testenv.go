package testenv

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// RequireVariable names what must be real: a comma-separated list of redis, postgres and chromium.
const RequireVariable = "SLUICE_TEST_REQUIRE"

// startTimeout bounds how long a server may take until it answers. A cold PostgreSQL on a busy
// two-core machine needs several seconds.
const startTimeout = 60 * time.Second

// ErrNotInstalled means that a server's program was not found on this machine.
var ErrNotInstalled = errors.New("not installed on this machine")

func required(name string) bool {
	return slices.Contains(strings.Split(os.Getenv(RequireVariable), ","), name)
}

// missing fails the test when name is required, and logs the fallback otherwise.
func missing(t testing.TB, name, instead string) {
	t.Helper()
	if required(name) {
		t.Fatalf("%s is required by %s but was not found on this machine", name, RequireVariable)
	}
	t.Logf("testenv: no %s on this machine: %s", name, instead)
}

// Program returns the path of the first of names that is installed, or "". Debian keeps
// PostgreSQL's server programs outside PATH, one folder a version; the newest wins.
func Program(names ...string) string {
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
		versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if len(versions) > 0 {
			return slices.MaxFunc(versions, strings.Compare)
		}
	}
	return ""
}

// server is a child process that ends when we do.
type server struct {
	stop func()              // ends it and removes its folder
	halt func(signal string) // ends it by a signal, such as KILL, and keeps its folder
	log  string
}

// supervise runs "$@" until the pipe on standard input closes, then ends it: by the signal that
// came through the pipe, which keeps the folder for another start, else by INT, and removes the
// folder.
const supervise = `dir=$1; shift
"$@" >>"$dir/log" 2>&1 &
pid=$!
signal=$(cat)
kill -"${signal:-INT}" $pid 2>/dev/null
wait $pid
[ -n "$signal" ] || rm -rf "$dir"`

// start runs a command as user (nil: ours) under the supervising shell.
func start(dir string, user *syscall.Credential, name string, args ...string) (*server, error) {
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervise, "sh", dir, name}, args...)...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: user}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	halt := func(signal string) {
		_, _ = io.WriteString(in, signal)
		_ = in.Close()
		_ = cmd.Wait()
	}
	return &server{log: filepath.Join(dir, "log"), halt: halt, stop: func() { halt("") }}, nil
}

// logTail returns the end of a server's log, for a failure message.
func (s *server) logTail() string {
	f, err := os.Open(s.log)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, 4096))
	return string(b)
}

// freePort returns a loopback port that nobody listens on right now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitFor calls ready until it succeeds; the interval is short because servers start in
// milliseconds.
func waitFor(what string, ready func() error) error {
	deadline := time.Now().Add(startTimeout)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s did not start within %s: %w", what, startTimeout, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Eventually polls condition until it holds, and fails the test after a minute. It is for what
// other processes do; inside one process use channels.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	if err := waitFor(what, func() error {
		if condition() {
			return nil
		}
		return fmt.Errorf("not yet")
	}); err != nil {
		t.Fatal(err)
	}
}
