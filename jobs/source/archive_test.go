package source

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// zipped packs names and texts in turn.
func zipped(t testing.TB, parts ...string) string {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPackedFiles(t *testing.T) {
	const csv = "sku;name\nA;Cap\n\"B\";Hat\n"
	want := []brief{{Line: 2, Values: []string{"A", "Cap"}}, {Line: 3, Values: []string{"B", "Hat"}}}
	for name, tt := range map[string]struct {
		text   string
		format tenants.Format
	}{
		"gzip":                     {text: gzipped(t, csv)},
		"gzip of two pieces":       {text: gzipped(t, csv[:12]) + gzipped(t, csv[12:])},
		"zip":                      {text: zipped(t, "goods/products.csv", csv)},
		"zip with what a Mac adds": {text: zipped(t, "products.csv", csv, "__MACOSX/._products.csv", "x", ".DS_Store", "x")},
		"zip with pictures":        {text: zipped(t, "a.jpg", "x", "products.csv", csv, "b.jpg", "x")},
		"a chosen file":            {text: zipped(t, "a.csv", "x,y", "products.csv", csv), format: tenants.Format{Member: "products.csv"}},
		"zip of a file in Latin-1": {text: zipped(t, "p.csv", csv+"\n")},
	} {
		t.Run(name, func(t *testing.T) {
			header, rows := read(t, tt.text, tt.format)
			if d := cmp.Diff([]string{"sku", "name"}, header); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(want, briefs(rows)); d != "" {
				t.Error(d)
			}
		})
	}
	var names []string
	for i := range 600 {
		names = append(names, fmt.Sprintf("%d%s.csv", i, strings.Repeat("x", 32<<10)), "")
	}
	for name, tt := range map[string]struct{ text, message string }{
		"a list of megabytes":      {zipped(t, names...), "pack only the product file"},
		"no file":                  {zipped(t, "a/", ""), "is empty"},
		"an empty workbook":        {zipped(t, "[Content_Types].xml", "", "xl/workbook.xml", ""), "workbook is damaged"},
		"an OpenDocument sheet":    {zipped(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", ""), "save it as an Excel workbook"},
		"a binary workbook":        {zipped(t, "xl/workbook.bin", ""), "save it as an Excel workbook"},
		"an archive in an archive": {zipped(t, "a.zip", zipped(t, "a.csv", csv)), "give the file that is in it"},
		"a cut zip":                {zipped(t, "a.csv", csv)[:60], "damaged"},
		"a cut gzip":               {gzipped(t, csv)[:20], "damaged"},
		"a gzip bomb":              {gzipped(t, "a,b\n"+strings.Repeat("1,2\n", 5<<20)), "unpacks to more"},
		"a zip bomb":               {zipped(t, "a.csv", "a,b\n"+strings.Repeat("1,2\n", 5<<20)), "unpacks to more"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := formatOf(tt.text, "", ""); !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestJSONDocuments(t *testing.T) {
	const list = `[{"sku":"A","price":1.50,"d":{"w":2}}, 7, {"sku":"B","tags":["x"]}]`
	want := []map[string]any{
		{"sku": "A", "price": json.Number("1.50"), "d": map[string]any{"w": json.Number("2")}}, nil, {"sku": "B", "tags": []any{"x"}},
	}
	for name, tt := range map[string]struct {
		text string
		path string
	}{
		"a list":               {text: list},
		"with a mark":          {text: "\xef\xbb\xbf\n" + list},
		"a list in a document": {text: `{"count":2,"other":{"x":[{"a":[1]}]},"data":{"items":` + list + `}}`},
		"a path that is given": {text: `{"big":[{"a":1},{"a":2},{"a":3},{"a":4}],"items":` + list + `}`, path: "items"},
		"packed":               {text: gzipped(t, list)},
	} {
		t.Run(name, func(t *testing.T) {
			header, rows := read(t, tt.text, tenants.Format{Path: tt.path})
			if d := cmp.Diff([]string{"sku", "price", "d.w", "tags"}, header); d != "" {
				t.Error(d)
			}
			var got []map[string]any
			for i, r := range rows {
				if got = append(got, r.Object); r.Line != int64(i+1) || (r.Err == nil) != (r.Object != nil) {
					t.Errorf("row %+v", r)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
	for text, message := range map[string]string{
		`[{"a":1},{"a":2}`:   "ends too early",
		`[{"a":1},{"a":2}}]`: "not valid JSON",
		`[{"a":"` + strings.Repeat("x", 2*MaxRowBytes) + `"}]`: "longer than 4 MiB",
	} {
		file := File{Open: openBytes([]byte(text)), Size: int64(len(text)), Complete: true}
		if _, err := Convert(t.Context(), file, tenants.Format{Type: "json", Encoding: "utf-8"}, &bytes.Buffer{}); !strings.Contains(problem.MessageOf(err), message) {
			t.Errorf("%.30s: %v", text, err)
		}
	}
}

// FuzzJSON: a list is read as encoding/json reads it.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`[{"a":1}]`, `[{"a":{"b":[1]}},2,null]`, `[`, `[]`, `[{},{"a":1}]`, `[{}]x`, `{"a":[{}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := File{Open: openBytes(data), Size: int64(len(data)), Complete: true}
		format := tenants.Format{Type: "json", Encoding: "utf-8"}
		var out bytes.Buffer
		if _, err := Convert(t.Context(), file, format, &out); err != nil {
			if json.Valid(data) && bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) || problem.CodeOf(err) == problem.Internal {
				t.Fatal(err)
			}
			return
		}
		_, rows := readConverted(t, file, format)
		var want []any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			return // what follows the list is passed by
		}
		if len(rows) != len(want) {
			t.Fatalf("%d rows of %d", len(rows), len(want))
		}
		for i, r := range rows {
			if object, ok := want[i].(map[string]any); ok != (r.Err == nil) || ok && cmp.Diff(object, r.Object) != "" {
				t.Fatalf("row %+v of %v", r, want[i])
			}
		}
	})
}
