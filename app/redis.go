package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/alicebob/miniredis/v2"
	"github.com/caarlos0/env/v11"
	"github.com/redis/go-redis/v9"

	"sluice/jobs/queue"
)

// RedisConfig is how Redis is reached. It is a part of Config, and all that commands beside serve
// need.
type RedisConfig struct {
	// RedisURL has go-redis' forms: ?master_name= is Sentinel, ?addr= is Cluster; "" is the embedded
	// one.
	RedisURL string `env:"REDIS_URL"`
	// RedisUsername and RedisPassword are for hosts that keep the password apart from the address (a
	// Kubernetes secret): a password in a URL must be percent-encoded, and these need not.
	RedisUsername         string `env:"REDIS_USERNAME"`
	RedisPassword         string `env:"REDIS_PASSWORD"`
	RedisSentinelPassword string `env:"REDIS_SENTINEL_PASSWORD"`
	// RedisCAFile is a PEM file of the authorities that may sign the server's certificate, instead of
	// the machine's.
	RedisCAFile string `env:"REDIS_CA_FILE"`
	// RedisSkipVerify takes any certificate: what is sent cannot be read on the way, but whoever can
	// stand in the way can pretend to be Redis. Heroku's Redis has certificates that nobody signs.
	RedisSkipVerify bool `env:"REDIS_TLS_SKIP_VERIFY" envDefault:"false"`
	// RedisPoolSize bounds the connections of one process; 0 is go-redis' own bound, ten a CPU.
	RedisPoolSize int `env:"REDIS_POOL_SIZE" envDefault:"0" validate:"min=0,max=10000"`
	// RedisShards is how many slots of a Redis Cluster the queue is spread over; all processes need
	// the same.
	RedisShards int `env:"REDIS_SHARDS" envDefault:"1" validate:"min=1,max=256"`
}

// check says what is wrong that the tags cannot say.
func (c *RedisConfig) check() error {
	if c.RedisCAFile == "" {
		return nil
	}
	if !strings.HasPrefix(c.RedisURL, "rediss://") {
		return errors.New("REDIS_CA_FILE: the connection has no TLS: write REDIS_URL as rediss://…")
	}
	_, err := c.authorities()
	return err
}

func (c *RedisConfig) authorities() (*x509.CertPool, error) {
	pem, err := os.ReadFile(c.RedisCAFile)
	if err != nil {
		return nil, fmt.Errorf("REDIS_CA_FILE: cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("REDIS_CA_FILE: has no certificate in PEM form")
	}
	return pool, nil
}

// loadRedisConfig reads it for the commands that need no other configuration.
func loadRedisConfig() (c RedisConfig, err error) {
	if err = env.Parse(&c); err != nil {
		return c, err
	}
	if c.RedisShards < 1 || c.RedisShards > queue.MaxShards {
		return c, fmt.Errorf("REDIS_SHARDS: %d is not allowed: set 1 to %d, as for sluice serve", c.RedisShards, queue.MaxShards)
	}
	return c, c.check()
}

// openRedis connects to REDIS_URL, or starts an embedded Redis when it is empty. The embedded one
// lives and dies with the process, which loses nothing: SQL has every job.
func openRedis(ctx context.Context, cfg RedisConfig, log *slog.Logger) (redis.UniversalClient, func(), error) {
	if cfg.RedisURL == "" {
		server, err := miniredis.Run()
		if err != nil {
			return nil, nil, fmt.Errorf("embedded Redis: %w", err)
		}
		log.Warn("REDIS_URL is not set: using an embedded Redis, for evaluation and one small store only")
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
		return client, func() { _ = client.Close(); server.Close() }, nil
	}
	redis.SetLogger(redisLog{log})
	client, err := cfg.client()
	if err != nil {
		return nil, nil, err
	}
	if cfg.RedisSkipVerify {
		log.Warn("REDIS_TLS_SKIP_VERIFY is set: the connection to Redis is encrypted, but not known to lead to your server")
	}
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		return nil, nil, fmt.Errorf("REDIS_URL: %s: %w", redisAdvice(err), err)
	}
	return client, func() { _ = client.Close() }, nil
}

