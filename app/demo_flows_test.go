package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
)

// writeFiles writes files below a new folder and returns its path.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFlowsOfTheDemo(t *testing.T) {
	const mapping = `{"fields":[{"target":"sku","expression":"Part"}]}`
	mapped := &tenants.Mapping{Fields: []tenants.FieldMapping{{Target: "sku", Expression: "Part"}}}
	dir := writeFiles(t, map[string]string{
		"mapping.json": mapping, "options.json": `{"repeated_names":"fail","most":5}`, "misspelt.json": `{"field":[]}`, "two.json": `{} {}`,
		"parts.json":       `{"source":"feeds/parts.csv"}`,
		"whole.json":       `{"kind":"stock","name":"Main","source":{"kind":"url","url":"http://erp.example/x","authorization":"Bearer x"},"format":{"type":"csv"},"mapping":` + mapping + `,"options":{"most":5}}`,
		"address.json":     `{"kind":"stock","source":"https://erp.example/x"}`,
		"elsewhere.json":   `{"source":"/feeds/parts.csv"}`,
		"upload.json":      `{"source":{"kind":"upload"}}`,
		"other/parts.json": `{"source":"parts.csv"}`,
		"nameless.json":    `{"name":""}`,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	authorization := "Bearer x"
	for name, test := range map[string]struct {
		command demoCommand
		want    []flowSpec
		refused string
	}{
		"the example": {demoCommand{Kind: "products"}, []flowSpec{{Kind: "products", Source: demoSource{Kind: "url"}}}, ""},
		"of the command line": {demoCommand{Kind: "stock", Feed: "levels.csv", Mapping: at("mapping.json"), Options: at("options.json")},
			[]flowSpec{{Kind: "stock", Source: demoSource{Kind: "url", File: "levels.csv"}, Mapping: mapped, Options: tenants.Options{"repeated_names": "fail", "most": 5.0}}}, ""},
		"of files": {demoCommand{Kind: "products", Flow: []string{at("parts.json"), at("whole.json"), at("address.json"), at("elsewhere.json"), at("parts.json")}}, []flowSpec{
			{Kind: "products", Name: "parts", Source: demoSource{Kind: "url", File: at("feeds/parts.csv")}},
			{Kind: "stock", Name: "Main", Source: demoSource{Kind: "url", URL: "http://erp.example/x", Authorization: &authorization},
				Format: &tenants.Format{Type: "csv"}, Mapping: mapped, Options: tenants.Options{"most": 5.0}},
			{Kind: "stock", Name: "address", Source: demoSource{Kind: "url", URL: "https://erp.example/x"}},
			{Kind: "products", Name: "elsewhere", Source: demoSource{Kind: "url", File: "/feeds/parts.csv"}},
			{Kind: "products", Name: "parts", Source: demoSource{Kind: "url", File: at("feeds/parts.csv")}},
		}, ""},
		"no kind":               {demoCommand{}, nil, "--kind"},
		"no name":               {demoCommand{Kind: "products", Flow: []string{at("nameless.json")}}, nil, "leave kind and name out"},
		"no such file":          {demoCommand{Kind: "products", Flow: []string{at("none.json")}}, nil, "none.json"},
		"a misspelt field":      {demoCommand{Kind: "products", Mapping: at("misspelt.json")}, nil, `unknown field "field"`},
		"two values":            {demoCommand{Kind: "products", Options: at("two.json")}, nil, "more than one JSON value"},
		"an upload":             {demoCommand{Kind: "products", Flow: []string{at("upload.json")}}, nil, "the path of a file"},
		"a feed beside a flow":  {demoCommand{Kind: "products", Feed: "x.csv", Flow: []string{at("parts.json")}}, nil, "leave out --feed"},
		"two flows of one name": {demoCommand{Kind: "products", Flow: []string{at("parts.json"), at("other/parts.json")}}, nil, `both named "parts"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.command.flows()
			if test.refused != "" {
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Fatalf("%+v, %v", got, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDemoOfSeveralFlows: one after the other, each its own, the same ones in the next call; a run
// that fails stops no other, and ends the demo with 1.
func TestDemoOfSeveralFlows(t *testing.T) {
	const mapping = `"mapping":{"fields":[{"target":"sku","expression":"Part"},{"target":"name","expression":"\"Part \" + Part"},{"target":"price","expression":"Price"},{"target":"weight","expression":"1"},{"target":"type","expression":"\"physical\""}]}`
	dir := writeFiles(t, map[string]string{
		"a/feed.csv": "Part,Price\nA-1,1\nA-2,2\n", "a.json": `{"source":"a/feed.csv",` + mapping + `}`,
		"b/feed.csv": "Part,Price\nB-1,1\n", "b.json": `{"kind":"products","source":"b/feed.csv",` + mapping + `,"options":{"repeated_names":"fail"}}`,
	})
	a, b := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")
	state := t.TempDir()
	for _, want := range []struct{ created, unchanged int64 }{{1, 0}, {0, 1}} {
		results, complaint := runDemoWith(t, nil, "--state", state, "--flow", a, "--flow", b)
		if len(results) != 2 || complaint != "" {
			t.Fatalf("%+v, %s", results, complaint)
		}
		wantDemo(t, "a", results[0], demoCounts{read: 2, created: 2 * want.created, unchanged: 2 * want.unchanged}, 6)
		wantDemo(t, "b", results[1], demoCounts{read: 1, created: want.created, unchanged: want.unchanged}, 6)
	}
	office := httptest.NewServer(http.NotFoundHandler())
	defer office.Close()
	if err := os.WriteFile(a, []byte(`{"source":"`+office.URL+`/feed.csv",`+mapping+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	results, complaint := runDemoWith(t, nil, "--state", state, "--flow", a, "--flow", b)
	if len(results) != 2 || results[0].State != "failed" || len(results[0].Errors) != 1 || !strings.Contains(complaint, "the run ended as failed") {
		t.Fatalf("%+v, %s", results, complaint)
	}
	wantDemo(t, "b after a failed", results[1], demoCounts{read: 1, unchanged: 1}, 6)
}

// TestDemoWithAMapping: the command line's mapping and options count, also for a flow that is
// there.
func TestDemoWithAMapping(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"feed.csv":     "Part,Label,Price,Kilos\nC-1,Same,1,1\nC-2,Same,2,1\n",
		"mapping.json": `{"fields":[{"target":"sku","expression":"Part"},{"target":"name","expression":"Label"},{"target":"price","expression":"Price"},{"target":"weight","expression":"Kilos"},{"target":"type","expression":"\"physical\""}]}`,
		"fail.json":    `{"repeated_names":"fail"}`, "append.json": `{"repeated_names":"append_sku"}`, "wrong.json": `{"repeated_names":"both"}`,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"--kind", "products", "--state", t.TempDir(), "--feed", at("feed.csv"), "--mapping", at("mapping.json"), "--options"}
	results, complaint := runDemoWith(t, nil, append(args, at("fail.json"))...)
	if complaint != "" || len(results) != 1 || results[0].Created != 1 || results[0].Failed != 1 || results[0].Errors[0].Field != "name" {
		t.Errorf("%+v, %s", results, complaint)
	}
	results, complaint = runDemoWith(t, nil, append(args, at("append.json"))...)
	if complaint != "" || len(results) != 1 || results[0].Created != 1 || results[0].Warnings != 1 || results[0].Failed != 0 {
		t.Errorf("%+v, %s", results, complaint)
	}
	results, complaint = runDemoWith(t, nil, append(args, at("wrong.json"))...)
	if len(results) != 0 || !strings.Contains(complaint, "options.repeated_names") {
		t.Errorf("%+v, %s", results, complaint)
	}
	results, complaint = runDemoWith(t, nil, "--kind", "boats")
	if len(results) != 0 || !strings.Contains(complaint, "kind: choose products") {
		t.Errorf("%+v, %s", results, complaint)
	}
}
