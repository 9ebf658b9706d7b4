package testenv

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
)

// RedisServer is a redis-server that a test may stop and start again, on the same port and folder.
type RedisServer struct {
	URL string

	t      testing.TB
	dir    string
	addr   string
	bin    string
	args   []string
	server *server
}

// DurableRedis starts a redis-server that keeps its data in an append-only file, synced every
// second: what an operator who wants to lose little runs. ok is as in RealRedis.
func DurableRedis(t testing.TB) (r *RedisServer, ok bool) {
	t.Helper()
	bin := Program(redisServers...)
	if bin == "" {
		missing(t, "redis", "nothing stands in for a Redis that is restarted")
		return nil, false
	}
	r, err := newRedis(bin, "--appendonly", "yes", "--appendfsync", "everysec")
	if err != nil {
		t.Fatal(err)
	}
	r.t = t
	t.Cleanup(func() {
		if r.server == nil {
			r.Start()
		}
		r.server.stop()
	})
	return r, true
}

// newRedis starts a server, which the caller stops.
func newRedis(bin string, args ...string) (*RedisServer, error) {
	dir, err := os.MkdirTemp("", "sluice-redis-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	base := []string{"--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	r := &RedisServer{URL: "redis://" + addr, dir: dir, addr: addr, bin: bin, args: append(base, args...)}
	return r, r.start()
}

func (r *RedisServer) start() error {
	s, err := start(r.dir, nil, r.bin, r.args...)
	if err != nil {
		return err
	}
	if err := waitFor("redis-server", func() error { return pingRedis(r.addr) }); err != nil {
		log := s.logTail()
		s.stop()
		return fmt.Errorf("%w\n%s", err, log)
	}
	r.server = s
	return nil
}

// Start starts the server, which must not run, and waits until it answers with what it had.
func (r *RedisServer) Start() {
	r.t.Helper()
	if err := r.start(); err != nil {
		r.t.Fatal(err)
	}
}

// Kill ends the server by SIGKILL, as the kernel does when memory is short.
func (r *RedisServer) Kill() { r.halt("KILL") }

// Shutdown ends the server as SHUTDOWN does: it syncs its file first.
func (r *RedisServer) Shutdown() { r.halt("TERM") }

func (r *RedisServer) halt(signal string) {
	r.server.halt(signal)
	r.server = nil
}

// PostgresServer is a PostgreSQL of the test's own that it may stop and start again, on the same
// port and with what was committed.
type PostgresServer struct {
	URL string // of an empty database

	t       testing.TB
	cluster *postgresCluster
	server  *server
}

// RestartablePostgres starts a PostgreSQL of the test's own. It takes seconds: Postgres is for all
// tests that leave the server alone. ok is as in Postgres.
func RestartablePostgres(t testing.TB) (p *PostgresServer, ok bool) {
	t.Helper()
	c, err := initCluster()
	if errors.Is(err, ErrNotInstalled) {
		missing(t, "postgres", "nothing stands in for a PostgreSQL that is restarted")
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	p = &PostgresServer{URL: c.url("postgres"), t: t, cluster: c}
	p.Start()
	t.Cleanup(func() {
		if p.server == nil {
			p.Start()
		}
		p.server.stop()
	})
	return p, true
}

// Start starts the server, which must not run, and waits until it answers.
func (p *PostgresServer) Start() {
	p.t.Helper()
	s, err := p.cluster.start()
	if err != nil {
		p.t.Fatal(err)
	}
	p.server = s
}

// StopFast ends the server in its fast mode: it rolls open transactions back and writes everything
// down.
func (p *PostgresServer) StopFast() { p.halt("INT") }

// StopImmediate ends the server in its immediate mode, which is a crash that the next start
// recovers from.
func (p *PostgresServer) StopImmediate() { p.halt("QUIT") }

func (p *PostgresServer) halt(signal string) {
	p.server.halt(signal)
	p.server = nil
}
