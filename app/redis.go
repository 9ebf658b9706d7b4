package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"

	"github.com/alicebob/miniredis/v2"
	"github.com/caarlos0/env/v11"
	"github.com/redis/go-redis/v9"

	"sluice/jobs/queue"
)

// openRedis connects to REDIS_URL, or starts an embedded Redis when it is empty. The embedded one
// lives and dies with the process, which loses nothing: SQL has every job (design section 5).
func openRedis(ctx context.Context, rawURL string, shards int, log *slog.Logger) (redis.UniversalClient, func(), error) {
	if rawURL == "" {
		server, err := miniredis.Run()
		if err != nil {
			return nil, nil, fmt.Errorf("embedded Redis: %w", err)
		}
		log.Warn("REDIS_URL is not set: using an embedded Redis, for evaluation and one small store only")
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
		return client, func() { _ = client.Close(); server.Close() }, nil
	}
	redis.SetLogger(redisLog{log})
	client, err := redisClient(rawURL, shards)
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w: write it as redis://:password@host:6379/0", err)
	}
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, nil, fmt.Errorf("REDIS_URL: Redis does not answer; check the address and that it is running: %w", err)
	}
	return client, func() { _ = client.Close() }, nil
}

// redisSettings are REDIS_URL and REDIS_SHARDS for the commands that need no other configuration.
type redisSettings struct {
	URL    string `env:"REDIS_URL"`
	Shards int    `env:"REDIS_SHARDS" envDefault:"1"`
}

func loadRedisSettings() (s redisSettings, err error) {
	if err = env.Parse(&s); err != nil {
		return s, err
	}
	if s.Shards < 1 || s.Shards > queue.MaxShards {
		return s, fmt.Errorf("REDIS_SHARDS: %d is not allowed: set 1 to %d, as for sluice serve", s.Shards, queue.MaxShards)
	}
	return s, nil
}

// redisClient reads the URL forms of go-redis: ?master_name= is Sentinel, ?addr= is Cluster. A context's deadline bounds its
// calls, which go-redis leaves to be asked for. On a cluster an idle worker
// process holds a connection a shard, and no more than half of a node's pool: without a pool_size in the URL there is room for
// all of them on one node.
func redisClient(rawURL string, shards int) (redis.UniversalClient, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("not an address") // the parse error would repeat a password
	}
	switch {
	case u.Query().Has("master_name"):
		o, err := redis.ParseFailoverURL(rawURL)
		if err != nil {
			return nil, err
		}
		o.ContextTimeoutEnabled = true
		return redis.NewFailoverClient(o), nil
	case u.Query().Has("addr"):
		o, err := redis.ParseClusterURL(rawURL)
		if err != nil {
			return nil, err
		}
		o.ContextTimeoutEnabled = true
		if o.PoolSize == 0 {
			o.PoolSize = 2 * max(shards, 5*runtime.GOMAXPROCS(0))
		}
		return redis.NewClusterClient(o), nil
	default:
		o, err := redis.ParseURL(rawURL)
		if err != nil {
			return nil, err
		}
		o.ContextTimeoutEnabled = true
		return redis.NewClient(o), nil
	}
}

// redisLog brings the client's own lines into our log.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "redis", "message", fmt.Sprintf(format, args...))
}
