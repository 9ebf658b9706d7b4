package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"sluice/jobs"
	"sluice/jobs/alerts"
	"sluice/jobs/queue"
	"sluice/tenants"
	"sluice/ui"
)

// The doctor's checks of what belongs to the operator: configuration, database, Redis, clocks,
// address.

// configuration reads the environment; without a good one nothing else can be looked at.
func (d *doctor) configuration() bool {
	cfg, err := loadConfig()
	if err != nil {
		var many interface{ Unwrap() []error }
		list := []error{err}
		if inner := errors.Unwrap(err); errors.As(inner, &many) {
			list = many.Unwrap()
		}
		for _, err := range list {
			d.fault("configuration", err, "Set the variable as README.md describes, and run sluice doctor again: the other checks need it.")
		}
		return false
	}
	d.cfg = cfg
	d.ok("configuration", "every variable has a good form")
	if u, err := url.Parse(cfg.AppURL); err == nil && !cfg.sandboxed() && (u.Scheme != "https" || u.Port() != "" && u.Port() != "443") {
		d.fault("configuration", fmt.Errorf("APP_URL is %s: BigCommerce calls https on port 443 only", cfg.AppURL),
			"Put the app behind TLS on port 443 and set APP_URL to that address.")
	}
	if cfg.SupportURL == "" {
		d.fault("configuration", errors.New("SUPPORT_URL is not set: a merchant who needs help finds nobody to ask"),
			"Set SUPPORT_URL to a page or an address where somebody answers, such as mailto:help@example.com. The marketplace asks for one.")
	}
	if cfg.RedisURL == "" {
		d.warn("configuration", "REDIS_URL is not set: an embedded Redis serves one process and one small store", "Set REDIS_URL for production.")
	}
	if strings.HasPrefix(cfg.DatabaseURL, "sqlite:") {
		d.warn("configuration", "DATABASE_URL is a SQLite file: one process on one machine can use it", "Set DATABASE_URL to PostgreSQL for more than one process.")
	}
	if cfg.LogLevel == "debug" {
		d.warn("configuration", "LOG_LEVEL is debug: a line for each request", "Set LOG_LEVEL=info when you have found what you look for.")
	}
	return true
}

func (d *doctor) panel() {
	if _, built := ui.Assets(); !built {
		d.fault("panel", errors.New("the panel is not built into this program: merchants see an error page"), "Build with make, which builds the panel first, or use the container image.")
		return
	}
	d.ok("panel", "built into this program (version %s)", version)
}

// database returns the open database, nil if it cannot be used.
func (d *doctor) database(ctx context.Context, log *slog.Logger) *tenants.DB {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	db, err := tenants.Open(ctx, d.cfg.DatabaseURL, d.cfg.EncryptionKeys, log)
	if err != nil {
		d.fault("database", err, "Check DATABASE_URL, that the server runs, and that this machine may reach it.")
		return nil
	}
	d.ok("database", "answers")
	pending, err := db.Pending(ctx)
	switch {
	case err != nil:
		d.fault("migrations", err, "Check that the database's user may read the schema.")
	case len(pending) > 0:
		d.fault("migrations", fmt.Errorf("%d did not run yet: %s", len(pending), strings.Join(pending, ", ")), "Run sluice migrate.")
	default:
		d.ok("migrations", "all ran")
	}
	if d.has("migrations", levelFault) {
		_ = db.Close()
		d.skip("keys", "the database must be migrated first")
		return nil
	}
	if err := db.CheckKeys(ctx); err != nil {
		d.fault("keys", err, "Put the key that is missing back at the end of ENCRYPTION_KEYS. If it is lost, every store must be installed again.")
	} else {
		d.ok("keys", "open the stored secrets; new ones are sealed with %s", db.Vault().Current())
	}
	return db
}

