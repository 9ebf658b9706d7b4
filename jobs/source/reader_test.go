package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

// openBytes serves data the way a snapshot does.
func openBytes(data []byte) func(int64) (io.ReadCloser, error) {
	return func(offset int64) (io.ReadCloser, error) {
		if offset > int64(len(data)) {
			return nil, fmt.Errorf("offset %d of %d", offset, len(data))
		}
		return io.NopCloser(bytes.NewReader(data[offset:])), nil
	}
}

func readAll(t testing.TB, r *Reader) []Row {
	t.Helper()
	var out []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if p := r.Position(); p.Offset != row.Next || p.Line != row.NextLine {
			t.Fatalf("position %d/%d after a row that says %d/%d", p.Offset, p.Line, row.Next, row.NextLine)
		}
		out = append(out, *row)
	}
}

func read(t testing.TB, text string, format tenants.Format) ([]string, []Row) {
	t.Helper()
	file := File{Open: openBytes([]byte(text)), Size: int64(len(text)), Complete: true}
	if found, err := Detect(file, format); err == nil && Converts(found.Format) {
		return readConverted(t, file, found.Format)
	}
	r, err := NewReader(openBytes([]byte(text)), format, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rows := readAll(t, r)
	return r.Header(), rows
}

// readConverted converts a file and reads its rows, from every position too.
func readConverted(t testing.TB, file File, format tenants.Format) ([]string, []Row) {
	t.Helper()
	var out bytes.Buffer
	header, err := Convert(t.Context(), file, format, &out)
	if err != nil {
		if problem.CodeOf(err) == problem.Internal {
			t.Fatal(err)
		}
		return nil, nil
	}
	r, err := NewReader(openBytes(out.Bytes()), tenants.Format{}, Start(header))
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	var positions []Position
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		rows, positions = append(rows, *row), append(positions, r.Position())
	}
	for i, at := range positions[:min(len(positions), 20)] {
		again, err := NewReader(openBytes(out.Bytes()), tenants.Format{}, &at)
		if err != nil {
			t.Fatal(err)
		}
		row, err := again.Next()
		if i+1 == len(rows) && errors.Is(err, io.EOF) {
			continue
		}
		if err != nil || cmp.Diff(rows[i+1], *row) != "" {
			t.Fatalf("row %+v after position %+v: %v", row, at, err)
		}
	}
	return header, rows
}

// brief is what a test table says of a row.
type brief struct {
	Line   int64
	Values []string
	Field  string
	Error  string
}

func briefs(rows []Row) (out []brief) {
	for _, r := range rows {
		b := brief{Line: r.Line, Values: r.Values}
		if r.Err != nil {
			b.Field, b.Error = r.Err.Field, r.Err.Message
		}
		out = append(out, b)
	}
	return out
}

