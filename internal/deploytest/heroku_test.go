package deploytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// readmeVariables are those of README.md's table, which app's own tests keep true.
func readmeVariables(t testing.TB) []string { return tableVariables(t, "README.md") }

// limitVariables are those of the operators' guide's table of limits, which internal/limits keeps
// true.
func limitVariables(t testing.TB) []string { return tableVariables(t, "docs/operators.md") }

func tableVariables(t testing.TB, document string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", document))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[A-Z_`, ]+`) \\|").FindAllSubmatch(text, -1) {
		for _, name := range regexp.MustCompile("[A-Z_]+").FindAll(row[1], -1) {
			names = append(names, string(name))
		}
	}
	if len(names) < 15 {
		t.Fatalf("%s has %d variables only: %q", document, len(names), names)
	}
	return names
}

// herokuSets are variables that Heroku or its add-ons set.
var herokuSets = []string{"PORT", "DATABASE_URL", "REDIS_URL"}

// notOnHeroku are variables that make no sense there, and why.
var notOnHeroku = map[string]string{
	"REDIS_USERNAME": "is in REDIS_URL", "REDIS_PASSWORD": "is in REDIS_URL", "REDIS_SENTINEL_PASSWORD": "Heroku has no Sentinel",
	"REDIS_CA_FILE": "nobody signs Heroku's certificates", "REDIS_SHARDS": "Heroku has no Redis Cluster",
	"METRICS_ADDR": "a dyno has one port", "ALLOW_PRIVATE_SOURCES": "a dyno is in nobody's network",
	"BIGCOMMERCE_LOGIN_URL": "for a sandbox", "BIGCOMMERCE_API_URL": "for a sandbox",
}

// manifest is app.json as far as the checks go.
type manifest struct {
	Stack string
	Env   map[string]struct {
		Description, Value, Generator string
		Required                      *bool
	}
	Formation map[string]any
	Addons    []any
}

// herokuYAML is all that heroku.yml may have.
type herokuYAML struct {
	Setup struct {
		Addons []any             `json:"addons"`
		Config map[string]string `json:"config"`
	} `json:"setup"`
	Build struct {
		Docker map[string]struct {
			Dockerfile string `json:"dockerfile"`
			Target     string `json:"target"`
		} `json:"docker"`
		Config map[string]string `json:"config"`
	} `json:"build"`
	Release herokuProcess            `json:"release"`
	Run     map[string]herokuProcess `json:"run"`
}

type herokuProcess struct {
	Image   string   `json:"image"`
	Command []string `json:"command"`
}

// appSchema is what Heroku's documentation ("app.json Schema") says of app.json, as a JSON schema.
func appSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("testdata/app-json.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validApp(t testing.TB, text []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return appSchema(t).Validate(value)
}

func TestHeroku(t *testing.T) {
	text, err := os.ReadFile("../../app.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := validApp(t, text); err != nil {
		t.Fatal(err)
	}
	var app manifest
	if err := json.Unmarshal(text, &app); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile("../../heroku.yml"); err != nil {
		t.Fatal(err)
	}
	var heroku herokuYAML
	if err := yaml.UnmarshalStrict(text, &heroku); err != nil {
		t.Fatal(err)
	}

	if a, b := fmt.Sprint(app.Addons), fmt.Sprint(heroku.Setup.Addons); a != b {
		t.Errorf("add-ons: app.json has %s, heroku.yml %s", a, b)
	}
	if a, b := slices.Sorted(maps.Keys(app.Formation)), slices.Sorted(maps.Keys(heroku.Run)); !slices.Equal(a, b) || !slices.Equal(a, []string{"web", "worker"}) {
		t.Errorf("processes: app.json has %q, heroku.yml %q", a, b)
	}
	if app.Stack != "container" {
		t.Errorf("heroku.yml wants the stack container, not %q", app.Stack)
	}

	known := readmeVariables(t)
	for name, v := range app.Env {
		if !slices.Contains(known, name) {
			t.Errorf("app.json sets %s, which the program does not read", name)
		}
		if len(v.Description) < 20 {
			t.Errorf("%s is not described", name)
		}
		if slices.Contains(herokuSets, name) || notOnHeroku[name] != "" {
			t.Errorf("%s is not for app.json", name)
		}
	}
	for _, name := range known {
		if _, ok := app.Env[name]; !ok && !slices.Contains(herokuSets, name) && notOnHeroku[name] == "" {
			t.Errorf("app.json does not tell of %s", name)
		}
	}
	for _, name := range []string{"BIGCOMMERCE_CLIENT_ID", "BIGCOMMERCE_CLIENT_SECRET", "APP_URL"} {
		if v := app.Env[name]; v.Value != "" || v.Required == nil || !*v.Required {
			t.Errorf("%s must be asked for", name)
		}
	}
	if app.Env["ENCRYPTION_KEYS"].Generator != "secret" {
		t.Error("the encryption key is not generated")
	}
	checkHerokuImages(t, heroku)
}

