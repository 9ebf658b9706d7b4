package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/go-playground/validator/v10"

	"sluice/auth"
	"sluice/internal/bigcommerce"
	"sluice/internal/limits"
	"sluice/jobs/alerts"
	"sluice/tenants/vault"
)

// Config is the environment of the program. The names are those that Heroku and twelve-factor hosts
// set; README.md has the same table for people.
type Config struct {
	ClientID     string   `env:"BIGCOMMERCE_CLIENT_ID" validate:"required"`
	ClientSecret string   `env:"BIGCOMMERCE_CLIENT_SECRET" validate:"required"`
	AppURL       string   `env:"APP_URL" validate:"required,http_url"`
	Scopes       []string `env:"APP_SCOPES" envSeparator:" "` // default scopes()
	DatabaseURL  string   `env:"DATABASE_URL" envDefault:"sqlite:sluice.db" validate:"required"`
	RedisConfig
	EncryptionKeys string   `env:"ENCRYPTION_KEYS" validate:"required"`
	LoginURL       string   `env:"BIGCOMMERCE_LOGIN_URL" envDefault:"https://login.bigcommerce.com" validate:"http_url"`
	APIURL         string   `env:"BIGCOMMERCE_API_URL" envDefault:"https://api.bigcommerce.com" validate:"http_url"`
	FrameAncestors []string `env:"FRAME_ANCESTORS" envSeparator:" " envDefault:"https://store-{store_hash}.mybigcommerce.com https://login.bigcommerce.com"`
	PrivateSources []string `env:"ALLOW_PRIVATE_SOURCES" envSeparator:","`
	// SourceRedirects lets a source's address redirect; each address on the way is checked like the
	// first.
	SourceRedirects bool `env:"ALLOW_SOURCE_REDIRECTS" envDefault:"false"`
	Port            int  `env:"PORT" envDefault:"8080" validate:"min=0,max=65535"`
	// MetricsAddr is where Prometheus metrics are served, apart from the public PORT; "" is nowhere.
	MetricsAddr string `env:"METRICS_ADDR"`
	// JobLease is how long the jobs of a process that died wait until another takes them up; one that
	// lives extends its leases all the time. Short is quick to recover and costs Redis more
	// heartbeats.
	JobLease time.Duration `env:"JOB_LEASE" envDefault:"30s" validate:"min=1s,max=10m"`
	// WorkerConcurrency is how many jobs a process with workers carries out at once. They mostly wait
	// for BigCommerce's answers, so there may be many more of them than CPUs; each takes memory while
	// it works. Of one store at most 4 run at once all the same (queue.Options.StoreCap).
	WorkerConcurrency int `env:"WORKER_CONCURRENCY" envDefault:"32" validate:"min=1,max=1000"`
	// TrustedProxies are the proxies whose X-Forwarded-For is believed; nobody's by default.
	TrustedProxies []string `env:"TRUSTED_PROXIES" envSeparator:","`
	// DrainDelay is how long a process that was asked to stop still takes new requests, while /readyz
	// says no: load balancers need that long to notice.
	DrainDelay time.Duration `env:"DRAIN_DELAY" envDefault:"0s" validate:"min=0,max=5m"`
	// SupportURL is where a merchant finds help, https: or mailto:; the panel shows it. The
	// marketplace asks for one.
	SupportURL string `env:"SUPPORT_URL"`
	// SMTPURL is the mail server that alerts leave by, smtp:// or smtps://, and AlertFrom their sender;
	// without both, no mail leaves.
	SMTPURL   string `env:"SMTP_URL"`
	AlertFrom string `env:"ALERT_FROM"`
	// Limits are the LIMIT_… variables that are set: internal/limits has the table of them.
	Limits   map[limits.Name]int64 `env:"-"`
	LogLevel string                `env:"LOG_LEVEL" envDefault:"info" validate:"oneof=debug info warn error"`
}