func TestCSVRows(t *testing.T) {
	latin := func(s string) string { // é € ä in Windows-1252
		return strings.NewReplacer("é", "\xe9", "€", "\x80", "ä", "\xe4").Replace(s)
	}
	tests := map[string]struct {
		text   string
		format tenants.Format
		header []string
		rows   []brief
	}{
		"plain": {
			text:   "sku,name,price\nA,Cap,1\nB,Hat,2\n",
			header: []string{"sku", "name", "price"},
			rows:   []brief{{Line: 2, Values: []string{"A", "Cap", "1"}}, {Line: 3, Values: []string{"B", "Hat", "2"}}},
		},
		"no last line end, empty fields": {
			text: "a,b,c\n1,,\n,,3", header: []string{"a", "b", "c"},
			rows: []brief{{Line: 2, Values: []string{"1", "", ""}}, {Line: 3, Values: []string{"", "", "3"}}},
		},
		"byte order mark, CRLF": {
			text: "\xef\xbb\xbfsku,name\r\nA,Cap\r\nB,\"Hat\"\r\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", "Cap"}}, {Line: 3, Values: []string{"B", "Hat"}}},
		},
		"CR alone, and CRCRLF": {
			text: "sku,name\rA,Cap\rB,Hat\r\r\nC,Bag\r\r\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", "Cap"}}, {Line: 3, Values: []string{"B", "Hat"}}, {Line: 4, Values: []string{"C", "Bag"}}},
		},
		"quotes, delimiters and line breaks in fields": {
			text:   "sku,name,d\nA,\"Cap, red\",\"6\"\" brim\r\nwide\"\nB,\"\",\"x\"\n",
			header: []string{"sku", "name", "d"},
			rows:   []brief{{Line: 2, Values: []string{"A", "Cap, red", "6\" brim\nwide"}}, {Line: 4, Values: []string{"B", "", "x"}}},
		},
		"a quote inside an unquoted field is text": {
			text: "sku,name\nA,5\" pipe\nB,the \"old\" one\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", `5" pipe`}}, {Line: 3, Values: []string{"B", `the "old" one`}}},
		},
		"semicolons and decimal commas": {
			text: "sku;name;price\nA;Cap;12,50\nB;Hat, red;1,00\n", header: []string{"sku", "name", "price"},
			rows: []brief{{Line: 2, Values: []string{"A", "Cap", "12,50"}}, {Line: 3, Values: []string{"B", "Hat, red", "1,00"}}},
		},
		"tabs": {
			text: "sku\tname\nA\tCap, red\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", "Cap, red"}}},
		},
		"bars": {
			text: "sku|name\nA|Cap, red\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", "Cap, red"}}},
		},
		"one column": {
			text: "sku\nA\nB\n", header: []string{"sku"},
			rows: []brief{{Line: 2, Values: []string{"A"}}, {Line: 3, Values: []string{"B"}}},
		},
		"header only": {text: "sku,name\n", header: []string{"sku", "name"}},
		"empty and repeated names in the header": {
			text: "sku,,price,price, price ,price_2\n1,2,3,4,5,6\n", header: []string{"sku", "column_2", "price", "price_3", "price_4", "price_2"},
			rows: []brief{{Line: 2, Values: []string{"1", "2", "3", "4", "5", "6"}}},
		},
		"Latin-1 with a euro sign": {
			text: latin("sku,name\nA,Café 5 €\nB,Mäntel\n"), header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A", "Café 5 €"}}, {Line: 3, Values: []string{"B", "Mäntel"}}},
		},
		"Latin-1 that is asked for, with a byte that is no character": {
			text: "sku,name\nA,caf\xe9\nB,\x81\n", format: tenants.Format{Encoding: "latin-1"}, header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "café"}},
				{Line: 3, Values: []string{"B", "\uFFFD"}, Field: "name", Error: "there is a byte in it that is no character of Western European (code page 1252, Latin-1): choose another encoding, or save the file as UTF-8"},
			},
		},
		"empty rows are passed by": {
			text: "sku,name\nA,Cap\n\nB,Hat\n\n,\n \nC,Bag\n\n ,\n\n", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Cap"}},
				{Line: 4, Values: []string{"B", "Hat"}},
				{Line: 8, Values: []string{"C", "Bag"}},
			},
		},
		"quoted but empty row": {
			text: "sku,name\n\"\",\"\"\nA,Cap\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 3, Values: []string{"A", "Cap"}}},
		},
		"blank lines before the header": {
			text: "\n\nsku,name\nA,Cap\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 4, Values: []string{"A", "Cap"}}},
		},
		"wrong column counts keep what was read": {
			text: "a,b,c\n1\n1,2,3,4\n1,2,3\n", header: []string{"a", "b", "c"},
			rows: []brief{
				{Line: 2, Values: []string{"1"}, Error: "1 column; the header has 3"},
				{Line: 3, Values: []string{"1", "2", "3"}, Error: "4 columns; the header has 3"},
				{Line: 4, Values: []string{"1", "2", "3"}},
			},
		},
		"separators at the end of rows, and rows without their last empty cells": {
			text: "a,b,c\n1,2,3,\n1,2,3, ,\n\"1\n\",2,3,\n1,2\n", header: []string{"a", "b", "c"},
			rows: []brief{
				{Line: 2, Values: []string{"1", "2", "3"}}, {Line: 3, Values: []string{"1", "2", "3"}},
				{Line: 4, Values: []string{"1\n", "2", "3"}}, {Line: 6, Values: []string{"1", "2", ""}},
			},
		},
		"separators at the end of the header": {
			text: "a,b,,\n1,2,,\n", header: []string{"a", "b"},
			rows: []brief{{Line: 2, Values: []string{"1", "2"}}},
		},
		"a last column without a name": {
			text: "a,b,,\n1,2,3,\n", header: []string{"a", "b", "column_3"},
			rows: []brief{{Line: 2, Values: []string{"1", "2", "3"}}},
		},
		"sep= line": {
			text: "sep=;\r\nsku;price\r\nA;9,99\r\n", header: []string{"sku", "price"},
			rows: []brief{{Line: 3, Values: []string{"A", "9,99"}}},
		},
		"titles above the header": {
			text: "Price list\n\n\"as of\ntoday\"\nsku,price\nA,1\nB,2\n", header: []string{"sku", "price"},
			rows: []brief{{Line: 6, Values: []string{"A", "1"}}, {Line: 7, Values: []string{"B", "2"}}},
		},
		"no header": {
			text: "A,1\nB,2\nC,3\n", header: []string{"column_1", "column_2"},
			rows: []brief{{Line: 1, Values: []string{"A", "1"}}, {Line: 2, Values: []string{"B", "2"}}, {Line: 3, Values: []string{"C", "3"}}},
		},
		"a header that is pointed at": {
			text: "1,2\nx\n,\"y\n\",\nsku,name\nA,Cap\n", format: tenants.Format{HeaderRow: 4}, header: []string{"sku", "name"},
			rows: []brief{{Line: 6, Values: []string{"A", "Cap"}}},
		},
		"rules and totals": {
			text: "sku,name,price\n---,----,-----\nA,Cap,1\nB,-,--\nTotal,,1\n(2 rows affected)\n", header: []string{"sku", "name", "price"},
			rows: []brief{{Line: 3, Values: []string{"A", "Cap", "1"}}, {Line: 4, Values: []string{"B", "-", "--"}}},
		},
		"spaces around quotes": {
			text: "sku, \"name\" , \"d\"\nA, \"Cap, red\" ,\"x\"  \nB, \"old\" one,5\" \nC, \"6\"\" wide\nbrim\", y\n", header: []string{"sku", "name", "d"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Cap, red", "x"}}, {Line: 3, Values: []string{"B", ` "old" one`, `5" `}},
				{Line: 4, Values: []string{"C", "6\" wide\nbrim", " y"}},
			},
		},
		"a quote after a space that is never closed": {
			text: "sku,name\nA, \"Cap\nB,Hat\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{"A"}, Field: "name", Error: msgUnclosed}, {Line: 3, Values: []string{"B", "Hat"}}},
		},
		"what spreadsheets hide": {
			text: "sku,name\n\"=\"\"00123\"\"\",'00124\n=\"0\"\"1\",'=1+1\n='1,'47\n=\"1\"&\"2\",'47 Brand\n", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"00123", "00124"}}, {Line: 3, Values: []string{`0"1`, "=1+1"}},
				{Line: 4, Values: []string{"='1", "'47"}}, {Line: 5, Values: []string{`="1"&"2"`, "'47 Brand"}},
			},
		},
		"unbalanced quote: its line is bad, the next one is read": {
			text: "sku,name,price\nA,Cap,1\nB,\"Broken,2\nC,\"Hat, red\",3\nD,Bag,4\n", header: []string{"sku", "name", "price"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Cap", "1"}},
				{Line: 3, Values: []string{"B"}, Field: "name", Error: msgUnclosed},
				{Line: 4, Values: []string{"C", "Hat, red", "3"}},
				{Line: 5, Values: []string{"D", "Bag", "4"}},
			},
		},
		"unbalanced quote without another in the file": {
			text: "sku,name\nA,\"Broken\nB,Hat\nC,Bag", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A"}, Field: "name", Error: msgUnclosed},
				{Line: 3, Values: []string{"B", "Hat"}}, {Line: 4, Values: []string{"C", "Bag"}},
			},
		},
		"unbalanced quote in the key": {
			text: "sku,name\n\"A,Broken\nB,Hat\n", header: []string{"sku", "name"},
			rows: []brief{{Line: 2, Values: []string{}, Field: "sku", Error: msgUnclosed}, {Line: 3, Values: []string{"B", "Hat"}}},
		},
		"text after a closing quote": {
			text: "sku,name,price\nA,\"Cap\" red,1\nB,Hat,2\n", header: []string{"sku", "name", "price"},
			rows: []brief{
				{Line: 2, Values: []string{"A"}, Field: "name", Error: msgAfter},
				{Line: 3, Values: []string{"B", "Hat", "2"}},
			},
		},
		"a row over several lines with a wrong column count": {
			text: "sku,name,price\nA,\"Cap,1\nB\",2\nC,Bag,3\n", header: []string{"sku", "name", "price"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Cap,1\nB", "2"}},
				{Line: 4, Values: []string{"C", "Bag", "3"}},
			},
		},
		"two unbalanced quotes that close each other": {
			text: "sku,name\nA,\"Cap\nB\",Hat\nC,Bag\n", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A"}, Field: "name", Error: fmt.Sprintf(msgMultiline, 2, "more columns", 2)},
				{Line: 3, Values: []string{`B"`, "Hat"}},
				{Line: 4, Values: []string{"C", "Bag"}},
			},
		},
		"a row over several lines with too few columns": {
			text: "sku,name,price\nA,\"Cap\nred\"\nC,Bag,3\n", header: []string{"sku", "name", "price"},
			rows: []brief{
				{Line: 2, Values: []string{"A"}, Field: "name", Error: fmt.Sprintf(msgMultiline, 2, "2 columns", 3)},
				{Line: 3, Values: []string{`red"`}, Error: "1 column; the header has 3"},
				{Line: 4, Values: []string{"C", "Bag", "3"}},
			},
		},
		"NUL byte": {
			text: "sku,name\nA,C\x00ap\nB,Hat\n", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Cap"}, Field: "name", Error: "there is a NUL byte in it: export the file again as plain text"},
				{Line: 3, Values: []string{"B", "Hat"}},
			},
		},
		"invalid UTF-8 in a UTF-8 file": {
			text: "sku,name\nA,Café\nB,H\xfft\nC,Bag\n", header: []string{"sku", "name"},
			rows: []brief{
				{Line: 2, Values: []string{"A", "Café"}},
				{Line: 3, Values: []string{"B", "H\uFFFDt"}, Field: "name", Error: "it is not valid UTF-8: save the file as UTF-8, or choose its encoding"},
				{Line: 4, Values: []string{"C", "Bag"}},
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header, rows := read(t, tt.text, tt.format)
			if diff := cmp.Diff(tt.header, header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.rows, briefs(rows)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(name, "Latin-1") {
				checkResume(t, []byte(tt.text), tt.format)
			}
		})
	}
}

