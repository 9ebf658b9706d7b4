package deploytest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"
)

// kubernetesVersion is what the chart is checked against, the oldest that Chart.yaml allows.
const kubernetesVersion = "1.30"

// schemas are those of Kubernetes' own kinds, compiled when they are first asked for.
type schemas struct {
	dir string // of the module that carries them, one file a group and version

	mu       sync.Mutex
	compiled map[string]*jsonschema.Schema // by apiVersion and kind
}

// kubernetesSchemas finds them in the module cache, and downloads them into it if need be; go.sum
// holds their checksum.
var kubernetesSchemas = sync.OnceValues(func() (*schemas, error) {
	out, err := exec.Command("go", "mod", "download", "-json", "sigs.k8s.io/kubectl-validate").Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w: %s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return nil, err
	}
	dir := filepath.Join(module.Dir, "pkg/openapiclient/builtins", kubernetesVersion)
	if _, err := os.Stat(dir); err != nil {
		return nil, err
	}
	return &schemas{dir: dir, compiled: map[string]*jsonschema.Schema{}}, nil
})

// validate checks one document strictly: a field that Kubernetes does not know is an error, not
// ignored.
func (s *schemas) validate(document []byte) error {
	var head struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	switch head.APIVersion + " " + head.Kind {
	case monitoring.SchemeGroupVersion.String() + " " + monitoring.ServiceMonitorsKind:
		return yaml.UnmarshalStrict(document, &monitoring.ServiceMonitor{})
	case monitoring.SchemeGroupVersion.String() + " " + monitoring.PrometheusRuleKind:
		return yaml.UnmarshalStrict(document, &monitoring.PrometheusRule{})
	}
	schema, err := s.of(head.APIVersion, head.Kind)
	if err != nil {
		return err
	}
	asJSON, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (s *schemas) of(apiVersion, kind string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := apiVersion + " " + kind
	if schema := s.compiled[key]; schema != nil {
		return schema, nil
	}
	path := filepath.Join(s.dir, "apis", filepath.FromSlash(apiVersion)+".json")
	if !strings.Contains(apiVersion, "/") {
		path = filepath.Join(s.dir, "api", apiVersion+".json")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("Kubernetes %s has no API %s", kubernetesVersion, apiVersion)
	}
	defer file.Close()
	root, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	definitions, _ := child(root, "components", "schemas").(map[string]any)
	group, version, found := strings.Cut(apiVersion, "/")
	if !found {
		group, version = "", apiVersion
	}
	for name, definition := range definitions {
		strict(definition)
		kinds, _ := child(definition, "x-kubernetes-group-version-kind").([]any)
		for _, k := range kinds {
			if child(k, "group") != group || child(k, "version") != version || child(k, "kind") != kind {
				continue
			}
			kind = "" // found; go on making the rest strict
			apiVersion = name
		}
	}
	if kind != "" {
		return nil, fmt.Errorf("Kubernetes %s has no %s", kubernetesVersion, key)
	}
	compiler := jsonschema.NewCompiler()
	const address = "https://kubernetes.invalid/openapi.json"
	if err := compiler.AddResource(address, root); err != nil {
		return nil, err
	}
	schema, err := compiler.Compile(address + "#/components/schemas/" + apiVersion)
	if err != nil {
		return nil, err
	}
	s.compiled[key] = schema
	return schema, nil
}

// strict makes an object's schema refuse fields that it does not list, as the API server does when
// it is asked to be strict.
func strict(schema any) {
	m, ok := schema.(map[string]any)
	if !ok {
		return
	}
	if _, lists := m["properties"]; lists && m["additionalProperties"] == nil && m["x-kubernetes-preserve-unknown-fields"] == nil {
		m["additionalProperties"] = false
	}
	for _, property := range mapOf(m["properties"]) {
		strict(property)
	}
	strict(m["additionalProperties"])
	strict(m["items"])
}

// child walks into nested maps; nil if there is no such way.
func child(value any, path ...string) any {
	for _, name := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[name]
	}
	return value
}

func mapOf(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

func listOf(value any) []any {
	l, _ := value.([]any)
	return l
}

// TestSchemasAreStrict: the check would see what it is there for.
func TestSchemasAreStrict(t *testing.T) {
	s, err := kubernetesSchemas()
	if err != nil {
		t.Fatal(err)
	}
	const good = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  selector: {matchLabels: {a: b}}\n" +
		"  template:\n    metadata: {labels: {a: b}}\n    spec:\n      containers:\n        - {name: x, image: x}\n"
	if err := s.validate([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]string{
		"a field on top":        good + "replicas: 1\n",
		"a field deep inside":   strings.Replace(good, "image: x", "image: x, imagePullpolicy: Always", 1),
		"a wrong type":          strings.Replace(good, "image: x", "image: [x]", 1),
		"a required field":      strings.Replace(good, "  selector: {matchLabels: {a: b}}\n", "", 1),
		"an API that is gone":   strings.Replace(good, "apps/v1", "extensions/v1beta1", 1),
		"a kind that is not":    strings.Replace(good, "Deployment", "Deploiment", 1),
		"a key twice":           good + "kind: Deployment\n",
		"a monitor's field":     "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: x}\nspec:\n  selector: {}\n  endpoint: []\n",
		"a rule's field":        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: x}\nspec:\n  groups: [{name: x, rule: []}]\n",
		"an unknown custom API": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\n",
	} {
		if err := s.validate([]byte(document)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
