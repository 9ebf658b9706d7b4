package mapping

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/internal/expression"
	"sluice/internal/problem"
)

// FuzzExpression compiles and runs whatever a merchant may type, on whatever a row may hold.
func FuzzExpression(f *testing.F) {
	for _, expression := range []string{
		"X", `row["Part No"]`, "number(X) * 1.2", `number(X, ",")`, `split(X, ",")[0]`, `join([X, Y], " ")`, "path(X, Y)", "first(X, Y)", `X ?? "a"`, "X?.Y",
		`X matches "(a+)+$"`, "left(X, -1)", "right(X, 99999999)", "1..9", "let a = 1; a", "filter(X, # == 1)", "{a: X}", "[X][0]", "-X", "not X", "X ? Y : 1", "$env", "X[0]", `replace(X, "", "a")`,
		"max([1, 2])", "round(1.5)", "len(X) > 2", `X in ["a"]`, "int(X)", "float(X)", "b'x'", "X | upper()", "::upper(X)", "nil", "1e308 * 10", "((((", "\"", "X // c", "9223372036854775807 + 1", "2 ** 1000", "1 % 0",
	} {
		f.Add(expression, "12,50", "a|b > c", uint8(3))
	}
	targets := []string{"name", "price", "inventory_level", "is_visible", "category", "meta_keywords", "sku", "type", "preorder_release_date", "brand"}
	header := []string{"X", "Y", "Part No"}
	f.Fuzz(func(t *testing.T, expression, x, y string, pick uint8) {
		target := targets[int(pick)%len(targets)]
		m := whole(target, expression)
		p, err := parts.Compile(m, header)
		if err != nil {
			if problem.CodeOf(err) != problem.Invalid || len(fieldsOf(err)) == 0 {
				t.Fatalf("%q: %v", expression, err)
			}
			return
		}
		doc, wrong := apply(t, p, []string{x, y, x})
		check(t, target, doc, wrong)
		again, _ := apply(t, p, []string{x, y, x})
		if doc.Hash() != again.Hash() {
			t.Fatalf("%q gives two documents for one row: %s %s", expression, doc.JSON(), again.JSON())
		}
		doc, wrong = applyObject(t, p, map[string]any{"X": json.Number(x), "Y": []any{y, json.Number("1"), map[string]any{"a": nil}}, "Part No": true})
		check(t, target, doc, wrong)
	})
}

// check holds what must be true of every document.
func check(t *testing.T, target string, doc Document, wrong []problem.Field) {
	t.Helper()
	for _, w := range wrong {
		if w.Message == "" || w.Field == "" || strings.Contains(w.Message, "goroutine") {
			t.Fatalf("error %+v", w)
		}
		if _, ok := doc[w.Field]; ok {
			t.Fatalf("%s is wrong and in the document", w.Field)
		}
	}
	if v, ok := doc[target]; ok {
		spec := parts.names[target]
		switch v := v.(type) {
		case string:
			if expression.TrimText(v) != v || v == "" || (spec.MaxLength > 0 && utf8.RuneCountInString(v) > spec.MaxLength) || strings.ContainsFunc(v, forbidden) {
				t.Fatalf("%s: %q", target, v)
			}
		case json.Number:
			if spec.Type != "number" || strings.ContainsAny(string(v), "eE+") {
				t.Fatalf("%s: %s", target, v)
			}
		case int64:
			if spec.Type != "integer" || v < 0 {
				t.Fatalf("%s: %d", target, v)
			}
		case bool:
			if spec.Type != "boolean" {
				t.Fatalf("%s: %t", target, v)
			}
		case []any:
			if spec.Type != "array" || len(v) == 0 {
				t.Fatalf("%s: %v", target, v)
			}
		default:
			t.Fatalf("%s: %T", target, v)
		}
	}
	var back Document
	if err := json.Unmarshal(doc.JSON(), &back); err != nil {
		t.Fatalf("%s: %v", doc.JSON(), err)
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("PartNum,ListPrice,Name,Group", "A,1.5,Cap,X")
	f.Add("sku,sku,,price,Preis", "A,B,,\"1,5\",x")
	f.Add("first,row,in,weight", "\x00,\xff,1.299,00")
	f.Fuzz(func(t *testing.T, header, row string) {
		columns := strings.Split(header, ",")
		seen := map[string]bool{}
		for _, c := range columns {
			if seen[c] || !utf8.ValidString(c) || strings.Contains(c, "\x00") {
				return // no reader's header is so
			}
			seen[c] = true
		}
		m := parts.Suggest(columns, [][]string{strings.Split(row, ","), {}}).Mapping()
		targets := map[string]bool{}
		for _, fm := range m.Fields {
			if targets[fm.Target] {
				t.Fatalf("%s twice", fm.Target)
			}
			targets[fm.Target] = true
		}
		_, err := parts.Compile(m, columns)
		for _, w := range fieldsOf(err) {
			if err != nil && targets[w.Field] {
				t.Fatalf("the suggestion for %s is wrong: %s", w.Field, w.Message)
			}
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1", "-0", "1e3", "1E-400", "0.1", "+5.", ".", "", "1e99999999999", "00012.3400", "9e400", "1.7976931348623157e308", "5e-324"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := expression.CanonicalLiteral(s)
		if !ok {
			return
		}
		again, ok := expression.Decimal(c)
		if !ok || again != c {
			t.Fatalf("%q becomes %q, which becomes %q", s, c, again)
		}
		if !json.Valid([]byte(c)) {
			t.Fatalf("%q becomes %q, no JSON number", s, c)
		}
	})
}