// checkResume reads the file again from every position that it gives, through JSON, and compares.
func checkResume(t testing.TB, data []byte, format tenants.Format) {
	t.Helper()
	r, err := NewReader(openBytes(data), format, nil)
	if err != nil {
		t.Fatal(err)
	}
	positions := []Position{r.Position()}
	var all []Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, *row)
		positions = append(positions, r.Position())
	}
	if got := r.Position().Offset; got != int64(len(data)) {
		t.Fatalf("read to offset %d of %d", got, len(data))
	}
	for i, p := range positions {
		if i > 50 {
			break
		}
		saved, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var at Position
		if err := json.Unmarshal(saved, &at); err != nil {
			t.Fatal(err)
		}
		again, err := NewReader(openBytes(data), tenants.Format{}, &at)
		if err != nil {
			t.Fatal(err)
		}
		var rest []Row
		if more := readAll(t, again); len(more) > 0 {
			rest = more
		}
		want := all[i:]
		if len(want) == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, rest); diff != "" {
			t.Fatalf("from position %s (-whole +resumed):\n%s", saved, diff)
		}
	}
}

func TestWideFiles(t *testing.T) {
	wide := func(n int, cell string) string {
		return strings.TrimSuffix(strings.Repeat(cell+",", n), ",") + "\n"
	}
	t.Run("a header of 10,000 columns", func(t *testing.T) {
		header, rows := read(t, wide(10000, "h")+wide(10000, "x"), tenants.Format{})
		if len(header) != 10000 || header[9999] != "h_10000" || len(rows) != 1 || len(rows[0].Values) != 10000 || rows[0].Err != nil {
			t.Errorf("header %d, rows %d", len(header), len(rows))
		}
	})
	t.Run("a row of 10,000 columns", func(t *testing.T) {
		_, rows := read(t, "a,b\n1,2\n"+wide(10000, "x")+"3,4\n", tenants.Format{})
		if len(rows) != 3 || rows[1].Err == nil || rows[1].Err.Message != "10000 columns; the header has 2" || rows[2].Err != nil {
			t.Fatalf("rows: %+v", rows)
		}
		if len(rows[1].Values) != 2 || rows[1].Line != 3 {
			t.Errorf("kept %d values of line %d", len(rows[1].Values), rows[1].Line)
		}
	})
	t.Run("a header over the limit", func(t *testing.T) {
		_, err := NewReader(openBytes([]byte(wide(MaxColumns+1, "h"))), tenants.Format{}, nil)
		if problem.CodeOf(err) != problem.TooLarge || !strings.Contains(problem.MessageOf(err), "the limit is 16384") {
			t.Errorf("error %v", err)
		}
	})
}

