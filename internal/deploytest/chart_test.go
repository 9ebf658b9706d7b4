package deploytest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"sigs.k8s.io/yaml"
)

const chartDir = "../../charts/sluice"

// valuesFiles are the chart's examples, by name.
var valuesFiles = []string{"minimal", "full", "sentinel", "cluster", "web-only"}

// object is one rendered document.
type object struct {
	document []byte
	value    map[string]any
}

func (o object) kind() string { s, _ := o.value["kind"].(string); return s }
func (o object) name() string { s, _ := child(o.value, "metadata", "name").(string); return s }
func (o object) hook() string {
	s, _ := child(o.value, "metadata", "annotations", "helm.sh/hook").(string)
	return s
}

func readValues(t testing.TB, name string) map[string]any {
	t.Helper()
	values, err := chartutil.ReadValuesFile(filepath.Join(chartDir, "ci", name+"-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func loadChart(t testing.TB) *chart.Chart {
	t.Helper()
	c, err := loader.Load(chartDir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// render does what `helm install release chart --namespace shop -f values` would send to
// Kubernetes.
func render(c *chart.Chart, values map[string]any) ([]object, string, error) {
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = chartutil.KubeVersion{Version: "v" + kubernetesVersion + ".0", Major: "1", Minor: "30"}
	if !chartutil.IsCompatibleRange(c.Metadata.KubeVersion, capabilities.KubeVersion.Version) {
		return nil, "", fmt.Errorf("Kubernetes %s is not in %s", kubernetesVersion, c.Metadata.KubeVersion)
	}
	options := chartutil.ReleaseOptions{Name: "release", Namespace: "shop", Revision: 1, IsInstall: true}
	full, err := chartutil.ToRenderValues(c, values, options, capabilities)
	if err != nil {
		return nil, "", err
	}
	files, err := engine.Engine{Strict: true}.Render(c, full)
	if err != nil {
		return nil, "", err
	}
	var objects []object
	notes := ""
	for path, text := range files {
		if strings.HasSuffix(path, "NOTES.txt") {
			notes = text
			continue
		}
		for _, document := range regexp.MustCompile(`(?m)^---\s*$`).Split(text, -1) {
			var value map[string]any
			if err := yaml.UnmarshalStrict([]byte(document), &value); err != nil {
				return nil, "", fmt.Errorf("%s: %w\n%s", path, err, document)
			}
			if value != nil {
				objects = append(objects, object{[]byte(document), value})
			}
		}
	}
	slices.SortFunc(objects, func(a, b object) int { return strings.Compare(a.kind()+"/"+a.name(), b.kind()+"/"+b.name()) })
	return objects, notes, nil
}

// TestChart lints the chart, renders it for each values file and checks every document.
func TestChart(t *testing.T) {
	s, err := kubernetesSchemas()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*-values.yaml"))
	if err != nil || len(files) != len(valuesFiles) {
		t.Fatalf("%d values files, this test knows %d (%v)", len(files), len(valuesFiles), err)
	}
	for _, name := range valuesFiles {
		t.Run(name, func(t *testing.T) {
			values := readValues(t, name)
			version := &chartutil.KubeVersion{Version: "v" + kubernetesVersion + ".0", Major: "1", Minor: "30"}
			for _, message := range lint.AllWithKubeVersion(chartDir, values, "shop", version).Messages {
				if message.Severity > support.InfoSev {
					t.Errorf("helm lint: %s", message)
				}
			}
			objects, notes, err := render(loadChart(t), values)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(notes, "https://sluice.example.com/auth") {
				t.Errorf("the notes do not tell the callbacks:\n%s", notes)
			}
			for _, o := range objects {
				if err := s.validate(o.document); err != nil {
					t.Errorf("%s %s: %v\n%s", o.kind(), o.name(), err, o.document)
				}
			}
			checkTogether(t, objects)
			if os.Getenv("DEPLOYTEST_PRINT") == name {
				for _, o := range objects {
					t.Logf("---\n%s", o.document)
				}
			}
		})
	}
}

// TestChartObjects: what each values file makes, no more and no less.
func TestChartObjects(t *testing.T) {
	for name, want := range map[string]string{
		"minimal": "Deployment/release-sluice-web Deployment/release-sluice-worker Job/release-sluice-migrate Pod/release-sluice-test " +
			"PodDisruptionBudget/release-sluice-web PodDisruptionBudget/release-sluice-worker Secret/release-sluice Secret/release-sluice-migrate " +
			"Service/release-sluice Service/release-sluice-metrics ServiceAccount/release-sluice",
		"full": "Deployment/release-sl-web Deployment/release-sl-worker HorizontalPodAutoscaler/release-sl-web HorizontalPodAutoscaler/release-sl-worker " +
			"Ingress/release-sl Job/release-sl-migrate NetworkPolicy/release-sl Pod/release-sl-test PodDisruptionBudget/release-sl-web " +
			"PodDisruptionBudget/release-sl-worker PrometheusRule/release-sl Service/release-sl Service/release-sl-metrics ServiceAccount/release-sl ServiceMonitor/release-sl",
		"sentinel": "Deployment/release-sluice-web Deployment/release-sluice-worker Job/release-sluice-migrate NetworkPolicy/release-sluice Pod/release-sluice-test " +
			"PodDisruptionBudget/release-sluice-web PodDisruptionBudget/release-sluice-worker Service/release-sluice Service/release-sluice-metrics ServiceAccount/release-sluice",
		"cluster": "Deployment/release-sluice-web Deployment/release-sluice-worker Job/release-sluice-migrate Pod/release-sluice-test " +
			"PodDisruptionBudget/release-sluice-web PodDisruptionBudget/release-sluice-worker Secret/release-sluice " +
			"Service/release-sluice Service/release-sluice-metrics ServiceAccount/release-sluice",
		"web-only": "Deployment/release-sluice-web Pod/release-sluice-test Service/release-sluice Service/release-sluice-metrics",
	} {
		objects, _, err := render(loadChart(t), readValues(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range objects {
			got = append(got, o.kind()+"/"+o.name())
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s:\n got %s\nwant %s", name, text, want)
		}
	}
}

// TestChartVariables: what the program is told of database and Redis, in the forms that it reads.
func TestChartVariables(t *testing.T) {
	const password = "secret release-sluice "
	for name, want := range map[string]map[string]string{
		"minimal": {
			"DATABASE_URL": "postgres://sluice@postgres.example.internal:5432/sluice?sslmode=require&pool_max_conns=9", "PGPASSWORD": password + "PGPASSWORD",
			"REDIS_URL": "redis://redis.example.internal:6379/0", "ENCRYPTION_KEYS": password + "ENCRYPTION_KEYS", "REDIS_PASSWORD": "",
			"METRICS_ADDR": ":9090", "PORT": "8080", "APP_SCOPES": "store_channel_settings_read_only store_inventory store_locations_read_only store_order_fulfillment_read_only store_v2_customers " +
				"store_v2_information_read_only store_v2_orders store_v2_products store_v2_transactions_read_only",
		},
		"full": {
			"DATABASE_URL": "postgres://sluice@postgres.example.internal:5433/sluice?sslmode=verify-full&pool_max_conns=20&sslrootcert=/etc/sluice/postgres/ca.crt",
			"PGPASSWORD":   "secret sluice-postgres pgpassword", "REDIS_URL": "rediss://redis.example.internal:6380/2", "REDIS_USERNAME": "sluice",
			"REDIS_PASSWORD": "secret sluice-redis redis-password", "REDIS_CA_FILE": "/etc/sluice/redis/ca.crt", "REDIS_POOL_SIZE": "40",
			"BIGCOMMERCE_CLIENT_SECRET": "secret sluice-app client-secret", "ENCRYPTION_KEYS": "secret sluice-app encryption-keys",
			"ALLOW_PRIVATE_SOURCES": "10.1.0.0/16,fd00::/8", "ALLOW_SOURCE_REDIRECTS": "true", "JOB_LEASE": "1m", "LOG_LEVEL": "debug",
			"TRUSTED_PROXIES": "10.2.0.0/16", "SUPPORT_URL": "https://example.com/help",
			"SMTP_URL": "secret sluice-mail url", "ALERT_FROM": "Sluice <alerts@example.com>",
			"HTTPS_PROXY": "http://proxy.example.internal:3128", "BIGCOMMERCE_API_URL": "https://api.bigcommerce.com",
		},
		"sentinel": {
			"REDIS_URL": "redis://redis-node-0.redis-headless.data.svc:26379?master_name=mymaster&db=0&addr=redis-node-1.redis-headless.data.svc:26379" +
				"&addr=redis-node-2.redis-headless.data.svc:26379",
			"REDIS_PASSWORD": "secret redis redis-password", "REDIS_SENTINEL_PASSWORD": "secret redis sentinel-password",
		},
		"cluster": {
			"DATABASE_URL": "secret sluice-database url",
			"REDIS_URL": "rediss://redis-cluster-0.redis-cluster-headless.data.svc:6379?addr=redis-cluster-1.redis-cluster-headless.data.svc:6379" +
				"&addr=redis-cluster-2.redis-cluster-headless.data.svc:6379",
			"REDIS_PASSWORD": password + "REDIS_PASSWORD", "REDIS_TLS_SKIP_VERIFY": "true", "REDIS_SHARDS": "12", "PGPASSWORD": "",
		},
		"web-only": {"DATABASE_URL": "secret sluice-database DATABASE_URL", "REDIS_URL": "secret sluice-redis REDIS_URL"},
	} {
		objects, _, err := render(loadChart(t), readValues(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			if o.kind() != "Deployment" {
				continue
			}
			got := variables(o)
			for variable, value := range want {
				if got[variable] != value {
					t.Errorf("%s %s: %s is %q, want %q", name, o.name(), variable, got[variable], value)
				}
			}
		}
	}
}

// TestChartVariablesOfOneDeployment: what only web or only worker is told; "" is not at all.
func TestChartVariablesOfOneDeployment(t *testing.T) {
	for _, tt := range []struct{ file, deployment, drain, concurrency string }{
		{"minimal", "release-sluice-web", "10s", ""},
		{"minimal", "release-sluice-worker", "", "32"},
		{"full", "release-sl-web", "15s", ""},
		{"full", "release-sl-worker", "", "64"},
	} {
		objects, _, err := render(loadChart(t), readValues(t, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(objects, func(o object) bool { return o.kind() == "Deployment" && o.name() == tt.deployment })
		if i < 0 {
			t.Errorf("%s: no %s", tt.file, tt.deployment)
			continue
		}
		got := variables(objects[i])
		if got["DRAIN_DELAY"] != tt.drain || got["WORKER_CONCURRENCY"] != tt.concurrency {
			t.Errorf("%s %s: DRAIN_DELAY is %q, want %q; WORKER_CONCURRENCY is %q, want %q",
				tt.file, tt.deployment, got["DRAIN_DELAY"], tt.drain, got["WORKER_CONCURRENCY"], tt.concurrency)
		}
	}
}

// variables are those of an object's first container: a value, or "secret NAME KEY".
func variables(o object) map[string]string {
	out := map[string]string{}
	for _, c := range containers(o) {
		for _, v := range listOf(c["env"]) {
			name, _ := child(v, "name").(string)
			if from := child(v, "valueFrom", "secretKeyRef"); from != nil {
				out[name] = fmt.Sprintf("secret %s %s", child(from, "name"), child(from, "key"))
			} else if text, ok := child(v, "value").(string); ok {
				out[name] = text
			}
		}
	}
	return out
}

// TestValuesSchemaRefuses sets one value of the minimal file wrongly. The error must name it.
func TestValuesSchemaRefuses(t *testing.T) {
	tests := []struct{ set, names string }{
		{"appUrl=", "appUrl"},
		{"appUrl=sluice.example.com", "appUrl"},
		{"appUrl=https://sluice.example.com/", "appUrl"},
		{"appUrl=https://user@sluice.example.com", "appUrl"},
		{"bigcommerce.clientId=", "clientId"},
		{"bigcommerce.scopes=store_v2_products", "scopes"},
		{"bigcommerce.frameAncestors={https://a.example; script-src *}", "frameAncestors"},
		{"bigcommerce.apiUrl=api.bigcommerce.com", "apiUrl"},
		{"secret.clientSecret=", "secret"},
		{"secret.encryptionKeys=", "secret"},
		{"secret.encryptionKeys=too-short", "encryptionKeys"},
		{"secret.existing=Not_A_Name", "existing"},
		{"secret.exisiting=name", "exisiting"},
		{"database.host=", "database"},
		{"database.port=0", "port"},
		{"database.port=70000", "port"},
		{"database.port=postgres", "port"},
		{"database.user=a:b", "user"},
		{"database.name=a?b", "name"},
		{"database.sslMode=on", "sslMode"},
		{"database.maxConnections=1", "maxConnections"},
		{"database.urlSecret=name", "urlSecret"},
		{"redis.mode=replicated", "mode"},
		{"redis.addresses={}", "redis"},
		{"redis.addresses={redis.example.internal}", "addresses"},
		{"redis.addresses={redis://redis.example.internal:6379}", "addresses"},
		{"redis.addresses={a:1,b:2}", "addresses"},
		{"redis.mode=sentinel", "masterName"},
		{"redis.mode=cluster,redis.database=1", "database"},
		{"redis.shards=0", "shards"},
		{"redis.shards=4", "shards"},
		{"redis.mode=cluster,redis.shards=257", "shards"},
		{"redis.tls.enabled=yes please", "enabled"},
		{"redis.tls.skipVerify=true,redis.tls.caSecret.name=ca", "skipVerify"},
		{"logLevel=verbose", "logLevel"},
		{"jobLease=30", "jobLease"},
		{"allowPrivateSources={intranet}", "allowPrivateSources"},
		{"trustedProxies={10.0.0.1}", "trustedProxies"},
		{"supportUrl=help@example.com", "supportUrl"},
		{"alerts.smtpUrl=mail.example.com,alerts.from=a@example.com", "smtpUrl"},
		{"alerts.smtpUrl=smtp://mail.example.com", "alerts"},
		{"alerts.smtpUrl=smtp://mail.example.com,alerts.from=nobody", "from"},
		{"web.replicas=-1", "replicas"},
		{"web.replicas=two", "replicas"},
		{"web.replicaCount=2", "replicaCount"},
		{"web.terminationGracePeriodSeconds=5", "terminationGracePeriodSeconds"},
		{"worker.terminationGracePeriodSeconds=10", "terminationGracePeriodSeconds"},
		{"worker.concurrency=0", "concurrency"},
		{"worker.concurrency=1001", "concurrency"},
		{"worker.concurrency=many", "concurrency"},
		{"web.concurrency=32", "concurrency"},
		{"worker.autoscaling.targetCPUUtilizationPercentage=0", "targetCPUUtilizationPercentage"},
		{"worker.autoscaling.queueDelay.metricName=a b", "metricName"},
		{"web.autoscaling.queueDelay.enabled=true", "queueDelay"},
		{"web.podDisruptionBudget.maxUnavailable=0", "maxUnavailable"},
		{"web.podDisruptionBudget.maxUnavailable=all", "maxUnavailable"},
		{"web.resources.limits.memory=lots", "memory"},
		{"image.pullPolicy=Sometimes", "pullPolicy"},
		{"image.digest=sha256:123", "digest"},
		{"image.tag=a tag", "tag"},
		{"service.type=Ingress", "type"},
		{"service.port=0", "port"},
		{"metrics.port=80", "port"},
		{"metrics.port=8080", "port"},
		{"metrics.serviceMonitor.interval=often", "interval"},
		{"ingress.host=https://sluice.example.com", "host"},
		{"ingress.hosts={a}", "hosts"},
		{"networkPolicy.httpsExcept={10.0.0.0}", "httpsExcept"},
		{"extraEnv[0].value=no name", "extraEnv"},
		{"replicaCount=2", "replicaCount"},
	}
	for _, test := range tests {
		t.Run(test.set, func(t *testing.T) {
			_, _, err := render(loadChart(t), with(t, readValues(t, "minimal"), test.set))
			if err == nil {
				t.Fatal("this was taken")
			}
			if !strings.Contains(err.Error(), test.names) || !strings.Contains(err.Error(), "values don't meet the specifications of the schema") {
				t.Errorf("%v: it does not name %s", err, test.names)
			}
		})
	}
}
