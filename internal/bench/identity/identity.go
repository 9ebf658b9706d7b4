// Package identity compares the endpoint that verifies who is signed in at a storefront with a gin
// handler that does nothing but answer the same bytes: what verifying costs.
package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/redis/go-redis/v9"

	"sluice/auth/customer"
	"sluice/internal/bench/harness"
	"sluice/internal/ratelimit"
	"sluice/internal/testenv"
	"sluice/tenants"
	"sluice/tenants/vault"
)

const (
	clientID     = "6sv16tfx3j5gsopm42ss5dd67g2srvq"
	clientSecret = "a client secret of the benchmark, as long as real ones are"

	stores    = 64
	addresses = 64 // shoppers at each store
	callers   = 8  // connections
	bare      = "bare gin handler"
	ours      = "verification"
)

var redisURL string

func setup(context.Context) (func(), error) {
	url, stop, err := testenv.StartRedis()
	redisURL = url
	return stop, err
}

// Benchmarks are those of this package.
func Benchmarks() []harness.Benchmark {
	about := fmt.Sprintf(`POST /storefront/{store_hash}/current-customer on a gin router of its own, as a page calls it: %d shoppers of %d stores each, an
origin, a token to verify, a session to sign; limits count with a real Redis behind them, stores are in SQLite. The other router answers the same
bytes to the same requests and does nothing else. %d connections over loopback; client and server are one process, and the client does
little (it writes requests made before and reads answers up to their length), so that it flatters neither. Go runs on one processor
fewer than there are: where it has all, a thread that comes back from the kernel is often one too many, and waits for a tick of 4 ms
until it runs; that is the 99th percentile then, of either contender. There is no target: the token goes through one path, a JWT
library's, and what that costs is shown, not bounded.`, addresses, stores, callers)
	return []harness.Benchmark{{
		Name: "identity/current customer", About: about, Setup: setup,
		Metrics: []harness.Metric{
			{Name: "requests", Unit: "req/s", Better: harness.Higher, Means: "answered with 200, after a second of warming up"},
			{Name: "p50", Unit: "ms", Better: harness.Lower, Means: "from the request's first byte written to the answer's last read"},
			{Name: "p99", Unit: "ms", Better: harness.Lower, Means: "the same"},
			{Name: "allocations", Better: harness.Lower, Means: "heap objects a request of the whole process; what one verification makes is the difference"},
		},
		Contenders: []harness.Contender{
			{Name: bare, Round: func(ctx context.Context, r harness.Round) (harness.Values, error) { return round(ctx, r, true) }},
			{Name: ours, Round: func(ctx context.Context, r harness.Round) (harness.Values, error) { return round(ctx, r, false) }},
		},
	}}
}

func round(ctx context.Context, r harness.Round, bareOnly bool) (values harness.Values, err error) {
	before := runtime.GOMAXPROCS(max(1, runtime.NumCPU()-1))
	defer runtime.GOMAXPROCS(before)
	verifying, closeAll, err := router(ctx, r.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeAll()) }()
	requests, err := requests()
	if err != nil {
		return nil, err
	}
	serve := verifying
	if bareOnly {
		if serve, err = sameBytes(ctx, verifying, requests[0]); err != nil {
			return nil, err
		}
	}
	address, stop, err := listen(ctx, serve)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := load(ctx, address, requests, time.Second); err != nil {
		return nil, err
	}
	var start, end runtime.MemStats
	runtime.ReadMemStats(&start)
	began := time.Now()
	took, err := load(ctx, address, requests, r.Duration)
	if err != nil {
		return nil, err
	}
	seconds := time.Since(began).Seconds()
	runtime.ReadMemStats(&end)
	return harness.Values{
		"requests":    float64(len(took)) / seconds,
		"p50":         harness.Millis(harness.Percentile(took, 0.5)),
		"p99":         harness.Millis(harness.Percentile(took, 0.99)),
		"allocations": float64(end.Mallocs-start.Mallocs) / float64(len(took)),
	}, nil
}

// router is the endpoint as the app has it, on a router that has nothing else.
func router(ctx context.Context, dir string) (http.Handler, func() error, error) {
	gin.SetMode(gin.ReleaseMode)
	quiet := slog.New(slog.DiscardHandler)
	keys, err := vault.GenerateKey("bench")
	if err != nil {
		return nil, nil, err
	}
	db, err := tenants.Open(ctx, "sqlite:"+filepath.Join(dir, "sluice.db"), keys, quiet)
	if err != nil {
		return nil, nil, err
	}
	o, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	rdb := redis.NewClient(o)
	closeAll := func() error { return errors.Join(rdb.Close(), db.Close()) }
	err = errors.Join(rdb.FlushAll(ctx).Err(), db.Migrate(ctx))
	for i := 0; i < stores && err == nil; i++ {
		of := tenants.WithStore(ctx, store(i))
		_, err = db.UpsertInstalledStore(of, tenants.Install{StoreHash: store(i), AccessToken: "t", Origin: tenants.OriginMarketplace})
		if err == nil {
			err = db.ReplaceChannelOrigins(of, 1, []string{origin(i)})
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	shoppers, err := customer.New(customer.Config{
		ClientID: clientID, ClientSecret: clientSecret, AppURL: "https://sluice.example", DB: db, Limits: ratelimit.New(rdb, ratelimit.Options{Log: quiet}), Log: quiet,
	})
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	r := gin.New()
	err = r.SetTrustedProxies([]string{"127.0.0.1"}) // the shoppers' addresses are in X-Forwarded-For
	shoppers.Register(r)
	return r, closeAll, err
}

func store(i int) string  { return fmt.Sprintf("store%d", i) }
func origin(i int) string { return fmt.Sprintf("https://shop%d.example", i) }

// requests are one of each shopper, as they travel.
func requests() ([][]byte, error) {
	now := time.Now()
	var list [][]byte
	for a := range addresses {
		for i := range stores {
			token, err := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{
				"customer": map[string]any{"id": 1 + a, "email": "john.doe@example.com", "group_id": "6"},
				"iss":      "bc/apps", "sub": store(i), "iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "version": 1,
				"aud": clientID, "application_id": clientID, "store_hash": store(i), "operation": "current_customer",
			}).SignedString([]byte(clientSecret))
			if err != nil {
				return nil, err
			}
			list = append(list, fmt.Appendf(nil, "POST /storefront/%s/current-customer HTTP/1.1\r\nHost: sluice.example\r\nX-Forwarded-For: 203.0.%d.%d\r\n"+
				"Origin: %s\r\nContent-Type: text/plain;charset=UTF-8\r\nAccept: */*\r\nContent-Length: %d\r\n\r\n%s", store(i), i, a, origin(i), len(token), token))
		}
	}
	return list, nil
}

func listen(ctx context.Context, h http.Handler) (address string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return l.Addr().String(), func() { _ = server.Close() }, nil
}

// sameBytes is a router that answers every request as the verifying one answers this one.
func sameBytes(ctx context.Context, verifying http.Handler, request []byte) (http.Handler, error) {
	address, stop, err := listen(ctx, verifying)
	if err != nil {
		return nil, err
	}
	defer stop()
	c, err := dial(ctx, address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	body, err := c.ask(request)
	if err != nil {
		return nil, err
	}
	body = append([]byte(nil), body...)
	r := gin.New()
	r.POST("/storefront/:store_hash/current-customer", func(c *gin.Context) {
		c.Data(http.StatusOK, "application/json; charset=utf-8", body)
	})
	return r, nil
}
