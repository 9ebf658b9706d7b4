package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"
)

// SentinelMaster is the name that a RedisSentinel watches its servers under.
const SentinelMaster = "sluice"

// RedisSentinel is a master, a replica of it and a Sentinel that watches both, all behind
// passwords.
type RedisSentinel struct {
	Addr             string // of the Sentinel, host:port
	Password         string // of master and replica
	SentinelPassword string // of the Sentinel itself
}

// RealRedisSentinel starts one of the test's own; ok is false when no redis-server is installed
// (and then the test fails if redis is required).
func RealRedisSentinel(t testing.TB) (s *RedisSentinel, ok bool) {
	t.Helper()
	bin := Program(redisServers...)
	if bin == "" {
		missing(t, "redis", "nothing stands in for a Sentinel")
		return nil, false
	}
	s = &RedisSentinel{Password: "of:the/server@1", SentinelPassword: "of:the/sentinel@1"}
	var addrs []string
	for range 2 {
		r, err := newRedis(bin)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.server.stop)
		addrs = append(addrs, r.addr)
		if err := s.protect(t.Context(), r.addr, addrs[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.watch(t, bin, addrs[0]); err != nil {
		t.Fatal(err)
	}
	return s, true
}

// protect gives a server its password, and makes it a replica of the master unless it is the
// master.
func (s *RedisSentinel) protect(ctx context.Context, addr, master string) error {
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer c.Close()
	settings := []any{"config", "set", "masterauth", s.Password}
	if addr != master {
		u := url.URL{Host: master}
		if err := c.Do(ctx, "replicaof", u.Hostname(), u.Port()).Err(); err != nil {
			return err
		}
	}
	return c.Do(ctx, append(settings, "requirepass", s.Password)...).Err()
}

func (s *RedisSentinel) watch(t testing.TB, bin, master string) error {
	dir, err := os.MkdirTemp("", "sluice-redis-")
	if err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	u := url.URL{Host: master}
	// Sentinel writes what it learns into its file, so that it cannot be told by arguments alone.
	config := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nrequirepass %s\nsentinel monitor %s %s %s 1\nsentinel auth-pass %s %s\n",
		port, dir, s.SentinelPassword, SentinelMaster, u.Hostname(), u.Port(), SentinelMaster, s.Password)
	file := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	server, err := start(dir, nil, bin, file, "--sentinel")
	if err != nil {
		return err
	}
	t.Cleanup(server.stop)
	s.Addr = "127.0.0.1:" + strconv.Itoa(port)
	if err := waitFor("Redis Sentinel", func() error { return s.knowsReplica(t.Context()) }); err != nil {
		return fmt.Errorf("%w\n%s", err, server.logTail())
	}
	return nil
}

// knowsReplica is nil once there is a replica that a failover can promote.
func (s *RedisSentinel) knowsReplica(ctx context.Context) error {
	c := s.sentinel()
	defer c.Close()
	master, err := c.Master(ctx, SentinelMaster).Result()
	if err != nil {
		return err
	}
	replicas, err := c.Replicas(ctx, SentinelMaster).Result()
	if err != nil {
		return err
	}
	if master["flags"] != "master" || len(replicas) != 1 || replicas[0]["master-link-status"] != "ok" {
		return errors.New("no replica yet")
	}
	return nil
}

// Failover makes the replica the master, and waits until the Sentinel says so.
func (s *RedisSentinel) Failover(t testing.TB) {
	t.Helper()
	c := s.sentinel()
	defer c.Close()
	old, err := c.GetMasterAddrByName(t.Context(), SentinelMaster).Result()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Failover(t.Context(), SentinelMaster).Err(); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the failover", func() bool {
		now, err := c.GetMasterAddrByName(t.Context(), SentinelMaster).Result()
		return err == nil && now[1] != old[1]
	})
}

func (s *RedisSentinel) sentinel() *redis.SentinelClient {
	return redis.NewSentinelClient(&redis.Options{Addr: s.Addr, Password: s.SentinelPassword})
}
