package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/expr-lang/expr/types"
	"github.com/google/go-cmp/cmp"

	"sluice/internal/expression"
	"sluice/internal/problem"
	"sluice/tenants"
)

// mappingOf makes a mapping of pairs: target, expression, target, expression …
func mappingOf(pairs ...string) (m tenants.Mapping) {
	for i := 0; i < len(pairs); i += 2 {
		m.Fields = append(m.Fields, tenants.FieldMapping{Target: pairs[i], Expression: pairs[i+1]})
	}
	return m
}

// whole adds what every mapping needs and pairs does not fill.
func whole(pairs ...string) tenants.Mapping {
	m := mappingOf(pairs...)
	for _, need := range [][2]string{{"sku", `"S-1"`}, {"name", `"Cap"`}, {"type", `"physical"`}, {"weight", "0"}, {"price", "1"}} {
		has := false
		for _, f := range m.Fields {
			has = has || f.Target == need[0]
		}
		if !has {
			m.Fields = append(m.Fields, tenants.FieldMapping{Target: need[0], Expression: need[1]})
		}
	}
	return m
}

// one compiles a mapping of a single field and applies it to a row of one column X.
func one(t testing.TB, target, expression string, values ...string) (any, string) {
	t.Helper()
	p, err := parts.Compile(whole(target, expression), []string{"X", "Y", "Part No"})
	if err != nil {
		t.Fatalf("%s ← %s: %v", target, expression, fieldsOf(err))
	}
	doc, wrong := apply(t, p, values)
	for _, w := range wrong {
		if w.Field == target {
			return nil, w.Message
		}
		t.Errorf("another field is wrong: %+v", w)
	}
	for _, n := range p.Notes() {
		if message, ok := strings.CutSuffix(n.Message, Left); ok && n.Field == target {
			return nil, message
		}
	}
	return doc[target], ""
}

func fieldsOf(err error) []problem.Field {
	var e *problem.Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return []problem.Field{{Message: fmt.Sprint(err)}}
}

