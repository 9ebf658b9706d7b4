package deploytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"
)

// shutdownGrace and settleTime are the program's own: how long open requests, and a step of a job,
// may go on after SIGTERM. They are app's shutdownGrace and jobs' settleTimeout.
const (
	shutdownGrace = 20
	settleTime    = 15
)

// with applies a --set expression of Helm's command line to values.
func with(t testing.TB, values map[string]any, set string) map[string]any {
	t.Helper()
	if err := strvals.ParseInto(set, values); err != nil {
		t.Fatal(err)
	}
	return values
}

// podTemplate is the pod that an object makes, nil if it makes none.
func podTemplate(o object) map[string]any {
	switch o.kind() {
	case "Pod":
		return o.value
	case "Deployment", "Job":
		return mapOf(child(o.value, "spec", "template"))
	}
	return nil
}

func containers(o object) (out []map[string]any) {
	for _, c := range listOf(child(podTemplate(o), "spec", "containers")) {
		out = append(out, mapOf(c))
	}
	return out
}

// reporter is a test, or a list of what one would say.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Error(args ...any)
}

// list is a reporter whose findings a test looks at.
type list []string

func (l *list) Helper()                           {}
func (l *list) Errorf(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }
func (l *list) Error(args ...any)                 { *l = append(*l, fmt.Sprint(args...)) }

// checkTogether checks what no schema sees: that documents name one another rightly, and what every
// pod must keep to.
func checkTogether(t reporter, objects []object) {
	t.Helper()
	byName := map[string]object{}
	for _, o := range objects {
		key := o.kind() + "/" + o.name()
		if _, twice := byName[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		byName[key] = o
		if len(o.name()) > 63 {
			t.Errorf("%s: the name is too long", key)
		}
	}
	for _, o := range objects {
		if podTemplate(o) != nil {
			checkRestricted(t, o)
			checkReferences(t, o, byName)
		}
		switch o.kind() {
		case "Deployment":
			checkDeployment(t, o)
		case "Service":
			checkSelects(t, o, child(o.value, "spec", "selector"), objects)
			for _, p := range listOf(child(o.value, "spec", "ports")) {
				checkPort(t, o, child(p, "targetPort"), objects)
			}
		case "PodDisruptionBudget":
			checkSelects(t, o, child(o.value, "spec", "selector", "matchLabels"), objects)
		case "HorizontalPodAutoscaler":
			if _, ok := byName["Deployment/"+fmt.Sprint(child(o.value, "spec", "scaleTargetRef", "name"))]; !ok {
				t.Errorf("%s scales nothing", o.name())
			}
			for _, d := range objects {
				if d.kind() == "Deployment" && d.name() == o.name() && child(d.value, "spec", "replicas") != nil {
					t.Errorf("%s: an upgrade would undo the autoscaler", o.name())
				}
			}
		case "Ingress":
			for _, rule := range listOf(child(o.value, "spec", "rules")) {
				for _, path := range listOf(child(rule, "http", "paths")) {
					service := child(path, "backend", "service", "name")
					if _, ok := byName["Service/"+fmt.Sprint(service)]; !ok {
						t.Errorf("the ingress leads to no service: %v", service)
					}
				}
			}
		case "ServiceMonitor":
			selector := mapOf(child(o.value, "spec", "selector", "matchLabels"))
			if !slices.ContainsFunc(objects, func(s object) bool {
				return s.kind() == "Service" && contains(mapOf(child(s.value, "metadata", "labels")), selector)
			}) {
				t.Errorf("the monitor selects no service: %v", selector)
			}
		case "PrometheusRule":
			checkRules(t, o)
		}
	}
}

// checkRestricted: Pod Security's "restricted", and a root file system that cannot be written.
func checkRestricted(t reporter, o object) {
	t.Helper()
	spec := child(podTemplate(o), "spec")
	for path, want := range map[string]any{
		"securityContext.runAsNonRoot": true, "securityContext.seccompProfile.type": "RuntimeDefault", "automountServiceAccountToken": false,
	} {
		if got := child(spec, strings.Split(path, ".")...); got != want {
			t.Errorf("%s %s: %s is %v", o.kind(), o.name(), path, got)
		}
	}
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		if child(spec, field) != nil {
			t.Errorf("%s %s has %s", o.kind(), o.name(), field)
		}
	}
	for _, v := range listOf(child(spec, "volumes")) {
		if child(v, "emptyDir") == nil && child(v, "secret") == nil {
			t.Errorf("%s %s: volume %v is of another kind", o.kind(), o.name(), child(v, "name"))
		}
	}
	if len(containers(o)) == 0 {
		t.Errorf("%s %s has no container", o.kind(), o.name())
	}
	for _, c := range containers(o) {
		if child(c, "securityContext", "allowPrivilegeEscalation") != false || child(c, "securityContext", "readOnlyRootFilesystem") != true ||
			!slices.Equal(listOf(child(c, "securityContext", "capabilities", "drop")), []any{"ALL"}) {
			t.Errorf("%s %s: container %v is not restricted: %v", o.kind(), o.name(), c["name"], c["securityContext"])
		}
		if child(c, "resources", "limits", "memory") == nil || child(c, "resources", "requests", "cpu") == nil {
			t.Errorf("%s %s: container %v has no limit of memory or asks for no CPU", o.kind(), o.name(), c["name"])
		}
		if image, _ := c["image"].(string); strings.HasSuffix(image, ":latest") || !strings.ContainsAny(image, ":@") {
			t.Errorf("%s %s: image %q is of no version", o.kind(), o.name(), image)
		}
	}
}

