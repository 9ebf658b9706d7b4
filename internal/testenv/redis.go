package testenv

import (
	"context"
	"errors"
	"fmt"
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
	url, stop, err := StartRedis(args...)
	if errors.Is(err, ErrNotInstalled) {
		missing(t, "redis", "using the embedded one")
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url, true
}

// StartRedis is RealRedis for a program that is no test, such as a benchmark: the caller stops the
// server, which also ends with this process. The error is ErrNotInstalled where there is no
// redis-server.
func StartRedis(args ...string) (url string, stop func(), err error) {
	bin := Program(redisServers...)
	if bin == "" {
		return "", nil, fmt.Errorf("redis-server: %w", ErrNotInstalled)
	}
	r, err := newRedis(bin, args...)
	if err != nil {
		return "", nil, err
	}
	return r.URL, func() { r.server.stop() }, nil
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
