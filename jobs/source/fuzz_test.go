package source

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

var csvSeeds = []string{
	"a,b\n1,2\n", "a,b\r\n\"x\ny\",2\r\n", "a,b\n\"x,2\n3,4\n", "a,b\n\"x\"y,2\n3,4\n", "a,b\n1\n1,2,3\n", "a\n\n\n1\n\n", "a,b\n\"\"\"\",\"\"\n",
	"a,b\n1,\x00\n", "a,b\n1,\xff\n", "a;b\n1;2", "\xef\xbb\xbfa\n1", "a,b\r1,2\r\r\n", "a,b\n\"1\n2\n3\",\"\n4,5\n", "a,b\n\",\n,\"\",\"\n\"\n", ",\n,\n1,2\n", "\"a\nb\",c\n1,2\n",
	"sep=,\na,b\n1,2\n", "a,b,\n1,2,\n=\"1\",'23,\n", "a,b\n--,--\nTotal,\n", "t\n\na,b\n1,2\n", "a, \"b\" \n \"1\n\" ,2\n", "1,2\n3,4\n5,6\n",
}

// FuzzCSVReader: what encoding/csv takes as well-formed is the same here, everything else is a bad
// row and never a panic, every byte is consumed, and reading may go on from any row.
func FuzzCSVReader(f *testing.F) {
	for _, s := range csvSeeds {
		f.Add([]byte(s))
	}
	format := tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ",", HeaderRow: 1}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(openBytes(data), format, nil)
		if err != nil {
			if problem.CodeOf(err) == problem.Internal {
				t.Fatal(err)
			}
			return
		}
		header := r.Header()
		seen := map[string]bool{}
		for _, name := range header {
			if name == "" || seen[name] {
				t.Fatalf("header %q", header)
			}
			seen[name] = true
		}
		var good [][]string
		bad, line := 0, r.Position().Line
		for _, row := range readAll(t, r) {
			if row.Line < line || row.NextLine <= row.Line {
				t.Fatalf("line %d to %d after %d", row.Line, row.NextLine, line)
			}
			line = row.NextLine
			if row.Err != nil {
				if row.Err.Message == "" || len(row.Values) > len(header) {
					t.Fatalf("row %+v", row)
				}
				bad++
				continue
			}
			if len(row.Values) != len(header) {
				t.Fatalf("%d values for %d columns", len(row.Values), len(header))
			}
			good = append(good, row.Values)
		}
		checkResume(t, data, format)
		compareCSV(t, data, len(header), good, bad)
	})
}

// compareCSV compares with encoding/csv where both mean the same: valid UTF-8 without NUL, and no
// CR but before LF.
func compareCSV(t *testing.T, data []byte, width int, good [][]string, bad int) {
	data = bytes.TrimPrefix(data, utf8BOM)
	_, sep := sepLine(data)
	data = data[sep:]
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 || bytes.Contains(bytes.ReplaceAll(data, []byte("\r\n"), nil), []byte("\r")) {
		return
	}
	std := csv.NewReader(bytes.NewReader(data))
	records, err := std.ReadAll() // the first record's width is everyone's
	if err != nil {
		return
	}
	var want [][]string
	if len(records) > 0 && allBlank(records[0]) { // no header
		return
	}
	for _, record := range records[min(1, len(records)):] {
		if allBlank(record) {
			continue
		}
		if len(record) > width && !allBlank(record[width:]) { // below separators at the header's end
			return
		}
		for i, cell := range record {
			record[i] = cellText(cell)
		}
		if record = record[:width]; noRecord(record, width) == "" {
			want = append(want, record)
		}
	}
	if bad > 0 {
		t.Fatalf("%d bad rows in a well-formed file", bad)
	}
	if diff := cmp.Diff(want, good); diff != "" {
		t.Fatalf("(-encoding/csv +ours):\n%s", diff)
	}
}

func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n", "{\"a\":{\"b\":[1,{\"c\":null}]}}\n{}\n", "{\"a\":1}{\"b\":2}\n", "{\n", "{\"a.b\":1,\"a\":{\"b\":2}}\r\n\n\nx\n", "{\"\\u0000\":\"\\ud800\"}"} {
		f.Add([]byte(s))
	}
	format := tenants.Format{Type: "ndjson", Encoding: "utf-8"}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(openBytes(data), format, nil)
		if err != nil {
			if problem.CodeOf(err) == problem.Internal {
				t.Fatal(err)
			}
			return
		}
		lines := bytes.Split(bytes.TrimPrefix(data, utf8BOM), []byte("\n"))
		for _, row := range readAll(t, r) {
			if (row.Object == nil) != (row.Err != nil) {
				t.Fatalf("row %+v", row)
			}
			row.Strings(r.Header())
			var v map[string]any
			dec := json.NewDecoder(bytes.NewReader(lines[row.Line-1]))
			dec.UseNumber()
			valid := json.Valid(lines[row.Line-1]) && dec.Decode(&v) == nil && v != nil && utf8.Valid(lines[row.Line-1])
			if valid != (row.Err == nil) {
				t.Fatalf("line %q: %v", lines[row.Line-1], row.Err)
			}
			if diff := cmp.Diff(v, row.Object); valid && diff != "" {
				t.Fatal(diff)
			}
		}
		checkResume(t, data, format)
	})
}

// FuzzDetect: whatever is detected can be read.
func FuzzDetect(f *testing.F) {
	for _, s := range append(csvSeeds, "{\"a\":1}\n", "<html>", "PK\x03\x04", "[{", "a\tb|c;d\n") {
		f.Add([]byte(s), "text/csv", "a.csv")
	}
	f.Add([]byte("{a}"), "application/json; charset=latin1", "x.JSONL")
	f.Fuzz(func(t *testing.T, data []byte, contentType, filename string) {
		file := File{Open: openBytes(data), Size: int64(len(data)), Complete: true, ContentType: contentType, Filename: filename}
		found, err := Detect(file, tenants.Format{})
		format := found.Format
		if err != nil {
			if problem.CodeOf(err) != problem.Invalid {
				t.Fatal(err)
			}
			return
		}
		if Converts(format) {
			readConverted(t, file, format)
			return
		}
		r, err := NewReader(openBytes(data), format, nil)
		if err != nil {
			if problem.CodeOf(err) == problem.Internal {
				t.Fatal(err)
			}
			return
		}
		if diff := cmp.Diff(format, r.Format()); diff != "" {
			t.Fatal(diff)
		}
		for range 100 {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