// checkReferences: secrets are there when the pod starts, mounts have their volumes, and no secret
// is among the variables.
func checkReferences(t reporter, o object, byName map[string]object) {
	t.Helper()
	made := func(secret, key string) {
		s, ok := byName["Secret/"+secret]
		if !ok {
			if strings.HasPrefix(secret, "release-") {
				t.Errorf("%s %s wants the secret %s, which nobody makes", o.kind(), o.name(), secret)
			}
			return // one that the operator keeps
		}
		if mapOf(s.value["stringData"])[key] == nil {
			t.Errorf("%s %s wants %s of the secret %s", o.kind(), o.name(), key, secret)
		}
		if strings.HasPrefix(o.hook(), "pre-install") && s.hook() == "" {
			t.Errorf("%s %s runs before the secret %s exists", o.kind(), o.name(), secret)
		}
	}
	for name, value := range variables(o) {
		if parts := strings.Fields(value); len(parts) == 3 && parts[0] == "secret" {
			made(parts[1], parts[2])
		} else if strings.Contains(value, "for-tests-only") || name == "ENCRYPTION_KEYS" || strings.HasSuffix(name, "PASSWORD") || strings.HasSuffix(name, "SECRET") {
			t.Errorf("%s %s: %s is written out: %q", o.kind(), o.name(), name, value)
		}
	}
	if strings.HasPrefix(o.hook(), "pre-install") {
		if account := child(podTemplate(o), "spec", "serviceAccountName"); account != nil {
			t.Errorf("%s runs before the service account %v exists", o.name(), account)
		}
	}
	volumes := map[any]bool{}
	for _, v := range listOf(child(podTemplate(o), "spec", "volumes")) {
		volumes[child(v, "name")] = false
	}
	for _, c := range containers(o) {
		seen := map[any]bool{}
		for _, v := range listOf(c["env"]) {
			if seen[child(v, "name")] {
				t.Errorf("%s %s sets %v twice", o.kind(), o.name(), child(v, "name"))
			}
			seen[child(v, "name")] = true
		}
		for _, m := range listOf(c["volumeMounts"]) {
			if _, ok := volumes[child(m, "name")]; !ok {
				t.Errorf("%s %s mounts %v, which is no volume", o.kind(), o.name(), child(m, "name"))
			}
			volumes[child(m, "name")] = true
		}
	}
	for name, mounted := range volumes {
		if !mounted {
			t.Errorf("%s %s: volume %v is not mounted", o.kind(), o.name(), name)
		}
	}
}