// rowsOf makes a CSV of n rows as it is read, so that a big file costs no memory.
type rowsOf struct {
	n, at int
	row   func(i int) string
	rest  string
}

func (g *rowsOf) Read(p []byte) (int, error) {
	for g.rest == "" {
		if g.at == g.n {
			return 0, io.EOF
		}
		g.rest = g.row(g.at)
		g.at++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

func TestLongRows(t *testing.T) {
	const size = 50 << 20
	open := func(quote string) func(int64) (io.ReadCloser, error) {
		return func(int64) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(
				strings.NewReader("sku,name\nA,Cap\nB,"+quote),
				&rowsOf{n: size >> 10, row: func(int) string { return strings.Repeat("x", 1<<10) }},
				strings.NewReader(quote+"\nC,Hat\n"),
			)), nil
		}
	}
	for name, quote := range map[string]string{"unquoted": "", "quoted": `"`} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(open(quote), tenants.Format{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			rows := readAll(t, r)
			want := []brief{
				{Line: 2, Values: []string{"A", "Cap"}},
				{Line: 3, Values: []string{"B"}, Error: "the row is longer than 4 MiB"},
				{Line: 4, Values: []string{"C", "Hat"}},
			}
			if diff := cmp.Diff(want, briefs(rows)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(r.in.buf) > 4*MaxRowBytes {
				t.Errorf("the window grew to %d bytes", len(r.in.buf))
			}
		})
	}
}

