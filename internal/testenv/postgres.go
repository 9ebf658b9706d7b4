package testenv

import (
	"context"
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

	"github.com/jackc/pgx/v5"
)

// shared is the one PostgreSQL of a test process: initdb takes seconds, a database milliseconds.
var shared struct {
	once    sync.Once
	err     error
	next    atomic.Int64
	cluster *postgresCluster
	server  *server // kept: the end of its pipe is what ends PostgreSQL
}

// startShared starts the shared PostgreSQL once; false means that none is installed.
func startShared(t testing.TB) bool {
	t.Helper()
	shared.once.Do(func() {
		if shared.cluster, shared.err = initCluster(); shared.err == nil {
			// Durability off: the tests kill our processes, not this server.
			shared.server, shared.err = shared.cluster.start("synchronous_commit=off")
		}
	})
	if errors.Is(shared.err, ErrNotInstalled) {
		missing(t, "postgres", "using SQLite only")
		return false
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return true
}

// Postgres returns the URL of a fresh, empty database; ok is false when PostgreSQL is not installed
// (and then the test fails if postgres is required).
func Postgres(t testing.TB) (url string, ok bool) {
	t.Helper()
	if !startShared(t) {
		return "", false
	}
	return createDatabase(t, ""), true
}

// PostgresTemplate is a database that others are copied from. A copy costs what CREATE DATABASE
// does, whatever it took to fill the template.
type PostgresTemplate struct {
	Fill func(url string) error // is called once a process, with an empty database, and leaves no connection open

	once sync.Once
	err  error
	name string
}

// Copy is Postgres, but the database holds what the template does.
func (p *PostgresTemplate) Copy(t testing.TB) (url string, ok bool) {
	t.Helper()
	if !startShared(t) {
		return "", false
	}
	p.once.Do(func() {
		p.name = fmt.Sprintf("t%d", shared.next.Add(1))
		if p.err = shared.cluster.run("CREATE DATABASE " + p.name); p.err == nil {
			p.err = p.Fill(shared.cluster.url(p.name))
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return createDatabase(t, " TEMPLATE "+p.name), true
}

// createDatabase creates a database that ends with the test, and returns its URL.
func createDatabase(t testing.TB, options string) string {
	t.Helper()
	name := fmt.Sprintf("t%d", shared.next.Add(1))
	if err := shared.cluster.run("CREATE DATABASE " + name + options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.cluster.run("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Logf("testenv: %v", err)
		}
	})
	return shared.cluster.url(name)
}

// PostgresTool returns the path of a client program of PostgreSQL, such as pg_dump; ok is false
// when it is not installed (and then the test fails if postgres is required).
func PostgresTool(t testing.TB, name string) (path string, ok bool) {
	t.Helper()
	if path = Program(name); path == "" {
		missing(t, "postgres", "without "+name)
	}
	return path, path != ""
}

// StartPostgres starts a PostgreSQL for a program that is no test, such as a benchmark, and returns
// the URL of its empty database. The caller stops the server, which also ends with this process.
// settings ("name=value") come after, and so override, those of the tests' server. The error is
// ErrNotInstalled where there is no PostgreSQL.
func StartPostgres(settings ...string) (url string, stop func(), err error) {
	c, err := initCluster()
	if err != nil {
		return "", nil, err
	}
	s, err := c.start(append([]string{"synchronous_commit=off"}, settings...)...)
	if err != nil {
		return "", nil, err
	}
	return c.url("postgres"), s.stop, nil
}

// postgresCluster is what initdb made.
type postgresCluster struct {
	dir  string
	port int
	user *syscall.Credential
}

func initCluster() (*postgresCluster, error) {
	if Program("initdb") == "" || Program("postgres") == "" {
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
	initdb := exec.Command(Program("initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	return &postgresCluster{dir: dir, port: port, user: credential}, err
}

// start starts the server with settings ("name=value") and waits until it answers. It does not
// survive a power loss, which no test causes.
func (c *postgresCluster) start(settings ...string) (*server, error) {
	args := []string{"-D", filepath.Join(c.dir, "data"), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + c.dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	s, err := start(c.dir, c.user, Program("postgres"), args...)
	if err != nil {
		return nil, err
	}
	if err := waitFor("postgres", func() error { return c.run("SELECT 1") }); err != nil {
		log := s.logTail()
		s.stop()
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return s, nil
}

func (c *postgresCluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// run carries a statement out by a connection of its own: one costs less than a start of psql.
func (c *postgresCluster) run(statement string) (err error) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
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
