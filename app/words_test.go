package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/expression"
	"sluice/internal/limits"
	"sluice/internal/problem"
	"sluice/jobs/mapping"
	"sluice/tenants"
	"sluice/tenants/tenantstest"
)

// ourWords are words of the program's own that merchants are not to learn. What they read instead:
// sync, matching, formula, preview, permission.
var ourWords = regexp.MustCompile(`(?i:\b(feeds?|flows?|expressions?|in flight|steps|window|429|scopes?|store hash|triggers?|mappings?|dry.runs?)\b)|\b(windows|[Mm]ap|[Mm]apped|[Mm]aps)\b`)

// othersWords are labels in other programs, named so that people find them there.
var othersWords = []string{"Standard flow"} // Keycloak's

// TestMerchantsReadTheirOwnWords walks what the panel shows of kinds, connectors, formulas and
// limits, and every message in the source that is made for people.
func TestMerchantsReadTheirOwnWords(t *testing.T) {
	seen := 0
	read := func(where string, texts ...string) {
		for _, text := range texts {
			seen++
			for _, label := range othersWords {
				text = strings.ReplaceAll(text, label, "")
			}
			if word := ourWords.FindString(text); word != "" {
				t.Errorf("%s says %q: %s", where, word, text)
			}
		}
	}
	p := &program{cfg: &Config{}, db: tenantstest.NewDB(t)}
	ctx := tenants.WithStore(t.Context(), "nobody")
	p.assembleSources(nil)
	p.assembleKinds()
	for _, kind := range p.kinds {
		spec := kind.Spec()
		read(spec.Name, spec.Singular, spec.Plural)
		for _, o := range spec.Options {
			read(spec.Name+", option "+o.Name, o.Label, o.Help, o.Unit)
			for _, v := range o.Values {
				read(spec.Name+", option "+o.Name, v.Label)
			}
		}
		if m, ok := kind.(interface {
			Catalogue(ctx context.Context) (*mapping.Catalogue, error)
		}); ok {
			catalogue, err := m.Catalogue(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range catalogue.Targets() {
				read(spec.Name+", field "+f.Name, f.Label, f.Help)
			}
			_, faults, err := catalogue.Try(tenants.Mapping{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range faults.Missing {
				read(spec.Name+", field "+m.Field, m.Message)
			}
		}
	}
	for _, source := range p.sources.All() {
		spec := source.Spec()
		read("connector "+spec.Name, spec.Label, spec.Help)
		for _, f := range spec.Fields {
			read("connector "+spec.Name, f.Label, f.Help)
		}
	}
	for _, f := range expression.Functions() {
		read("function "+f.Name, f.Help)
	}
	for _, e := range expression.Examples() {
		read("example "+e.Form, e.Help)
	}
	l := limits.New(nil, nil)
	for _, limit := range limits.All() {
		read("limit "+string(limit.Name), problem.MessageOf(l.Refuse(limit.Name)))
	}
	for _, dir := range []string{"ui", "jobs", "tenants", "auth", "internal/expression", "internal/problem"} {
		sentencesIn(t, filepath.Join("..", dir), read)
	}
	pagesIn(t, read)
	if seen < 1000 {
		t.Errorf("only %d texts were found to read", seen)
	}
}

// sentencesIn reads every text of three words or more in the Go files below dir that may be for
// people: not those of logs, of errors that are wrapped, of SQL, of panics and of tags.
func sentencesIn(t *testing.T, dir string, read func(where string, texts ...string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || strings.HasSuffix(entry.Name(), "test")):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains(forOperators, filepath.ToSlash(strings.TrimPrefix(path, "../"))):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				return !notForPeople[calledIn(n)]
			case *ast.Field: // whose tag is a literal
				return false
			case *ast.BasicLit:
				text, err := strconv.Unquote(n.Value)
				if n.Kind == token.STRING && err == nil && strings.Count(strings.TrimSpace(text), " ") > 1 {
					read(files.Position(n.Pos()).String(), text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// pagesIn reads every page of HTML that the program serves to merchants or shoppers, without its
// marks: what is between them, and the templates in Go files of package auth.
func pagesIn(t *testing.T, read func(where string, texts ...string)) {
	t.Helper()
	pages := 0
	for _, pattern := range []string{"*.html", "../auth/*.html", "../auth/*/*.html", "../auth/*/*/*.html", "../ui/*.html", "../ui/web/index.html"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			read(name, notText.ReplaceAllString(string(text), " "))
		}
	}
	if pages < 3 {
		t.Errorf("only %d pages were found to read", pages)
	}
}

// notText is what of a page nobody reads.
var notText = regexp.MustCompile(`(?s)<style.*?</style>|<script.*?</script>|<!--.*?-->|\{\{.*?\}\}|<[^>]*>`)

// forOperators are files whose messages are answers to an operator's commands, or to BigCommerce.
var forOperators = []string{"jobs/flow/revive.go", "jobs/webhooks.go", "tenants/credentials.go", "tenants/stores.go"}

// calledIn is the name of what is called.
func calledIn(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && (x.Name == "fmt" || x.Name == "errors" || x.Name == "regexp" || x.Name == "slog") {
			return x.Name + "." + f.Sel.Name
		}
		return f.Sel.Name
	}
	return ""
}

// notForPeople are calls whose texts nobody but an operator reads, or a database.
var notForPeople = map[string]bool{
	"DebugContext": true, "InfoContext": true, "WarnContext": true, "ErrorContext": true, "LogAttrs": true, "Debug": true, "Info": true, "Error": true,
	"fmt.Errorf": true, "errors.New": true, "regexp.MustCompile": true, "panic": true, "wrap": true, "one": true, "maybe": true, "bulk": true, "NewScript": true,
	"Where": true, "Raw": true, "Exec": true, "Select": true, "Order": true, "Joins": true, "Pluck": true, "Not": true, "Or": true, "Group": true, "Having": true, "Update": true,
	"Expr": true, "Model": true, "roomFor": true,
}