// redisAdvice says what to look at when the first command fails.
func redisAdvice(err error) string {
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return "Redis shows a certificate that is not trusted; set REDIS_CA_FILE to the authority that signed it, or REDIS_TLS_SKIP_VERIFY=true if nobody did"
	case redis.HasErrorPrefix(err, "NOAUTH"), redis.HasErrorPrefix(err, "WRONGPASS"), redis.HasErrorPrefix(err, "NOPERM"):
		return "Redis refuses the password; check it, or REDIS_USERNAME and REDIS_PASSWORD"
	default:
		return "Redis does not answer; check the address and that it is running"
	}
}

// client connects to one server, through Sentinel or to a Cluster. A context's deadline bounds its
// calls, which go-redis leaves to be asked for.
func (c *RedisConfig) client() (redis.UniversalClient, error) {
	u, err := url.Parse(c.RedisURL)
	if err != nil {
		return nil, errRedisURL(errors.New("not an address")) // the parse error would repeat a password
	}
	switch {
	case u.Query().Has("master_name"):
		o, err := redis.ParseFailoverURL(c.RedisURL)
		if err != nil {
			return nil, errRedisURL(err)
		}
		o.ContextTimeoutEnabled = true
		c.login(&o.Username, &o.Password)
		if c.RedisSentinelPassword != "" {
			o.SentinelPassword = c.RedisSentinelPassword
		}
		c.pool(&o.PoolSize, 0)
		if err := c.tls(o.TLSConfig); err != nil {
			return nil, err
		}
		return redis.NewFailoverClient(o), nil
	case u.Query().Has("addr"):
		o, err := redis.ParseClusterURL(c.RedisURL)
		if err != nil {
			return nil, errRedisURL(err)
		}
		o.ContextTimeoutEnabled = true
		c.login(&o.Username, &o.Password)
		// On a cluster an idle worker process holds a connection a shard, and no more than half of a
		// node's pool: without a bound there is room for all of them on one node.
		c.pool(&o.PoolSize, 2*max(c.RedisShards, 5*runtime.GOMAXPROCS(0)))
		if err := c.tls(o.TLSConfig); err != nil {
			return nil, err
		}
		return redis.NewClusterClient(o), nil
	default:
		o, err := redis.ParseURL(c.RedisURL)
		if err != nil {
			return nil, errRedisURL(err)
		}
		o.ContextTimeoutEnabled = true
		c.login(&o.Username, &o.Password)
		c.pool(&o.PoolSize, 0)
		if err := c.tls(o.TLSConfig); err != nil {
			return nil, err
		}
		return redis.NewClient(o), nil
	}
}

func errRedisURL(err error) error {
	return fmt.Errorf("REDIS_URL: %w: write it as redis://:password@host:6379/0", err)
}

// login puts the variables in the place of what the URL says.
func (c *RedisConfig) login(username, password *string) {
	if c.RedisUsername != "" {
		*username = c.RedisUsername
	}
	if c.RedisPassword != "" {
		*password = c.RedisPassword
	}
}

// pool sets the size of a pool: the URL's word, then the variable's, then ours (0: go-redis').
func (c *RedisConfig) pool(size *int, otherwise int) {
	if *size == 0 {
		*size = c.RedisPoolSize
	}
	if *size == 0 {
		*size = otherwise
	}
}

// tls completes what a rediss:// address made; nil is a connection without TLS. The clients of one
// address share the config, Sentinel's too.
func (c *RedisConfig) tls(config *tls.Config) error {
	if config == nil {
		return nil
	}
	if c.RedisSkipVerify {
		config.InsecureSkipVerify = true
	}
	if c.RedisCAFile == "" {
		return nil
	}
	pool, err := c.authorities()
	if err != nil {
		return err
	}
	config.RootCAs = pool
	return nil
}

// redisLog brings the client's own lines into our log.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "redis", "message", fmt.Sprintf(format, args...))
}
