package testenv

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// TestRedisComesBack: what was written is there after each way of stopping, and nobody answers
// meanwhile.
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
	for name, stop := range map[string]func(){"fast": p.StopFast, "immediate": p.StopImmediate} {
		value(t, p.URL, "CREATE TABLE "+name+" (n int)")
		stop()
		if conn, err := pgx.Connect(t.Context(), p.URL); err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("stopped in %s mode, and it still answers", name)
		}
		p.Start()
		if out := value(t, p.URL, "SELECT count(*)::text FROM "+name); out != "0" {
			t.Errorf("%s: %s", name, out)
		}
	}
}
