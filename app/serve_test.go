package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestStoppedWhileItStarts stops a worker with SIGTERM while PostgreSQL, and while Redis, lets it
// wait for a connection: that is a good end too.
func TestStoppedWhileItStarts(t *testing.T) {
	buildSluice(t)
	for _, c := range []struct{ what, database, redis string }{
		{"PostgreSQL", "postgres://sluice@%s/sluice?sslmode=disable", "redis://127.0.0.1:1"},
		{"Redis", "sqlite:" + filepath.Join(t.TempDir(), "app.db"), "redis://%s"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			at := l.Addr().String()
			env := environ("BIGCOMMERCE_CLIENT_ID=id", "BIGCOMMERCE_CLIENT_SECRET=secret", "APP_URL=https://sluice.example", "ENCRYPTION_KEYS="+testKey,
				"DATABASE_URL="+strings.ReplaceAll(c.database, "%s", at), "REDIS_URL="+strings.ReplaceAll(c.redis, "%s", at))
			p := startSluice(t, env, nil, "serve", "--work")
			conn, err := l.Accept() // and says nothing
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			p.terminate(t)
		})
	}
}

// TestServeSaysWhyItDoesNotStart has another program listen where it should.
func TestServeSaysWhyItDoesNotStart(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	p := startSluice(t, environ("BIGCOMMERCE_CLIENT_ID=id", "BIGCOMMERCE_CLIENT_SECRET=secret", "APP_URL=https://sluice.example", "ENCRYPTION_KEYS="+testKey,
		"DATABASE_URL=sqlite:"+filepath.Join(t.TempDir(), "app.db"), "PORT="+port), nil, "serve")
	<-p.done
	if code, said := p.cmd.ProcessState.ExitCode(), p.logTail(); code != 1 || !strings.Contains(said, "sluice: PORT: ") || strings.Contains(said, "panic") {
		t.Errorf("exit code %d, and it says %s", code, said)
	}
}
