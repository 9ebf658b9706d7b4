package testenv

import (
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

// cluster is the one PostgreSQL of a test process: initdb takes seconds, a database milliseconds.
var cluster struct {
	once   sync.Once
	err    error
	port   int
	next   atomic.Int64
	psql   string
	server *server // kept: the end of its pipe is what ends PostgreSQL
}

// Postgres returns the URL of a fresh, empty database; ok is false when PostgreSQL is not installed
// (and then the test fails if postgres is required).
func Postgres(t testing.TB) (url string, ok bool) {
	t.Helper()
	if find("initdb") == "" || find("postgres") == "" || find("psql") == "" {
		missing(t, "postgres", "using SQLite only")
		return "", false
	}
	cluster.once.Do(func() { cluster.err = startCluster() })
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := fmt.Sprintf("t%d", cluster.next.Add(1))
	if err := psql("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := psql("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Logf("testenv: %v", err)
		}
	})
	return databaseURL(name), true
}

func databaseURL(name string) string { return databaseAt(cluster.port, name) }

func databaseAt(port int, name string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", port, name)
}

func psql(statement string) error { return psqlAt(cluster.port, statement) }

func psqlAt(port int, statement string) error {
	out, err := exec.Command(find("psql"), "-X", "-q", "-d", databaseAt(port, "postgres"), "-c", statement).CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql %q: %w: %s", statement, err, out)
	}
	return nil
}

func startCluster() error {
	c, err := initCluster()
	if err != nil {
		return err
	}
	cluster.psql, cluster.port = find("psql"), c.port
	// Durability off: the tests kill our processes, not this server.
	cluster.server, err = c.start("-c", "synchronous_commit=off")
	return err
}

// postgresCluster is what initdb made.
type postgresCluster struct {
	dir  string
	port int
	user *syscall.Credential
}

func initCluster() (*postgresCluster, error) {
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
	initdb := exec.Command(find("initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	return &postgresCluster{dir: dir, port: port, user: credential}, err
}

// start starts the server and waits until it answers. It does not survive a power loss, which no test causes.
func (c *postgresCluster) start(args ...string) (*server, error) {
	base := []string{"-D", filepath.Join(c.dir, "data"), "-p", strconv.Itoa(c.port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + c.dir,
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"}
	s, err := start(c.dir, c.user, find("postgres"), append(base, args...)...)
	if err != nil {
		return nil, err
	}
	if err := waitFor("postgres", func() error { return psqlAt(c.port, "SELECT 1") }); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, s.logTail())
	}
	return s, nil
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