func TestIncomplete(t *testing.T) {
	r, err := NewReader(openBytes([]byte("sku,price\nA,1.50\nB,12")), tenants.Format{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Incomplete()
	want := []brief{{Line: 2, Values: []string{"A", "1.50"}}, {Line: 3, Values: []string{"B", "12"}, Error: "the file was cut off in this row"}}
	if diff := cmp.Diff(want, briefs(readAll(t, r))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHostileQuotes: every line opens a quote that the next lines keep open. Each row could be
// looked at to its limit again and again; the budget keeps the work linear.
func TestHostileQuotes(t *testing.T) {
	const lines = 100_000
	text := "h" + strings.Repeat(",h", MaxColumns-1) + "\n" + strings.Repeat("a\",\"x\n", lines)
	r, err := NewReader(openBytes([]byte(text)), tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ","}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if row.Err == nil {
			t.Fatalf("line %d is good", row.Line)
		}
		rows++
	}
	if rows != lines {
		t.Errorf("%d rows", rows)
	}
	if most := int64(rescanFree + MaxRowBytes + rescanFactor*len(text)); r.split.rescanned > most {
		t.Errorf("%d bytes read twice, the most is %d", r.split.rescanned, most)
	}
}

type failingReader struct {
	data []byte
	err  error
}

func (f *failingReader) Read(p []byte) (int, error) {
	if len(f.data) == 0 {
		return 0, f.err
	}
	n := copy(p, f.data)
	f.data = f.data[n:]
	return n, nil
}

func TestReadErrorKeepsThePosition(t *testing.T) {
	lost := errors.New("connection lost")
	text := "sku,name\nA,Cap\n\n\nB,H"
	r, err := NewReader(func(int64) (io.ReadCloser, error) {
		return io.NopCloser(&failingReader{data: []byte(text), err: lost}), nil
	}, tenants.Format{}, &Position{Line: 1, Format: tenants.Format{Type: "csv", Delimiter: ","}})
	if err != nil {
		t.Fatal(err)
	}
	if row, err := r.Next(); err != nil || row.Line != 2 {
		t.Fatal(row, err)
	}
	if _, err := r.Next(); !errors.Is(err, lost) { // after two blank lines, inside line 5
		t.Fatalf("error %v", err)
	}
	if at := r.Position(); at.Offset != int64(strings.Index(text, "B,H")) || at.Line != 5 {
		t.Errorf("position %+v", at)
	}
}

func TestStrangePositions(t *testing.T) {
	for name, at := range map[string]Position{
		"negative offset": {Offset: -1, Line: 1, Format: tenants.Format{Type: "csv"}},
		"no line":         {Format: tenants.Format{Type: "csv"}},
		"no type":         {Line: 1},
	} {
		if _, err := NewReader(openBytes([]byte("a\n")), tenants.Format{}, &at); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