// loadConfig reads the environment and says everything that is wrong with it at once, by the
// variables' names.
func loadConfig() (*Config, error) {
	var cfg Config
	err := env.Parse(&cfg)
	var all env.AggregateError
	if err != nil && !errors.As(err, &all) {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if len(cfg.Scopes) == 0 {
		cfg.Scopes = scopes()
	}
	var problems []error
	unread := map[string]bool{}
	for _, err := range all.Errors {
		var parse env.ParseError
		if !errors.As(err, &parse) {
			problems = append(problems, err)
			continue
		}
		unread[parse.Name] = true
		problems = append(problems, fmt.Errorf("%s: must be %s", variable(parse.Name), form(parse.Type)))
	}
	var wrong []error
	if cfg.Limits, wrong = limits.Read(os.LookupEnv); len(cfg.Limits) == 0 {
		cfg.Limits = nil
	}
	return &cfg, cfg.check(unread, append(problems, wrong...)...)
}

// form says how a value of a type is written.
func form(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a length of time such as 30s or 5m"
	case t.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// check says what is wrong with the configuration, besides the problems found before. Fields in
// unread could not be read and are not checked again.
func (c *Config) check(unread map[string]bool, problems ...error) error {
	err := validator.New().Struct(c)
	var fields validator.ValidationErrors
	if errors.As(err, &fields) {
		for _, f := range fields {
			if !unread[f.StructField()] {
				problems = append(problems, fmt.Errorf("%s: %s", variable(f.StructField()), adviceFor(f)))
			}
		}
	} else if err != nil {
		problems = append(problems, err)
	}
	if c.EncryptionKeys != "" {
		if _, err := vault.New(c.EncryptionKeys); err != nil {
			problems = append(problems, fmt.Errorf("ENCRYPTION_KEYS: %w", err))
		}
	}
	for _, origin := range c.FrameAncestors {
		if err := checkAncestor(origin); err != nil {
			problems = append(problems, err)
		}
	}
	if c.SupportURL != "" {
		if u, err := url.Parse(c.SupportURL); err != nil || u.Scheme != "mailto" && (u.Scheme != "https" || u.Host == "") {
			problems = append(problems, fmt.Errorf("SUPPORT_URL: %q is not an address such as https://example.com/help or mailto:help@example.com", c.SupportURL))
		}
	}
	if err := alerts.CheckMail(c.SMTPURL, c.AlertFrom); err != nil {
		problems = append(problems, err)
	}
	if c.MetricsAddr != "" {
		if _, port, err := net.SplitHostPort(c.MetricsAddr); err != nil || port == "" {
			problems = append(problems, fmt.Errorf("METRICS_ADDR: %q is not an address such as 127.0.0.1:9090 or :9090", c.MetricsAddr))
		}
	}
	if _, err := c.privatePrefixes(); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.proxyPrefixes(); err != nil {
		problems = append(problems, err)
	}
	if err := c.RedisConfig.check(); err != nil {
		problems = append(problems, err)
	}
	c.AppURL = strings.TrimRight(c.AppURL, "/")
	if len(problems) > 0 {
		return fmt.Errorf("configuration:\n%w", errors.Join(problems...))
	}
	return nil
}

// sharedHosts are domains where any merchant may have pages: storefronts, and files of theirs.
var sharedHosts = []string{"mybigcommerce.com", "bigcommerce.com"}

// checkAncestor says what is wrong with one origin of FRAME_ANCESTORS.
func checkAncestor(origin string) error {
	// It becomes part of a Content-Security-Policy, which these would end.
	if strings.ContainsAny(origin, ";,") {
		return fmt.Errorf("FRAME_ANCESTORS: write one origin after another with spaces between, such as https://store-%s.mybigcommerce.com, not %q", auth.StoreHashPlaceholder, origin)
	}
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, ":")
	domain, wild := strings.CutPrefix(host, "*.")
	if origin == "*" || host == "*" || host == "" || wild && slices.Contains(sharedHosts, domain) {
		return fmt.Errorf("FRAME_ANCESTORS: with %s any merchant's pages could frame the panel of any store: write https://store-%s.mybigcommerce.com for the store's own control panel", origin, auth.StoreHashPlaceholder)
	}
	return nil
}

// variable names the environment variable behind a field, for messages.
func variable(field string) string {
	f, _ := reflect.TypeFor[Config]().FieldByName(field)
	return f.Tag.Get("env")
}

func adviceFor(f validator.FieldError) string {
	switch f.Tag() {
	case "required":
		if f.StructField() == "EncryptionKeys" {
			return "is required: make one with `sluice key new` and keep it safe, without it stored tokens cannot be read"
		}
		return "is required: set it as README.md describes"
	case "http_url":
		return fmt.Sprintf("%q is not an http or https address", f.Value())
	default:
		return fmt.Sprintf("%v is not allowed (%s %s)", f.Value(), f.Tag(), f.Param())
	}
}

func (c *Config) privatePrefixes() ([]netip.Prefix, error) {
	return prefixes("ALLOW_PRIVATE_SOURCES", c.PrivateSources)
}

func (c *Config) proxyPrefixes() ([]netip.Prefix, error) {
	return prefixes("TRUSTED_PROXIES", c.TrustedProxies)
}

// prefixes reads the networks that an environment variable lists.
func prefixes(variable string, texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a CIDR such as 10.0.0.0/8", variable, text)
		}
		out = append(out, p)
	}
	return out, nil
}

func (c *Config) level() slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return slog.LevelInfo
	}
	return l
}

// sandboxed reports whether the app talks to something else than the real BigCommerce; the panel
// says so.
func (c *Config) sandboxed() bool {
	u, err := url.Parse(c.APIURL)
	return err != nil || "https://"+u.Host != bigcommerce.DefaultAPIURL
}
