package main

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/bigcommerce"
	"sluice/internal/limits"
	"sluice/internal/sandbox"
	"sluice/jobs"
)

// testKey is a well-formed encryption key of no value.
const testKey = "k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

// goodEnvironment is the least that serve needs.
func goodEnvironment(t *testing.T) map[string]string {
	return map[string]string{
		"BIGCOMMERCE_CLIENT_ID": "id", "BIGCOMMERCE_CLIENT_SECRET": "secret", "APP_URL": "https://sluice.example/",
		"ENCRYPTION_KEYS": testKey, "DATABASE_URL": "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
	}
}

// setEnvironment makes env all of the configuration that there is.
func setEnvironment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range append(limitVariables(), variables...) {
		t.Setenv(name, "") // so that it is restored
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, value := range env {
		if !slices.Contains(variables, name) && !slices.Contains(limitVariables(), name) {
			t.Fatalf("%s is not in the list of variables", name)
		}
		t.Setenv(name, value)
	}
}

// variables are those of README.md's table.
var variables = []string{
	"BIGCOMMERCE_CLIENT_ID", "BIGCOMMERCE_CLIENT_SECRET", "APP_URL", "APP_SCOPES", "DATABASE_URL", "ENCRYPTION_KEYS",
	"REDIS_URL", "REDIS_USERNAME", "REDIS_PASSWORD", "REDIS_SENTINEL_PASSWORD", "REDIS_CA_FILE", "REDIS_TLS_SKIP_VERIFY", "REDIS_POOL_SIZE", "REDIS_SHARDS",
	"BIGCOMMERCE_LOGIN_URL", "BIGCOMMERCE_API_URL", "FRAME_ANCESTORS", "ALLOW_PRIVATE_SOURCES", "ALLOW_SOURCE_REDIRECTS", "PORT", "JOB_LEASE", "METRICS_ADDR", "LOG_LEVEL",
	"TRUSTED_PROXIES", "DRAIN_DELAY", "SUPPORT_URL", "WORKER_CONCURRENCY", "SMTP_URL", "ALERT_FROM",
}

// limitVariables are those of docs/operators.md's table of limits, which a test of internal/limits
// holds.
func limitVariables() (names []string) {
	for _, l := range limits.All() {
		names = append(names, l.Variable)
	}
	return names
}

func TestConfigurationDefaults(t *testing.T) {
	env := goodEnvironment(t)
	setEnvironment(t, env)
	cfg, err := loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		ClientID: "id", ClientSecret: "secret", AppURL: "https://sluice.example", DatabaseURL: env["DATABASE_URL"], EncryptionKeys: testKey,
		Scopes:   scopes(),
		LoginURL: "https://login.bigcommerce.com", APIURL: "https://api.bigcommerce.com",
		FrameAncestors: []string{"https://store-{store_hash}.mybigcommerce.com", "https://login.bigcommerce.com"},
		RedisConfig:    RedisConfig{RedisShards: 1}, Port: 8080, JobLease: 30 * time.Second, LogLevel: "info",
		WorkerConcurrency: jobs.DefaultConcurrency,
	}
	if d := cmp.Diff(want, cfg); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if cfg.sandboxed() {
		t.Error("the real BigCommerce is taken for a sandbox")
	}
}

