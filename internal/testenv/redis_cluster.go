package testenv

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// clusterNodes are masters of a test's cluster; Redis Cluster needs three to agree on a failure.
const clusterNodes = 3

// slots is how many hash slots Redis Cluster has.
const slots = 16384

// RedisCluster is a Redis Cluster of a test's own: three masters without replicas, a third of the
// slots each. A node's failure takes its slots away and no others (cluster-require-full-coverage
// no).
type RedisCluster struct {
	URL   string   // as go-redis reads it: redis://host:port?addr=host:port&addr=…
	Addrs []string // of the nodes, in the order of their slots
	nodes []*server
}

// sharedCluster is the one cluster of a test process that SharedRedisCluster hands out: it takes
// seconds to start.
var sharedCluster struct {
	once sync.Once
	c    *RedisCluster
	err  error
}

// SharedRedisCluster returns an empty cluster, the same one for all tests of the process, one after
// another: leave it whole. ok is false when no redis-server is installed (and then the test fails
// if redis is required).
func SharedRedisCluster(t testing.TB) (c *RedisCluster, ok bool) {
	t.Helper()
	if Program(redisServers...) == "" {
		missing(t, "redis", "nothing stands in for a cluster")
		return nil, false
	}
	sharedCluster.once.Do(func() { sharedCluster.c, sharedCluster.err = startRedisCluster() })
	if sharedCluster.err != nil {
		t.Fatal(sharedCluster.err)
	}
	for _, addr := range sharedCluster.c.Addrs {
		node := redis.NewClient(&redis.Options{Addr: addr})
		defer node.Close()
		if err := node.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	return sharedCluster.c, true
}

// RealRedisCluster starts a cluster of the test's own, to move its slots or stop its nodes; ok as
// for SharedRedisCluster.
func RealRedisCluster(t testing.TB) (c *RedisCluster, ok bool) {
	t.Helper()
	if Program(redisServers...) == "" {
		missing(t, "redis", "nothing stands in for a cluster")
		return nil, false
	}
	c, err := startRedisCluster()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.nodes {
		t.Cleanup(s.stop)
	}
	return c, true
}

func startRedisCluster() (c *RedisCluster, err error) {
	c = &RedisCluster{}
	defer func() {
		if err != nil {
			for _, s := range c.nodes {
				s.stop()
			}
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var clients []*redis.Client
	for i := range clusterNodes {
		port, bus, err := c.startNode()
		if err != nil {
			return c, err
		}
		node := redis.NewClient(&redis.Options{Addr: c.Addrs[i]})
		defer node.Close()
		clients = append(clients, node)
		commands := [][]any{
			{"cluster", "addslotsrange", i * slots / clusterNodes, (i+1)*slots/clusterNodes - 1},
			{"cluster", "set-config-epoch", i + 1},
		}
		for _, args := range commands {
			if err := node.Do(ctx, args...).Err(); err != nil {
				return c, fmt.Errorf("%v: %w", args, err)
			}
		}
		if i == 0 {
			continue
		}
		if err := clients[0].Do(ctx, "cluster", "meet", "127.0.0.1", port, bus).Err(); err != nil {
			return c, fmt.Errorf("cluster meet: %w", err)
		}
	}
	for i, node := range clients {
		if err := waitFor("redis cluster", func() error { return whole(ctx, node) }); err != nil {
			return c, fmt.Errorf("%w\n%s", err, c.nodes[i].logTail())
		}
	}
	c.URL = "redis://" + c.Addrs[0] + "?addr=" + strings.Join(c.Addrs[1:], "&addr=")
	return c, nil
}

// startNode adds a server that knows no other yet.
func (c *RedisCluster) startNode() (port, bus int, err error) {
	dir, err := os.MkdirTemp("", "sluice-redis-")
	if err != nil {
		return 0, 0, err
	}
	if port, err = freePort(); err != nil {
		return 0, 0, err
	}
	if bus, err = freePort(); err != nil {
		return 0, 0, err
	}
	s, err := start(dir, nil, Program(redisServers...), "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "",
		"--appendonly", "no", "--maxmemory-policy", "noeviction", "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus),
		"--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no")
	if err != nil {
		return 0, 0, err
	}
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	c.nodes, c.Addrs = append(c.nodes, s), append(c.Addrs, addr)
	if err := waitFor("redis-server", func() error { return pingRedis(addr) }); err != nil {
		return 0, 0, fmt.Errorf("%w\n%s", err, s.logTail())
	}
	return port, bus, nil
}

// whole says whether a node knows the cluster to be whole.
func whole(ctx context.Context, node *redis.Client) error {
	info, err := node.ClusterInfo(ctx).Result()
	if err != nil {
		return err
	}
	for _, line := range []string{"cluster_state:ok", fmt.Sprintf("cluster_slots_ok:%d", slots), fmt.Sprintf("cluster_known_nodes:%d", clusterNodes)} {
		if !strings.Contains(info, line+"\r\n") {
			return fmt.Errorf("no %s in %q", line, info)
		}
	}
	return nil
}

// Stop ends a node for good, and waits until the others know that its slots are gone.
func (c *RedisCluster) Stop(t testing.TB, i int) {
	t.Helper()
	c.nodes[i].stop()
	for k, addr := range c.Addrs {
		if k == i {
			continue
		}
		node := redis.NewClient(&redis.Options{Addr: addr})
		defer node.Close()
		Eventually(t, "the failure of node "+c.Addrs[i], func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			info, err := node.ClusterInfo(ctx).Result()
			return err == nil && !strings.Contains(info, "cluster_slots_fail:0\r\n")
		})
	}
}
