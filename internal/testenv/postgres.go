package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// postgres is a running PostgreSQL.
type postgres struct {
	port   int
	psql   string
	server *server // kept: the end of its pipe is what ends PostgreSQL
}

// cluster is the one PostgreSQL of a test process: initdb takes seconds, a database milliseconds.
var cluster struct {
	once sync.Once
	err  error
	next atomic.Int64
	*postgres
}

// Postgres returns the URL of a fresh, empty database; ok is false when PostgreSQL is not installed
// (and then the test fails if postgres is required).
func Postgres(t testing.TB) (url string, ok bool) {
	t.Helper()
	cluster.once.Do(func() { cluster.postgres, cluster.err = startCluster() })
	if errors.Is(cluster.err, ErrNotInstalled) {
		missing(t, "postgres", "using SQLite only")
		return "", false
	}
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := fmt.Sprintf("t%d", cluster.next.Add(1))
	if err := cluster.run("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Logf("testenv: %v", err)
		}
	})
	return cluster.url(name), true
}

// StartPostgres starts a PostgreSQL for a program that is no test, such as a benchmark, and returns the URL of its empty
// database. The caller stops the server, which also ends with this process. settings ("name=value") come after, and so
// override, those of the tests' server. The error is ErrNotInstalled where there is no PostgreSQL.
func StartPostgres(settings ...string) (url string, stop func(), err error) {
	p, err := startCluster(settings...)
	if err != nil {
		return "", nil, err
	}
	return p.url("postgres"), p.server.stop, nil
}

func (p *postgres) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", p.port, database)
}

func (p *postgres) run(statement string) error {
	out, err := exec.Command(p.psql, "-X", "-q", "-d", p.url("postgres"), "-c", statement).CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql %q: %w: %s", statement, err, out)
	}
	return nil
}

func startCluster(settings ...string) (*postgres, error) {
	if Program("initdb") == "" || Program("postgres") == "" || Program("psql") == "" {
		return nil, fmt.Errorf("postgresql: %w", ErrNotInstalled)
	}
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "sluice-postgres-")
	if err != nil {
		return nil, err
	}
	if credential != nil {
		if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
			return nil, err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(Program("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	p := &postgres{psql: Program("psql")}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	// Durability off: the tests kill our processes, not this server.
	args := []string{"-D", data, "-p", strconv.Itoa(p.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + dir,
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	if p.server, err = start(dir, credential, Program("postgres"), args...); err != nil {
		return nil, err
	}
	if err := waitFor("postgres", func() error { return p.run("SELECT 1") }); err != nil {
		log := p.server.logTail()
		p.server.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return p, nil
}

// unprivileged returns the user to run PostgreSQL as: it refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("running as root and there is neither a postgres nor a nobody user to run PostgreSQL as")
}