// TestScopesAreAskedForOnce: what the app asks for by default is what every place says that sets it
// up, and covers all kinds of flows that there are. BigCommerce takes the app's access from every
// store when it asks for more.
func TestScopesAreAskedForOnce(t *testing.T) {
	want := []string{
		"store_channel_settings_read_only", "store_inventory", "store_locations_read_only", "store_order_fulfillment_read_only", "store_v2_customers",
		"store_v2_information_read_only", "store_v2_orders", "store_v2_products", "store_v2_transactions_read_only",
	}
	if d := cmp.Diff(want, scopes()); d != "" {
		t.Fatalf("stores would have to accept again (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, sandbox.DefaultScopes); d != "" {
		t.Errorf("the sandbox's app (-want +got):\n%s", d)
	}
	for _, kind := range kindSpecs() {
		if missing := bigcommerce.MissingScopes(kind.Scopes, strings.Join(want, " ")); len(missing) > 0 || len(kind.Scopes) == 0 {
			t.Errorf("flows of %s need %v, of which %v is not asked for", kind.Plural, kind.Scopes, missing)
		}
	}
	for file, form := range map[string]string{
		"app.json":                  `"` + strings.Join(want, " ") + `"`,
		"README.md":                 "`" + strings.Join(want, " ") + "`",
		"charts/sluice/values.yaml": "  scopes:\n    - " + strings.Join(want, "\n    - ") + "\n",
	} {
		text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), form) {
			t.Errorf("%s does not say %s", file, form)
		}
	}
}

// TestConfigurationErrors sets one variable wrongly. What is said names it, and says no secret.
func TestConfigurationErrors(t *testing.T) {
	const secret = "hunter2hunter2"
	tests := []struct {
		name, value string
		want        string
	}{
		{"BIGCOMMERCE_CLIENT_ID", "", "is required"},
		{"BIGCOMMERCE_CLIENT_SECRET", "", "is required"},
		{"APP_URL", "", "is required"},
		{"APP_URL", "sluice.example", "not an http or https address"},
		{"APP_URL", "ftp://sluice.example", "not an http or https address"},
		{"BIGCOMMERCE_LOGIN_URL", "login", "not an http or https address"},
		{"BIGCOMMERCE_API_URL", "api", "not an http or https address"},
		{"ENCRYPTION_KEYS", "", "sluice key new"},
		{"ENCRYPTION_KEYS", secret, "id"},
		{"ENCRYPTION_KEYS", "k:" + secret + "!", "base64"},
		{"ENCRYPTION_KEYS", "k:aHVudGVyMmh1bnRlcjI=", "32"},
		{"ENCRYPTION_KEYS", testKey + "," + testKey, "two"},
		{"PORT", "http", "a whole number"},
		{"PORT", "70000", "max 65535"},
		{"PORT", "-1", "min 0"},
		{"REDIS_SHARDS", "0", "min 1"},
		{"REDIS_SHARDS", "257", "max 256"},
		{"REDIS_SHARDS", "many", "a whole number"},
		{"REDIS_POOL_SIZE", "-1", "min 0"},
		{"REDIS_POOL_SIZE", "many", "a whole number"},
		{"REDIS_TLS_SKIP_VERIFY", "perhaps", "true or false"},
		{"REDIS_CA_FILE", "/no/such/ca.pem", "has no TLS"},
		{"JOB_LEASE", "30", "such as 30s"},
		{"JOB_LEASE", "10ms", "min 1s"},
		{"JOB_LEASE", "1h", "max 10m"},
		{"LIMIT_FLOWS", "many", "a whole number"},
		{"LIMIT_FLOWS", "0", "a whole number above 0"},
		{"LIMIT_SNAPSHOT_BYTES", "8 GB", "such as 1048576, 512 MiB or 8 GiB"},
		{"WORKER_CONCURRENCY", "many", "a whole number"},
		{"WORKER_CONCURRENCY", "0", "min 1"},
		{"WORKER_CONCURRENCY", "1001", "max 1000"},
		{"TRUSTED_PROXIES", "10.0.0.0/8,proxy", `"proxy" is not a CIDR`},
		{"DRAIN_DELAY", "5", "such as 30s"},
		{"DRAIN_DELAY", "-1s", "min 0"},
		{"DRAIN_DELAY", "1h", "max 5m"},
		{"SUPPORT_URL", "help@example.com", "is not an address such as"},
		{"SUPPORT_URL", "javascript:alert(1)", "is not an address such as"},
		{"METRICS_ADDR", "9090", "is not an address such as"},
		{"METRICS_ADDR", "127.0.0.1:", "is not an address such as"},
		{"LOG_LEVEL", "loud", "oneof debug info warn error"},
		{"ALLOW_PRIVATE_SOURCES", "10.0.0.0/8,intranet", `"intranet" is not a CIDR`},
		{"ALLOW_SOURCE_REDIRECTS", "maybe", "true or false"},
		{"FRAME_ANCESTORS", "https://a.example; script-src *", "one origin after another"},
		{"FRAME_ANCESTORS", "https://*.mybigcommerce.com https://login.bigcommerce.com", "any merchant's pages"},
		{"FRAME_ANCESTORS", "https://*.bigcommerce.com", "any merchant's pages"},
		{"FRAME_ANCESTORS", "https:", "any merchant's pages"},
		{"FRAME_ANCESTORS", "*", "any merchant's pages"},
		{"DATABASE_URL", "mysql://root:" + secret + "@localhost/x", "must start with postgres:// or sqlite:"},
		{"DATABASE_URL", "postgres://app:" + secret + "@127.0.0.1:1/x", "PostgreSQL does not answer"},
		{"DATABASE_URL", "postgres://app:" + secret + "%zz@127.0.0.1/x", "not a valid"},
		{"REDIS_URL", "localhost:6379", "redis://"},
		{"REDIS_URL", "redis://:" + secret + "@127.0.0.1:1", "does not answer"},
		{"REDIS_URL", "redis://:" + secret + "%zz@127.0.0.1", "not an address"},
	}
	for _, test := range tests {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			env := goodEnvironment(t)
			env[test.name] = test.value
			setEnvironment(t, env)
			cfg, err := loadConfig()
			if err == nil {
				var p *program
				if p, err = assemble(t.Context(), cfg, slog.New(slog.DiscardHandler)); err == nil {
					p.close()
					t.Fatal("this was taken")
				}
			}
			if !strings.Contains(err.Error(), test.name) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, want it to name %s and to say %q", err, test.name, test.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q says a secret", err)
			}
			for _, other := range variables {
				if other != test.name && strings.Contains(err.Error(), other+":") {
					t.Errorf("%q complains of %s", err, other)
				}
			}
		})
	}
}