func TestConversion(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	tests := []struct {
		target, expression, value string
		want                      any // nil: the field is left out
		message                   string
	}{
		// numbers
		{"price", "X", "12.50", json.Number("12.5"), ""},
		{"price", "X", " 12.50 ", json.Number("12.5"), ""},
		{"price", "X", "0", json.Number("0"), ""},
		{"price", "X", "-0.00", json.Number("0"), ""},
		{"price", "X", "+007.10", json.Number("7.1"), ""},
		{"price", "X", ".5", json.Number("0.5"), ""},
		{"price", "X", "5.", json.Number("5"), ""},
		{"price", "X", "12345678901234567.89", json.Number("12345678901234567.89"), ""},
		{"price", "X", "12,50", json.Number("12.5"), ""},
		{"price", "X", "1.299,00", json.Number("1299"), ""},
		{"price", "X", "1,299.00", json.Number("1299"), ""},
		{"price", "X", "1,299", nil, `"1,299" is 1299 or 1.299: say which decimal sign the column has`},
		{"price", "X", "1.299.000", json.Number("1299000"), ""},
		{"price", "X", "abc", nil, `"abc" is not a number`},
		{"price", "X", "$12.50", json.Number("12.5"), ""},
		{"price", "X", "12.50 EUR", json.Number("12.5"), ""},
		{"price", "X", "1e3", nil, `"1e3" is not a plain number: write it in full (1000)`},
		{"price", "X", "1e999999999", nil, `"1e999999999" is not a number`},
		{"price", "X", "NaN", nil, "is required: match it or fill the column X"},
		{"price", "X", "0x10", nil, `"0x10" is not a number`},
		{"price", "X", "--1", nil, `"--1" is not a number`},
		{"price", "X", "-1", nil, "-1 is below the smallest value, 0"},
		{"price", "X", strings.Repeat("9", 31), nil, `"` + strings.Repeat("9", 31) + `" has more than 30 digits`},
		{"price", "X", "", nil, "is required: match it or fill the column X"},
		{"price", "number(X)", "", nil, "is required: match it or fill the column X"},
		{"price", `number(X, ",")`, "1.299,50", json.Number("1299.5"), ""},
		{"price", `number(X, ".")`, "1,299.50", json.Number("1299.5"), ""},
		{"price", `number(X, ",")`, "abc", nil, `"abc" is not a number`},
		{"price", "number(X) * 1.2", "12.10", json.Number("14.52"), ""},
		{"price", "number(X) + 0.2", "0.1", json.Number("0.3"), ""},
		{"price", "number(X) / 0", "1", nil, "the result is not a number that can be used: is something divided by zero?"},
		{"cost_price", "X", "", nil, ""},
		{"cost_price", "number(X) * 2", "", nil, `the formula calculates with an empty value: give it a default, for example first(Cost, "0")`},
		{"cost_price", `number(first(X, "0")) * 2`, "", json.Number("0"), ""},
		{"cost_price", `X == "" ? nil : number(X) * 2`, "", nil, ""},
		{"price", `number(X, ",")`, "12.50", nil, `"12.50" is not a number with a comma as its decimal sign`},
		{"price", `number(X)`, "1.250", nil, `"1.250" is 1.25 or 1250: say which decimal sign the column has`},
		{"price", `number(X)`, "5 kg", nil, `"5 kg" has a unit: choose the column without a formula, so that it is converted`},
		{"price", "X", "5 %", nil, `"5 %" is a percentage, and this field is none`},
		{"price", "X", "5 kg", nil, `"5 kg" has a unit, kg, that this field does not have`},
		{"price", `first(X, "0.5")`, "-", json.Number("0.5"), ""},
		{"weight", "X", "1.2 kg", json.Number("42.33"), ""},
		{"weight", "X", "0.001 mg", nil, "0.001 mg is too small to be written in oz"},
		{"width", "X", "10 cm", json.Number("3.94"), ""},
		{"weight", "X", "10000000000", nil, "10000000000 is above the largest value, 9999999999"},
		// integers
		{"inventory_level", "X", "15", int64(15), ""},
		{"inventory_level", "X", "15.00", int64(15), ""},
		{"inventory_level", "X", "-5", int64(0), ""},
		{"inventory_level", "X", "5-", int64(0), ""},
		{"inventory_level", "X", "5 kg", nil, `"5 kg" has a unit, kg, that this field does not have`},
		{"inventory_level", "X", "5 %", int64(5), ""},
		{"inventory_level", "X", "1.5", nil, "1.5 is not a whole number: round it in the source, or use the formula floor(number(X))"},
		{"inventory_level", "floor(number(X))", "1.5", int64(1), ""},
		{"inventory_level", "number(X) + 1", "1", int64(2), ""},
		{"inventory_level", "X", "2147483648", nil, "2147483648 is above the largest value, 2147483647"},
		{"inventory_level", "max(int(number(X)), 0)", "-5", int64(0), ""},
		// booleans
		{"is_visible", "X", "Yes", true, ""},
		{"is_visible", "X", "0", false, ""},
		{"is_visible", "X", "", nil, ""},
		{"is_visible", "X", "maybe", nil, `"maybe" is neither yes nor no: use true or false, yes or no, 1 or 0`},
		{"is_visible", "not bool(X)", "no", true, ""},
		{"is_visible", "bool(X)", "off", false, ""},
		{"is_visible", "X", "Ja", true, ""},
		{"is_visible", "X", "нет", false, ""},
		{"is_visible", "X", "-1", true, ""},
		{"is_visible", `X == "A"`, "A", true, ""},
		// text
		{"name", "X", long(250), long(250), ""},
		{"name", "X", long(300), nil, "300 characters; the limit is 250"},
		{"name", "left(X, 250)", long(300), long(250), ""},
		{"name", "X", "\u00a0 Cap \ufeff", "Cap", ""},
		{"name", "X", "", nil, "is required: match it or fill the column X"},
		{"name", "X", "a\x07b", nil, "there is a control character (U+0007) in it: remove it"},
		{"name", "X", "a\u0085b", nil, "there is a control character (U+0085) in it: remove it"},
		{"description", "X", "line 1\n\tline 2", "line 1\n\tline 2", ""},
		{"sku", "X", "  A-1 ", "A-1", ""},
		{"sku", "X", "A\n1", nil, "there is a line break or tab in it: remove it"},
		{"sku", "X", " ", nil, "is required: match it or fill the column X"},
		{"sku", `row["Part No"] + X`, "A", "A", ""},
		{"type", "X", "Physical", "physical", ""},
		{"type", "X", "virtual", nil, `"virtual" is not allowed: use physical or digital`},
		{"condition", "X", "new", "New", ""},
		{"condition", "X", "broken", nil, `"broken" is not allowed: use New, Used or Refurbished`},
		{"preorder_release_date", "X", "2026-12-31", "2026-12-31T00:00:00Z", ""},
		{"preorder_release_date", "X", "31.12.2026", "2026-12-31T00:00:00Z", ""},
		{"preorder_release_date", "X", "3/4/2026", nil, `"3/4/2026" is 3 April 2026 or 4 March 2026: say whether the day or the month comes first`},
		{"name", "X", "A\u00a0\u00a0B &amp; C", "A B & C", ""},
		{"name", "X", "&#7;", nil, "there is a control character (U+0007) in it: remove it"},
		{"description", "X", "A  B &amp; C", "A  B &amp; C", ""},
		{"brand", "X", "N/A", nil, ""},
		{"brand", `"None"`, "", "None", ""},
		{"inventory_tracking", "X", "none", "none", ""},
		{"sku", "X", "4.00638E+12", nil, `"4.00638E+12" is what a spreadsheet made of a long number, whose other digits are lost: format the column as text and fill it anew`},
		{"gtin", "X", "4.00638E+12", nil, `"4.00638E+12" is what a spreadsheet made of a long number, whose other digits are lost: format the column as text and fill it anew`},
		{"gtin", "X", "4 006381 333931", "4006381333931", ""},
		// lists
		{"meta_keywords", "X", "a| b ||c", []any{"a", "b", "c"}, ""},
		{"meta_keywords", `split(X, ",")`, "a, b", []any{"a", "b"}, ""},
		{"related_products", "X", "1|2", []any{int64(1), int64(2)}, ""},
		{"related_products", "X", "1|b", nil, `item 2: "b" is not a number`},
		{"name", `split(X, ",")`, "a", nil, `the value is a list or an object, not one value: use join(…, ", ") or one of its parts`},
		// categories and brands
		{"category", "X", "A>B | A > B|  |C > > D", "A > B|C > D", ""},
		{"category", "path(X, Y)", "food service", "food service", ""},
		{"category", "X", " | > ", nil, ""},
		{"category", "X", "A > " + long(51), nil, `the category "` + long(51) + `" has 51 characters; the limit is 50`},
		{"category", "X", "A &gt; B  b", "A > B b", ""},
		{"category", "X", "NULL > B", "B", ""},
		{"category", "X", "A\x01", nil, "there is a control character (U+0001) in it: remove it"},
		{"brand", "X", "Acme", "Acme", ""},
		{"brand", "X", long(256), nil, "256 characters; the limit is 255"},
		// functions
		{"name", "upper(trim(X))", " cap ", "CAP", ""},
		{"name", "X | lower() | left(2)", "CAP", "ca", ""},
		{"name", "right(X, 2)", "Capé", "pé", ""},
		{"name", `join([X, Y], " ")`, "Cap", "Cap", ""},
		{"name", `split(X, "/")[1]`, "a/b", "b", ""},
		{"name", `split(X, "/")[1]`, "a", nil, "the list has fewer items than the formula takes from it"},
		{"name", `first(Y, row["Part No"], X, "x")`, "Cap", "Cap", ""},
		{"name", `X contains "Cap" ? "yes" : "no"`, "Caps", "yes", ""},
		{"name", `X matches "^C[a-z]+$" ? "yes" : "no"`, "Caps", "yes", ""},
		{"name", `hasPrefix(X, "C") ? trimPrefix(X, "C") : X`, "Cap", "ap", ""},
		{"name", `string(number(X) * 2) + " cm"`, "1.5", "3 cm", ""},
		{"name", `replace(X, "a", "b")`, "Cap", "Cbp", ""},
		{"name", `replace(X, "a", "` + strings.Repeat("b", 1500) + `")`, strings.Repeat("a", 1000), nil, "replace() makes the text longer than 256 KiB"},
		{"name", "upper(X)", strings.Repeat("a", 300<<10), nil, "the text is longer than 256 KiB: take the column without a function"},
	}
	for _, tt := range tests {
		value := tt.value[:min(len(tt.value), 30)]
		t.Run(tt.target+"/"+tt.expression[:min(len(tt.expression), 40)]+"/"+value, func(t *testing.T) {
			got, message := one(t, tt.target, tt.expression, tt.value)
			if message != tt.message {
				t.Errorf("message\n%s\nwant\n%s", message, tt.message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompileErrors(t *testing.T) {
	header := []string{"PartNum", "ListPrice", "On Hand", "first", "row"}
	tests := map[string]struct {
		mapping tenants.Mapping
		field   string
		message string
	}{
		"unknown column":         {whole("name", "upper(PartName)"), "name", "there is no column PartName: the source has PartNum, ListPrice, row[\"On Hand\"], row[\"first\"], row[\"row\"] (character 7)"},
		"other spelling":         {whole("name", "part_num"), "name", "there is no column part_num: did you mean PartNum? (character 1)"},
		"unknown row column":     {whole("name", "\n  row[\"Onhand\"]"), "name", `there is no column Onhand: did you mean row["On Hand"]? (line 2, character 6)`},
		"row alone":              {whole("name", "row"), "name", `row needs the name of a column in quotes: row["Name"] (character 1)`},
		"row with an expression": {whole("name", "row[PartNum]"), "name", `row needs the name of a column in quotes: row["Name"] (character 4)`},
		"a function's name":      {whole("name", "first"), "name", `first is a function: write row["first"] for the column of that name (character 1)`},
		"unknown function":       {whole("name", "concatenate(PartNum)"), "name", "there is no function concatenate: there are abs, bool"},
		"calling a column":       {whole("name", "PartNum(1)"), "name", "there is no function a column"},
		"a method":               {whole("name", "PartNum.Foo()"), "name", "only the functions of Sluice can be called"},
		"text is no number":      {whole("price", "ListPrice * 1.2"), "price", "columns are text, write number(…) around the one that is calculated with"},
		"no condition":           {whole("name", `PartNum ? "a" : "b"`), "name", "the condition before ? is not true or false"},
		"syntax":                 {whole("name", "upper(PartNum"), "name", "unexpected token EOF"},
		"empty":                  {whole("name", " \n"), "name", "the formula is empty"},
		"a range":                {whole("name", "1..1000000000"), "name", "ranges (..) are not available here"},
		"a loop":                 {whole("name", `join(map(split(PartNum, ","), upper(#)))`), "name", "not available here"},
		"a variable":             {whole("name", "let a = PartNum; a + a"), "name", "variables (let) are not available here"},
		"a sequence":             {whole("name", "PartNum; PartNum"), "name", "; is not available here"},
		"a slice":                {whole("name", "PartNum[0:3]"), "name", "use left("},
		"a moving pattern":       {whole("is_visible", "PartNum matches ListPrice"), "is_visible", "the pattern after matches must be a text in quotes"},
		"the environment":        {whole("name", "$env"), "name", "there is no column $env"},
		"the clock":              {whole("name", "string(now())"), "name", "there is no function now"},
		"repeat":                 {whole("name", `repeat(PartNum, 1000000)`), "name", "there is no function repeat"},
		"too long":               {whole("name", strings.Repeat("(", 1000)+strings.Repeat(")", 1001)), "name", "the formula is longer than 2000 characters"},
		"too many nodes":         {whole("name", "PartNum"+strings.Repeat("+PartNum", 150)), "name", "the formula is too long"},
		"a wrong constant":       {whole("type", `"virtual"`), "type", `"virtual" is not allowed: use physical or digital`},
		"a negative constant":    {whole("price", "-1"), "price", "-1 is below the smallest value, 0"},
		"an empty constant":      {whole("brand", `""`), "brand", "the formula is always empty"},
		"no such target":         {whole("colour", "PartNum"), "colour", "there is no such field"},
		"read-only target":       {whole("date_created", "PartNum"), "date_created", "BigCommerce sets this field itself"},
		"target with parts":      {whole("images", "PartNum"), "images", "has parts of its own"},
		"category ids":           {whole("categories", "PartNum"), "categories", "match category instead"},
		"twice":                  {whole("name", "PartNum", "name", "ListPrice"), "name", "is matched twice"},
		"required":               {mappingOf("name", "PartNum", "price", "ListPrice", "type", `"physical"`, "sku", "PartNum"), "weight", "is required: match it, for example to 0"},
		"no SKU":                 {mappingOf("name", "PartNum", "price", "ListPrice", "type", `"physical"`, "weight", "0"), "sku", "is required: match it: it is what a record is recognised by"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parts.Compile(tt.mapping, header)
			if problem.CodeOf(err) != problem.Invalid {
				t.Fatalf("error %v", err)
			}
			got := fieldsOf(err)
			if len(got) != 1 || got[0].Field != tt.field || !strings.Contains(got[0].Message, tt.message) {
				t.Errorf("fields %+v\nwant %s: %s", got, tt.field, tt.message)
			}
		})
	}
}

func TestCompileNamesEveryError(t *testing.T) {
	_, err := parts.Compile(mappingOf("name", "Nope", "price", "(", "colour", "1"), []string{"A"})
	var got []string
	for _, f := range fieldsOf(err) {
		got = append(got, f.Field)
	}
	if diff := cmp.Diff([]string{"name", "price", "colour", "sku", "type", "weight"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestShadowedColumnsStayReachable(t *testing.T) {
	header := []string{"first", "row", "in", "Part No", "naïve", "1st", `q"uote`, "a.b"}
	values := []string{"F", "R", "I", "P", "N", "1", "Q", "AB"}
	for _, word := range expression.Words() {
		if !slices.Contains(header, word) {
			header, values = append(header, word), append(values, "the word "+word)
		}
	}
	for _, f := range expression.Functions() {
		if !slices.Contains(header, f.Name) {
			header, values = append(header, f.Name), append(values, "the function "+f.Name)
		}
	}
	for i, name := range header {
		p, err := parts.Compile(whole("name", expression.Name(name)), header)
		if err != nil {
			t.Errorf("%s: %v", name, fieldsOf(err))
			continue
		}
		if doc, wrong := apply(t, p, values); doc["name"] != values[i] || wrong != nil {
			t.Errorf("%s: %v %v", name, doc["name"], wrong)
		}
	}
	p, err := parts.Compile(whole("name", `first("", row["first"]) + naïve + row.in + a.b`), header)
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	if doc, _ := apply(t, p, values); doc["name"] != "FNIAB" {
		t.Errorf("name %v", doc["name"])
	}
}

func TestApply(t *testing.T) {
	header := []string{"PartNum", "Name", "Price", "OnHand", "Group", "Style"}
	p, err := parts.Compile(mappingOf("sku", "PartNum", "name", "Name", "price", "Price", "type", `"physical"`, "weight", "0",
		"inventory_level", "OnHand", "category", "path(Group, Style)"), header)
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	tests := map[string]struct {
		values []string
		doc    Document
		wrong  []problem.Field
	}{
		"good": {
			[]string{"A", "Cap", "1.50", "3", "food service", ""},
			Document{"sku": "A", "name": "Cap", "price": json.Number("1.5"), "type": "physical", "weight": json.Number("0"), "inventory_level": int64(3), "category": "food service"}, nil,
		},
		"no stock: no tracking": {
			[]string{"A", "Cap", "1.50", "", "", ""},
			Document{"sku": "A", "name": "Cap", "price": json.Number("1.5"), "type": "physical", "weight": json.Number("0")}, nil,
		},
		"several errors, with the key": {
			[]string{"A", "", "call", "-5", "G", "S"},
			Document{"sku": "A", "type": "physical", "weight": json.Number("0"), "category": "G > S", "inventory_level": int64(0)},
			[]problem.Field{
				{Field: "name", Message: "is required: match it or fill the column Name"},
				{Field: "price", Message: `"call" is not a number`},
			},
		},
		"missing SKU, short row": {
			[]string{"", "Cap"},
			Document{"name": "Cap", "type": "physical", "weight": json.Number("0")},
			[]problem.Field{{Field: "sku", Message: "is required: match it or fill the column PartNum"}, {Field: "price", Message: "is required: match it or fill the column Price"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			doc, wrong := apply(t, p, tt.values)
			if diff := cmp.Diff(tt.doc, doc); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wrong, wrong); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplyObject(t *testing.T) {
	header := []string{"id", "title", "price", "stock.main", "stock.far", "tags", "live", "n"}
	decode := func(s string) (m map[string]any) {
		dec := json.NewDecoder(strings.NewReader(s))
		dec.UseNumber()
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := mappingOf("sku", "id", "name", "title", "price", "number(price) * 2", "type", `"physical"`, "weight", `row["n"]`,
		"inventory_level", "first(stock.main, row.stock.far)", "meta_keywords", "tags", "is_visible", "live", "category", "tags", "brand", "upper(price)")
	p, err := parts.Compile(m, header)
	if err != nil {
		t.Fatal(fieldsOf(err))
	}
	doc, wrong := applyObject(t, p, decode(`{"id": 1050.10, "title": " Cap ", "price": 12.25, "stock": {"main": null, "far": 7}, "tags": ["A > B", "C"], "live": true, "n": 1.50e1}`))
	want := Document{"sku": "1050.10", "name": "Cap", "price": json.Number("24.5"), "type": "physical", "weight": json.Number("15"),
		"inventory_level": int64(7), "meta_keywords": []any{"A > B", "C"}, "is_visible": true, "category": "A > B|C", "brand": "12.25"}
	if diff := cmp.Diff(want, doc); diff != "" || wrong != nil {
		t.Errorf("errors %v, document (-want +got):\n%s", wrong, diff)
	}
	_, wrong = applyObject(t, p, decode(`{"id": {"a": 1}, "title": null, "price": "x", "stock": 5, "live": "perhaps", "n": true}`))
	got := map[string]string{}
	for _, w := range wrong {
		got[w.Field] = w.Message
	}
	for _, n := range p.Notes() {
		got[n.Field] = n.Message
	}
	for target, message := range map[string]string{"sku": "not one value", "name": "is required", "price": "is not a number", "is_visible": "neither yes nor no", "weight": "true is not a number"} {
		if !strings.Contains(got[target], message) {
			t.Errorf("%s: %q, want %q", target, got[target], message)
		}
	}

	if _, err := parts.Compile(whole("price", "price * 2"), header); err == nil || !strings.Contains(fmt.Sprint(fieldsOf(err)), "number(…)") {
		t.Errorf("text can be calculated with: %v", err)
	}
	if doc, _ := apply(t, p, []string{"1", "Cap", "12.25"}); doc["price"] != json.Number("24.5") {
		t.Errorf("price %v", doc["price"])
	}
}

func TestHash(t *testing.T) {
	// A change of this value makes every record of every store look changed: raise hashVersion
	// instead.
	const golden = "7920afd41d32c9da925323bdf1e0190749150b94acf4f6c9f647d7104b67f703"
	doc := Document{"sku": "A-1", "name": "Café <5> \"x\"\n", "price": json.Number("12.50"), "inventory_level": int64(3), "is_visible": true, "meta_keywords": []any{"a", "b"}}
	if got := doc.Hash(); got != golden {
		t.Errorf("hash %s", got)
	}
	if len(doc.Hash()) != 64 {
		t.Error("the hash does not fit its column")
	}
	same := Document{"is_visible": true, "inventory_level": 3.0, "price": 12.5, "sku": "A-1", "meta_keywords": []string{"a", "b"}, "name": "Café <5> \"x\"\n"}
	if same.Hash() != golden {
		t.Error("the same content has another hash")
	}
	for _, useNumber := range []bool{true, false} {
		var back Document
		dec := json.NewDecoder(strings.NewReader(string(doc.JSON())))
		if useNumber {
			dec.UseNumber()
		}
		if err := dec.Decode(&back); err != nil || back.Hash() != golden {
			t.Errorf("decoded with UseNumber %v: %v, %v", useNumber, err, back)
		}
	}
	seen := map[string]Document{}
	for _, d := range []Document{
		{}, {"a": nil}, {"a": ""}, {"a": "0"}, {"a": json.Number("0")}, {"a": false}, {"a": "1"}, {"a": json.Number("1")}, {"a": json.Number("1.01")}, {"a": true},
		{"b": ""}, {"a": []any{}}, {"a": []any{"1"}}, {"a": []any{json.Number("1")}}, {"a": []any{"1", "2"}}, {"a": "1,2"}, {"a": "x", "b": "y"}, {"a": `x","b":"y`},
	} {
		if other, ok := seen[d.Hash()]; ok {
			t.Errorf("%v and %v have one hash", d, other)
		}
		seen[d.Hash()] = d
	}
	if b, err := json.Marshal(map[string]any{"doc": doc}); err != nil || !json.Valid(b) || !strings.Contains(string(b), `"price":12.5`) {
		t.Errorf("%s %v", b, err)
	}
}

// TestCanonical: numbers are the same by value, whatever their Go type and notation, everything
// else by content.
func TestCanonical(t *testing.T) {
	tests := []struct {
		a, b any
		want bool
	}{
		{json.Number("12.50"), 12.5, true}, {json.Number("1.25e1"), json.Number("12.5"), true}, {json.Number("1E-7"), 0.0000001, true}, {int64(3), 3.0, true},
		{json.Number("0.1"), 0.1, true}, {json.Number("-0"), 0, true}, {json.Number("129.99"), json.Number("129.9900"), true}, {float32(1.5), 1.5, true},
		{json.Number("12.5"), "12.5", false}, {json.Number("12.5"), json.Number("12.51"), false}, {true, true, true}, {true, false, false}, {true, "true", false},
		{"a", "a", true}, {"a", "A", false}, {"", nil, false}, {nil, nil, true}, {[]any{json.Number("1.0")}, []int64{1}, true}, {[]any{"a"}, []any{"b"}, false},
		{[]string{"a", "b"}, []any{"a", "b"}, true}, {map[string]any{"x": 1}, map[string]any{"x": json.Number("1")}, true},
		{json.Number("1e999999999"), json.Number("2e999999999"), false}, {math.NaN(), 1.0, false},
	}
	for _, tt := range tests {
		a, b := string(appendCanonical(nil, tt.a)), string(appendCanonical(nil, tt.b))
		if (a == b) != tt.want {
			t.Errorf("%v is %s, %v is %s", tt.a, a, tt.b, b)
		}
	}
}

// TestFunctionExamples: what the help shows can be written.
func TestFunctionExamples(t *testing.T) {
	columns := map[string]int{"Price": 0, "Active": 1, "Code": 2, "Name": 3, "Tags": 4, "Brand": 5, "Title": 6, "Group": 7, "Style": 8, "Stock": 9,
		"OnHand": 10, "Unit Price": 11, "Color": 12, "Size": 13, "Attributes": 14, "Options": 15, "Images": 16}
	compiles := func(form string) {
		t.Helper()
		for _, typ := range []types.Type{types.Any, types.String} {
			if _, _, _, err := (&Program{machine: expression.NewMachine()}).compileExpression(form, columns, typ); err != nil {
				t.Errorf("the example %s does not compile: %v", form, err)
			}
		}
	}
	for _, e := range expression.Examples() {
		compiles(e.Form)
	}
	for _, f := range expression.Functions() {
		if f.Name == "" || f.Form == "" || f.Help == "" {
			t.Errorf("function %+v", f)
		}
		for form := range strings.SplitSeq(f.Form, " or ") {
			compiles(form)
		}
	}
}

// apply maps a row of text.
func apply(t testing.TB, p *Program, values []string) (Document, []problem.Field) {
	t.Helper()
	doc, wrong, err := p.Apply(t.Context(), values)
	if err != nil {
		t.Fatal(err)
	}
	return doc, wrong
}

// applyObject maps an NDJSON row.
func applyObject(t testing.TB, p *Program, object map[string]any) (Document, []problem.Field) {
	t.Helper()
	doc, wrong, err := p.ApplyObject(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	return doc, wrong
}
