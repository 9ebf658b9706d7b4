package testenv

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// TestRedisComesBack: what was written is there after each way of stopping, and nobody answers meanwhile.
func TestRedisComesBack(t *testing.T) {
	r, ok := DurableRedis(t)
	if !ok {
		return
	}
	ctx := context.Background()
	for name, stop := range map[string]func(){"killed": r.Kill, "shut down": r.Shutdown} {
		c := redis.NewClient(&redis.Options{Addr: r.addr, MaxRetries: -1})
		if err := c.Set(ctx, name, "kept", 0).Err(); err != nil {
			t.Fatal(err)
		}
		stop()
		if err := c.Ping(ctx).Err(); err == nil {
			t.Errorf("%s, and it answers", name)
		}
		r.Start()
		if got, err := c.Get(ctx, name).Result(); err != nil || got != "kept" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestPostgresComesBack: what was committed is there after each way of stopping.
func TestPostgresComesBack(t *testing.T) {
	p, ok := RestartablePostgres(t)
	if !ok {
		return
	}
	run := func(statement string) (string, error) {
		out, err := exec.Command(Program("psql"), "-X", "-At", "-d", p.URL, "-c", statement).CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	for name, stop := range map[string]func(){"fast": p.StopFast, "immediate": p.StopImmediate} {
		if out, err := run("CREATE TABLE " + name + " (n int)"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		stop()
		if out, err := run("SELECT 1"); err == nil {
			t.Errorf("stopped in %s mode, and it answers %s", name, out)
		}
		p.Start()
		if out, err := run("SELECT count(*) FROM " + name); err != nil || out != "0" {
			t.Errorf("%s: %s, %v", name, out, err)
		}
	}
}
