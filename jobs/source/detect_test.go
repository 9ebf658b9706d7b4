package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/problem"
	"sluice/tenants"
)

// formatOf detects the format of a text.
func formatOf(text, contentType, filename string) (tenants.Format, error) {
	found, err := Detect(File{Open: openBytes([]byte(text)), Size: int64(len(text)), Complete: true, ContentType: contentType, Filename: filename}, tenants.Format{})
	if len(found.Readings) > 0 {
		found.Format.Encoding = "?"
	}
	return found.Format, err
}

func TestDetect(t *testing.T) {
	csv := func(d string) tenants.Format {
		return tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: d}
	}
	header := func(row int) tenants.Format {
		return tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ";", HeaderRow: row}
	}
	ndjson := tenants.Format{Type: "ndjson", Encoding: "utf-8"}
	tests := map[string]struct {
		text, contentType, filename string
		want                        tenants.Format
	}{
		"comma":                             {text: "a,b\n1,2\n", want: csv(",")},
		"semicolon":                         {text: "a;b\n1;2\n", want: csv(";")},
		"tab":                               {text: "a\tb\n1\t2\n", want: csv("\t")},
		"bar":                               {text: "a|b\n1|2\n", want: csv("|")},
		"one column":                        {text: "sku\nA\nB\n", want: csv(",")},
		"decimal commas":                    {text: "a;b, c;d\nx;1,5;y\nx;2,5;y\n", want: csv(";")},
		"delimiters inside quotes":          {text: "a;b\n\"x,y,z\";1\n\"x,y,z\";1\n", want: csv(";")},
		"line breaks inside quotes":         {text: "a\tb\n\"x,\ny,z\"\t1\n\"x,y\"\t1\n", want: csv("\t")},
		"a broken row does not decide":      {text: "a,b,c\n1,2,3\n1;2\n1,2,3\n", want: csv(",")},
		"header only":                       {text: "a;b;c", want: csv(";")},
		"blank lines first":                 {text: "\n\r\na;b\n1;2\n", want: header(3)},
		"a title and a blank line":          {text: "Price list 2026-01-01\n\na;b\nA;2\nB;3\n", want: header(3)},
		"titles with the table's width":     {text: "Price list;;;;\nas of;2026;;;\na;b;c;d;e\nA;2;3;4;5\nB;3;4;;\nC;1;1;1;1\n", want: tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ";", HeaderRow: 3}},
		"a title of two lines and a rule":   {text: "Stock\n\"of the\nday\"\n-----\na;b\nA;2\nB;3\n", want: header(4)},
		"a title above no header":           {text: "Stock;\nA;2\nB;3\n", want: csv(";")},
		"a header shorter than its rows":    {text: "a;b\nA;2;\nB;3;\nC;4;\n", want: csv(";")},
		"no header":                         {text: "A;2;x\nB;3;y\nC;4;x\n", want: header(NoHeader)},
		"a year in the header":              {text: "sku;qty;2024\nB;3;9\nC;4;9\n", want: csv(";")},
		"sep= line":                         {text: "sep=;\r\na,1;b\r\n1,5;2\r\n", want: csv(";")},
		"sep= line in quotes":               {text: "\"SEP=^\"\na^b\n1^2\n", want: csv("^")},
		"caret":                             {text: "a^b\n1^2\nx:1^y\n", want: csv("^")},
		"unit separator":                    {text: "a\x1fb\nx, y\x1f2\n", want: csv("\x1f")},
		"a rare one only if all rows agree": {text: "name\nx: y\nz\n", want: csv(",")},
		"CR alone":                          {text: "a;b\r1;2\r", want: csv(";")},
		"byte order mark":                   {text: "\xef\xbb\xbfa,b\n1,\xe9\n", want: csv(",")},
		"Latin-1":                           {text: "a,b\n1,caf\xe9\n", want: tenants.Format{Type: "csv", Encoding: "latin-1", Delimiter: ","}},
		"UTF-8 with a few bad bytes":        {text: "a,b\né,ü\n1,caf\xe9\n", want: csv(",")},
		"declared Latin-1, nothing to see":  {text: "a,b\n1,2\n", contentType: "text/csv; charset=ISO-8859-1", want: tenants.Format{Type: "csv", Encoding: "latin-1", Delimiter: ","}},
		"declared Latin-1, but UTF-8":       {text: "a,b\n1,é\n", contentType: "text/csv; charset=ISO-8859-1", want: csv(",")},
		"NDJSON":                            {text: "{\"a\":1}\n{\"a\":2}\n", want: ndjson},
		"one NDJSON record with a list":     {text: "{\"sku\":\"A\",\"name\":\"x\",\"price\":1,\"images\":[{\"url\":\"u\"},{\"url\":\"v\"}]}\n", want: ndjson},
		"JSON array":                        {text: "[\n {\"a\":1},\n {\"a\":2}]\n", want: tenants.Format{Type: "json", Encoding: "utf-8"}},
		"JSON document on one line":         {text: "{\"products\":[{\"sku\":\"A\",\"name\":\"x\"},{\"sku\":\"B\"}],\"total\":2}\n", filename: "a.ndjson", want: tenants.Format{Type: "json", Encoding: "utf-8", Path: "products"}},
		"JSON document with two lists":      {text: "{\"a\":{\"brands\":[{\"id\":1}],\"goods\":[{\"id\":1},{\"id\":2,\"i\":[{},{},{}]}]}}", want: tenants.Format{Type: "json", Encoding: "utf-8", Path: "a.goods"}},
		"NDJSON called CSV":                 {text: "{\"a\":1}\n", contentType: "text/csv", filename: "a.csv", want: ndjson},
		"broken NDJSON by its name":         {text: "{a:1}\n", filename: "feed.jsonl", want: ndjson},
		"broken NDJSON by its type":         {text: "{a:1}\n", contentType: "application/x-ndjson", want: ndjson},
		"broken NDJSON by its look":         {text: "{\"a\":1\n{\"a\":2}\n", want: ndjson},
		"CSV with a strange header":         {text: "{id},{name}\n1,2\n", filename: "a.csv", want: csv(",")},
		"bars in pairs":                     {text: "a||b\n1||x|y\n", want: csv("||")},
		"bars and tildes":                   {text: "a~|~b~|~c\n1~|~2~|~\n", want: csv("~|~")},
		"an empty column is no separator":   {text: "a;;b\n1;x;2\n", want: csv(";")},
		"empty cells are no separators":     {text: "a,b,c\n1,,2\n3,,4\n", want: csv(",")},
		"CSV with brackets":                 {text: "[id],[name]\n1,2\n", want: csv(",")},
		"a NUL byte is a bad row, no more":  {text: "a,b\n1,\x00\n", want: csv(",")},
		"UTF-8 cut at the sample's end":     {text: "a,b\n" + strings.Repeat("x", DetectBytes-5) + "é", want: csv(",")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := formatOf(tt.text, tt.contentType, tt.filename)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDetectRefuses(t *testing.T) {
	tests := map[string]struct{ text, contentType, message string }{
		"empty":                  {"", "", "The file is empty"},
		"blank":                  {" \r\n\n\t", "", "The file is empty"},
		"byte order mark only":   {"\xef\xbb\xbf", "", "The file is empty"},
		"HTML":                   {"<!DOCTYPE html><html><body>Sign in", "", "web page"},
		"HTML after white space": {"\n\n  <HTML lang=en>", "", "web page"},
		"HTML by type":           {"a,b\n", "text/html", "web page"},
		"XML":                    {"<?xml version='1.0'?><products/>", "", "XML"},
		"old Excel":              {"\xd0\xcf\x11\xe0\xa1\xb1", "", "old Excel workbook"},
		"PDF":                    {"%PDF-1.7", "", "PDF"},
		"a program":              {"\x7fELF" + strings.Repeat("\x01\x02\x03abcdef", 100), "", "not text"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := formatOf(tt.text, tt.contentType, "")
			if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("Detect: %v", err)
			}
			if tt.contentType != "" {
				return
			}
			_, err = NewReader(openBytes([]byte(tt.text)), tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ","}, nil)
			if problem.CodeOf(err) != problem.Invalid || !strings.Contains(problem.MessageOf(err), tt.message) {
				t.Errorf("NewReader with a whole format: %v", err)
			}
		})
	}
}

