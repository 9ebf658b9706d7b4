package testenv

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// redisServers are the names that the server goes by.
var redisServers = []string{"redis-server", "valkey-server"}

// EmbeddedRedis starts an embedded Redis for the test and returns its URL.
func EmbeddedRedis(t testing.TB) string {
	t.Helper()
	return "redis://" + miniredis.RunT(t).Addr()
}

// RealRedis starts a redis-server of the test's own and returns its URL; ok is false when none is
// installed (and then the test fails if redis is required). args are added to its command line.
func RealRedis(t testing.TB, args ...string) (url string, ok bool) {
	t.Helper()
	bin := find(redisServers...)
	if bin == "" {
		missing(t, "redis", "using the embedded one")
		return "", false
	}
	r := newRedis(t, bin, args...)
	t.Cleanup(func() { r.server.stop() })
	return r.URL, true
}

// Redis returns the URL of a real server where there is one, of an embedded one otherwise.
func Redis(t testing.TB) string {
	t.Helper()
	if url, ok := RealRedis(t); ok {
		return url
	}
	return EmbeddedRedis(t)
}

// EachRedis runs test on the embedded Redis always, and on a real server where there is one.
func EachRedis(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, EmbeddedRedis(t)) })
	t.Run("server", func(t *testing.T) {
		url, ok := RealRedis(t)
		if !ok {
			t.Log("covered by the embedded one only")
			return
		}
		test(t, url)
	})
}

func pingRedis(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	return c.Ping(ctx).Err()
}
