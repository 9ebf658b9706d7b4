package source

import (
	"encoding/json"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/tenants"
)

func TestNDJSONRows(t *testing.T) {
	text := "\xef\xbb\xbf" + `{"sku":"A","price":12.50,"stock":{"main":3,"deep":{"far":null}},"tags":["x","y"]}` + "\r\n" +
		`{"sku":"B","b":1e400,"stock":{},"live":true}` + "\n" +
		"\n \t\n" +
		`[1,2]` + "\n" +
		`{"sku":"C"` + "\n" +
		`{"sku":"D"} {"sku":"E"}` + "\n" +
		`{"sku":"F","name":"` + "\xff" + `"}` + "\n" +
		`nonsense` + "\n" +
		`{"sku":"G","name":"N` + "\x00" + `"}` + "\n" +
		`{"sku":"H","zero":"\u0000"}` + "\n\n"
	header, rows := read(t, text, tenants.Format{})
	if diff := cmp.Diff([]string{"sku", "price", "stock.main", "stock.deep.far", "tags", "b", "stock", "live", "zero"}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	type line struct {
		Line   int64
		Object map[string]any
		Error  string
	}
	var got []line
	for _, r := range rows {
		l := line{Line: r.Line, Object: r.Object}
		if r.Err != nil {
			l.Error = r.Err.Message
		}
		got = append(got, l)
	}
	want := []line{
		{1, map[string]any{"sku": "A", "price": json.Number("12.50"), "stock": map[string]any{"main": json.Number("3"), "deep": map[string]any{"far": nil}}, "tags": []any{"x", "y"}}, ""},
		{2, map[string]any{"sku": "B", "b": json.Number("1e400"), "stock": map[string]any{}, "live": true}, ""},
		{5, nil, `the line is not a JSON object: write {"column": value, …} on each line`},
		{6, nil, "the line is not valid JSON: it ends too early; each record must be on one line"},
		{7, nil, "there is text after the JSON object: write one object on each line"},
		{8, nil, "the line cannot be read: it is not valid UTF-8: save the file as UTF-8, or choose its encoding"},
		{9, nil, "the line is not valid JSON, at character 2: invalid character 'o' in literal null (expecting 'u')"},
		{10, nil, "the line cannot be read: there is a NUL byte in it: export the file again as plain text"},
		{11, map[string]any{"sku": "H", "zero": "\x00"}, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	checkResume(t, []byte(text), tenants.Format{})

	if diff := cmp.Diff([]string{"A", "12.50", "3", "", `["x","y"]`, "", `{"deep":{"far":null},"main":3}`, "", ""}, rows[0].Strings(header)); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
	short := Row{Values: []string{"1"}}
	if diff := cmp.Diff([]string{"1", ""}, short.Strings([]string{"a", "b"})); diff != "" {
		t.Errorf("strings of a short CSV row: %s", diff)
	}
}

func TestNDJSONHeaderStopsAfterSomeLines(t *testing.T) {
	header, rows := read(t, strings.Repeat("{\"a\":1}\n", HeaderLines)+"{\"late\":2}\n", tenants.Format{})
	if diff := cmp.Diff([]string{"a"}, header); diff != "" {
		t.Error(diff)
	}
	if v, ok := Lookup(rows[HeaderLines].Object, "late"); !ok || v != json.Number("2") {
		t.Errorf("late key: %v", v)
	}
}

func TestNDJSONLongLine(t *testing.T) {
	text := func(int64) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("{\"a\":1}\n{\"a\":\""),
			&rowsOf{n: 5 << 10, row: func(int) string { return strings.Repeat("x", 1<<10) }}, strings.NewReader("\"}\n{\"a\":2}\n"))), nil
	}
	r, err := NewReader(text, tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := readAll(t, r)
	if len(rows) != 3 || rows[1].Line != 2 || rows[1].Err == nil || rows[1].Err.Message != "the row is longer than 4 MiB" || rows[2].Err != nil {
		t.Errorf("rows %+v", rows)
	}
}

func TestNDJSONIncomplete(t *testing.T) {
	r, err := NewReader(openBytes([]byte("{\"a\":1}\n{\"a\":")), tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Incomplete()
	rows := readAll(t, r)
	if len(rows) != 2 || rows[1].Err == nil || rows[1].Err.Message != "the file was cut off in this row" {
		t.Errorf("rows %+v", rows)
	}
}

func TestLookup(t *testing.T) {
	object := map[string]any{"a": map[string]any{"b": 1, "c.d": 2, "e": map[string]any{"f": 3}}, "a.b": 4, "x": 5, "n": nil}
	for name, want := range map[string]any{"a.b": 4, "a.c.d": 2, "a.e.f": 3, "x": 5, "n": nil} {
		if got, ok := Lookup(object, name); !ok || got != want {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
	for _, name := range []string{"", ".", "a.", ".a", "a.z", "x.y", "z", "a.e.f.g"} {
		if got, ok := Lookup(object, name); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNDJSONHeaderIsBounded: nested keys have the names of all objects around them, which may be
// long.
func TestNDJSONHeaderIsBounded(t *testing.T) {
	var line strings.Builder
	line.WriteString(`{"sku":"A","` + strings.Repeat("k", 500<<10) + `":{"n0":0`)
	for i := range 2000 {
		line.WriteString(`,"n` + strconv.Itoa(i+1) + `":1`)
	}
	line.WriteString("}}\n")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	header, _ := read(t, strings.Repeat(line.String(), 3), tenants.Format{})
	runtime.ReadMemStats(&after)
	if size := len(strings.Join(header, "")); size > maxHeaderBytes || header[0] != "sku" {
		t.Errorf("a header of %d bytes", size)
	}
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 200 {
		t.Errorf("%d MiB for a header", mb)
	}
}

// TestLookupIsBounded: a name with many points can be read in very many ways where keys have points
// too.
func TestLookupIsBounded(t *testing.T) {
	made := 0
	var object func(depth int) map[string]any
	object = func(depth int) map[string]any {
		o := map[string]any{}
		for i := 1; i <= 12 && depth > 0; i++ {
			made++
			o[strings.TrimSuffix(strings.Repeat("a.", i), ".")] = object(depth - 1)
		}
		return o
	}
	root := object(4)
	left := maxLookups
	if _, ok := lookup(root, strings.Repeat("a.", 100)+"z", &left); ok || left != 0 || made < 20*maxLookups {
		t.Errorf("found %t, %d of %d keys not asked for, of %d", ok, left, maxLookups, made)
	}
	if v, ok := Lookup(map[string]any{"a.b": map[string]any{"c": map[string]any{"d.e": 1}}}, "a.b.c.d.e"); !ok || v != 1 {
		t.Errorf("%v %t", v, ok)
	}
}