func TestWrongFormats(t *testing.T) {
	for _, f := range []tenants.Format{{Type: "toml"}, {Type: "xlsx"}, {Encoding: "ebcdic"}, {Delimiter: "x"}, {Delimiter: ";;;;"}, {HeaderRow: -2}, {HeaderRow: 3}} {
		if _, err := NewReader(openBytes([]byte("a,b\n")), f, nil); problem.CodeOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if _, err := NewReader(openBytes([]byte("[1]\n")), tenants.Format{Type: "ndjson"}, nil); problem.CodeOf(err) != problem.Invalid {
		t.Errorf("an array as NDJSON: %v", err)
	}
	for text, message := range map[string]string{
		"a,\"b\n1,2\n":    "in column 2, a quote opens",
		"a,\"b\"c\n1,2\n": "text after the closing quote",
		"a,b\x00\n1,2\n":  "NUL byte",
		"a,\xff\xfe\xfd\n1,é\n2,é\n3,é\n4,é\n":            "not valid UTF-8",
		"a," + strings.Repeat("x", maxHeaderBytes) + "\n": "longer than 1024 KiB",
	} {
		if _, err := NewReader(openBytes([]byte(text)), tenants.Format{}, nil); !strings.Contains(problem.MessageOf(err), message) {
			t.Errorf("header %.20q: %v", text, err)
		}
	}
}

// TestFormatIsCompleted: what a merchant sets stays, the rest is detected.
func TestFormatIsCompleted(t *testing.T) {
	r, err := NewReader(openBytes([]byte("a;b,c\n1;2,x\n")), tenants.Format{Delimiter: ","}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tenants.Format{Type: "csv", Encoding: "utf-8", Delimiter: ","}, r.Format()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a;b", "c"}, r.Header()); diff != "" {
		t.Error(diff)
	}
}