func checkDeployment(t reporter, o object) {
	t.Helper()
	labels := mapOf(child(podTemplate(o), "metadata", "labels"))
	selector := mapOf(child(o.value, "spec", "selector", "matchLabels"))
	if !contains(labels, selector) {
		t.Errorf("%s does not select its own pods", o.name())
	}
	for label := range selector {
		if strings.Contains(label, "version") || strings.Contains(label, "chart") {
			t.Errorf("%s: %s changes with an upgrade, and a selector must not", o.name(), label)
		}
	}
	grace := number(child(podTemplate(o), "spec", "terminationGracePeriodSeconds"))
	for _, c := range containers(o) {
		need := float64(settleTime)
		if drain, err := time.ParseDuration(variables(o)["DRAIN_DELAY"]); err == nil {
			need = drain.Seconds() + shutdownGrace
		}
		if grace <= need {
			t.Errorf("%s is killed after %v s and needs %v", o.name(), grace, need)
		}
		for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
			if child(c, probe) == nil {
				t.Errorf("%s has no %s", o.name(), probe)
			}
		}
		if child(c, "livenessProbe", "httpGet", "path") != "/healthz" || child(c, "readinessProbe", "httpGet", "path") != "/readyz" {
			t.Errorf("%s is probed elsewhere", o.name())
		}
	}
}

func number(value any) float64 {
	f, _ := strconv.ParseFloat(fmt.Sprint(value), 64)
	return f
}

// checkSelects: a selector finds pods of a deployment, and none of a job or test.
func checkSelects(t reporter, o object, selector any, objects []object) {
	t.Helper()
	found := 0
	for _, p := range objects {
		if template := podTemplate(p); template != nil && contains(mapOf(child(template, "metadata", "labels")), mapOf(selector)) {
			found++
			if p.kind() != "Deployment" {
				t.Errorf("%s %s selects %s %s", o.kind(), o.name(), p.kind(), p.name())
			}
		}
	}
	if found == 0 {
		t.Errorf("%s %s selects nothing: %v", o.kind(), o.name(), selector)
	}
}

// checkPort: a named port is a port of every pod that the service selects.
func checkPort(t reporter, service object, port any, objects []object) {
	t.Helper()
	for _, p := range objects {
		if p.kind() != "Deployment" || !contains(mapOf(child(podTemplate(p), "metadata", "labels")), mapOf(child(service.value, "spec", "selector"))) {
			continue
		}
		if !slices.ContainsFunc(listOf(containers(p)[0]["ports"]), func(c any) bool { return child(c, "name") == port }) {
			t.Errorf("service %s: %s has no port %v", service.name(), p.name(), port)
		}
	}
}

func contains(labels, selector map[string]any) bool {
	for k, v := range selector {
		if labels[k] != v {
			return false
		}
	}
	return len(selector) > 0
}

// checkRules: every expression is PromQL.
func checkRules(t reporter, o object) {
	t.Helper()
	seen := 0
	for _, group := range listOf(child(o.value, "spec", "groups")) {
		for _, rule := range listOf(child(group, "rules")) {
			text, _ := child(rule, "expr").(string)
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(text); err != nil {
				t.Errorf("%v: %v", text, err)
			}
			if child(rule, "alert") != nil && (child(rule, "annotations", "summary") == nil || child(rule, "annotations", "description") == nil) {
				t.Errorf("%v does not say what to do", child(rule, "alert"))
			}
			seen++
		}
	}
	if seen == 0 {
		t.Error("there are no rules")
	}
}