// redis returns a client and its close, nil if Redis cannot be used.
func (d *doctor) redis(ctx context.Context, log *slog.Logger) (redis.UniversalClient, func()) {
	if d.cfg.RedisURL == "" {
		d.skip("redis", "an embedded Redis lives inside the serving process")
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	rdb, closeRedis, err := openRedis(ctx, d.cfg.RedisConfig, log)
	if err != nil {
		d.fault("redis", err, "Check REDIS_URL, that the server runs, and that this machine may reach it.")
		return nil, nil
	}
	each := func(ctx context.Context, fn func(context.Context, *redis.Client) error) error {
		switch c := rdb.(type) {
		case *redis.ClusterClient:
			return c.ForEachMaster(ctx, fn)
		case *redis.Client:
			return fn(ctx, c)
		default:
			return fmt.Errorf("an unknown kind of Redis client: %T", rdb)
		}
	}
	var policies []string
	err = each(ctx, func(ctx context.Context, c *redis.Client) error {
		info, err := c.Info(ctx, "memory").Result()
		if err != nil {
			return err
		}
		policies = append(policies, infoField(info, "maxmemory_policy"))
		return nil
	})
	if err != nil {
		d.warn("redis", fmt.Sprintf("it answers, but does not tell its maxmemory-policy: %v", err), "Allow the Redis user the command INFO, or check by hand that it is noeviction.")
	}
	for _, policy := range policies {
		if policy != "noeviction" && policy != "" {
			d.fault("redis", fmt.Errorf("maxmemory-policy is %s: Redis throws queues away when its memory is full", policy), "Set maxmemory-policy noeviction on every node.")
		}
	}
	if !d.has("redis", levelFault) && !d.has("redis", levelWarning) {
		d.ok("redis", "answers and evicts nothing")
	}
	d.shards(ctx, rdb, log)
	return rdb, closeRedis
}

func (d *doctor) shards(ctx context.Context, rdb redis.UniversalClient, log *slog.Logger) {
	n, err := queue.New(rdb, queue.Options{Shards: d.cfg.RedisShards, Log: log}).Shards(ctx)
	switch {
	case err != nil:
		d.fault("shards", err, "Allow the Redis user to read the keys sluice:*.")
	case n != 0 && n != d.cfg.RedisShards:
		d.fault("shards", fmt.Errorf("the queue in Redis is spread over %d slots and REDIS_SHARDS is %d", n, d.cfg.RedisShards),
			"Set the same REDIS_SHARDS for every process. If you are changing it, restart all processes with the new number.")
	default:
		d.ok("shards", "REDIS_SHARDS=%d is the queue's", d.cfg.RedisShards)
	}
}

// infoField returns a field of the answer of INFO.
func infoField(info, name string) string {
	for lines := bufio.NewScanner(strings.NewReader(info)); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// maxSkew is the clock difference that is still well. A customer login's token lives for 30 s, and
// BigCommerce's own tokens are checked by our clock.
const maxSkew = 10 * time.Second

// clocks compares this machine's clock with BigCommerce's, the database's and Redis'.
func (d *doctor) clocks(ctx context.Context, db *tenants.DB, rdb redis.UniversalClient) {
	d.clock(ctx, "BigCommerce", d.platformTime)
	if db != nil {
		d.clock(ctx, "the database", db.ServerTime)
	}
	if rdb != nil {
		d.clock(ctx, "Redis", func(ctx context.Context) (time.Time, error) { return rdb.Time(ctx).Result() })
	}
	if !d.has("clock", levelFault) {
		d.ok("clock", "agrees with the others within %s", maxSkew)
	}
}

func (d *doctor) clock(ctx context.Context, whose string, ask func(context.Context) (time.Time, error)) {
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	before := d.now()
	theirs, err := ask(ctx)
	after := d.now()
	if err != nil {
		d.add(diagnosis{Check: "clock", Level: levelWarning, Says: fmt.Sprintf("%s does not tell the time: %v", whose, err), Do: "Check that this machine may reach it."})
		return
	}
	// Their answer was made somewhere between the two.
	skew := after.Sub(theirs)
	if d := before.Sub(theirs); d > 0 {
		skew = d
	} else if skew > 0 {
		skew = 0
	}
	if skew.Abs() > maxSkew {
		direction := "ahead of"
		if skew < 0 {
			direction = "behind"
		}
		d.fault("clock", fmt.Errorf("this machine is %s %s %s", skew.Abs().Round(time.Second), direction, whose), "Set the clocks by NTP on this machine and on that one.")
	}
}

// platformTime reads the Date of any answer of BigCommerce's API; it needs no token.
func (d *doctor) platformTime(ctx context.Context) (time.Time, error) {
	res, err := d.get(ctx, strings.TrimRight(d.cfg.APIURL, "/")+"/")
	if err != nil {
		return time.Time{}, err
	}
	return http.ParseTime(res.Header.Get("Date"))
}

// answered is an answer whose body was read.
type answered struct {
	*http.Response
	body []byte
}

func (d *doctor) get(ctx context.Context, address string) (*answered, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent())
	res, err := d.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	return &answered{res, body}, err
}

// callbacks are what is entered in the Developer Portal, and where webhooks go. Asked without a
// token, each must refuse: that it is ours shows in the request id.
var callbacks = []string{"/auth", "/load", "/uninstall", "/remove_user", jobs.WebhookPath}

// address checks that APP_URL reaches this very app, as BigCommerce will reach it.
func (d *doctor) address(ctx context.Context) {
	const advice = "Check DNS, TLS and the proxy in front of Sluice, and that sluice serve runs. APP_URL is what BigCommerce and browsers call."
	res, err := d.get(ctx, d.cfg.AppURL+"/healthz")
	if err != nil {
		d.fault("address", fmt.Errorf("APP_URL does not answer: %w", err), advice)
		return
	}
	var r report
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		d.fault("address", fmt.Errorf("APP_URL redirects to %s: BigCommerce does not follow", res.Header.Get("Location")), "Set APP_URL to the address it redirects to, in the Developer Portal too.")
		return
	case res.StatusCode != http.StatusOK || json.Unmarshal(res.body, &r) != nil || r.Status == "":
		d.fault("address", fmt.Errorf("APP_URL is answered by something else than Sluice (%s for /healthz)", res.Status), advice)
		return
	case r.Version != version:
		d.warn("address", fmt.Sprintf("version %s answers at APP_URL; this is %s", r.Version, version), "Finish the upgrade, or run the doctor of the version that serves.")
	}
	if r.UnknownProxy {
		d.fault("address", errors.New("requests reach Sluice through a proxy that TRUSTED_PROXIES does not have: rate limits take all callers for one"),
			"Set TRUSTED_PROXIES to the networks of the proxies in front of Sluice, for every web process.")
	}
	for _, path := range callbacks {
		res, err := d.get(ctx, d.cfg.AppURL+path)
		switch {
		case err != nil:
			d.fault("address", fmt.Errorf("%s does not answer: %w", path, err), advice)
		case res.Header.Get("X-Request-Id") == "" || res.StatusCode < 400 || res.StatusCode >= 500:
			d.fault("address", fmt.Errorf("%s is not answered by Sluice (%s)", path, res.Status), "Let the proxy pass every path to Sluice.")
		}
	}
	if !d.has("address", levelFault) {
		d.ok("address", "%s reaches Sluice; the Developer Portal needs the callbacks %s/auth, /load, /uninstall and /remove_user", d.cfg.AppURL, d.cfg.AppURL)
	}
}

// mail looks at the server that alerts leave by. It signs in and sends nothing.
func (d *doctor) mail(ctx context.Context) {
	if d.cfg.SMTPURL == "" {
		d.warn("mail", "SMTP_URL is not set: alerts leave by Slack, Teams and webhooks only, and whoever installs the app is told nothing by himself",
			"Set SMTP_URL and ALERT_FROM as README.md describes.")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, doctorTime)
	defer cancel()
	if err := alerts.Probe(ctx, d.cfg.SMTPURL, d.cfg.AlertFrom); err != nil {
		d.fault("mail", err, "Check SMTP_URL, its user and password, and that this machine may reach the server.")
		return
	}
	d.ok("mail", "the server of SMTP_URL lets Sluice in")
}