// checkHerokuImages: images are stages that Heroku can run a command in, which it does by /bin/sh if there is no ENTRYPOINT, and
// as one single argument if there is one.
func checkHerokuImages(t *testing.T, heroku herokuYAML) {
	t.Helper()
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	stages, _ := lintDockerfile(text)
	for name, image := range heroku.Build.Docker {
		if _, err := os.Stat(filepath.Join("../..", image.Dockerfile)); err != nil {
			t.Error(err)
		}
		i := slices.IndexFunc(stages, func(s instructions.Stage) bool { return s.Name == image.Target })
		if i < 0 {
			t.Errorf("image %s: the Dockerfile has no stage %q", name, image.Target)
			continue
		}
		if strings.Contains(stages[i].BaseName, "distroless") || stages[i].BaseName == "scratch" {
			t.Errorf("image %s has no shell", name)
		}
		for _, c := range stages[i].Commands {
			if _, ok := c.(*instructions.EntrypointCommand); ok {
				t.Errorf("image %s has an ENTRYPOINT", name)
			}
		}
	}
	processes := maps.Clone(heroku.Run)
	processes["release"] = heroku.Release
	want := map[string]string{"release": "exec sluice migrate", "web": "exec sluice serve --web", "worker": "exec sluice serve --work"}
	for name, p := range processes {
		if _, ok := heroku.Build.Docker[p.Image]; !ok {
			t.Errorf("%s wants the image %q, which is not built", name, p.Image)
		}
		if len(p.Command) != 1 || p.Command[0] != want[name] {
			t.Errorf("%s runs %q, want %q", name, p.Command, want[name])
		}
	}
}

func TestAppSchemaRefuses(t *testing.T) {
	text, err := os.ReadFile("../../app.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new string }{
		{`"stack": "container"`, `"stack": "containers"`},
		{`"stack": "container"`, `"stacks": "container"`},
		{`"name": "sluice"`, `"name": ""`},
		{`"generator": "secret"`, `"generator": "password"`},
		{`"generator": "secret"`, `"generator": "secret", "value": "x"`},
		{`"value": "true"`, `"value": true`},
		{`"value": "8"`, `"value": "8", "default": "8"`},
		{`"quantity": 1`, `"quantity": "1"`},
		{`"quantity": 1`, `"quantity": -1`},
		{`"size": "basic"`, `"size": "huge"`},
		{`"plan": "heroku-redis:mini"`, `"name": "heroku-redis:mini"`},
		{`"plan": "heroku-redis:mini"`, `"plan": "Heroku Redis"`},
		{`"as": "REDIS"`, `"as": "redis url"`},
		{`"LOG_LEVEL"`, `"log level"`},
		{`"keywords": [`, `"keywords": [1, `},
		{`"success_url": "/"`, `"success_url": 1`},
	} {
		spoiled := strings.Replace(string(text), tt.old, tt.new, 1)
		if spoiled == string(text) {
			t.Errorf("%s is not in app.json", tt.old)
		}
		if err := validApp(t, []byte(spoiled)); err == nil {
			t.Errorf("%s was taken", tt.new)
		}
	}
}

// TestChartTellsEveryVariable: the chart sets all that the program reads, and nothing else.
func TestChartTellsEveryVariable(t *testing.T) {
	known := append(readmeVariables(t), "PGPASSWORD") // which pgx reads
	set := map[string]bool{}
	for _, name := range valuesFiles {
		objects, _, err := render(loadChart(t), readValues(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			for _, c := range containers(o) {
				for _, v := range listOf(c["env"]) {
					set[fmt.Sprint(child(v, "name"))] = true
				}
			}
		}
	}
	for _, name := range known {
		if !set[name] {
			t.Errorf("the chart cannot set %s", name)
		}
		delete(set, name)
	}
	for _, name := range limitVariables(t) { // the chart takes any of them
		delete(set, name)
	}
	for _, extra := range listOf(readValues(t, "full")["extraEnv"]) {
		delete(set, fmt.Sprint(child(extra, "name")))
	}
	for name := range set {
		t.Errorf("the chart sets %s, which README.md does not know", name)
	}
}