// TestTogetherFindsFaults spoils what the full or the minimal file renders in one way after
// another.
func TestTogetherFindsFaults(t *testing.T) {
	tests := []struct{ file, object, old, new, finds string }{
		{"full", "Deployment/release-sl-web", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"},
		{"full", "Job/release-sl-migrate", "type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		{"full", "Deployment/release-sl-worker", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "not restricted"},
		{"full", "Deployment/release-sl-worker", "drop: [ALL]", "drop: [NET_RAW]", "not restricted"},
		{"full", "Pod/release-sl-test", "automountServiceAccountToken: false", "automountServiceAccountToken: true", "automountServiceAccountToken"},
		{"full", "Deployment/release-sl-web", "enableServiceLinks: false", "hostNetwork: true", "hostNetwork"},
		{"full", "Deployment/release-sl-web", "emptyDir:\n            sizeLimit: 1Gi", "hostPath: {path: /tmp}", "another kind"},
		{"minimal", "Deployment/release-sluice-web", "sluice:0.1.0", "sluice:latest", "no version"},
		{"full", "Deployment/release-sl-web", "name: tmp\n              mountPath", "name: tmpp\n              mountPath", "no volume"},
		{"full", "Deployment/release-sl-web", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 35", "is killed after"},
		{"full", "Deployment/release-sl-worker", "terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 15", "is killed after"},
		{"full", "Deployment/release-sl-web", "path: /readyz", "path: /", "probed elsewhere"},
		{"full", "Deployment/release-sl-web", "readinessProbe", "livenessProbe2", "has no readinessProbe"},
		{"full", "Deployment/release-sl-web", "spec:\n", "spec:\n  replicas: 2\n", "undo the autoscaler"},
		{"full", "Service/release-sl", "component: web\n  ports", "component: front\n  ports", "selects nothing"},
		{"full", "Service/release-sl", "targetPort: http", "targetPort: https", "has no port https"},
		{"full", "Service/release-sl-metrics", "    metrics-port: \"true\"\n", "", "selects Pod"},
		{"full", "HorizontalPodAutoscaler/release-sl-worker", "kind: Deployment\n    name: release-sl-worker", "kind: Deployment\n    name: worker", "scales nothing"},
		{"full", "Ingress/release-sl", "name: release-sl\n                port", "name: web\n                port", "leads to no service"},
		{"full", "ServiceMonitor/release-sl", "component: metrics", "component: web2", "selects no service"},
		{"full", "PrometheusRule/release-sl", "rate(", "rrate(", "rrate"},
		{"full", "Job/release-sl-migrate", "restartPolicy: Never", "serviceAccountName: release-sl", "before the service account"},
		{"minimal", "Job/release-sluice-migrate", "name: release-sluice-migrate\n                  key", "name: release-sluice\n                  key", "before the secret"},
		{"minimal", "Deployment/release-sluice-web", "key: PGPASSWORD", "key: POSTGRES", "wants POSTGRES"},
		{"minimal", "Secret/release-sluice", "name: release-sluice", "name: another", "nobody makes"},
		{"minimal", "Deployment/release-sluice-web", "name: LOG_LEVEL\n", "name: PORT\n", "sets PORT twice"},
		{"minimal", "Deployment/release-sluice-web", "value: info", "value: for-tests-only", "written out"},
		{"minimal", "Deployment/release-sluice-web", "limits:\n              memory", "limits:\n              cpu", "no limit of memory"},
	}
	for _, tt := range tests {
		objects, _, err := render(loadChart(t), readValues(t, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(objects, func(o object) bool { return o.kind()+"/"+o.name() == tt.object })
		if i < 0 {
			t.Errorf("no %s", tt.object)
			continue
		}
		spoiled := strings.Replace(string(objects[i].document), tt.old, tt.new, 1)
		if spoiled == string(objects[i].document) {
			t.Errorf("%s has no %q", tt.object, tt.old)
			continue
		}
		value := map[string]any{}
		if err := yaml.Unmarshal([]byte(spoiled), &value); err != nil {
			t.Errorf("%s: %v", tt.new, err)
			continue
		}
		objects[i].value = value
		var found list
		checkTogether(&found, objects)
		if len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), tt.finds) {
			t.Errorf("%s with %q instead of %q: found %q", tt.object, tt.new, tt.old, found)
		}
	}
}