// TestConfigurationErrorsAreSaidTogether: nobody should fix one to meet the next.
func TestConfigurationErrorsAreSaidTogether(t *testing.T) {
	wrong := map[string]string{"PORT": "http", "JOB_LEASE": "soon", "LOG_LEVEL": "loud", "APP_URL": "x", "ALLOW_PRIVATE_SOURCES": "y"}
	setEnvironment(t, wrong)
	_, err := loadConfig()
	if err == nil {
		t.Fatal("this was taken")
	}
	for _, name := range append(slices.Collect(maps.Keys(wrong)), "BIGCOMMERCE_CLIENT_ID", "BIGCOMMERCE_CLIENT_SECRET", "ENCRYPTION_KEYS") {
		if n := strings.Count(err.Error(), name+": "); n != 1 {
			t.Errorf("%s is named %d times in\n%v", name, n, err)
		}
	}
}

// TestReadmeListsEveryVariable keeps the table for people in step with the program.
func TestReadmeListsEveryVariable(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range variables {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md does not tell of %s", name)
		}
	}
	fields := map[string]bool{}
	for _, name := range configVariables() {
		fields[name] = true
		if !slices.Contains(variables, name) {
			t.Errorf("%s is not tested here", name)
		}
	}
	if len(fields) != len(variables) {
		t.Errorf("the program reads %d variables, this test knows %d", len(fields), len(variables))
	}
}

// configVariables are the variables that Config reads.
func configVariables() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if !field.Anonymous && field.Tag.Get("env") != "-" { // limitVariables are those
			names = append(names, field.Tag.Get("env"))
		}
	}
	return names
}
